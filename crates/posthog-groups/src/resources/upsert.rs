//! Upserts: merge several properties into a group.

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

/// A request to merge properties into a group, returned by [`GroupHandle::upsert`].
///
/// The group is read first, and only properties that differ are written: in one request on servers that have an endpoint for it
/// (September 2025), and one by one on all others. Values are compared by [`same_value`](crate::same_value). If there are no
/// properties to merge, no request is sent.
#[derive(Debug)]
#[must_use = "no request is sent until it is awaited"]
pub struct Upsert {
    handle: GroupHandle,
    properties: Result<Properties>,
    create_if_missing: bool,
}

/// The result of an upsert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upserted {
    /// The group before the upsert; `None` if it was created, or if there were no properties to merge.
    pub before: Option<Group>,
    /// The group after the upsert; `None` only if there were no properties to merge.
    pub group: Option<Group>,
    /// Whether the group was created.
    pub created: bool,
    /// The names of the properties that were written because they were missing or different.
    pub written: Vec<String>,
}

/// What an upsert would do, returned by [`Upsert::plan`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpsertPlan {
    /// The current group; `None` if it does not exist, or if there are no properties to merge.
    pub before: Option<Group>,
    /// Whether the group would be created.
    pub creates: bool,
    /// The properties that would be written, in the order of their names.
    pub changes: Vec<PropertyChange>,
}

/// A property that would be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// Its name.
    pub name: String,
    /// Its current value; `None` if the group does not have it.
    pub before: Option<JsonValue>,
    /// Its value after the upsert.
    pub after: JsonValue,
}

impl GroupHandle {
    /// Merges several properties into the group. No request is sent until the builder is awaited.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// let props = serde_json::json!({"plan": "enterprise", "seats": 42});
    /// let done = orgs.group("org:5").upsert(&props).create_if_missing().await?;
    /// println!("created: {}, written: {:?}", done.created, done.written);
    /// # Ok(()) }
    /// ```
    pub fn upsert(&self, properties: impl Serialize) -> Upsert {
        let properties = input::properties(&properties);
        Upsert { handle: self.clone(), properties, create_if_missing: false }
    }
}

impl Upsert {
    /// Creates the group with these properties if it does not exist.
    pub fn create_if_missing(mut self) -> Self {
        self.create_if_missing = true;
        self
    }

    /// Merges the properties. Awaiting the builder does the same.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if a value is null or the properties are not an object, and [`Error::is_not_found`] if the group does
    /// not exist and [`create_if_missing`](Self::create_if_missing) was not called. After an error, some properties may have been
    /// written; repeat the upsert to write the rest.
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
        let create = async {
            check_exists(&session, index).await?;
            write::execute(&target, &write::Create { properties: &properties }).await
        };
        let (found, created) = match create_if_missing {
            true => target.find_or(create).await?,
            false => (target.find().await?, false),
        };
        if created {
            let written = wanted.into_iter().map(|(name, _)| name).collect();
            return Ok(Upserted { before: None, group: Some(found), created, written });
        }
        let (group, written) = write::merge(&target, found.clone(), &wanted).await?;
        Ok(Upserted { before: Some(found), group: Some(group), created: false, written })
    }

    /// Reads the group and returns what the upsert would do. Nothing is written.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send).
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

/// Validates the arguments and returns the properties ordered by name.
fn check(key: &str, properties: &Properties, create_if_missing: bool) -> Result<Vec<(String, JsonValue)>> {
    let key = input::check_group_key(key)?;
    if create_if_missing && input::stored_group_key(key)? != key {
        let what =
            "the group key has white space around it, which the server removes when it creates a group";
        return Err(Error::input(what).with_help("remove it"));
    }
    write::to_merge(properties)
}

impl IntoFuture for Upsert {
    type Output = Result<Upserted>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Same as [`send`](Self::send).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
