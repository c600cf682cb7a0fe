//! The groups of one type.

use serde::Serialize;

use crate::data::group::Group;
use crate::data::input;
use crate::error::Result;
use crate::resources::client::Client;
use crate::resources::group_type::GroupTypeRef;
use crate::wire::session::Session;
use crate::write::find;

/// The groups of one type, returned by [`Client::groups`].
///
/// Cheap to clone. No request is sent until a call is awaited.
#[derive(Clone, Debug)]
pub struct Groups {
    client: Client,
    group_type: GroupTypeRef,
}

impl Client {
    /// Returns the groups of one type, given by its name or its index from 0 to 4. No request is sent.
    ///
    /// The name is resolved by the first call. Group types are cached for five minutes.
    ///
    /// ```no_run
    /// # async fn example(posthog: posthog_groups::Client) -> posthog_groups::Result<()> {
    /// let by_name = posthog.groups("organization").find("org:5").await?;
    /// let by_index = posthog.groups(0).find("org:5").await?;
    /// # Ok(()) }
    /// ```
    pub fn groups(&self, group_type: impl Into<GroupTypeRef>) -> Groups {
        Groups { client: self.clone(), group_type: group_type.into() }
    }
}

impl Groups {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn index(&self, session: &Session) -> Result<u8> {
        self.group_type.index(session).await
    }

    /// Returns the index of the type, from 0 to 4.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) if the project has no type with that name, or the index is out of
    /// range.
    pub async fn type_index(&self) -> Result<u8> {
        self.index(&self.client.session("type_index")).await
    }

    /// Returns the group with this key, or `None` if there is none. Keys are case-sensitive.
    ///
    /// Reading a group never creates a notebook.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) if the key is blank or longer than 400 characters.
    pub async fn find(&self, key: impl AsRef<str>) -> Result<Option<Group>> {
        match self.read(key.as_ref(), "find").await {
            Ok(group) => Ok(Some(group)),
            Err(error) if error.is_group_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the group with this key.
    ///
    /// # Errors
    /// [`Error::is_not_found`](crate::Error::is_not_found) if there is none, and the errors of [`find`](Self::find).
    pub async fn get(&self, key: impl AsRef<str>) -> Result<Group> {
        self.read(key.as_ref(), "get").await
    }

    async fn read(&self, key: &str, call: &'static str) -> Result<Group> {
        let key = input::check_group_key(key)?;
        let session = self.client.session(call);
        let index = self.index(&session).await?;
        find(&session, index, key).await
    }

    /// Returns the groups for long-running work; see [`Client::for_bulk`].
    pub(crate) fn for_bulk(&self) -> Self {
        Self { client: self.client.for_bulk(), group_type: self.group_type.clone() }
    }

    /// Checks whether a value can be used as the properties of a group.
    ///
    /// Calls that write perform the same check.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) if it does not serialize to a JSON object, or if
    /// [`check_properties`](crate::check_properties) fails.
    pub fn check_properties(&self, properties: impl Serialize) -> Result<()> {
        input::properties(&properties).map(|_| ())
    }
}
