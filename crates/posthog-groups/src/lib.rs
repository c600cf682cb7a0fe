//! A client for PostHog's groups API.

mod activity;
#[cfg(feature = "blocking")]
pub mod blocking;
mod budget;
mod builder;
mod client;
mod compare;
mod create;
mod cursor;
mod envelope;
mod error;
mod group;
mod group_type;
mod groups;
mod handle;
mod host;
mod input;
mod limit;
mod list;
mod options;
mod patience;
mod poison;
mod project;
mod property_values;
mod related;
mod retry;
mod retry_after;
#[cfg(feature = "schemars")]
mod schema;
mod set;
mod span;
mod transport;
mod turns;
mod unset;
mod upsert;
mod walk;

pub use activity::{ActivityPage, ActivityPages, ActivityQuery, ActivityStream};
pub use builder::ClientBuilder;
pub use client::Client;
pub use create::CreateGroup;
pub use cursor::Cursor;
pub use error::{Error, Result};
pub use group::Group;
pub use group_type::GroupTypeRef;
pub use groups::Groups;
pub use handle::GroupHandle;
pub use host::Region;
pub use limit::RateLimit;
pub use list::{GroupPage, GroupPages, GroupStream, ListGroups};
pub use options::CallOptions;
pub use project::ProjectRef;
pub use property_values::{PropertyDefinition, PropertyDefinitions, PropertyValue, PropertyValuesQuery};
pub use related::Related;
pub use retry::RetryPolicy;
#[cfg(feature = "schemars")]
pub use schema::{DifferentProperty, MissingProperty, SchemaReport, UnknownProperty, ValueKind};
pub use upsert::{Upsert, Upserted};

pub use posthog_groups_client::types::{
    ActivityChange, ActivityDetail, ActivityEntry, ActivityUser, CurrentOrganization, CurrentProject,
    CurrentUser, GroupType, Project, RelatedGroup, RelatedPerson, UserOrganization,
};
pub use posthog_groups_client::{JsonValue, ProjectToken, Properties};

/// The generated client, as [`Client::raw`] gives it.
pub use posthog_groups_client as raw;
