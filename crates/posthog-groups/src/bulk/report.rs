//! The events of an import, and its report.

use std::time::Duration;

use serde::Serialize;

use crate::error::Error;

/// The outcome of a row.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RowOutcome {
    /// The group was created (in a plan: would be).
    Created {
        /// The names of its properties, in order.
        properties: Vec<String>,
    },
    /// Properties that were missing or different were written (in a plan: would be).
    Changed {
        /// Their names, in order.
        properties: Vec<String>,
    },
    /// The group already matched the row. Nothing was written.
    Unchanged,
    /// The event was accepted. Its effect was not verified.
    Sent,
    /// A later row has the same key ([`Duplicates::LastWins`](super::Duplicates::LastWins)).
    Superseded,
    /// An earlier part of the run wrote it, and the group still matches the row.
    DoneBefore,
    /// The row failed. The import continues with other rows.
    Failed(Error),
}

/// An event of an import, for [`Import::on_event`](super::Import::on_event).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportEvent<'a> {
    /// Rows are being read for the first time. Sent every few hundred rows.
    Checking {
        /// The number of rows read so far.
        rows: u64,
    },
    /// All rows were read once and are valid.
    Checked {
        /// The number of rows.
        rows: u64,
        /// The number of rows that the journal lists as done.
        done_before: u64,
    },
    /// A page of groups was read, and is or will be compared with the rows.
    Compared {
        /// The number of groups read so far.
        groups: u64,
    },
    /// Writing has started.
    Writing {
        /// [`Engine::Rest`](super::Engine::Rest) or [`Engine::Capture`](super::Engine::Capture).
        engine: super::Engine,
    },
    /// A row is finished.
    Row {
        /// The line of the row, or its number.
        line: u64,
        /// The key of the row.
        key: &'a str,
        /// The outcome of the row.
        outcome: &'a RowOutcome,
    },
    /// A batch of events was accepted.
    Sent {
        /// The number of rows sent so far.
        rows: u64,
    },
    /// Groups are read again to verify that they match the rows.
    Verifying {
        /// The number of rows that are not verified yet.
        left: u64,
    },
}

/// The result of an import or of a plan.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// The engine that wrote, or would write.
    pub engine: super::Engine,
    /// The number of rows.
    pub rows: u64,
    /// The number of groups that were created.
    pub created: u64,
    /// The number of groups that were changed.
    pub changed: u64,
    /// The number of groups that already matched their rows.
    pub unchanged: u64,
    /// The number of rows whose events were accepted but not verified, because [`Import::verify`](super::Import::verify) was off.
    pub sent: u64,
    /// The number of rows with the same key as a later row.
    pub superseded: u64,
    /// The number of rows that an earlier part of the run wrote, and whose groups still match.
    pub done_before: u64,
    /// The number of rows that failed. The errors are in the events.
    pub failed: u64,
    /// The number of rows among those [left](Self::left) that have not been compared with the server.
    pub not_compared: u64,
    /// The number of requests that the client sent during the import, including retries and batches of events.
    pub requests: u64,
    /// The duration of the import.
    pub elapsed: Duration,
    /// Why the import stopped early. The journal lists what was done.
    pub stopped: Option<Stopped>,
}

/// Why an import ended early.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stopped {
    /// The future given to [`Import::until`](super::Import::until) completed.
    Cancelled,
    /// An error that would affect all further rows, such as an expired key, a server that is down, or a full disk.
    Error(Error),
}

impl ImportReport {
    /// Returns true if the import reached its end and no row failed.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none() && self.failed == 0
    }

    /// Returns the number of rows that were not finished because the import stopped.
    pub fn left(&self) -> u64 {
        let ended = self.created
            + self.changed
            + self.unchanged
            + self.sent
            + self.superseded
            + self.done_before
            + self.failed;
        self.rows.saturating_sub(ended)
    }

    /// Creates a report of an import without rows, for tests.
    pub fn new(engine: super::Engine) -> Self {
        Self {
            engine,
            rows: 0,
            created: 0,
            changed: 0,
            unchanged: 0,
            sent: 0,
            superseded: 0,
            done_before: 0,
            failed: 0,
            not_compared: 0,
            requests: 0,
            elapsed: Duration::ZERO,
            stopped: None,
        }
    }

    pub(crate) fn count(&mut self, outcome: &RowOutcome) {
        *match outcome {
            RowOutcome::Created { .. } => &mut self.created,
            RowOutcome::Changed { .. } => &mut self.changed,
            RowOutcome::Unchanged => &mut self.unchanged,
            RowOutcome::Sent => &mut self.sent,
            RowOutcome::Superseded => &mut self.superseded,
            RowOutcome::DoneBefore => &mut self.done_before,
            RowOutcome::Failed(_) => &mut self.failed,
        } += 1;
    }
}

/// Which rows an error concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This row only.
    Row,
    /// The server failed: this row, and perhaps others.
    Server,
    /// Every further row would fail the same way.
    All,
}

pub(crate) fn reach(error: &Error) -> Reach {
    let everywhere = error.is_unauthorized()
        || error.is_missing_scope()
        || error.is_forbidden()
        || error.is_not_offered()
        || error.is_rate_limited()
        || error.is_connect()
        || error.is_file()
        || error.is_not_found() && !error.is_group_not_found();
    if everywhere {
        Reach::All
    } else if error.is_timeout() || error.is_interrupted() || error.is_server_error() {
        Reach::Server
    } else {
        Reach::Row
    }
}
