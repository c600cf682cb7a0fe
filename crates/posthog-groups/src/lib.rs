//! A typed client for the groups API of [PostHog](https://posthog.com). It works with all server versions, and a write takes
//! effect exactly once even if its response is lost.
//!
//! ```no_run
//! # async fn quickstart() -> posthog_groups::Result<()> {
//! // POSTHOG_PERSONAL_API_KEY, POSTHOG_HOST, POSTHOG_PROJECT_ID
//! let posthog = posthog_groups::Client::from_env()?;
//! let orgs = posthog.groups("organization");
//!
//! orgs.group("org:5").set("plan", "enterprise").await?;
//! let mut found = orgs.list().search("acme").stream();
//! while let Some(group) = found.next().await {
//!     let group = group?;
//!     println!("{} {}", group.key, group.properties.as_str());
//! }
//! # Ok(()) }
//! ```
//!
//! # Overview
//!
//! | task | API |
//! | --- | --- |
//! | connect | [`Client::from_env`], [`Client::builder`] |
//! | select a group type | [`posthog.groups("organization")`](Client::groups), or its index `groups(0)` |
//! | list | [`orgs.list()`](Groups::list), then `.search(..)`, `.key_contains(..)`, `.limit(n)`, `.properties::<P>()`, and `.stream()`, `.await` (collects), `.pages()` or `.page()` |
//! | read one group | [`orgs.find(key)`](Groups::find) returns an `Option`; [`orgs.get(key)`](Groups::get) fails if there is none |
//! | create | [`orgs.create(key).properties(&props).send()`](Groups::create) |
//! | change one group | [`orgs.group(key)`](Groups::group), then `.set(name, value)`, `.unset(name)`, `.upsert(&props)` |
//! | create or change | [`orgs.group(key).upsert(&props).create_if_missing()`](Upsert::create_if_missing); [`.plan()`](Upsert::plan) shows what would change |
//! | read all groups | [`orgs.export()`](Groups::export), which waits for the rate limit |
//! | write many groups | `orgs.import(rows)` (feature `bulk`), with a plan and a journal, by REST or events |
//! | read the history of a group | [`orgs.group(key).activity()`](GroupHandle::activity) |
//! | list related persons and groups | [`orgs.group(key).related()`](GroupHandle::related), [`posthog.related_to_person(uuid)`](Client::related_to_person) |
//! | list property values and names | [`orgs.property_values(name)`](Groups::property_values), [`posthog.property_definitions()`](Client::property_definitions), [`posthog.group_types()`](Client::group_types) |
//! | check an API key | [`posthog.whoami()`](Client::whoami), [`posthog.projects()`](Client::projects) |
//! | override the timeout and retries for a single call | [`posthog.with_options(\|o\| o.retries(0))`](Client::with_options) |
//! | call other endpoints | [`posthog.request("GET", path, None)`](Client::request) |
//! | use the generated client | [`posthog.raw()`](Client::raw) |
//! | use it without `async` | `posthog_groups::blocking` (feature `blocking`) |
//! | compare a struct with the properties on the server | `orgs.check_schema::<P>()` (feature `schemars`) |
//!
//! # Recipes
//!
//! **Decode properties into a struct.** The stream returns an error for a group that does not match, and continues:
//!
//! ```no_run
//! # async fn recipe(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
//! #[derive(serde::Deserialize)]
//! struct Account { plan: String, seats: Option<u32> }
//!
//! let mut accounts = orgs.list().properties::<Account>().stream();
//! while let Some(account) = accounts.next().await {
//!     match account {
//!         Ok(account) => println!("{} is on {}", account.key, account.properties.plan),
//!         Err(e) if e.is_decode() => eprintln!("{:?} does not fit: {:?}", e.group_key(), e.path()),
//!         Err(e) => return Err(e),
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! **Concurrent writes.** Different groups can be written concurrently. The rate limit applies to all of them together, and
//! writes to the same group are serialized:
//!
//! ```no_run
//! # async fn recipe(orgs: posthog_groups::Groups, rows: Vec<(String, serde_json::Value)>) -> posthog_groups::Result<()> {
//! use futures_util::{StreamExt as _, TryStreamExt as _, stream};
//!
//! stream::iter(rows)
//!     .map(|(key, props)| {
//!         let group = orgs.group(key);
//!         async move { group.upsert(&props).create_if_missing().await }
//!     })
//!     .buffer_unordered(16)
//!     .try_for_each(|done| async move { Ok(println!("{:?}", done.written)) })
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! For more than a few hundred groups, use `orgs.import(rows)` (feature `bulk`). It lists the groups instead of reading them one by
//! one, keeps a journal so that it can resume, and can send events.
//!
//! **Request single pages** and continue from a cursor:
//!
//! ```no_run
//! # async fn recipe(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
//! let first = orgs.list().page().await?;
//! if let Some(next) = first.next.clone() {
//!     let second = orgs.list().start_from(next).page().await?;
//!     println!("{} groups on page two", second.groups.len());
//! }
//! # Ok(()) }
//! ```
//!
//! # Server versions
//!
//! PostHog Cloud runs the latest code; self-hosted instances often run older code. The same call works with both:
//!
//! | call | servers from 2025 | servers from 2026 |
//! | --- | --- | --- |
//! | `list` | includes all writes immediately | may lag behind writes since 2026-06-12 |
//! | `list().start_from(..)` | an outdated cursor fails with `Invalid cursor` | an outdated cursor returns the first page |
//! | `find`, `get` | | never creates a notebook |
//! | `create` | available since 2025-07-18, before that [`is_not_offered`](Error::is_not_offered) | available |
//! | `set`, `unset`, `activity` | available since 2025-03-17 | available; new properties are logged as `create_property` |
//! | `unset` of a missing property | succeeds (the server returns 500) | succeeds (the server returns 400) |
//! | `upsert` | one request from 2025-08-29 to 09-10, otherwise one per property that differs | one request per property that differs |
//! | `property_values` | available | available; the client hides the different response format |
//! | `property_definitions` | available | available until 2026-06-26, then [`is_not_offered`](Error::is_not_offered) |
//! | invalid requests | often fail with 500 | fail with 400 |
//!
//! # Writes are exact
//!
//! If the response to a write is lost (timeout, dropped connection, failing proxy), the outcome of the write is unknown. The client
//! then reads the group back, and sends the request again only if the write has not taken effect:
//!
//! | call | has taken effect if |
//! | --- | --- |
//! | `create` | the group exists with the properties that were sent; with other properties the call fails with [`is_already_exists`](Error::is_already_exists) |
//! | `set` | the property has the value |
//! | `unset` | the property does not exist |
//! | `upsert` | all properties have their values |
//!
//! After a 500, a write is repeated at most once, and only after the group has been read back. Requests that the server cannot have
//! processed (no connection, 429) are repeated without reading back. If reading back also fails, the call fails with
//! [`is_outcome_unknown`](Error::is_outcome_unknown). If the server stored a write but could not send the event for it, the call
//! succeeds and [`Group::event_not_sent`] returns true.
//!
//! # Limits
//!
//! PostHog Cloud allows each key 480 requests per minute and 4,800 per hour. The client stays within these limits, across all
//! clones ([`RateLimit`]). After a 429, all clones wait. A call fails if it would have to wait longer than
//! [`RetryPolicy::max_server_wait`], which includes the time spent waiting for other calls. By default, an attempt times out after
//! 30 s and a call after 5 minutes ([`CallOptions`]). Responses larger than 64 MB are rejected.
//!
//! # Errors
//!
//! All calls return the same [`Error`] type. Its documentation lists the predicates, and the documentation of each predicate explains
//! what to do.
//!
//! # Safety
//!
//! The API key never appears in `Debug` or `Display` output, spans or URLs. It is sent only to the configured origin: redirects are
//! not followed, and only the cursor is taken from a link to the next page. Plain HTTP is rejected except for loopback addresses.
//! Requests to loopback addresses never go through a proxy.
//!
//! # Features
//!
//! All features can be combined:
//!
//! * `rustls` (default) and `native-tls` select the TLS implementation.
//! * `blocking` adds the API without `async`.
//! * `bulk` adds imports.
//! * `schemars` adds `check_schema`, which compares a struct with the properties on the server.
//! * `tracing` adds a span for each request.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "bulk")]
pub mod bulk;
mod data;
mod error;
#[cfg(test)]
mod property_tests;
mod resources;
mod wire;
mod write;

