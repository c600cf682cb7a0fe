//! The API for users.

pub(crate) mod activity;
pub(crate) mod builder;
pub(crate) mod client;
pub(crate) mod create;
pub(crate) mod cursor;
mod detour;
pub(crate) mod group_type;
pub(crate) mod groups;
pub(crate) mod handle;
pub(crate) mod list;
pub(crate) mod project;
pub(crate) mod property_values;
pub(crate) mod related;
mod request;
#[cfg(feature = "schemars")]
pub(crate) mod schema;
pub(crate) mod upsert;
pub(crate) mod walk;
