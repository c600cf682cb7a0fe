//! One group: reading and changing it.

use std::sync::Arc;

use serde::Serialize;

use crate::data::group::Group;
use crate::data::input;
use crate::data::names::PropertyNames;
use crate::error::{Error, Result};
use crate::resources::groups::Groups;
use crate::resources::related::Related;
use crate::write;

/// A handle to one group, returned by [`Groups::group`]. The group does not need to exist.
///
/// Writes to the same group by one client are serialized, because the server reads all properties, changes one, and writes all
/// of them back without a lock. Concurrent writes by *other* clients can still overwrite each other.
#[derive(Clone, Debug)]
pub struct GroupHandle {
    pub(crate) groups: Groups,
    pub(crate) key: Arc<str>,
}

impl Groups {
    /// Returns a handle to one group, for reading and changing it. No request is sent, and the group does not need to exist.
    pub fn group(&self, key: impl Into<String>) -> GroupHandle {
        GroupHandle { groups: self.clone(), key: key.into().into() }
    }
}

impl GroupHandle {
    /// Returns the key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the group, or `None` if it does not exist; see [`Groups::find`].
    ///
    /// # Errors
    /// The errors of [`Groups::find`].
    pub async fn find(&self) -> Result<Option<Group>> {
        self.groups.find(&self.key).await
    }

    /// Returns the group; see [`Groups::get`].
    ///
    /// # Errors
    /// The errors of [`Groups::get`].
    pub async fn get(&self) -> Result<Group> {
        self.groups.get(&self.key).await
    }

    /// Sets one property and keeps all others. The value can be any JSON value except null. Returns the whole group after the change.
    ///
    /// If the response is lost, the group is read back, and the request is sent again only if the property does not have the value.
    ///
    /// # Errors
    /// [`Error::is_not_found`](crate::Error::is_not_found) if the group does not exist, and
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) if the value is null or the name is empty.
    pub async fn set(&self, name: impl AsRef<str>, value: impl Serialize) -> Result<Group> {
        let name = input::property_name(name.as_ref())?;
        let value = input::property_value(name, &value)?;
        let write = write::Set { name: name.to_owned(), value };
        self.write("set", &[write]).await
    }

    /// Removes one or more properties and keeps all others. Returns the whole group after the change. Removing a property that does
    /// not exist succeeds.
    ///
    /// Each property takes one request. After an error, some properties may have been removed; repeat the call to remove the rest.
    ///
    /// ```no_run
    /// # async fn example(acme: posthog_groups::GroupHandle) -> posthog_groups::Result<()> {
    /// acme.unset("plan").await?;
    /// acme.unset(["seats", "trial"]).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_not_found`](crate::Error::is_not_found) if the group does not exist, and
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) if a name is empty or no name is given.
    pub async fn unset(&self, names: impl PropertyNames) -> Result<Group> {
        let names = names.into_names();
        let writes: Result<Vec<_>> = names
            .into_iter()
            .map(|name| input::property_name(&name).map(|name| write::Unset { name: name.to_owned() }))
            .collect();
        self.write("unset", &writes?).await
    }

    /// Writes to the group while no other call of this client does.
    async fn write(&self, call: &'static str, writes: &[impl write::Write]) -> Result<Group> {
        let key = input::check_group_key(&self.key)?;
        let Some((first, others)) = writes.split_first() else {
            return Err(Error::input("no property name is given").with_help("give at least one"));
        };
        let session = self.groups.client().session(call);
        let index = self.groups.index(&session).await?;
        let target = write::Target::lock(&session, index, key).await?;
        let mut group = write::execute(&target, first).await?;
        for write in others {
            let no_event = group.event_not_sent();
            group = write::execute(&target, write).await?;
            if no_event {
                group = group.without_event();
            }
        }
        Ok(group)
    }

    /// Returns the persons, and the groups of other types, that share an event of the last 90 days with the group.
    ///
    /// Returns an empty list if no such group exists. The result is not paginated.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) if the key is blank.
    pub async fn related(&self) -> Result<Related> {
        let key = input::check_group_key(&self.key)?;
        let session = self.groups.client().session("related");
        let index = self.groups.index(&session).await?;
        let list =
            || session.raw().list_related().project_id(session.project()).group_type_index(index).id(key);
        let actors = session.read(list).await?;
        Ok(Related::from(actors))
    }
}