pub use data::compare::same_value;
pub use data::group::Group;
pub use data::input::{check_group_key, check_properties, stored_group_key};
pub use error::{Error, Result};
pub use resources::activity::{ActivityPage, ActivityPages, ActivityQuery, ActivityStream};
pub use resources::builder::ClientBuilder;
pub use resources::client::Client;
pub use resources::create::CreateGroup;
pub use resources::cursor::Cursor;
pub use resources::group_type::GroupTypeRef;
pub use resources::groups::Groups;
pub use resources::handle::GroupHandle;
pub use resources::list::{GroupPage, GroupPages, GroupStream, ListGroups};
pub use resources::project::ProjectRef;
pub use resources::property_values::{
    PropertyDefinition, PropertyDefinitions, PropertyValue, PropertyValuesQuery,
};
pub use resources::related::Related;
#[cfg(feature = "schemars")]
pub use resources::schema::{DifferentProperty, MissingProperty, SchemaReport, UnknownProperty, ValueKind};
pub use resources::upsert::{PropertyChange, Upsert, UpsertPlan, Upserted};
pub use wire::host::Region;
pub use wire::limit::RateLimit;
pub use wire::options::CallOptions;
pub use wire::retry::RetryPolicy;

pub use data::names::PropertyNames;
pub use posthog_groups_client::types::{
    ActivityChange, ActivityDetail, ActivityEntry, ActivityUser, CurrentOrganization, CurrentProject,
    CurrentUser, GroupType, Project, RelatedGroup, RelatedPerson, UserOrganization,
};
pub use posthog_groups_client::{JsonValue, ProjectToken, Properties, RelatedActor, SharedStr};

/// The HTTP client. [`ClientBuilder::proxy`] and [`ClientBuilder::http_client`] take its types.
pub use reqwest;

/// The generated client that [`Client::raw`] returns.
pub use posthog_groups_client as raw;
