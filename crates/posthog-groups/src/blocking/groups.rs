//! The groups of one type, without `async`.

use posthog_groups_client::Properties;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::handle::GroupHandle;
use super::iter::{Items, Pages};
use super::runtime::Runtime;
use crate::data::group::Group;
use crate::error::Result;
use crate::resources::cursor::Cursor;
use crate::resources::list::{GroupPage, GroupPages};
use crate::resources::property_values::PropertyValue;

/// The groups of one type; see [`posthog_groups::Groups`](crate::Groups).
#[derive(Clone, Debug)]
pub struct Groups {
    groups: crate::Groups,
    runtime: Runtime,
}

impl Groups {
    pub(crate) fn new(groups: crate::Groups, runtime: Runtime) -> Self {
        Self { groups, runtime }
    }

    /// Returns the async groups.
    pub fn as_async(&self) -> &crate::Groups {
        &self.groups
    }

    #[cfg(feature = "bulk")]
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Compares a struct with the properties of groups on the server.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Groups::check_schema`](crate::Groups::check_schema).
    #[cfg(feature = "schemars")]
    pub fn check_schema<P: schemars::JsonSchema + 'static>(&self) -> Result<crate::SchemaReport> {
        let groups = self.groups.clone();
        self.runtime.call(async move { groups.check_schema::<P>().await })
    }

    /// Returns the index of the type.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Groups::type_index`](crate::Groups::type_index).
    pub fn type_index(&self) -> Result<u8> {
        let groups = self.groups.clone();
        self.runtime.call(async move { groups.type_index().await })
    }

    /// Returns the group with this key, or `None` if there is none.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Groups::find`](crate::Groups::find).
    pub fn find(&self, key: impl Into<String>) -> Result<Option<Group>> {
        let (groups, key) = (self.groups.clone(), key.into());
        self.runtime.call(async move { groups.find(key).await })
    }

    /// Returns the group with this key.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Groups::get`](crate::Groups::get).
    pub fn get(&self, key: impl Into<String>) -> Result<Group> {
        let (groups, key) = (self.groups.clone(), key.into());
        self.runtime.call(async move { groups.get(key).await })
    }

    /// Lists groups, newest first.
    pub fn list(&self) -> ListGroups {
        ListGroups { list: self.groups.list(), runtime: self.runtime.clone() }
    }

    /// Lists all groups of the type; see [`posthog_groups::Groups::export`](crate::Groups::export).
    pub fn export(&self) -> ListGroups {
        ListGroups { list: self.groups.export(), runtime: self.runtime.clone() }
    }

    /// Creates a group. No request is sent until [`CreateGroup::send`] is called.
    pub fn create(&self, key: impl Into<String>) -> CreateGroup {
        CreateGroup { create: self.groups.create(key), runtime: self.runtime.clone() }
    }

    /// Returns a handle to one group. No request is sent.
    pub fn group(&self, key: impl Into<String>) -> GroupHandle {
        GroupHandle::new(self.groups.group(key), self.runtime.clone())
    }

    /// Returns the most frequent values of a property. No request is sent until [`PropertyValuesQuery::send`] is called.
    pub fn property_values(&self, name: impl Into<String>) -> PropertyValuesQuery {
        PropertyValuesQuery { query: self.groups.property_values(name), runtime: self.runtime.clone() }
    }
}

/// A request for groups; see [`posthog_groups::ListGroups`](crate::ListGroups).
#[derive(Clone, Debug)]
#[must_use = "a list does nothing until it is iterated"]
pub struct ListGroups<P = Properties> {
    list: crate::ListGroups<P>,
    runtime: Runtime,
}

impl<P: Send + 'static> ListGroups<P> {
    /// Returns only groups whose properties contain this text, or whose key equals it.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.list = self.list.search(text);
        self
    }

    /// Returns only groups whose key contains this text.
    pub fn key_contains(mut self, text: impl Into<String>) -> Self {
        self.list = self.list.key_contains(text);
        self
    }

    /// Starts at the cursor of an earlier page.
    pub fn start_from(mut self, cursor: Cursor) -> Self {
        self.list = self.list.start_from(cursor);
        self
    }

    /// Limits the list to this many groups.
    pub fn limit(mut self, groups: usize) -> Self {
        self.list = self.list.limit(groups);
        self
    }

    /// Sets whether the next page is requested while the current one is processed; on by default.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.list = self.list.prefetch(prefetch);
        self
    }

    /// Decodes properties as `Q`.
    pub fn properties<Q: DeserializeOwned + Send + 'static>(self) -> ListGroups<Q> {
        ListGroups { list: self.list.properties(), runtime: self.runtime }
    }

    /// Returns an iterator over the groups.
    pub fn iter(&self) -> Items<GroupPages<P>, GroupPage<P>, Group<P>> {
        Items::new(self.pages(), |page| page.groups)
    }

    /// Returns an iterator over pages.
    pub fn pages(&self) -> Pages<GroupPages<P>> {
        Pages::new(self.runtime.clone(), self.list.clone().pages())
    }

    /// Collects all groups, or the first [`limit`](Self::limit) of them.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::ListGroups::collect`](crate::ListGroups::collect).
    pub fn collect(self) -> Result<Vec<Group<P>>> {
        self.runtime.call(self.list.collect())
    }

    /// Returns one page.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::ListGroups::page`](crate::ListGroups::page).
    pub fn page(self) -> Result<GroupPage<P>> {
        self.runtime.call(self.list.page())
    }
}

/// A request to create a group; see [`posthog_groups::CreateGroup`](crate::CreateGroup).
#[derive(Debug)]
#[must_use = "no request is sent until `send` is called"]
pub struct CreateGroup {
    create: crate::CreateGroup,
    runtime: Runtime,
}

impl CreateGroup {
    /// Sets the properties.
    pub fn properties(mut self, properties: impl Serialize) -> Self {
        self.create = self.create.properties(properties);
        self
    }

    /// Creates the group.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::CreateGroup::send`](crate::CreateGroup::send).
    pub fn send(self) -> Result<Group> {
        self.runtime.call(self.create.send())
    }
}

/// A request for the values of a property; see [`posthog_groups::PropertyValuesQuery`](crate::PropertyValuesQuery).
#[derive(Clone, Debug)]
#[must_use = "no request is sent until `send` is called"]
pub struct PropertyValuesQuery {
    query: crate::PropertyValuesQuery,
    runtime: Runtime,
}

impl PropertyValuesQuery {
    /// Returns only values that contain this text.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.query = self.query.containing(text);
        self
    }

    /// Returns at most 20 values, the most frequent first.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) if the name is blank.
    pub fn send(self) -> Result<Vec<PropertyValue>> {
        self.runtime.call(self.query.send())
    }
}
