//! What is wrong with an input.

use std::fmt;
use std::io;

/// One thing that is wrong with an input, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) line: Option<u64>,
    pub(crate) what: String,
    pub(crate) help: Option<String>,
    /// Whether what follows can be read nevertheless.
    pub(crate) reach: Reach,
}

/// How much of an input a flaw spoils.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This row only: the next one can be read.
    Row,
    /// All that follows.
    Rest,
}

impl Flaw {
    /// A flaw of one row.
    pub(crate) fn row(line: u64, what: impl Into<String>) -> Self {
        Self { line: Some(line), what: what.into(), help: None, reach: Reach::Row }
    }

    /// A flaw after which nothing can be read.
    pub(crate) fn rest(line: impl Into<Option<u64>>, what: impl Into<String>) -> Self {
        Self { line: line.into(), what: what.into(), help: None, reach: Reach::Rest }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Where it is and what it is, without the help: `groups.ndjson, line 3: ...`.
    pub(crate) fn in_input(&self, name: &str) -> String {
        match self.line {
            Some(line) => format!("{name}, line {line}: {}", self.what),
            None => format!("{name}: {}", self.what),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for Flaw {}

impl From<Flaw> for io::Error {
    fn from(flaw: Flaw) -> Self {
        Self::new(io::ErrorKind::InvalidData, flaw)
    }
}

/// The start of a text, short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
