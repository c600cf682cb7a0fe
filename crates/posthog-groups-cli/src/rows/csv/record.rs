//! Splits CSV into records and cells, according to RFC 4180.
//!
//! The crate `csv` gives neither the text of a record, which `--rejected` keeps, nor an error for text after a closing quote.

use std::borrow::Cow;
use std::io::BufRead;

use crate::rows::input_error::InputError;
use crate::rows::lines::{Lines, utf8};

pub(crate) struct Records<R> {
    lines: Lines<R>,
    raw: Vec<u8>,
    /// The line where the record begins.
    line: u64,
    /// An ASCII character.
    delimiter: u8,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(lines: Lines<R>, delimiter: u8) -> Self {
        Self { lines, raw: Vec::new(), line: 0, delimiter }
    }

    /// Advances to the next record that is not a blank line. Returns false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, InputError> {
        loop {
            if !self.lines.next_into(&mut self.raw)? {
                return Ok(false);
            }
            if !matches!(self.raw.as_slice(), b"\n" | b"\r\n" | b"") {
                break;
            }
        }
        self.line = self.lines.number();
        let (mut place, mut seen) = (Position::CellStart, 0);
        loop {
            place = place.after(&self.raw[seen..], self.delimiter);
            if place != Position::Quoted {
                return Ok(true);
            }
            seen = self.raw.len();
            if !self.lines.append(&mut self.raw)? {
                return Err(InputError::fatal(
                    self.line,
                    "the record has a double quote that is never closed",
                )
                .help("close it; within quotes, write a quote as \"\""));
            }
        }
    }

    /// The line where the record begins.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(crate) fn cells(&self) -> Result<Vec<Cow<'_, str>>, InputError> {
        let text = match std::str::from_utf8(&self.raw) {
            Ok(text) => text,
            Err(e) => {
                let before = &self.raw[..e.valid_up_to()];
                let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |place| place + 1);
                let breaks = before.iter().filter(|b| **b == b'\n').count() as u64;
                utf8(&self.raw[start..], self.line + breaks)?
            }
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        cells(text, char::from(self.delimiter)).map_err(|error| InputError { line: Some(self.line), ..error })
    }
}

/// A position in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    CellStart,
    Unquoted,
    Quoted,
    /// After a quote within quotes: the end, or the first of two quotes.
    Quote,
}

impl Position {
    fn after(self, bytes: &[u8], delimiter: u8) -> Self {
        // Most lines have no quotes.
        if self == Self::CellStart && !bytes.contains(&b'"') {
            return Self::Unquoted;
        }
        bytes.iter().fold(self, |place, byte| match (place, byte) {
            (Self::CellStart, b'"') | (Self::Quote, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Quote,
            (Self::Quoted, _) => Self::Quoted,
            (_, byte) if *byte == delimiter => Self::CellStart,
            _ => Self::Unquoted,
        })
    }
}

/// The cells of a record without its line break. A quote in a cell that does not begin with one is an ordinary character.
fn cells(record: &str, delimiter: char) -> Result<Vec<Cow<'_, str>>, InputError> {
    let mut cells = Vec::new();
    let mut rest = record;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted, delimiter).ok_or_else(|| {
                InputError::row(0, format!("cell {} has text after its closing quote", cells.len() + 1))
                    .help("within quotes, write a quote as \"\"")
            })?,
            None => {
                let (cell, after) = rest.split_at(rest.find(delimiter).unwrap_or(rest.len()));
                if cell.contains('\r') {
                    return Err(InputError::row(0, "lines end with a lone carriage return")
                        .help("convert them to LF with `tr '\\r' '\\n'`"));
                }
                (Cow::Borrowed(cell), after)
            }
        };
        cells.push(cell);
        match after.strip_prefix(delimiter) {
            Some(after) => rest = after,
            None => return Ok(cells),
        }
    }
}

/// The rest of a cell after its first quote, and the text after the cell. `None` if that does not begin with a delimiter.
fn quoted_cell(quoted: &str, delimiter: char) -> Option<(Cow<'_, str>, &str)> {
    let mut whole = String::new();
    let mut rest = quoted;
    loop {
        let (piece, after) = rest.split_once('"')?;
        if let Some(after) = after.strip_prefix('"') {
            whole.push_str(piece);
            whole.push('"');
            rest = after;
            continue;
        }
        let cell = match whole.is_empty() {
            true => Cow::Borrowed(piece),
            false => Cow::Owned(whole + piece),
        };
        return (after.is_empty() || after.starts_with(delimiter)).then_some((cell, after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_follow_rfc_4180() {
        for (text, cells) in [
            ("a,b", &["a", "b"][..]),
            ("a,,", &["a", "", ""]),
            ("\"a,b\",\"c\"\"d\",\"\"", &["a,b", "c\"d", ""]),
            ("\"\"\"\"", &["\""]),
            ("\"line\none\r\n\",2\r", &["line\none\r\n", "2"]),
            ("5\" pipe,a\"", &["5\" pipe", "a\""]),
            (" \"a\" ,b", &[" \"a\" ", "b"]),
            ("\"a\rb\"", &["a\rb"]),
        ] {
            let mut records = Records::new(Lines::new(text.as_bytes()), b',');
            assert!(records.advance().unwrap());
            assert_eq!(records.cells().unwrap(), cells, "{text:?}");
        }
    }
}
