//! A client for PostHog's groups API: typed, exact about writes, right on every server there is.
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
//! # Where things are
//!
//! | to | write |
//! | --- | --- |
//! | connect | [`Client::from_env`], [`Client::builder`] |
//! | name a group type | [`posthog.groups("organization")`](Client::groups), or its index `groups(0)` |
//! | list | [`orgs.list()`](Groups::list), then `.search(..)`, `.key_contains(..)`, `.properties::<P>()`, and `.stream()`, `.pages()` or `.page()` |
//! | read one | [`orgs.find(key)`](Groups::find) gives an `Option`, [`orgs.get(key)`](Groups::get) an error |
//! | create | [`orgs.create(key).properties(&props).send()`](Groups::create) |
//! | change one | [`orgs.group(key)`](Groups::group), then `.set(name, value)`, `.unset(name)`, `.upsert(&props)` |
//! | create or change | [`orgs.group(key).upsert(&props).create_if_missing()`](Upsert::create_if_missing) |
//! | read all of them | [`orgs.export()`](Groups::export), which waits out the rate limit |
//! | write many | `orgs.import(rows)` (feature `bulk`): a plan, a journal, REST or events |
//! | see its history | [`orgs.group(key).activity()`](GroupHandle::activity) |
//! | see who belongs to it | [`orgs.group(key).related()`](GroupHandle::related), [`posthog.related_to_person(uuid)`](Client::related_to_person) |
//! | explore | [`orgs.property_values(name)`](Groups::property_values), [`posthog.property_definitions()`](Client::property_definitions), [`posthog.group_types()`](Client::group_types) |
//! | check a key | [`posthog.whoami()`](Client::whoami), [`posthog.projects()`](Client::projects) |
//! | be hasty once | [`posthog.with_options(\|o\| o.retries(0))`](Client::with_options) |
//! | call other endpoints | [`posthog.request("GET", path, None)`](Client::request) |
//! | go below | [`posthog.raw()`](Client::raw), the generated client |
//! | do without `async` | `posthog_groups::blocking` (feature `blocking`) |
//! | check a struct | `orgs.check_schema::<P>()` (feature `schemars`) |
//!
//! # Recipes
//!
//! **Properties as a struct**, where one group that does not fit is one error, not the end:
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
//! **Many writes at once.** Different groups may be written at the same time; the rate limit is kept for all of them, and
//! writes to one group are put in order:
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
//! For more than some hundreds, `orgs.import(rows)` of the feature `bulk` looks by listing, keeps a journal, and can send events.
//!
//! **Pages by hand**, with a place to go on from:
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
//! # Servers and eras
//!
//! PostHog Cloud runs the newest code, self-hosted instances often older code (server source, 2025 and 2026). The same
//! call works on each:
//!
//! | call | servers of 2025 | servers of 2026 |
//! | --- | --- | --- |
//! | `list` | sees every write at once | since 2026-06-12 may be behind for a while |
//! | `list().start_from(..)` | an old cursor: `Invalid cursor` | an old cursor: page one again |
//! | `find`, `get` | | never makes a notebook |
//! | `create` | since 2025-07-18, else [`is_not_offered`](Error::is_not_offered) | yes |
//! | `set`, `unset`, `activity` | since 2025-03-17 | yes; new properties are logged as `create_property` |
//! | `unset` of what is not there | done (the server says 500) | done (the server says 400) |
//! | `upsert` | in one request from 2025-08-29 to 09-10, else one for each property that differs | one for each property that differs |
//! | `property_values` | yes | yes; another shape, which you do not see |
//! | `property_definitions` | yes | until 2026-06-26, then [`is_not_offered`](Error::is_not_offered) |
//! | mistakes in a call | often 500 | 400 |
//!
//! # Writes are exact
//!
//! When the answer to a write is lost (a timeout, a dropped connection, a failing proxy), nobody knows whether it took effect.
//! This client looks before it sends anything again, and sends again only what is not there:
//!
//! | call | after a lost answer | done when |
//! | --- | --- | --- |
//! | `create` | finds the group | it is there with the properties that were sent; with others: [`is_already_exists`](Error::is_already_exists) |
//! | `set` | finds the group | the value is in place |
//! | `unset` | finds the group | the property is not there |
//! | `upsert` | finds the group | all values are in place |
//! | reads | are sent again | |
//!
//! Nothing is ever sent again after a 500 on a write without such a look, and then once. Requests that surely did not reach the
//! server (no connection, 429) are sent again as they are. When even looking fails,
//! [`is_outcome_unknown`](Error::is_outcome_unknown) tells. A write that the server stored without being able to
//! send the event about it succeeds, and [`Group::event_not_sent`] tells.
//!
//! # Limits
//!
//! PostHog Cloud allows each key 480 requests a minute and 4,800 an hour; the client keeps to that by itself, over all clones
//! ([`RateLimit`]). A 429 makes all clones wait once. Waits beyond [`RetryPolicy::max_server_wait`] fail instead. An attempt has
//! 30 s, a call 5 minutes ([`CallOptions`]).
//!
//! # Errors
//!
//! There is one [`Error`]; its documentation has the table of what to ask it. Each predicate explains what to do.
//!
//! # Safety
//!
//! The key is in no `Debug`, `Display`, span or URL. It is sent to the configured origin only: redirects are not followed, and
//! a link to the next page on another origin is an error. Plain http is refused but for this machine.
//!
//! # Features
//!
//! All can be combined. `rustls` (default) and `native-tls` bring TLS, `blocking` the client without `async`,
//! `schemars` the check of a struct, `tracing` a span for each request, `bulk` imports of many groups.

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
pub use posthog_groups_client::{ByteString, JsonValue, ProjectToken, Properties, RelatedActor};

/// The HTTP client whose types [`ClientBuilder::proxy`] and [`ClientBuilder::http_client`] take.
pub use reqwest;

/// The generated client, as [`Client::raw`] gives it.
pub use posthog_groups_client as raw;
