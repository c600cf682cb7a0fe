//! One group, without `async`.

use posthog_groups_client::JsonValue;
use posthog_groups_client::types::ActivityEntry;
use serde::Serialize;

use super::iter::{Items, Pages};
use super::runtime::Runtime;
use crate::data::group::Group;
use crate::data::input;
use crate::data::names::PropertyNames;
use crate::error::Result;
use crate::resources::activity::{ActivityPage, ActivityPages};
use crate::resources::related::Related;
use crate::resources::upsert::{UpsertPlan, Upserted};

/// A handle to one group; see [`posthog_groups::GroupHandle`](crate::GroupHandle).
#[derive(Clone, Debug)]
pub struct GroupHandle {
    handle: crate::GroupHandle,
    runtime: Runtime,
}

impl GroupHandle {
    pub(crate) fn new(handle: crate::GroupHandle, runtime: Runtime) -> Self {
        Self { handle, runtime }
    }

    /// Returns the key.
    pub fn key(&self) -> &str {
        self.handle.key()
    }

    /// Returns the group, or `None` if it does not exist.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Groups::find`](crate::Groups::find).
    pub fn find(&self) -> Result<Option<Group>> {
        let handle = self.handle.clone();
        self.runtime.call(async move { handle.find().await })
    }

    /// Returns the group.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Groups::get`](crate::Groups::get).
    pub fn get(&self) -> Result<Group> {
        let handle = self.handle.clone();
        self.runtime.call(async move { handle.get().await })
    }

    /// Sets one property.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::GroupHandle::set`](crate::GroupHandle::set).
    pub fn set(&self, name: impl Into<String>, value: impl Serialize) -> Result<Group> {
        let name = name.into();
        // Serialized here, because the value is not sent to the thread.
        let value: JsonValue = input::property_value(&name, &value)?;
        let handle = self.handle.clone();
        self.runtime.call(async move { handle.set(name, &value).await })
    }

    /// Removes one or more properties.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::GroupHandle::unset`](crate::GroupHandle::unset).
    pub fn unset(&self, names: impl PropertyNames) -> Result<Group> {
        let (handle, names) = (self.handle.clone(), names.into_names());
        self.runtime.call(async move { handle.unset(names).await })
    }

    /// Merges several properties. No request is sent until [`Upsert::send`] is called.
    pub fn upsert(&self, properties: impl Serialize) -> Upsert {
        Upsert { upsert: self.handle.upsert(properties), runtime: self.runtime.clone() }
    }

    /// Returns the history of the group, newest first.
    pub fn activity(&self) -> ActivityQuery {
        ActivityQuery { query: self.handle.activity(), runtime: self.runtime.clone() }
    }

    /// Returns the persons, and the groups of other types, that share an event of the last 90 days with the group.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::GroupHandle::related`](crate::GroupHandle::related).
    pub fn related(&self) -> Result<Related> {
        let handle = self.handle.clone();
        self.runtime.call(async move { handle.related().await })
    }
}

/// A request to merge properties; see [`posthog_groups::Upsert`](crate::Upsert).
#[derive(Debug)]
#[must_use = "no request is sent until `send` is called"]
pub struct Upsert {
    upsert: crate::Upsert,
    runtime: Runtime,
}

impl Upsert {
    /// Creates the group if it does not exist.
    pub fn create_if_missing(mut self) -> Self {
        self.upsert = self.upsert.create_if_missing();
        self
    }

    /// Merges the properties.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Upsert`](crate::Upsert).
    pub fn send(self) -> Result<Upserted> {
        self.runtime.call(self.upsert.send())
    }

    /// Reads the group and returns what the upsert would do. Nothing is written.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Upsert::plan`](crate::Upsert::plan).
    pub fn plan(self) -> Result<UpsertPlan> {
        self.runtime.call(self.upsert.plan())
    }
}

/// A request for the history of a group; see [`posthog_groups::ActivityQuery`](crate::ActivityQuery).
#[derive(Clone, Debug)]
#[must_use = "no request is sent until it is iterated"]
pub struct ActivityQuery {
    query: crate::ActivityQuery,
    runtime: Runtime,
}

impl ActivityQuery {
    /// Sets the number of entries per page; 100 by default.
    pub fn page_size(mut self, entries: u32) -> Self {
        self.query = self.query.page_size(entries);
        self
    }

    /// Collects all entries.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::ActivityQuery::collect`](crate::ActivityQuery::collect).
    pub fn collect(self) -> Result<Vec<ActivityEntry>> {
        self.runtime.call(self.query.collect())
    }

    /// Returns an iterator over entries.
    pub fn iter(&self) -> Items<ActivityPages, ActivityPage, ActivityEntry> {
        Items::new(self.pages(), |page| page.entries.into_iter().map(Ok).collect())
    }

    /// Returns an iterator over pages.
    pub fn pages(&self) -> Pages<ActivityPages> {
        Pages::new(self.runtime.clone(), self.query.clone().pages())
    }
}
