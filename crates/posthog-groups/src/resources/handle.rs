//! One group: reading and changing it.

use std::sync::Arc;

use serde::Serialize;

use crate::data::group::Group;
use crate::data::input;
use crate::error::Result;
use crate::resources::activity::ActivityQuery;
use crate::resources::groups::Groups;
use crate::resources::related::Related;
use crate::resources::upsert::Upsert;
use crate::wire::session::read;
use crate::write;

/// A handle on one group; [`Groups::group`] makes it. The group need not exist.
///
/// Writes of one client to one group are made one after the other, because the server reads all properties, changes
/// one, and writes all back without a lock. Writes of *other* clients at the same time can get lost in that.
#[derive(Clone, Debug)]
pub struct GroupHandle {
    pub(crate) groups: Groups,
    pub(crate) key: Arc<str>,
}

impl GroupHandle {
    pub(crate) fn new(groups: Groups, key: String) -> Self {
        Self { groups, key: key.into() }
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The group, or `None`; as [`Groups::find`].
    ///
    /// # Errors
    /// As [`Groups::find`].
    pub async fn find(&self) -> Result<Option<Group>> {
        self.groups.find(&self.key).await
    }

    /// The group; as [`Groups::get`].
    ///
    /// # Errors
    /// As [`Groups::get`].
    pub async fn get(&self) -> Result<Group> {
        self.groups.get(&self.key).await
    }

    /// Sets one property; all others stay. The value may be any JSON but null. Gives the whole group as it is then.
    ///
    /// After a lost answer the group is looked at: where the value is in place, nothing is sent again.
    ///
    /// # Errors
    /// [`Error::is_not_found`](crate::Error::is_not_found) when there is no such group;
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) for null and an empty name.
    pub async fn set(&self, name: impl AsRef<str>, value: impl Serialize) -> Result<Group> {
        let name = input::property_name(name.as_ref())?;
        let value = input::property_value(name, &value)?;
        let write = write::Set { name: name.to_owned(), value };
        self.write(write).await
    }

    /// Takes one property away; all others stay. Gives the whole group as it is then. A property that is not there is
    /// as good as taken away.
    ///
    /// # Errors
    /// [`Error::is_not_found`](crate::Error::is_not_found) when there is no such group.
    pub async fn unset(&self, name: impl AsRef<str>) -> Result<Group> {
        let name = input::property_name(name.as_ref())?;
        self.write(write::Unset { name: name.to_owned() }).await
    }

    /// Carries out a change of the group, while no other write of this client to it is under way.
    async fn write(&self, write: impl write::Write) -> Result<Group> {
        let key = input::check_group_key(&self.key)?;
        let session = self.groups.client().session();
        let index = self.groups.index(&session).await?;
        let target = write::Target::lock(&session, index, key).await?;
        write::carry_out(&target, &write).await
    }

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

    /// The history of the group, newest first. Needs the scope `activity_log:read`.
    pub fn activity(&self) -> ActivityQuery {
        ActivityQuery::new(self.clone())
    }

    /// The persons, and the groups of other types, that share an event of the last 90 days with the group.
    ///
    /// Not paged. No such group: an empty answer.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) for a blank key.
    pub async fn related(&self) -> Result<Related> {
        let key = input::check_group_key(&self.key)?;
        let session = self.groups.client().session();
        let index = self.groups.index(&session).await?;
        let actors = read!(session, "list_related", |raw| raw
            .list_related()
            .project_id(session.project())
            .group_type_index(index)
            .id(key))?;
        Ok(Related::from(actors))
    }
}
