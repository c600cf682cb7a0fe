//! Writes rows one by one with REST, or in batches of events.

use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::capture::{Batch, Capture, Refused};
use super::index::{Lookup, Seen, States};
use super::pending::PendingRow;
use super::report::{ImportEvent, Reach, RowOutcome, Stopped, reach};
use super::row::ImportRow;
use super::run::{Mode, Numbered, Run, YIELD_EVERY_ROWS, changed};
use super::stop::sleep_until;
use super::{Engine, rest};
use crate::error::Result;

/// How long to wait for rows in flight after a stop. Dropping them afterwards is safe, because they are not in the journal.
const GRACE: Duration = Duration::from_secs(5);

/// After this many consecutive rows that failed because of the server, a read checks whether the server is down.
const MAX_CONSECUTIVE_FAILURES: u32 = 20;

/// If a server answers reads but this many consecutive rows have failed, all writes are assumed to fail.
const MAX_FAILED_WRITES: u32 = 1_000;

/// A key that no group can have, because the server trims new keys. Reading it checks whether the server responds.
const PROBE_KEY: &str = " posthog-groups probe ";

impl<F, I> Run<F>
where
    F: Fn() -> I + Send,
    I: Iterator<Item = io::Result<ImportRow>> + Send,
{
    /// Returns the next row that has to be read back or written.
    fn next_pending(
        &mut self,
        rows: &mut Numbered<I>,
        states: &mut States,
        mode: Mode,
        failed_before: bool,
    ) -> Option<PendingRow> {
        loop {
            let row = match rows.next()? {
                Ok(row) => row,
                Err(error) => {
                    self.stopped(Stopped::Error(error));
                    return None;
                }
            };
            let number = rows.number;
            let journal = self.journal.as_ref();
            if journal.is_some_and(|journal| journal.has_failed(number)) != failed_before {
                continue;
            }
            let state = match states.of(&row, number) {
                Ok(Lookup::Found(state)) => Some(state),
                Ok(Lookup::None) if number <= self.report.rows => None,
                Ok(_) => {
                    // The state belongs to another row.
                    self.stopped(Stopped::Error(changed(&format!("row {} is different", row.line))));
                    return None;
                }
                Err(error) => {
                    self.stopped(Stopped::Error(error));
                    return None;
                }
            };
            let was_done = journal.is_some_and(|journal| journal.was_done(number));
            let outcome = match state {
                None => RowOutcome::Superseded,
                // Counts as done before.
                Some(_) if was_done && !self.settings.compare => RowOutcome::Unchanged,
                Some(state) => {
                    let differing = state.differing(&row);
                    match (state.seen, mode) {
                        (Seen::Same, _) => RowOutcome::Unchanged,
                        (Seen::Absent, Mode::Plan) => {
                            self.planned(&row, RowOutcome::Created { properties: row.names() })
                        }
                        (Seen::Different, Mode::Plan) => {
                            self.planned(&row, RowOutcome::Changed { properties: differing })
                        }
                        // The list may not include what an earlier part of this run wrote.
                        (Seen::Absent, _) if was_done => {
                            return Some(PendingRow { number, row, seen: Seen::Unknown, differing });
                        }
                        (seen, _) => return Some(PendingRow { number, row, seen, differing }),
                    }
                }
            };
            self.end(number, &row, outcome);
            if self.report.stopped.is_some() || rows.number.is_multiple_of(YIELD_EVERY_ROWS) {
                // The caller yields to the runtime here, because many rows in a row may need no request.
                return None;
            }
        }
    }

    /// Returns the outcome of a row in a plan, which is a failure if REST cannot write the row.
    fn planned(&self, row: &ImportRow, outcome: RowOutcome) -> RowOutcome {
        let possible = match &outcome {
            RowOutcome::Created { .. } => rest::check_key_is_trimmed(&row.key),
            RowOutcome::Changed { properties } => rest::check_settable(row, properties),
            _ => Ok(()),
        };
        match possible {
            Err(error) if self.report.engine == Engine::Rest => RowOutcome::Failed(error),
            _ => outcome,
        }
    }

    /// Reads back or writes each row that needs it, several concurrently.
    pub(super) async fn write_rows(&mut self, mode: Mode, verify: bool, failed_before: bool) -> Result<()> {
        let mut states = self.wanted.states()?;
        let mut rows = Numbered::new((self.rows)());
        let mut tasks: JoinSet<(PendingRow, Result<RowOutcome>)> = JoinSet::new();
        let mut end_of_grace = None;
        loop {
            if self.stop.is_requested() {
                self.stopped(Stopped::Cancelled);
            }
            while self.report.stopped.is_none() && !rows.ended && tasks.len() < self.settings.concurrency {
                let Some(pending) = self.next_pending(&mut rows, &mut states, mode, failed_before) else {
                    tokio::task::yield_now().await;
                    if self.stop.is_requested() {
                        self.stopped(Stopped::Cancelled);
                    }
                    continue;
                };
                let (groups, index, is_consistent) = (self.groups.clone(), self.index, self.is_consistent);
                tasks.spawn(async move {
                    let outcome = match mode {
                        Mode::Plan => rest::plan(&groups, index, &pending.row).await,
                        Mode::Write => rest::write(&groups, index, &pending, is_consistent).await,
                    };
                    (pending, outcome)
                });
            }
            if self.report.stopped.is_some() {
                end_of_grace.get_or_insert_with(|| Instant::now() + GRACE);
            }
            tokio::select! {
                ended = tasks.join_next() => match ended {
                    None => return Ok(()),
                    Some(Ok((pending, outcome))) => {
                        let outcome = match mode {
                            Mode::Plan => outcome.map(|outcome| self.planned(&pending.row, outcome)),
                            Mode::Write => outcome,
                        };
                        self.ended(&pending, outcome, verify).await;
                    }
                    Some(Err(ended)) => if let Ok(panic) = ended.try_into_panic() { std::panic::resume_unwind(panic) },
                },
                () = self.stop.requested(), if end_of_grace.is_none() => {}
                () = sleep_until(end_of_grace), if end_of_grace.is_some() => return Ok(()),
            }
        }
    }

    /// Sends the rows that need it as events.
    pub(super) async fn send_rows(
        &mut self,
        capture: &Capture,
        verify: bool,
        failed_before: bool,
    ) -> Result<()> {
        let mut states = self.wanted.states()?;
        let mut rows = Numbered::new((self.rows)());
        loop {
            let mut batch = Batch::default();
            while self.report.stopped.is_none() && !rows.ended && !batch.is_full() {
                if self.stop.is_requested() {
                    self.stopped(Stopped::Cancelled);
                }
                let Some(pending) = self.next_pending(&mut rows, &mut states, Mode::Write, failed_before)
                else {
                    tokio::task::yield_now().await;
                    continue;
                };
                match capture.event(&pending.row) {
                    Ok(event) => batch.add(pending, event),
                    Err(error) => self.end(pending.number, &pending.row, RowOutcome::Failed(error)),
                }
            }
            if batch.rows.is_empty() || self.report.stopped.is_some() {
                return Ok(());
            }
            let refused = tokio::select! {
                refused = capture.send(&batch, self.sent > 0) => refused?,
                () = self.stop.requested() => continue,
            };
            self.sent += (batch.rows.len() - refused.len()) as u64;
            self.end_sent(batch.rows, refused, verify);
            (self.on_event)(ImportEvent::Sent { rows: self.sent });
        }
    }

    fn end_sent(&mut self, rows: Vec<PendingRow>, mut refused: Refused, verify: bool) {
        for (place, PendingRow { number, row, seen, differing }) in rows.into_iter().enumerate() {
            if let Some(error) = refused.remove(&place) {
                self.end(number, &row, RowOutcome::Failed(error));
            } else if verify {
                let properties = if seen == Seen::Different { differing } else { row.names() };
                self.written(number, &row, seen == Seen::Absent, &properties);
            } else {
                self.end(number, &row, RowOutcome::Sent);
            }
        }
    }

    /// Handles the outcome of a row that was read back or written.
    async fn ended(&mut self, pending: &PendingRow, outcome: Result<RowOutcome>, verify: bool) {
        let PendingRow { number, row, seen, .. } = pending;
        if *seen == Seen::Unknown {
            self.not_compared = self.not_compared.saturating_sub(1);
        }
        let error = match outcome {
            Ok(outcome) => {
                self.consecutive_failures = 0;
                return match &outcome {
                    RowOutcome::Created { properties } if verify => {
                        self.written(*number, row, true, properties)
                    }
                    RowOutcome::Changed { properties } if verify => {
                        self.written(*number, row, false, properties)
                    }
                    _ => self.end(*number, row, outcome),
                };
            }
            Err(error) => error,
        };
        match reach(&error) {
            Reach::All => return self.stopped(Stopped::Error(error)),
            // The server works, and rejects this row.
            Reach::Row => self.consecutive_failures = 0,
            // The next run tries the row again.
            Reach::Server if self.report.stopped.is_some() => return,
            Reach::Server => {
                self.consecutive_failures += 1;
                let goes_on = match after_failures(self.consecutive_failures) {
                    Next::Continue => true,
                    Next::Probe => self.server_answers().await,
                    Next::Stop => false,
                };
                if !goes_on {
                    let note = format!("{} consecutive rows failed", self.consecutive_failures);
                    return self.stopped(Stopped::Error(error.with_note(note)));
                }
            }
        }
        self.end(*number, row, RowOutcome::Failed(error));
    }

    /// Records that a row was written and has to be verified.
    fn written(&mut self, number: u64, row: &ImportRow, created: bool, properties: &[String]) {
        if let Err(error) = self.written.add_written(row, number, created, properties) {
            self.stopped(Stopped::Error(error));
        }
    }

    /// Checks whether the server answers a read.
    // Takes `&mut self`, because the receiver of events is `Send` but not necessarily `Sync`.
    async fn server_answers(&mut self) -> bool {
        tokio::select! {
            found = self.groups.find(PROBE_KEY) => found.is_ok(),
            // The stop is handled by the loop.
            () = self.stop.requested() => true,
        }
    }
}

/// The reaction to a row that failed because of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Continue,
    /// Send a read, and stop if it fails as well.
    Probe,
    Stop,
}

/// Decides what to do after this many consecutive rows have failed because of the server.
fn after_failures(consecutive: u32) -> Next {
    // Doubled each time: 20, 40, 80.
    let is_due = consecutive.is_multiple_of(MAX_CONSECUTIVE_FAILURES)
        && (consecutive / MAX_CONSECUTIVE_FAILURES).is_power_of_two();
    match consecutive {
        MAX_FAILED_WRITES.. => Next::Stop,
        _ if is_due => Next::Probe,
        _ => Next::Continue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_tells_bad_rows_from_a_server_that_is_down() {
        for (consecutive, next) in [
            (1, Next::Continue),
            (19, Next::Continue),
            (20, Next::Probe),
            (21, Next::Continue),
            (40, Next::Probe),
            (60, Next::Continue),
            (80, Next::Probe),
            (999, Next::Continue),
            (1_000, Next::Stop),
            (1_001, Next::Stop),
        ] {
            assert_eq!(after_failures(consecutive), next, "{consecutive}");
        }
    }
}
