//! The rows of an import: checked before anything is sent, then read as often as the import needs them.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use posthog_groups::bulk::ImportRow;

use crate::rows::flaw::{Flaw, Reach};
use crate::rows::input::Input;
use crate::rows::reader::RowReader;
use crate::transfer::apart;
use crate::transfer::interrupt::{Interrupt, Signal};
use crate::transfer::progress::Counter;

/// So many bad rows are named; all are counted.
const NAMED: usize = 20;

/// The rows of an input.
#[derive(Clone)]
pub(crate) struct Source {
    input: Arc<Input>,
    /// Whether bad rows are passed over.
    keep_going: bool,
}

/// What the check has found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Good rows.
    pub(crate) rows: u64,
    /// Bad rows, which are passed over.
    pub(crate) bad: u64,
    /// What is wrong with the first of them.
    pub(crate) named: Vec<Flaw>,
}

/// Why a check did not come to its end.
#[derive(Debug)]
pub(crate) enum Unchecked {
    Flaw(Flaw),
    Rejected(io::Error),
    Interrupted(Signal),
}

impl Source {
    pub(crate) fn new(input: Input, keep_going: bool) -> Self {
        Self { input: Arc::new(input), keep_going }
    }

    pub(crate) fn input(&self) -> &Input {
        &self.input
    }

    /// Reads all rows. The first bad one ends it, unless bad rows are passed over: then they go to `rejected` as they stand.
    pub(crate) fn check(
        &self,
        rejected: Option<&Path>,
        force: bool,
        counter: &Counter,
        interrupt: &Interrupt,
    ) -> Result<Checked, Unchecked> {
        const BREATH: u64 = 1_024;
        let mut rejected =
            rejected.map(|path| Rejected::create(path, force)).transpose().map_err(Unchecked::Rejected)?;
        let mut rows = self.input.rows().map_err(Unchecked::Flaw)?;
        let mut found = Checked::default();
        loop {
            match next_row(&mut rows) {
                Ok(Some(_)) => found.rows += 1,
                Ok(None) => break,
                Err(flaw) if self.keep_going && flaw.reach == Reach::Row => {
                    found.bad += 1;
                    if let Some(rejected) = &mut rejected {
                        rejected.add(&rows).map_err(Unchecked::Rejected)?;
                    }
                    if found.named.len() < NAMED {
                        found.named.push(flaw);
                    }
                }
                Err(flaw) => return Err(Unchecked::Flaw(flaw)),
            }
            if (found.rows + found.bad).is_multiple_of(BREATH) {
                counter.set(found.rows);
                if let Some(signal) = interrupt.seen() {
                    return Err(Unchecked::Interrupted(signal));
                }
            }
        }
        rejected.map_or(Ok(()), Rejected::finish).map_err(Unchecked::Rejected)?;
        Ok(found)
    }

    /// The rows from the first one on.
    pub(crate) fn pass(&self) -> Pass {
        let rows = match self.input.rows() {
            Ok(rows) => Rows::Open(rows),
            Err(flaw) => Rows::Unreadable(flaw),
        };
        Pass { rows, keep_going: self.keep_going, name: self.input.name().to_owned() }
    }
}

/// One reading of the rows.
pub(crate) struct Pass {
    rows: Rows,
    keep_going: bool,
    name: String,
}

enum Rows {
    Open(RowReader),
    Unreadable(Flaw),
    Ended,
}

impl Iterator for Pass {
    type Item = io::Result<ImportRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let next = match &mut self.rows {
                Rows::Open(rows) => next_row(rows),
                Rows::Unreadable(flaw) => Err(flaw.clone()),
                Rows::Ended => Ok(None),
            };
            match next {
                Ok(Some(row)) => return Some(Ok(row)),
                Ok(None) => return None,
                Err(flaw) if self.keep_going && flaw.reach == Reach::Row => {}
                Err(flaw) => {
                    self.rows = Rows::Ended;
                    let flaw = Flaw { what: flaw.in_input(&self.name), line: None, ..flaw };
                    return Some(Err(flaw.into()));
                }
            }
        }
    }
}

/// The next row that a server can store.
fn next_row(rows: &mut RowReader) -> Result<Option<ImportRow>, Flaw> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let row = ImportRow::new(row.key, row.properties).at_line(row.line);
    row.check().map_err(|error| Flaw::row(row.line, error.to_string()))?;
    Ok(Some(row))
}

/// A file of the bad rows, as they stand.
struct Rejected {
    out: BufWriter<File>,
    begun: bool,
}

impl Rejected {
    fn create(path: &Path, force: bool) -> io::Result<Self> {
        apart::create(path, force).map(|file| Self { out: BufWriter::new(file), begun: false })
    }

    fn add(&mut self, rows: &RowReader) -> io::Result<()> {
        // With the header of CSV, so that the file can be imported once it is corrected.
        if !std::mem::replace(&mut self.begun, true) {
            self.line(rows.head())?;
        }
        self.line(rows.raw())
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.out.write_all(line)?;
        if line.is_empty() || line.ends_with(b"\n") { Ok(()) } else { self.out.write_all(b"\n") }
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
