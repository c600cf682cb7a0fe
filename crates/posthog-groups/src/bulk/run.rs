//! The run of an import: check, compare, write, verify.

use std::io;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::capture::Capture;
use super::index::{Duplicate, Index, Seen};
use super::journal::{Header, Journal};
use super::report::{ImportEvent, ImportReport, RowOutcome, Stopped};
use super::row::ImportRow;
use super::settings::{OnEvent, Settings};
use super::stop::{Stop, Until};
use super::{Duplicates, Engine};
use crate::error::{Error, Refusal, Result};
use crate::resources::cursor::{Cursor, Offset};
use crate::resources::group_type::check_exists;
use crate::resources::groups::Groups;

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Plan,
    Write,
}

/// The number of rows after which to yield to the runtime, because reading blocks.
pub(super) const YIELD_EVERY_ROWS: u64 = 512;

pub(crate) struct Run<F> {
    pub(super) groups: Groups,
    pub(super) rows: F,
    pub(super) settings: Settings,
    pub(super) on_event: OnEvent,
    pub(super) stop: Stop,
    pub(super) index: u8,
    pub(super) wanted: Index,
    /// Rows that have been written and have to be verified.
    pub(super) written: Index,
    pub(super) journal: Option<Journal>,
    started: String,
    pub(super) report: ImportReport,
    pub(super) consecutive_failures: u32,
    /// The number of rows whose events were accepted.
    pub(super) sent: u64,
    /// Rows that have not been compared with the server yet.
    pub(super) not_compared: u64,
    /// Whether the list includes all writes immediately. The cursors show whether the server reads the list from PostgreSQL.
    pub(super) is_consistent: bool,
    /// The number of pages of the list, if it was read to its end.
    pub(super) list_pages: u64,
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
            groups: groups.for_bulk(),
            rows,
            report: ImportReport::new(settings.engine),
            wanted: Index::new(settings.memory),
            written: Index::new(settings.memory),
            settings,
            on_event,
            stop: Stop::when(until),
            index: 0,
            journal: None,
            started: chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).to_rfc3339(),
            consecutive_failures: 0,
            sent: 0,
            not_compared: 0,
            is_consistent: false,
            list_pages: u64::MAX,
        }
    }

    pub(crate) async fn go(mut self, mode: Mode) -> Result<ImportReport> {
        let started = Instant::now();
        let requests = self.groups.client().shared().connection.requests();
        if let Err(error) = self.steps(mode).await {
            // Nothing was written. Removed while it is still locked, because another import may open it next.
            if let Some(journal) = self.journal.take() {
                journal.discard();
            }
            return Err(error);
        }
        if self.report.stopped.is_none() && self.report.left() > 0 {
            let left = self.report.left();
            self.stopped(Stopped::Error(changed(&format!("{left} rows are missing"))));
        }
        if self.report.stopped.is_some() {
            self.report.not_compared = self.not_compared.min(self.report.left());
        }
        let kept = match self.journal.take() {
            Some(journal) if self.report.is_complete() => journal.remove(),
            Some(mut journal) => journal.sync(),
            None => Ok(()),
        };
        if let Err(error) = kept {
            self.stopped(Stopped::Error(error));
        }
        self.report.requests = self.groups.client().shared().connection.requests() - requests;
        self.report.elapsed = started.elapsed();
        Ok(self.report)
    }

    async fn steps(&mut self, mode: Mode) -> Result<()> {
        self.check(mode).await?;
        if !self.stop.is_requested() {
            if self.settings.compare || mode == Mode::Plan {
                self.compare(mode).await?;
            }
            self.not_compared = self.wanted.unseen();
        }
        if self.stop.is_requested() {
            self.stopped(Stopped::Cancelled);
            return Ok(());
        }
        self.write(mode).await
    }

    /// Reads all rows once, so that an invalid row is found before any request is sent.
    async fn check(&mut self, mode: Mode) -> Result<()> {
        let mut input = Sha256::new();
        let mut rows = Numbered::new((self.rows)());
        while let Some(row) = rows.next() {
            let (row, number) = (row?, rows.number);
            let named = |error: Error| error.with_note(format!("row {}, group `{}`", row.line, row.key));
            row.check().map_err(named)?;
            self.wanted.add(&row, number)?;
            input.update(row.id());
            if number.is_multiple_of(YIELD_EVERY_ROWS) {
                (self.on_event)(ImportEvent::Checking { rows: number });
                tokio::task::yield_now().await;
                if self.stop.is_requested() {
                    break;
                }
            }
        }
        let number = rows.number;
        drop(rows);
        self.report.rows = number;
        self.not_compared = number;
        if let Some(duplicate) = self.wanted.finish()?
            && self.settings.duplicates == Duplicates::Refuse
        {
            return Err(self.refuse(duplicate));
        }
        let index = async {
            let session = self.groups.client().session("import");
            let index = self.groups.index(&session).await?;
            check_exists(&session, index).await.map(|()| index)
        };
        // Waiting for the rate limit can take an hour.
        self.index = tokio::select! {
            index = index => index?,
            () = self.stop.requested() => return Ok(()),
        };
        if mode == Mode::Write && !self.stop.is_requested() {
            // `Bytes` has the hexadecimal form that the array lacks.
            let digest = bytes::Bytes::copy_from_slice(&input.finalize());
            self.open_journal(format!("{digest:x}"))?;
        }
        let done_before = self.journal.as_ref().map_or(0, Journal::done);
        (self.on_event)(ImportEvent::Checked { rows: number, done_before });
        Ok(())
    }

    /// Returns the error for two rows with the same key.
    fn refuse(&self, duplicate: Duplicate) -> Error {
        let mut rows = Numbered::new((self.rows)());
        let mut earlier_line = duplicate.earlier;
        while let Some(row) = rows.next() {
            match row {
                Err(error) => return error,
                Ok(row) if rows.number == duplicate.earlier => earlier_line = row.line,
                Ok(row) if rows.number == duplicate.later => {
                    return Error::import(
                        Refusal::DuplicateKey,
                        format!("rows {earlier_line} and {} have the same group key `{}`", row.line, row.key),
                    )
                    .with_help("remove one of them, or use the last one (`Duplicates::LastWins`)");
                }
                Ok(_) => {}
            }
        }
        changed(&format!("row {} is missing", duplicate.later))
    }

    fn open_journal(&mut self, input: String) -> Result<()> {
        let Some(mut path) = self.settings.journal.clone() else { return Ok(()) };
        if path.is_dir() {
            path.push(format!("{}.journal", &input[..32]));
        }
        let client = self.groups.client();
        let place = (client.host(), client.project(), self.index);
        let header = Header::new(place, self.report.rows, input, self.started.clone());
        let journal = Journal::open(&path, &header, self.settings.accept_changed_input)?;
        self.started = journal.started().to_owned();
        self.journal = Some(journal);
        Ok(())
    }

    /// Compares the rows with the list of groups, as long as this is cheaper than reading each group.
    async fn compare(&mut self, mode: Mode) -> Result<()> {
        let by_events = mode == Mode::Write && self.engine_for(self.wanted.unseen()) == Engine::Capture;
        // Events can be sent to groups that were not compared, but comparing saves most of them.
        let pages = self.wanted.unseen() / if by_events { 1 } else { 10 };
        match self.compare_list(pages).await {
            Ok(true) => self.wanted.the_rest_is_absent(),
            Ok(false) => {}
            // A page with a group that the server cannot return always fails. In this case, each group is read instead.
            Err(error) if error.is_paging() || error.is_server_error() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Compares up to this many pages of the list, until no rows are left. Returns whether the list was read to its end.
    ///
    /// Groups that were listed are compared even after an error.
    pub(super) async fn compare_list(&mut self, most_pages: u64) -> Result<bool> {
        let listed = self.list(most_pages).await;
        self.wanted.settle().await?;
        listed
    }

    async fn list(&mut self, most_pages: u64) -> Result<bool> {
        // Reading around a group that the server cannot return takes several hundred requests.
        const MIN_ROWS_FOR_DETOUR: u64 = 1_000;
        let is_worth_it = self.wanted.unseen() > MIN_ROWS_FOR_DETOUR;
        let mut pages = if is_worth_it { self.groups.export() } else { self.groups.list() }.pages();
        let mut groups = 0;
        for page_number in 0..most_pages {
            if self.wanted.is_settling_due() {
                self.wanted.settle().await?;
            }
            if self.wanted.unseen() == 0 {
                self.list_pages = self.list_pages.min(page_number);
                return Ok(false);
            }
            let page = tokio::select! {
                page = pages.next() => page,
                () = self.stop.requested() => return Ok(false),
            };
            let Some(page) = page else {
                self.list_pages = page_number;
                return Ok(true);
            };
            let page = page?;
            self.is_consistent |= page.next.as_ref().is_some_and(is_of_2025);
            // A group that cannot be decoded counts as not seen.
            for group in page.groups.into_iter().flatten() {
                groups += 1;
                self.wanted.compare(&group.key, &group.properties)?;
            }
            (self.on_event)(ImportEvent::Compared { groups });
        }
        Ok(false)
    }

    fn engine_for(&self, rows: u64) -> Engine {
        let per_hour = self.groups.client().shared().connection.limiter.per_hour();
        choose(self.settings.engine, rows, self.settings.token.is_some(), per_hour)
    }

    async fn write(&mut self, mode: Mode) -> Result<()> {
        let to_write =
            self.wanted.count(Seen::Absent) + self.wanted.count(Seen::Different) + self.wanted.unseen();
        self.report.engine = self.engine_for(to_write);
        (self.on_event)(ImportEvent::Writing { engine: self.report.engine });
        let verify = self.settings.verify.unwrap_or(self.report.engine == Engine::Capture);
        let verify = verify && mode == Mode::Write;
        let capture = if mode == Mode::Write && self.report.engine == Engine::Capture {
            let salt = self.settings.run_id.as_deref().unwrap_or(&self.started);
            tokio::select! {
                capture = Capture::new(&self.groups, &self.settings, self.index, salt) => Some(capture?),
                () = self.stop.requested() => {
                    self.stopped(Stopped::Cancelled);
                    return Ok(());
                }
            }
        } else {
            None
        };
        if let Err(error) = self.write_and_verify(mode, capture.as_ref(), verify).await {
            self.stopped(Stopped::Error(error));
        }
        Ok(())
    }

    async fn write_and_verify(&mut self, mode: Mode, capture: Option<&Capture>, verify: bool) -> Result<()> {
        // Rows that failed in an earlier part of the run come last.
        for failed_before in [false, true] {
            let any = !failed_before || self.journal.as_ref().is_some_and(|journal| journal.failed() > 0);
            if any && self.report.stopped.is_none() {
                match capture {
                    Some(capture) => self.send_rows(capture, verify, failed_before).await?,
                    None => self.write_rows(mode, verify, failed_before).await?,
                }
            }
        }
        if verify && self.report.stopped.is_none() {
            self.verify().await?;
        }
        Ok(())
    }

    /// Counts, records and reports the outcome of a row.
    pub(super) fn end(&mut self, number: u64, row: &ImportRow, outcome: RowOutcome) {
        let was_done = self.journal.as_ref().is_some_and(|journal| journal.was_done(number));
        let outcome = match outcome {
            RowOutcome::Unchanged if was_done => RowOutcome::DoneBefore,
            outcome => outcome,
        };
        let failed = match outcome {
            RowOutcome::Failed(_) => Some(true),
            RowOutcome::Superseded | RowOutcome::DoneBefore => None,
            _ => Some(false),
        };
        if let (Some(failed), Some(journal)) = (failed, &mut self.journal)
            && let Err(error) = journal.record(number, failed)
        {
            self.stopped(Stopped::Error(error));
        }
        self.report.count(&outcome);
        (self.on_event)(ImportEvent::Row { line: row.line, key: &row.key, outcome: &outcome });
    }

    /// Stops the run. If it was stopped before, the first reason is kept.
    pub(super) fn stopped(&mut self, why: Stopped) {
        self.report.stopped.get_or_insert(why);
    }
}

pub(super) struct Numbered<I> {
    rows: I,
    pub(super) number: u64,
    pub(super) ended: bool,
}

impl<I: Iterator<Item = io::Result<ImportRow>>> Numbered<I> {
    pub(super) fn new(rows: I) -> Self {
        Self { rows, number: 0, ended: false }
    }

    pub(super) fn next(&mut self) -> Option<Result<ImportRow>> {
        let Some(row) = self.rows.next() else {
            self.ended = true;
            return None;
        };
        self.number += 1;
        let row = row.map_err(|e| Error::file("the rows cannot be read".to_owned(), e));
        Some(row.map(|row| if row.line == 0 { row.at_line(self.number) } else { row }))
    }
}

/// The error for a later pass whose rows differ from those of the first pass.
pub(super) fn changed(what: &str) -> Error {
    Error::input(format!("the rows have changed since they were checked: {what}"))
        .with_help("run the import again with rows that do not change")
}

/// Whether a cursor has the format of servers before 2026-05-07 (contract section 2.1).
fn is_of_2025(cursor: &Cursor) -> bool {
    Offset::of(cursor).is_some_and(|offset| offset.time.is_some())
}

/// The engine for this many rows, if `per_hour` requests are allowed.
fn choose(asked: Engine, rows: u64, has_token: bool, per_hour: Option<u64>) -> Engine {
    // One read and one write.
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
    fn cursors_of_2025_are_distinguished_from_those_of_2026() {
        for (cursor, expected) in [
            // p=2022-01-01 00:00:00+00:00
            ("cD0yMDIyLTAxLTAxKzAwJTNBMDAlM0EwMCUyQjAwJTNBMDA=", true),
            ("cD0yMDIyLTAxLTAxKzAwJTNBMDAlM0EwMCUyQjAwJTNBMDA", true),
            // o=2&p=2022
            ("bz0yJnA9MjAyMg==", true),
            // r=1
            ("cj0x", false),
            // {"c":1640995200000000,"k":"p=1"}
            ("eyJjIjoxNjQwOTk1MjAwMDAwMDAwLCJrIjoicD0xIn0=", false),
            // {"c":1640995200000000,"k":"a&p=1"}
            ("eyJjIjoxNjQwOTk1MjAwMDAwMDAwLCJrIjoiYSZwPTEifQ==", false),
            ("", false),
            ("p=2022", false),
        ] {
            assert_eq!(is_of_2025(&Cursor::new(cursor)), expected, "{cursor}");
        }
    }

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
