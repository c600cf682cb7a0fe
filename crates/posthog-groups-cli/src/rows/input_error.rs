//! Errors in an input.

use std::fmt;
use std::io;

use crate::exit::Failure;

/// An error in an input: where it is, what it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputError {
    pub(crate) line: Option<u64>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Whether nothing after it can be read. Otherwise the next row can.
    pub(crate) is_fatal: bool,
}

impl InputError {
    pub(crate) fn row(line: u64, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into(), help: None, is_fatal: false }
    }

    pub(crate) fn fatal(line: impl Into<Option<u64>>, message: impl Into<String>) -> Self {
        Self { line: line.into(), message: message.into(), help: None, is_fatal: true }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The failure of a command that needs the input with this name.
    pub(crate) fn into_failure(self, name: &str) -> Failure {
        let failure = Failure::failed(self.in_input(name));
        self.help.into_iter().fold(failure, Failure::help)
    }

    /// The place and the message, without the help: `groups.ndjson, line 3: ...`.
    pub(crate) fn in_input(&self, name: &str) -> String {
        match self.line {
            Some(line) => format!("{name}, line {line}: {}", self.message),
            None => format!("{name}: {}", self.message),
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for InputError {}

impl From<InputError> for io::Error {
    fn from(error: InputError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// The start of a text, short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
