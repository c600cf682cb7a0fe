//! Errors, each with its location and a suggestion.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::pointer::Pointer;

/// A location in a document.
///
/// Displays as `spec/openapi.yaml:12 #/info/title`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The document's name: a path or a URL.
    pub file: String,
    /// The node.
    pub pointer: Pointer,
    /// The line of the node, from 1, if the document was parsed from text.
    pub line: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line} {}", self.file, self.pointer),
            None => write!(f, "{} {}", self.file, self.pointer),
        }
    }
}

/// An error. The message is one line that says what is wrong, where, and what to do. The source of an I/O error is the
/// error of the system.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The action that failed: `read`, `write` ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A text is not valid YAML or JSON, or has duplicate keys.
    #[error("{file}:{line}:{column}: {reason}")]
    Syntax {
        /// The document.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be used because of its type or size, a ledger contradicts itself, or YAML could not be written.
    #[error("{0}")]
    Invalid(String),
    /// A document is well formed, but cannot be used.
    #[error("{place}: {reason}")]
    Unsuitable {
        /// The node that is the reason.
        place: Place,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl Error {
    pub(crate) fn syntax(
        file: impl Into<String>,
        line: usize,
        column: usize,
        reason: impl Into<String>,
    ) -> Self {
        Self::Syntax { file: file.into(), line, column, reason: reason.into() }
    }
}
