//! An import under way: check, look, write, verify.

use std::io;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::capture::Capture;
use super::import::{OnEvent, Settings};
use super::index::{Index, Seen, members};
use super::journal::{Header, Journal};
use super::report::{ImportEvent, ImportReport, Reach, RowOutcome, Stopped, reach};
use super::row::ImportRow;
use super::stop::{Stop, Until};
use super::{Duplicates, Engine, rest};
use crate::error::{Error, Result};
use crate::group_type::check_exists;
use crate::groups::Groups;
use crate::input;

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Plan,
    Write,
}

/// How long rows under way have after a stop. Dropping them later is safe: they are not in the journal.
const GRACE: Duration = Duration::from_secs(5);

/// So many rows in a row that fail because of the server mean that it is gone.
const MOST_TROUBLE: u32 = 20;

/// So many groups at most are verified by looking for each.
const FEW: u64 = 200;

/// Rows between two breaths: reading them blocks.
const BREATH: u64 = 512;

pub(crate) struct Run<F> {
    groups: Groups,
    rows: F,
    settings: Settings,
    on_event: OnEvent,
    stop: Stop,
    index: u8,
    wanted: Index,
    journal: Option<Journal>,
    started: String,
    report: ImportReport,
    trouble: u32,
}

impl<F, I> Run<F>
where
    F: Fn() -> I + Send,
    I: Iterator<Item = io::Result<ImportRow>> + Send,
{
    pub(crate) fn new(
        groups: Groups,
        rows: F,
        settings: Settings,
        on_event: OnEvent,
        until: Option<Until>,
    ) -> Self {
        Self {
            groups: groups.patient(),
            rows,
            report: ImportReport::new(settings.engine),
            settings,
            on_event,
            stop: Stop::when(until),
            index: 0,
            wanted: Index::default(),
            journal: None,
            started: chrono::Utc::now().to_rfc3339(),
            trouble: 0,
        }
    }

    pub(crate) async fn go(mut self, mode: Mode) -> Result<ImportReport> {
        let started = Instant::now();
        let requests = self.groups.client().shared().wire.requests();
        self.check(mode).await?;
        if !self.stop.is_wished() {
            self.look(mode).await?;
        }
        if self.stop.is_wished() {
            self.stopped(Stopped::Cancelled);
        } else {
            self.write(mode).await?;
        }
        if let Some(Err(error)) = self.journal.as_mut().map(Journal::sync) {
            self.stopped(Stopped::Error(error));
        }
        self.report.requests = self.groups.client().shared().wire.requests() - requests;
        self.report.elapsed = started.elapsed();
        Ok(self.report)
    }

    /// Reads all rows once, so that a bad one is found before anything is sent.
    async fn check(&mut self, mode: Mode) -> Result<()> {
        let mut input = Sha256::new();
        let mut number = 0;
        for row in (self.rows)() {
            number += 1;
            let row = numbered(row, number)?;
            let named = |error: Error| error.with_note(format!("row {}, group `{}`", row.line, row.key));
            input::group_key(&row.key).map_err(named)?;
            for (name, _) in members(&row.properties).map_err(named)? {
                input::property_name(&name).map_err(named)?;
            }
            if let Some(earlier) = self.wanted.add(&row, number)?
                && self.settings.duplicates == Duplicates::Refuse
            {
                return Err(Error::input(format!(
                    "rows {} and {} have the same group key `{}`; remove one, or let the last one win",
                    earlier.earlier_line, row.line, row.key
                )));
            }
            input.update(row.id().0);
            if number.is_multiple_of(BREATH) {
                tokio::task::yield_now().await;
                if self.stop.is_wished() {
                    break;
                }
            }
        }
        self.report.rows = number;
        let scope = self.groups.client().scope();
        self.index = self.groups.index(&scope).await?;
        check_exists(self.groups.client(), &scope, self.index).await?;
        if mode == Mode::Write && !self.stop.is_wished() {
            self.open_journal(&hex(&input.finalize()))?;
        }
        let done_before = self.wanted.count(Seen::Before);
        (self.on_event)(ImportEvent::Checked { rows: number, done_before });
        Ok(())
    }

    /// Opens the journal, and notes what it knows as done.
    fn open_journal(&mut self, input: &str) -> Result<()> {
        let Some(path) = &self.settings.journal else { return Ok(()) };
        let client = self.groups.client();
        let header = Header {
            posthog_groups_journal: 1,
            host: client.host().to_owned(),
            project: client.project().to_owned(),
            group_type_index: self.index,
            rows: self.report.rows,
            input: input.to_owned(),
            started: self.started.clone(),
        };
        let journal = Journal::open(path, &header, self.settings.accept_changed_input)?;
        self.started = journal.started().to_owned();
        if journal.done() > 0 {
            let mut number = 0;
            for row in (self.rows)() {
                number += 1;
                let row = numbered(row, number)?;
                if self.wanted.counts(&row.key, number) == Some(true) && journal.has(row.id()) {
                    self.wanted.mark(&row.key, Seen::Before);
                }
            }
        }
        self.journal = Some(journal);
        Ok(())
    }

    /// Compares the rows with the list of groups, as far as that is cheaper than looking for each.
    async fn look(&mut self, mode: Mode) -> Result<()> {
        let by_events = mode == Mode::Write && self.engine_for(self.wanted.unseen()) == Engine::Capture;
        let pages = if by_events { u64::MAX } else { self.wanted.unseen() / 10 };
        match self.compare_list(pages).await {
            Ok(true) => self.wanted.the_rest_is_absent(),
            Ok(false) => {}
            // A list that cannot be followed is no reason to stop: each group can be looked for.
            Err(error) if error.is_paging() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Compares up to so many pages of the list, until nothing is left to be seen. True: the list came to its end.
    async fn compare_list(&mut self, most_pages: u64) -> Result<bool> {
        let mut pages = self.groups.export().pages();
        let mut groups = 0;
        for _ in 0..most_pages {
            if self.wanted.unseen() == 0 {
                return Ok(false);
            }
            let page = tokio::select! {
                page = pages.next() => page,
                () = self.stop.wish() => return Ok(false),
            };
            let Some(page) = page else { return Ok(true) };
            // A group that cannot be decoded stays unseen.
            for group in page?.groups.into_iter().flatten() {
                groups += 1;
                self.wanted.compare(&group.key, &group.properties);
            }
            (self.on_event)(ImportEvent::Looked { groups });
        }
        Ok(false)
    }

    fn engine_for(&self, rows: u64) -> Engine {
        let per_hour = self.groups.client().shared().wire.per_hour();
        choose(self.settings.engine, rows, self.settings.token.is_some(), per_hour)
    }

    async fn write(&mut self, mode: Mode) -> Result<()> {
        let to_write =
            self.wanted.count(Seen::Absent) + self.wanted.count(Seen::Different) + self.wanted.unseen();
        self.report.engine = self.engine_for(to_write);
        (self.on_event)(ImportEvent::Writing { engine: self.report.engine });
        let verify = self.settings.verify.unwrap_or(self.report.engine == Engine::Capture);
        if mode == Mode::Write && self.report.engine == Engine::Capture {
            let capture = Capture::new(&self.groups, &self.settings, self.index, &self.started).await?;
            self.send_all(capture, verify).await;
        } else {
            self.write_each(mode, mode == Mode::Write && verify).await;
        }
        if self.wanted.count(Seen::Written) > 0 {
            self.verify().await;
        }
        Ok(())
    }

    /// What is to be done with the next row, after those that need nothing.
    fn next_to_do(&mut self, rows: &mut Numbered<I>, mode: Mode) -> Option<(ImportRow, Seen)> {
        loop {
            let row = match rows.next()? {
                Ok(row) => row,
                Err(error) => {
                    self.stopped(Stopped::Error(error));
                    return None;
                }
            };
            let counts = self.wanted.counts(&row.key, rows.number);
            let outcome = match (counts, self.wanted.seen(&row.key)) {
                (None, _) => {
                    let error =
                        Error::input(format!("row {} was not there when the rows were checked", row.line));
                    self.stopped(Stopped::Error(error));
                    return None;
                }
                (Some(false), _) => RowOutcome::Superseded,
                (_, Seen::Before) => RowOutcome::DoneBefore,
                (_, Seen::Same) => RowOutcome::Unchanged,
                (_, Seen::Absent) if mode == Mode::Plan => RowOutcome::Created { properties: names(&row) },
                (_, Seen::Different) if mode == Mode::Plan => {
                    RowOutcome::Changed { properties: self.wanted.differing(&row) }
                }
                (_, seen) => return Some((row, seen)),
            };
            self.end(&row, outcome);
            if self.report.stopped.is_some() || rows.number.is_multiple_of(BREATH) {
                // Many rows may need nothing: let others breathe, by way of the caller.
                return None;
            }
        }
    }

    /// Looks at, or writes, each row that needs it, several at a time.
    async fn write_each(&mut self, mode: Mode, verify: bool) {
        let mut rows = Numbered::new((self.rows)());
        let mut tasks: JoinSet<(ImportRow, Result<RowOutcome>)> = JoinSet::new();
        let mut end_of_grace = None;
        loop {
            if self.stop.is_wished() {
                self.stopped(Stopped::Cancelled);
            }
            while self.report.stopped.is_none() && !rows.ended && tasks.len() < self.settings.concurrency {
                let Some((row, seen)) = self.next_to_do(&mut rows, mode) else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let (groups, index) = (self.groups.clone(), self.index);
                tasks.spawn(async move {
                    let outcome = match mode {
                        Mode::Plan => rest::look(&groups, index, &row).await,
                        Mode::Write => rest::write(&groups, index, &row, seen).await,
                    };
                    (row, outcome)
                });
            }
            if self.report.stopped.is_some() {
                end_of_grace.get_or_insert_with(|| Instant::now() + GRACE);
            }
            tokio::select! {
                ended = tasks.join_next() => match ended {
                    None => return,
                    Some(Ok((row, outcome))) => self.ended(&row, outcome, verify),
                    Some(Err(ended)) => if let Ok(panic) = ended.try_into_panic() { std::panic::resume_unwind(panic) },
                },
                () = self.stop.wish(), if end_of_grace.is_none() => {}
                () = sleep_until(end_of_grace), if end_of_grace.is_some() => return,
            }
        }
    }

    /// Sends the rows that need it as events.
    async fn send_all(&mut self, capture: Capture, verify: bool) {
        let mut rows = Numbered::new((self.rows)());
        let mut sent = 0;
        loop {
            let mut batch = capture.batch();
            while self.report.stopped.is_none() && !rows.ended && !batch.is_full() {
                if self.stop.is_wished() {
                    self.stopped(Stopped::Cancelled);
                }
                let Some((row, seen)) = self.next_to_do(&mut rows, Mode::Write) else {
                    tokio::task::yield_now().await;
                    continue;
                };
                if let Err((row, error)) = batch.add(row, seen) {
                    self.end(&row, RowOutcome::Failed(error));
                }
            }
            if batch.is_empty() || self.report.stopped.is_some() {
                return;
            }
            let outcome = tokio::select! {
                outcome = capture.send(&batch) => outcome,
                () = self.stop.wish() => continue,
            };
            match outcome {
                Ok(()) => {
                    sent += batch.rows().len() as u64;
                    self.sent(batch.into_rows(), verify);
                    (self.on_event)(ImportEvent::Sent { rows: sent });
                }
                Err(error) => self.stopped(Stopped::Error(error)),
            }
        }
    }

    fn sent(&mut self, rows: Vec<(ImportRow, Seen)>, verify: bool) {
        for (row, seen) in rows {
            if verify {
                let properties =
                    if seen == Seen::Different { self.wanted.differing(&row) } else { names(&row) };
                self.wanted.mark_written(&row, seen == Seen::Absent, &properties);
            } else {
                self.end(&row, RowOutcome::Sent);
            }
        }
    }

    /// Reads what was written until all of it is as wanted, or the time is up.
    async fn verify(&mut self) {
        const LONGEST: Duration = Duration::from_secs(30);
        let deadline = Instant::now() + self.settings.verify_within;
        let mut wait = Duration::from_millis(250);
        loop {
            let left = self.wanted.count(Seen::Written);
            (self.on_event)(ImportEvent::Verifying { left });
            let looked = if left <= FEW {
                self.look_for_each().await
            } else {
                self.compare_list(u64::MAX).await.map(|_| ())
            };
            if self.end_arrived() == 0 || self.report.stopped.is_some() {
                return;
            }
            match looked {
                Err(error) if reach(&error) == Reach::All => return self.stopped(Stopped::Error(error)),
                _ => {}
            }
            if Instant::now() + wait > deadline {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.wish() => return self.stopped(Stopped::Cancelled),
            }
            wait = (wait * 2).min(LONGEST);
        }
        // The list may be behind for longer than that; the group itself has the last word.
        if self.wanted.count(Seen::Written) > FEW
            && let Err(error) = self.look_for_each().await
            && reach(&error) == Reach::All
        {
            return self.stopped(Stopped::Error(error));
        }
        self.end_arrived();
        let mut rows = Numbered::new((self.rows)());
        while let Some(Ok(row)) = rows.next() {
            if self.is(&row, &rows, Seen::Written) {
                self.end(&row, RowOutcome::Failed(Error::not_arrived()));
            }
        }
    }

    fn is(&self, row: &ImportRow, rows: &Numbered<I>, seen: Seen) -> bool {
        self.wanted.seen(&row.key) == seen && self.wanted.counts(&row.key, rows.number) == Some(true)
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
                found = self.groups.find(&row.key) => found?,
                () = self.stop.wish() => return Ok(()),
            };
            if let Some(group) = found {
                self.wanted.compare(&row.key, &group.properties);
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
                self.end(&row, outcome);
            }
        }
        self.wanted.count(Seen::Written)
    }

    /// A row was looked at or written.
    fn ended(&mut self, row: &ImportRow, outcome: Result<RowOutcome>, verify: bool) {
        match outcome {
            Ok(outcome) => {
                self.trouble = 0;
                match &outcome {
                    RowOutcome::Created { properties } if verify => {
                        self.wanted.mark_written(row, true, properties)
                    }
                    RowOutcome::Changed { properties } if verify => {
                        self.wanted.mark_written(row, false, properties)
                    }
                    _ => self.end(row, outcome),
                }
            }
            Err(error) => match reach(&error) {
                Reach::All => self.stopped(Stopped::Error(error)),
                Reach::Server if self.trouble + 1 == MOST_TROUBLE => {
                    let note = format!("{MOST_TROUBLE} rows one after the other ended so");
                    self.stopped(Stopped::Error(error.with_note(note)));
                }
                Reach::Server => {
                    self.trouble += 1;
                    self.end(row, RowOutcome::Failed(error));
                }
                Reach::Row => self.end(row, RowOutcome::Failed(error)),
            },
        }
    }

    /// A row has come to its end.
    fn end(&mut self, row: &ImportRow, outcome: RowOutcome) {
        let is_done = matches!(
            outcome,
            RowOutcome::Created { .. }
                | RowOutcome::Changed { .. }
                | RowOutcome::Unchanged
                | RowOutcome::Sent
        );
        if is_done
            && let Some(journal) = &mut self.journal
            && let Err(error) = journal.note(row.id())
        {
            self.stopped(Stopped::Error(error));
        }
        self.report.count(&outcome);
        (self.on_event)(ImportEvent::Row { line: row.line, key: &row.key, outcome: &outcome });
    }

    /// The first reason stands.
    fn stopped(&mut self, why: Stopped) {
        self.report.stopped.get_or_insert(why);
    }
}

