//! The rows of an import, which are checked before anything is sent and then read repeatedly.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use posthog_groups::bulk::ImportRow;

use crate::rows::input::Input;
use crate::rows::input_error::InputError;
use crate::rows::reader::RowReader;
use crate::transfer::files;
use crate::transfer::interrupt::{Interrupt, Signal};
use crate::transfer::progress::Counter;

/// The number of invalid rows that are reported; all are counted.
const MAX_ERRORS: usize = 20;

/// The rows of an input.
#[derive(Clone)]
pub(crate) struct Source {
    input: Arc<Input>,
    /// Whether invalid rows are skipped.
    keep_going: bool,
}

/// The result of the check.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The number of valid rows.
    pub(crate) rows: u64,
    /// The number of invalid rows, which are skipped.
    pub(crate) invalid: u64,
    /// The errors of the first invalid rows.
    pub(crate) errors: Vec<InputError>,
}

/// Why a check did not complete.
#[derive(Debug)]
pub(crate) enum CheckError {
    InputError(InputError),
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

    /// Reads all rows. The first invalid row is an error, unless invalid rows are skipped and written to `rejected`.
    pub(crate) fn check(
        &self,
        rejected: Option<&Path>,
        force: bool,
        counter: &Counter,
        interrupt: &Interrupt,
    ) -> Result<Checked, CheckError> {
        /// The number of rows between checks for signals.
        const CHECK_SIGNALS_EVERY: u64 = 1_024;
        let mut rejected =
            rejected.map(|path| Rejected::create(path, force)).transpose().map_err(CheckError::Rejected)?;
        let mut rows = self.input.rows().map_err(CheckError::InputError)?;
        let mut found = Checked::default();
        loop {
            match next_row(&mut rows) {
                Ok(Some(_)) => found.rows += 1,
                Ok(None) => break,
                Err(error) if self.keep_going && !error.is_fatal => {
                    found.invalid += 1;
                    if let Some(rejected) = &mut rejected {
                        rejected.add(&rows).map_err(CheckError::Rejected)?;
                    }
                    if found.errors.len() < MAX_ERRORS {
                        found.errors.push(error);
                    }
                }
                Err(error) => return Err(CheckError::InputError(error)),
            }
            if (found.rows + found.invalid).is_multiple_of(CHECK_SIGNALS_EVERY) {
                counter.set(found.rows);
                if let Some(signal) = interrupt.seen() {
                    return Err(CheckError::Interrupted(signal));
                }
            }
        }
        rejected.map_or(Ok(()), Rejected::finish).map_err(CheckError::Rejected)?;
        Ok(found)
    }

    /// Reads the rows from the start.
    pub(crate) fn pass(&self) -> Pass {
        let rows = match self.input.rows() {
            Ok(rows) => Rows::Open(rows),
            Err(error) => Rows::Unreadable(error),
        };
        Pass { rows, keep_going: self.keep_going, name: self.input.name().to_owned() }
    }
}

/// One pass over the rows.
pub(crate) struct Pass {
    rows: Rows,
    keep_going: bool,
    name: String,
}

enum Rows {
    Open(RowReader),
    Unreadable(InputError),
    Ended,
}

impl Iterator for Pass {
    type Item = io::Result<ImportRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let next = match &mut self.rows {
                Rows::Open(rows) => next_row(rows),
                Rows::Unreadable(error) => Err(error.clone()),
                Rows::Ended => Ok(None),
            };
            match next {
                Ok(Some(row)) => return Some(Ok(row)),
                Ok(None) => return None,
                Err(error) if self.keep_going && !error.is_fatal => {}
                Err(error) => {
                    self.rows = Rows::Ended;
                    let error = InputError { message: error.in_input(&self.name), line: None, ..error };
                    return Some(Err(error.into()));
                }
            }
        }
    }
}

/// Returns the next row, checked to be storable by a server.
fn next_row(rows: &mut RowReader) -> Result<Option<ImportRow>, InputError> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let row = ImportRow::new(row.key, row.properties).at_line(row.line);
    row.check().map_err(|error| InputError::row(row.line, error.to_string()))?;
    Ok(Some(row))
}

/// A file of the invalid rows, unchanged.
struct Rejected {
    out: BufWriter<File>,
    has_head: bool,
}

impl Rejected {
    fn create(path: &Path, force: bool) -> io::Result<Self> {
        files::create(path, force).map(|file| Self { out: BufWriter::new(file), has_head: false })
    }

    fn add(&mut self, rows: &RowReader) -> io::Result<()> {
        // With the header of CSV, so that the file can be corrected and imported.
        if !std::mem::replace(&mut self.has_head, true) {
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
