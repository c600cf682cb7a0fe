//! Dispatches the events of an import to progress, report and output.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use posthog_groups::bulk::{Engine, ImportEvent, RowOutcome};

use crate::transfer::outcomes::{Failures, Outcome, Report};
use crate::transfer::progress::Counter;

/// Receives the events of one import.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Mutex<State>>);

/// The state, and the receivers.
struct State {
    counter: Counter,
    stage: Stage,
    failures: Failures,
    report: Option<Report>,
    /// Gets the rows of a plan that would be written, or cannot be written.
    rows: Option<SyncSender<Outcome>>,
    /// Whether nothing is written.
    is_plan: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Comparing { to_do: u64 },
    Writing { to_do: u64, sent: u64 },
    Verifying { all: u64 },
}

impl Listener {
    /// A listener for an import of this many rows.
    pub(crate) fn of_import(counter: Counter, all: u64, report: Option<Report>) -> Self {
        Self::new(counter, all, report, None, false)
    }

    /// A listener for a plan, which passes its rows on.
    pub(crate) fn of_plan(
        counter: Counter,
        all: u64,
        report: Option<Report>,
        rows: Option<SyncSender<Outcome>>,
    ) -> Self {
        Self::new(counter, all, report, rows, true)
    }

    fn new(
        counter: Counter,
        all: u64,
        report: Option<Report>,
        rows: Option<SyncSender<Outcome>>,
        is_plan: bool,
    ) -> Self {
        let stage = Stage::Comparing { to_do: 0 };
        counter.stage("Checking", "rows", Some(all));
        let state = State { counter, stage, failures: Failures::default(), report, rows, is_plan };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The receiver of the events.
    pub(crate) fn handler(&self) -> impl FnMut(ImportEvent<'_>) + Send + 'static {
        let listener = self.clone();
        move |event| listener.state().handle(&event)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the output of rows, and returns the rows that failed and the report.
    pub(crate) fn end(&self) -> (Failures, Option<Report>) {
        let mut state = self.state();
        state.rows = None;
        (std::mem::take(&mut state.failures), state.report.take())
    }
}

impl State {
    fn handle(&mut self, event: &ImportEvent<'_>) {
        match event {
            ImportEvent::Checking { rows } => self.counter.set(*rows),
            ImportEvent::Checked { rows, done_before } => {
                self.stage = Stage::Comparing { to_do: rows - done_before };
                self.counter.stage("Comparing", "groups", None);
            }
            ImportEvent::Compared { groups } => self.counter.set(*groups),
            ImportEvent::Writing { engine } => {
                let to_do = if let Stage::Comparing { to_do } = self.stage { to_do } else { 0 };
                self.stage = Stage::Writing { to_do, sent: 0 };
                let name = match (self.is_plan, engine) {
                    (true, _) => "Comparing",
                    (false, Engine::Capture) => "Sending",
                    (false, _) => "Writing",
                };
                self.counter.stage(name, "rows", Some(to_do));
            }
            ImportEvent::Row { line, key, outcome } => self.row(*line, key, outcome),
            ImportEvent::Sent { rows } => {
                if let Stage::Writing { sent, .. } = &mut self.stage {
                    self.counter.add(rows - *sent);
                    *sent = *rows;
                }
            }
            ImportEvent::Verifying { left } => {
                if !matches!(self.stage, Stage::Verifying { .. }) {
                    self.stage = Stage::Verifying { all: *left };
                    self.counter.stage("Verifying", "rows", Some(*left));
                }
                if let Stage::Verifying { all } = self.stage {
                    self.counter.set(all.saturating_sub(*left));
                }
            }
            _ => {}
        }
    }

    fn row(&mut self, line: u64, key: &str, outcome: &RowOutcome) {
        // Rows of an earlier run are not part of the work, and would distort the rate.
        let is_counted = !matches!(outcome, RowOutcome::Sent | RowOutcome::DoneBefore);
        if matches!(self.stage, Stage::Writing { .. }) && is_counted {
            self.counter.add(1);
        }
        let is_failure = matches!(outcome, RowOutcome::Failed(_));
        if self.report.is_none() && self.rows.is_none() && !is_failure {
            return;
        }
        let outcome = Outcome::of(line, key, outcome);
        if let Some(report) = &mut self.report {
            report.add(&outcome);
        }
        if let Some(rows) = &self.rows
            && outcome.is_printed_by_plan()
            && rows.send(outcome.clone()).is_err()
        {
            // The receiver reports its own error.
            self.rows = None;
        }
        if is_failure {
            self.failures.add(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_while_rows_are_checked() {
        let counter = Counter::new("Checking", "rows");
        Listener::of_import(counter.clone(), 9_000, None).handler()(ImportEvent::Checking { rows: 512 });
        let shown = format!("{counter:?}");
        for part in ["stage: \"Checking\"", "done: 512", "total: Some(9000)"] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}