/// Rows with their numbers.
struct Numbered<I> {
    rows: I,
    number: u64,
    ended: bool,
}

impl<I: Iterator<Item = io::Result<ImportRow>>> Numbered<I> {
    fn new(rows: I) -> Self {
        Self { rows, number: 0, ended: false }
    }

    fn next(&mut self) -> Option<Result<ImportRow>> {
        let Some(row) = self.rows.next() else {
            self.ended = true;
            return None;
        };
        self.number += 1;
        Some(numbered(row, self.number))
    }
}

fn numbered(row: io::Result<ImportRow>, number: u64) -> Result<ImportRow> {
    let row = row.map_err(|e| Error::file("the rows cannot be read".to_owned(), e))?;
    Ok(if row.line == 0 { row.at_line(number) } else { row })
}

fn names(row: &ImportRow) -> Vec<String> {
    members(&row.properties).unwrap_or_default().into_iter().map(|(name, _)| name).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn sleep_until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// Which engine writes so many rows, where `per_hour` requests are allowed.
fn choose(asked: Engine, rows: u64, has_token: bool, per_hour: Option<u64>) -> Engine {
    // A look and a write for each.
    const REQUESTS_A_ROW: u64 = 2;
    match asked {
        Engine::Auto
            if has_token && per_hour.is_some_and(|most| rows.saturating_mul(REQUESTS_A_ROW) > most) =>
        {
            Engine::Capture
        }
        Engine::Auto => Engine::Rest,
        asked => asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_chosen_when_rest_would_take_more_than_an_hours_allowance() {
        for (asked, rows, token, per_hour, wanted) in [
            (Engine::Auto, 2_400, true, Some(4_800), Engine::Rest),
            (Engine::Auto, 2_401, true, Some(4_800), Engine::Capture),
            (Engine::Auto, 1_000_000, false, Some(4_800), Engine::Rest),
            (Engine::Auto, 1_000_000, true, None, Engine::Rest),
            (Engine::Rest, 1_000_000, true, Some(4_800), Engine::Rest),
            (Engine::Capture, 1, true, None, Engine::Capture),
        ] {
            assert_eq!(choose(asked, rows, token, per_hour), wanted, "{asked:?} {rows} {token} {per_hour:?}");
        }
    }
}
