//! The client for code without `async`, with iterators instead of streams.
//!
//! Requests run on a background thread, and calls block until they are done. Calls can also be made inside an async runtime, where
//! they block the calling thread. The behavior is documented on the async types with the same names.
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
