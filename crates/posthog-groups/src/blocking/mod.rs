//! The same client for code without `async`: iterators in the place of streams.
//!
//! A thread of its own carries out the requests; calls wait for it. It may be used anywhere, inside an async runtime too,
//! where it blocks the thread that calls. Everything is explained at the types of the same names one level up.
//!
//! ```no_run
//! # fn main() -> posthog_groups::Result<()> {
//! let posthog = posthog_groups::blocking::Client::from_env()?;
//! let orgs = posthog.groups("organization");
//! for group in orgs.list().search("acme").iter() {
//!     println!("{}", group?.key);
//! }
//! orgs.group("org:5").set("plan", "enterprise")?;
//! # Ok(()) }
//! ```

mod client;
mod groups;
mod handle;
#[cfg(feature = "bulk")]
mod import;
mod iter;
mod runtime;

pub use client::Client;
pub use groups::{CreateGroup, Groups, ListGroups, PropertyValuesQuery};
pub use handle::{ActivityQuery, GroupHandle, Upsert};
#[cfg(feature = "bulk")]
pub use import::Import;
pub use iter::{Items, Pages};
