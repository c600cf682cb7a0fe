//! What an import tells, while it runs and at its end.

use std::time::Duration;

use crate::error::Error;

/// What became of a row.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowOutcome {
    /// There was no such group; now there is (a plan: there would be).
    Created {
        /// The names of its properties, in order.
        properties: Vec<String>,
    },
    /// Properties that were missing or different were written (a plan: would be).
    Changed {
        /// Their names, in order.
        properties: Vec<String>,
    },
    /// The group was already so; nothing was written.
    Unchanged,
    /// The event was accepted; nobody looked whether it arrived.
    Sent,
    /// Another row further down has the same key, and the last one wins.
    Superseded,
    /// An earlier part of the run wrote it, and the group is still as wanted.
    DoneBefore,
    /// It was not done; other rows are tried nevertheless.
    Failed(Error),
}

/// Something that happened within an import; [`Import::on_event`](super::Import::on_event) hears of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportEvent<'a> {
    /// Rows are being read for the first time. Sent now and then.
    Checking {
        /// How many were read so far.
        rows: u64,
    },
    /// All rows were read once, and none is bad.
    Checked {
        /// How many there are.
        rows: u64,
        /// How many of them the journal has as done.
        done_before: u64,
    },
    /// A page of the groups that exist was compared with the rows.
    Looked {
        /// How many groups were compared so far.
        groups: u64,
    },
    /// Which engine writes.
    Writing {
        /// [`Engine::Rest`](super::Engine::Rest) or [`Engine::Capture`](super::Engine::Capture).
        engine: super::Engine,
    },
    /// A row has come to its end.
    Row {
        /// Its line, or its number.
        line: u64,
        /// Its key.
        key: &'a str,
        /// What became of it.
        outcome: &'a RowOutcome,
    },
    /// A batch of events was accepted.
    Sent {
        /// How many rows were sent so far.
        rows: u64,
    },
    /// Groups are read again to see whether they are as wanted.
    Verifying {
        /// How many rows are still to be seen.
        left: u64,
    },
}

/// What an import, or a plan, came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportReport {
    /// The engine that wrote, or would write.
    pub engine: super::Engine,
    /// All rows that were given.
    pub rows: u64,
    /// Groups that were created.
    pub created: u64,
    /// Groups that were changed.
    pub changed: u64,
    /// Groups that were as wanted already.
    pub unchanged: u64,
    /// Events that were accepted, and not looked for ([`Import::verify`](super::Import::verify) was off).
    pub sent: u64,
    /// Rows whose key a later row has.
    pub superseded: u64,
    /// Rows that an earlier part of the run wrote, and whose groups are still as wanted.
    pub done_before: u64,
    /// Rows that failed; the events have the reasons.
    pub failed: u64,
    /// Of the rows that are [left](Self::left), those that were not compared with the server yet.
    pub not_compared: u64,
    /// The requests that the client has made meanwhile, repetitions and those to capture included.
    pub requests: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Why it ended before its end; the journal has what was done.
    pub stopped: Option<Stopped>,
}

/// Why an import ended early.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stopped {
    /// The future given to [`Import::until`](super::Import::until) came to its end.
    Cancelled,
    /// What would have failed for every further row as well: an expired key, a server that is gone, a full disk.
    Error(Error),
}

impl ImportReport {
    /// Whether all rows are as wanted, now or before.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none() && self.failed == 0
    }

    /// How many rows were not reached, because it was stopped.
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

    pub(crate) fn new(engine: super::Engine) -> Self {
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

/// How far an error reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This row only.
    Row,
    /// The server is in trouble: this row, and all others if it goes on.
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
