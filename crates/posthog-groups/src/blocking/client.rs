//! The client without `async`.

use posthog_groups_client::types::{CurrentUser, GroupType, Project};

use super::groups::Groups;
use super::runtime::Runtime;
use crate::error::Result;
use crate::resources::builder::ClientBuilder;
use crate::resources::group_type::GroupTypeRef;
use crate::resources::property_values::PropertyDefinitions;
use crate::resources::related::Related;
use crate::wire::options::CallOptions;

/// A client for the groups API of one project, for code without `async`; see [`posthog_groups::Client`](crate::Client).
///
/// Clones are cheap and share everything, including the background thread.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client,
    runtime: Runtime,
}

impl Client {
    /// Creates a blocking client from an async one. Starts a background thread.
    ///
    /// # Errors
    /// Fails if the thread cannot be started.
    pub fn new(client: crate::Client) -> Result<Self> {
        Ok(Self { client, runtime: Runtime::start()? })
    }

    /// Returns a builder. Call [`build_blocking`](crate::ClientBuilder::build_blocking) to create the client.
    pub fn builder() -> crate::ClientBuilder {
        crate::Client::builder()
    }

    /// Creates a client from environment variables; see [`posthog_groups::Client::from_env`](crate::Client::from_env).
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Client::from_env`](crate::Client::from_env). Also fails if the thread cannot be started.
    pub fn from_env() -> Result<Self> {
        Self::new(crate::Client::from_env()?)
    }

    /// Returns the async client.
    pub fn as_async(&self) -> &crate::Client {
        &self.client
    }

    /// Returns a client with different timeouts or retries. Everything else is shared with this client.
    pub fn with_options(&self, change: impl FnOnce(CallOptions) -> CallOptions) -> Self {
        Self { client: self.client.with_options(change), runtime: self.runtime.clone() }
    }

    /// Returns the groups of one type, given by its name or its index from 0 to 4. No request is sent.
    pub fn groups(&self, group_type: impl Into<GroupTypeRef>) -> Groups {
        Groups::new(self.client.groups(group_type), self.runtime.clone())
    }

    /// Returns the group types of the project.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Client::group_types`](crate::Client::group_types).
    pub fn group_types(&self) -> Result<Vec<GroupType>> {
        let client = self.client.clone();
        self.runtime.call(async move { client.group_types().await })
    }

    /// Returns the groups that share an event of the last 90 days with a person.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Client::related_to_person`](crate::Client::related_to_person).
    pub fn related_to_person(&self, uuid: impl Into<String>) -> Result<Related> {
        let (client, uuid) = (self.client.clone(), uuid.into());
        self.runtime.call(async move { client.related_to_person(uuid).await })
    }

    /// Returns the names of the properties of each group type.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Client::property_definitions`](crate::Client::property_definitions).
    pub fn property_definitions(&self) -> Result<PropertyDefinitions> {
        let client = self.client.clone();
        self.runtime.call(async move { client.property_definitions().await })
    }

    /// Returns all projects that the key can access.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Client::projects`](crate::Client::projects).
    pub fn projects(&self) -> Result<Vec<Project>> {
        let client = self.client.clone();
        self.runtime.call(async move { client.projects().await })
    }

    /// Returns the user that the key belongs to.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::Client::whoami`](crate::Client::whoami).
    pub fn whoami(&self) -> Result<CurrentUser> {
        let client = self.client.clone();
        self.runtime.call(async move { client.whoami().await })
    }
}

impl ClientBuilder {
    /// Builds a client for code without `async`.
    ///
    /// # Errors
    /// The errors of [`build`](Self::build). Also fails if the thread cannot be started.
    pub fn build_blocking(self) -> Result<Client> {
        Client::new(self.build()?)
    }
}
