//! Imports of many groups (feature `bulk`). An import compares the rows with the server first, writes only the differences, and can
//! be resumed after a crash.
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
//! 1. **Check.** All rows are read once. If a row is invalid or two rows have the same key, the import fails before it sends a request.
//! 2. **Compare.** The groups of the project are listed, 100 per request, and compared with the rows. For fewer than ten rows, or if
//!    the list is so long that reading the group of each row is cheaper, groups are read one by one.
//! 3. **Write.** Groups that are missing or different are written with one of two engines.
//! 4. **Verify.** Groups are read again until they match the rows. By default, this is done only after writing with events.
//!
//! | | [`Engine::Rest`] | [`Engine::Capture`] |
//! | --- | --- | --- |
//! | writes with | `create`, and `set` for each property that differs | `$groupidentify` events in batches |
//! | requests | one per new group; a read and one per property for a changed group | one per thousand rows |
//! | takes effect | immediately, with activity entries | later, without activity entries |
//! | null values | can be created with a new group, but not set on an existing group | are set |
//! | requires | a personal API key with `group:write` | also the project token (`phc_...`) |
//!
//! [`Engine::Auto`] uses events if REST would need more requests than the rate limit allows in an hour and a project token is given.
//!
//! The read before a change is skipped if the list has more than one page and the server's lists include all writes immediately
//! (servers before 2026-05-07, which the client recognizes by the cursors of the list).
//!
//! # Failures
//!
//! A row that fails does not stop the import. A batch of events that the server rejects is split until the invalid rows are found.
//! After 20 consecutive rows that failed because of the server, the import sends a read to check whether the server is down, and stops
//! if it is. It also stops after 1,000 consecutive failed rows, and after errors that would affect all further rows, such as an
//! expired key.
//!
//! # Memory use
//!
//! Memory use hardly grows with the number of rows: hashes that do not fit in [`Import::memory`] are stored in a temporary file. The
//! rows are read two or three times, and are therefore passed as a function that returns them from the first row on.
//!
//! # The journal
//!
//! A journal ([`Import::journal`]) belongs to one run that has not completed.
//!
//! * A run appends a line for each row that is done or has failed. The file is synced to disk ten times per second.
//! * If a run was stopped or killed, or if rows failed, the journal is kept. The same import with the same journal resumes the run:
//!   failed rows are tried last, and if the write of a row was in flight, the group is read back, so that nothing is created or
//!   written twice.
//! * The server takes precedence over the journal. Rows that the journal lists as done are compared like all others. Those that still
//!   match are [`RowOutcome::DoneBefore`], and those that have been changed in the meantime are written again.
//! * A completed run ([`ImportReport::is_complete`]) removes its journal. The next run starts from the beginning.
//! * A journal of another project or of other rows is rejected and not changed. With [`Import::accept_changed_input`], a journal of
//!   other rows is emptied instead, and the import starts from the beginning.
//! * The journal is locked while it is in use. An incomplete line or NUL bytes at its end, left by a power failure, are removed.

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

/// How to handle rows with the same key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Return an error before any request is sent.
    #[default]
    Refuse,
    /// Use the last row.
    LastWins,
}
