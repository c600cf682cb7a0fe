//! Imports of many groups: compares first, writes only what differs, and resumes after a crash (feature `bulk`).
//!
//! ```no_run
//! # async fn example(orgs: posthog_groups::Groups) -> Result<(), Box<dyn std::error::Error>> {
//! use posthog_groups::Properties;
//! use posthog_groups::bulk::ImportRow;
//!
//! let rows = vec![
//!     ImportRow::new("org:5", Properties::new(&serde_json::json!({"plan": "enterprise"}))?),
//!     ImportRow::new("org:6", Properties::new(&serde_json::json!({"plan": "free", "seats": 3}))?),
//! ];
//! let import = || rows.iter().cloned().map(Ok);
//!
//! let plan = orgs.import(import).plan().await?;
//! println!("{} to create, {} to change", plan.created, plan.changed);
//!
//! let report = orgs.import(import).journal("orgs.journal").run().await?;
//! assert!(report.is_complete());
//! # Ok(()) }
//! ```
//!
//! # How it works
//!
//! 1. **Check.** All rows are read once. A bad row, or two rows with the same key, end the import before anything is sent.
//! 2. **Compare.** The groups of the project are listed, a hundred per request, and compared with the rows. For fewer than ten rows,
//!    or if the list is so long that reading each row's group is cheaper, groups are read one by one.
//! 3. **Write** what is missing or different, with one of two engines.
//! 4. **Verify** (by default after events only): the groups are read again until they match the rows.
//!
//! | | [`Engine::Rest`] | [`Engine::Capture`] |
//! | --- | --- | --- |
//! | writes with | `create`, and `set` for each property that differs | `$groupidentify` events in batches |
//! | requests | one for a new group; for a changed one a read and one per property | one for a thousand rows |
//! | takes effect | immediately, with activity entries | later, without activity entries |
//! | a null among the properties | can be created, but not set on a group that exists | is set |
//! | needs | a personal API key with `group:write` | the project token, `phc_...`, as well |
//!
//! [`Engine::Auto`] uses events if REST would need more requests than the rate limit allows in an hour and a project token is given.
//!
//! The read before a change is skipped on servers whose list includes every write immediately (before 2026-05-07; the client recognizes
//! them by the cursors of the list), if the list has more than one page.
//!
//! # Failures
//!
//! A row that fails does not stop the import. A batch of events that the server rejects is halved until the bad rows are found.
//! After 20 consecutive rows that failed because of the server, a read checks whether it is down. If it is, the import stops. It also
//! stops after 1,000 consecutive failed rows, and for errors that all further rows would have too, such as an expired key.
//!
//! # What it costs
//!
//! Memory hardly grows with the rows: what does not fit in [`Import::memory`] is kept in a temporary file, as hashes. Rows are read
//! two or three times, so they are given as a function that starts from the first row.
//!
//! # The journal
//!
//! A journal ([`Import::journal`]) belongs to one run that has not completed.
//!
//! * A run appends a line to it for each row that is done, or that failed. It reaches the disk ten times a second.
//! * A run that was stopped, was killed, or had rows that failed keeps its journal. The same import with the same journal resumes that
//!   run: rows that failed come last, and a row whose write was in flight is read back, so that nothing is created or written twice.
//! * The server has precedence over the journal. Rows that the journal lists as done are compared like all others. Those that still
//!   match are [`RowOutcome::DoneBefore`], and those that have been changed since are written again.
//! * A completed run ([`ImportReport::is_complete`]) removes its journal. The next run starts from the beginning.
//! * A journal of another project or of other rows is rejected and not changed. [`Import::accept_changed_input`] empties a journal of
//!   other rows instead, and starts from the beginning.
//! * The journal is locked while it is in use. Half a line or NUL bytes at its end, left by a power failure, are cut off.

mod capture;
mod import;
mod index;
mod journal;
mod pending;
mod report;
mod rest;
mod row;
mod run;
mod settings;
mod spill;
mod stop;
mod verify;
mod write;

#[cfg(test)]
pub(crate) use capture::refusal;
#[cfg(test)]
pub(crate) use journal::{Contents, read as read_journal};

use serde::Serialize;

pub use import::Import;
pub use report::{ImportEvent, ImportReport, RowOutcome, Stopped};
pub use row::ImportRow;

/// How an import writes. The [module](self) compares the engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Engine {
    /// Events if REST would need more requests than the rate limit allows in an hour and a project token is given, otherwise REST.
    #[default]
    Auto,
    /// The REST API: synchronous, exact.
    Rest,
    /// `$groupidentify` events through `/batch/`: fast, processed later.
    Capture,
}

/// What to do with two rows that have the same key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Return an error. Nothing is sent.
    #[default]
    Refuse,
    /// Use the last one.
    LastWins,
}
