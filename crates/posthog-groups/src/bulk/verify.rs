//! Verification: groups that were written are read again until they match their rows.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::index::{Index, Lookup, Seen};
use super::report::{ImportEvent, Reach, RowOutcome, Stopped, reach};
use super::row::ImportRow;
use super::run::{Numbered, Run};
use super::stop::sleep_until;
use crate::error::{Error, Result};
use crate::write::different;

/// The maximum number of groups that are verified by reading each.
const FEW: u64 = 200;

/// The longest wait between two rounds.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl<F, I> Run<F>
where
    F: Fn() -> I + Send,
    I: Iterator<Item = io::Result<ImportRow>> + Send,
{
    /// Reads the groups that were written until all of them match their rows, or the time has passed.
    pub(super) async fn verify(&mut self) -> Result<()> {
        // `None` if it is beyond the range of the clock.
        let deadline = Instant::now().checked_add(self.settings.verify_within);
        let mut until = None;
        let mut wait = Duration::from_millis(250);
        // The states of the first pass are no longer needed.
        self.wanted = std::mem::replace(&mut self.written, Index::new(self.settings.memory));
        self.wanted.finish()?;
        loop {
            let left = self.wanted.unseen();
            if left == 0 {
                return Ok(());
            }
            (self.on_event)(ImportEvent::Verifying { left });
            self.read_again(left, until).await?;
            if self.wanted.unseen() == 0 || self.report.stopped.is_some() {
                return Ok(());
            }
            if deadline.is_some_and(|deadline| Instant::now() + wait > deadline) {
                return self.give_up();
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.requested() => {
                    self.stopped(Stopped::Cancelled);
                    return Ok(());
                }
            }
            // A round may take hours if the list is long. The first round is always completed.
            until = deadline;
            // Each group that is read takes a request from the hourly limit.
            let calm = if self.is_listed(left) { Duration::ZERO } else { wait_between_rounds(left) };
            wait = (wait * 2).min(LONGEST_WAIT.max(calm));
        }
    }

    /// Reads the groups of rows that were written, by the list or one by one. Afterwards, `wanted` has the rows that do not match yet.
    async fn read_again(&mut self, left: u64, until: Option<Instant>) -> Result<()> {
        let mut is_listed = self.is_listed(left);
        if is_listed {
            let listed = tokio::select! {
                listed = self.compare_list(u64::MAX) => listed,
                () = sleep_until(until) => Ok(false),
            };
            match listed {
                Err(error) if error.is_paging() || error.is_server_error() => {
                    self.list_pages = u64::MAX;
                    is_listed = false;
                }
                Err(error) if reach(&error) == Reach::All => return Err(error),
                _ => self.wanted.settle().await?,
            }
        }
        self.end_arrived(!is_listed, until).await
    }

    /// Whether to read the list, instead of each group, to verify this many groups.
    fn is_listed(&self, left: u64) -> bool {
        left > FEW && self.list_pages <= left
    }

    /// Completes the rows whose groups match, and keeps the others for the next round. With `by_reading`, reads the group of each row.
    async fn end_arrived(&mut self, by_reading: bool, until: Option<Instant>) -> Result<()> {
        let mut states = self.wanted.states()?;
        let mut rows = Numbered::new((self.rows)());
        let mut left = Index::new(self.settings.memory);
        let mut fatal = None;
        while let Some(row) = rows.next() {
            let row = row?;
            let Lookup::Found(state) = states.of(&row, rows.number)? else { continue };
            let mut arrived = state.seen == Seen::Arrived;
            let is_over = until.is_some_and(|until| Instant::now() >= until);
            if by_reading && !arrived && !is_over && !self.stop.is_requested() && fatal.is_none() {
                let found = tokio::select! {
                    found = self.groups.find(&row.key) => found,
                    () = self.stop.requested() => Ok(None),
                    () = sleep_until(until) => Ok(None),
                };
                match found {
                    // An exact comparison, whereas the list is compared by hashes.
                    Ok(Some(group)) => arrived = different(&group, &row.members()?).is_empty(),
                    Ok(None) => {}
                    Err(error) if reach(&error) == Reach::All => fatal = Some(error),
                    // Only this group failed; it is read again in the next round.
                    Err(_) => {}
                }
            }
            let properties = state.differing(&row);
            if !arrived {
                left.add_written(&row, rows.number, state.created, &properties)?;
            } else if state.created {
                self.end(rows.number, &row, RowOutcome::Created { properties });
            } else {
                self.end(rows.number, &row, RowOutcome::Changed { properties });
            }
        }
        left.finish()?;
        self.wanted = left;
        if self.stop.is_requested() && self.wanted.unseen() > 0 {
            self.stopped(Stopped::Cancelled);
        }
        fatal.map_or(Ok(()), Err)
    }

    /// Fails the rows whose groups do not match.
    fn give_up(&mut self) -> Result<()> {
        let mut states = self.wanted.states()?;
        let mut rows = Numbered::new((self.rows)());
        while let Some(row) = rows.next() {
            let row = row?;
            if let Lookup::Found(_) = states.of(&row, rows.number)? {
                self.end(rows.number, &row, RowOutcome::Failed(Error::not_arrived()));
            }
        }
        Ok(())
    }
}

/// Returns a wait that limits the repeated reading of this many groups to a tenth of PostHog Cloud's hourly limit.
fn wait_between_rounds(left: u64) -> Duration {
    Duration::from_secs(left.saturating_mul(3_600) / 480)
}
