//! Merging several properties, on servers that can and on those that cannot.

use std::future::IntoFuture;
use std::pin::Pin;

use posthog_groups_client::{JsonValue, Properties};
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upserted {
    /// The group as it was found; `None` when it was created, or when there was nothing to merge and nothing was sent.
    pub before: Option<Group>,
    /// The group as it is now; `None` only when there was nothing to merge and nothing was sent.
    pub group: Option<Group>,
    /// The group was created.
    pub created: bool,
    /// The names of the properties that were written, because they were missing or different.
    pub written: Vec<String>,
}

/// What an upsert would do; [`Upsert::plan`] makes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpsertPlan {
    /// The group as it is; `None` when it does not exist, or when there is nothing to merge and nothing was sent.
    pub before: Option<Group>,
    /// The group would be created.
    pub creates: bool,
    /// The properties that would be written, in the order of their names.
    pub changes: Vec<PropertyChange>,
}

/// A property that would be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// Its name.
    pub name: String,
    /// Its value before; `None` when the group does not have it.
    pub before: Option<JsonValue>,
    /// Its value after.
    pub after: JsonValue,
}

impl GroupHandle {
    /// Merges several properties into the group: await it, or have it create the group where it is missing.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// let props = serde_json::json!({"plan": "enterprise", "seats": 42});
    /// let done = orgs.group("org:5").upsert(&props).create_if_missing().await?;
    /// println!("created: {}, written: {:?}", done.created, done.written);
    /// # Ok(()) }
    /// ```
    pub fn upsert(&self, properties: impl Serialize) -> Upsert {
        Upsert::new(self.clone(), input::properties(&properties))
    }
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

    /// Merges the properties. Awaiting the builder does the same.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for a null among the values, and for properties that are no object;
    /// [`Error::is_not_found`] when the group is missing and is not to be created. After an error in the middle some properties
    /// may be written; the same upsert again completes it.
    pub async fn send(self) -> Result<Upserted> {
        let Self { handle, properties, create_if_missing } = self;
        let properties = properties?;
        let wanted = check(&handle.key, &properties, create_if_missing)?;
        if wanted.is_empty() && !create_if_missing {
            return Ok(Upserted { before: None, group: None, created: false, written: Vec::new() });
        }
        let session = handle.groups.client().session("upsert");
        let index = handle.groups.index(&session).await?;
        let target = Target::lock(&session, index, &handle.key).await?;
        let found = match target.find().await {
            Err(missing) if missing.is_group_not_found() && create_if_missing => {
                check_exists(&session, index).await?;
                match write::execute(&target, &write::Create { properties: &properties }).await {
                    Ok(group) => {
                        let written = wanted.into_iter().map(|(name, _)| name).collect();
                        return Ok(Upserted { before: None, group: Some(group), created: true, written });
                    }
                    // Somebody else has created it in between: then it is merged.
                    Err(error) if error.is_already_exists() => target.find().await?,
                    Err(error) => return Err(error),
                }
            }
            found => found?,
        };
        let (group, written) = write::merge(&target, found.clone(), &wanted).await?;
        Ok(Upserted { before: Some(found), group: Some(group), created: false, written })
    }

    /// Reads the group and says what the upsert would do. Nothing is written.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn plan(self) -> Result<UpsertPlan> {
        let wanted = check(&self.handle.key, &self.properties?, self.create_if_missing)?;
        if wanted.is_empty() && !self.create_if_missing {
            return Ok(UpsertPlan { before: None, creates: false, changes: Vec::new() });
        }
        let session = self.handle.groups.client().session("upsert");
        let index = self.handle.groups.index(&session).await?;
        let before = match write::find(&session, index, &self.handle.key).await {
            Err(missing) if missing.is_group_not_found() && self.create_if_missing => {
                check_exists(&session, index).await?;
                None
            }
            found => Some(found?),
        };
        let to_write = match &before {
            Some(group) => write::different(group, &wanted),
            None => wanted,
        };
        let value = |name: &str| before.as_ref().and_then(|group| group.property(name));
        let changes = to_write
            .into_iter()
            .map(|(name, after)| PropertyChange { before: value(&name), name, after })
            .collect();
        Ok(UpsertPlan { creates: before.is_none(), before, changes })
    }
}

/// The properties one by one, if all that is given can work.
fn check(key: &str, properties: &Properties, create_if_missing: bool) -> Result<Vec<(String, JsonValue)>> {
    let key = input::check_group_key(key)?;
    if create_if_missing && input::stored_group_key(key)? != key {
        let what = "the group key has blanks around it, which the server removes when it creates a group";
        return Err(Error::input(what).with_help("remove them"));
    }
    write::to_merge(properties)
}

impl IntoFuture for Upsert {
    type Output = Result<Upserted>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// As [`send`](Self::send).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
