//! The outcomes of the rows of an import.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use posthog_groups::bulk::RowOutcome;
use serde::Serialize;

use crate::exit::{Failure, text_of};
use crate::transfer::files;

/// The number of failures that are printed; all are counted.
const NAMED: usize = 20;

/// The outcome of one row, as in reports and plans.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Outcome {
    pub(crate) line: u64,
    #[serde(rename = "group_key")]
    pub(crate) key: String,
    pub(crate) outcome: &'static str,
    /// The names of the properties that were, or would be, written.
    pub(crate) properties: Vec<String>,
    pub(crate) error: Option<String>,
}

impl Outcome {
    pub(crate) fn of(line: u64, key: &str, outcome: &RowOutcome) -> Self {
        let (name, properties, error) = match outcome {
            RowOutcome::Created { properties } => ("created", properties.clone(), None),
            RowOutcome::Changed { properties } => ("changed", properties.clone(), None),
            RowOutcome::Unchanged => ("unchanged", Vec::new(), None),
            RowOutcome::Sent => ("sent", Vec::new(), None),
            RowOutcome::Superseded => ("superseded", Vec::new(), None),
            RowOutcome::DoneBefore => ("done_before", Vec::new(), None),
            RowOutcome::Failed(error) => ("failed", Vec::new(), Some(text_of(error))),
            _ => ("unknown", Vec::new(), None),
        };
        Self { line, key: key.to_owned(), outcome: name, properties, error }
    }

    /// Whether a plan prints the row: it would be written, or cannot be written.
    pub(crate) fn is_printed_by_plan(&self) -> bool {
        matches!(self.outcome, "created" | "changed" | "failed")
    }
}

/// A file with one line per outcome.
pub(crate) struct Report {
    path: PathBuf,
    out: BufWriter<File>,
    /// The first write error, after which nothing is written.
    failed: Option<io::Error>,
}

impl Report {
    pub(crate) fn create(path: Option<&Path>, force: bool) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let file = files::create(path, force).map_err(|e| unwritable(path, &e))?;
        Ok(Some(Self { path: path.to_owned(), out: BufWriter::new(file), failed: None }))
    }

    pub(crate) fn add(&mut self, outcome: &Outcome) {
        if self.failed.is_none() {
            self.failed = self.line(outcome).err();
        }
    }

    fn line(&mut self, outcome: &Outcome) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, outcome)?;
        self.out.write_all(b"\n")
    }

    /// Flushes the file. After an error, lines are missing.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let finished = self.failed.take().map_or_else(|| self.out.flush(), Err);
        finished.map_err(|e| unwritable(&self.path, &e))
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot write the report {}: {error}", path.display()))
}

/// The first failures.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    first: Vec<Outcome>,
    all: u64,
}

impl Failures {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.all += 1;
        if self.first.len() < NAMED {
            self.first.push(outcome);
        }
    }

    /// Prints them, and the number of further ones.
    pub(crate) fn write(&self, out: &mut impl Write, input: &str) -> io::Result<()> {
        for failure in &self.first {
            let why = failure.error.as_deref().unwrap_or_default();
            writeln!(out, "{input}, line {}, group `{}`: {why}", failure.line, failure.key.escape_debug())?;
        }
        write_more(out, self.all, self.first.len(), "failed rows")
    }
}

/// `... and 1,234 more failed rows`, if there are more than were shown.
pub(crate) fn write_more(out: &mut impl Write, all: u64, shown: usize, what: &str) -> io::Result<()> {
    match all.saturating_sub(shown as u64) {
        0 => Ok(()),
        more => writeln!(out, "... and {} more {what}", crate::transfer::progress::grouped(more)),
    }
}
