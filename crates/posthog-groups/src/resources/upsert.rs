//! Merging several properties, on servers that can and on those that cannot.

use std::future::IntoFuture;
use std::pin::Pin;

use posthog_groups_client::Properties;

use crate::data::group::Group;
use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::group_type::check_exists;
use crate::resources::handle::GroupHandle;
use crate::write::{self, Target};

/// Properties to be merged into a group; await it. [`GroupHandle::upsert`] makes it.
///
/// The group is read first, and only what differs is written: by the server's own endpoint where it has one (servers of
/// September 2025), otherwise property by property. Values are compared as JSON: the order of members and the way a number
/// is written do not matter, its exact value does. Nothing to merge means nothing is sent.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Upsert {
    handle: GroupHandle,
    properties: Result<Properties>,
    create_if_missing: bool,
}

/// What an upsert has done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Upserted {
    /// The group as it is now; `None` only when there was nothing to merge, and nothing was sent.
    pub group: Option<Group>,
    /// The group was created.
    pub created: bool,
    /// The names of the properties that were written, because they were missing or different.
    pub written: Vec<String>,
}

impl Upsert {
    pub(crate) fn new(handle: GroupHandle, properties: Result<Properties>) -> Self {
        Self { handle, properties, create_if_missing: false }
    }

    /// Creates the group where it is missing, with these properties.
    pub fn create_if_missing(mut self) -> Self {
        self.create_if_missing = true;
        self
    }

    async fn send(self) -> Result<Upserted> {
        let key = input::check_group_key(&self.handle.key)?;
        if self.create_if_missing && input::stored_group_key(key)? != key {
            return Err(Error::input(
                "the group key has blanks around it, which the server removes when it creates a group; remove them",
            ));
        }
        let properties = self.properties?;
        let wanted = write::to_merge(&properties)?;
        if wanted.is_empty() && !self.create_if_missing {
            return Ok(Upserted { group: None, created: false, written: Vec::new() });
        }
        let session = self.handle.groups.client().session();
        let index = self.handle.groups.index(&session).await?;
        let target = Target::lock(&session, index, key).await?;
        let found = match target.find().await {
            Err(missing) if missing.is_group_not_found() && self.create_if_missing => {
                check_exists(&session, index).await?;
                match write::carry_out(&target, &write::Create { properties: &properties }).await {
                    Ok(group) => {
                        let written = wanted.into_iter().map(|(name, _)| name).collect();
                        return Ok(Upserted { group: Some(group), created: true, written });
                    }
                    // Somebody else has created it in between: then it is merged.
                    Err(error) if error.is_already_exists() => target.find().await?,
                    Err(error) => return Err(error),
                }
            }
            found => found?,
        };
        let (group, written) = write::merge(&target, found, &wanted).await?;
        Ok(Upserted { group: Some(group), created: false, written })
    }
}

impl IntoFuture for Upsert {
    type Output = Result<Upserted>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Merges the properties.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for a null among the values, and for properties that are no object;
    /// [`Error::is_not_found`] when the group is missing and is not to be created. After an error in the middle some properties may be
    /// written; the same upsert again completes it.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
