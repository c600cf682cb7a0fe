//! The verifying read: what was written is looked at until it is as wanted.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::index::{Seen, Standing};
use super::report::{ImportEvent, Reach, RowOutcome, Stopped, reach};
use super::row::ImportRow;
use super::run::{Numbered, Run};
use super::write::sleep_until;
use crate::error::{Error, Result};
use crate::write::different;

/// So many groups at most are verified by looking for each.
const FEW: u64 = 200;

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl<F, I> Run<F>
where
    F: Fn() -> I + Send,
    I: Iterator<Item = io::Result<ImportRow>> + Send,
{
    /// Reads what was written until all of it is as wanted, or the time is up.
    pub(super) async fn verify(&mut self) {
        // None: beyond the clock's range.
        let deadline = Instant::now().checked_add(self.settings.verify_within);
        let mut is_first = true;
        let mut wait = Duration::from_millis(250);
        loop {
            let left = self.wanted.count(Seen::Written);
            (self.on_event)(ImportEvent::Verifying { left });
            let looked = tokio::select! {
                looked = self.look_again(left) => looked,
                // A look may take hours where the list is long; each row has one.
                () = sleep_until(deadline), if !is_first => Ok(()),
            };
            is_first = false;
            if self.end_arrived() == 0 || self.report.stopped.is_some() {
                return;
            }
            if let Err(error) = looked
                && reach(&error) == Reach::All
            {
                return self.stopped(Stopped::Error(error));
            }
            if deadline.is_some_and(|deadline| Instant::now() + wait > deadline) {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.wish() => return self.stopped(Stopped::Cancelled),
            }
            // Each group that is looked for costs a request of the hour's allowance.
            let calm = if self.is_listed(left) { Duration::ZERO } else { wait_between_looks(left) };
            wait = (wait * 2).min(LONGEST_WAIT.max(calm));
        }
        let mut rows = Numbered::new((self.rows)());
        while let Some(Ok(row)) = rows.next() {
            if self.is(&row, &rows, Seen::Written) {
                self.end(rows.number, &row, RowOutcome::Failed(Error::not_arrived()));
            }
        }
    }

    async fn look_again(&mut self, left: u64) -> Result<()> {
        if self.is_listed(left) {
            match self.compare_list(u64::MAX).await {
                Err(error) if error.is_paging() || error.is_server_error() => self.list_pages = u64::MAX,
                listed => return listed.map(drop),
            }
        }
        self.look_for_each().await
    }

    /// Whether the list is read for so many groups, instead of each of them.
    fn is_listed(&self, left: u64) -> bool {
        left > FEW && self.list_pages <= left
    }

    fn is(&self, row: &ImportRow, rows: &Numbered<I>, seen: Seen) -> bool {
        self.wanted.seen(&row.key) == seen && self.wanted.standing(row, rows.number) == Standing::Counts
    }

    /// Looks for each group that was written and has not been seen.
    async fn look_for_each(&mut self) -> Result<()> {
        let mut rows = Numbered::new((self.rows)());
        while let Some(row) = rows.next() {
            let row = row?;
            if !self.is(&row, &rows, Seen::Written) {
                continue;
            }
            let found = tokio::select! {
                found = self.groups.find(&row.key) => found,
                () = self.stop.wish() => return Ok(()),
            };
            let found = match found {
                Err(error) if reach(&error) == Reach::All => return Err(error),
                // Other groups can be read; this one is read again in the next round.
                found => found.unwrap_or_default(),
            };
            // Exactly, where the list is compared by hashes.
            if found
                .is_some_and(|group| row.members().is_ok_and(|wanted| different(&group, &wanted).is_empty()))
            {
                self.wanted.mark(&row.key, Seen::Arrived);
            }
        }
        Ok(())
    }

    /// Ends the rows that have arrived, and tells how many have not.
    fn end_arrived(&mut self) -> u64 {
        if self.wanted.count(Seen::Arrived) > 0 {
            let mut rows = Numbered::new((self.rows)());
            while let Some(Ok(row)) = rows.next() {
                if !self.is(&row, &rows, Seen::Arrived) {
                    continue;
                }
                self.wanted.mark(&row.key, Seen::Same);
                let properties = self.wanted.differing(&row);
                let created = self.wanted.was_created(&row.key);
                let outcome = if created {
                    RowOutcome::Created { properties }
                } else {
                    RowOutcome::Changed { properties }
                };
                self.end(rows.number, &row, outcome);
            }
        }
        self.wanted.count(Seen::Written)
    }
}

/// So that looking for so many groups again and again takes a tenth of what the cloud allows in an hour.
fn wait_between_looks(left: u64) -> Duration {
    Duration::from_secs(left.saturating_mul(3_600) / 480)
}
