//! Reads the rows of an input in either format.

use std::io::BufRead;

use posthog_groups::bulk::ImportRow;

use crate::rows::csv::reader::CsvReader;
use crate::rows::format::{CsvLayout, Format};
use crate::rows::input_error::InputError;
use crate::rows::lines::{Lines, text_of};
use crate::rows::ndjson;

type Source = Box<dyn BufRead + Send>;

pub(crate) enum RowReader {
    Ndjson { lines: Lines<Source>, line: Vec<u8> },
    Csv(CsvReader<Source>),
}

impl RowReader {
    pub(crate) fn new(format: Format, layout: CsvLayout, lines: Lines<Source>) -> Self {
        match format {
            Format::Ndjson => Self::Ndjson { lines, line: Vec::new() },
            Format::Csv => Self::Csv(CsvReader::new(lines, layout)),
        }
    }

    /// Returns the next row, or `None` at the end. After an error that is not fatal, the next row can be read.
    pub(crate) fn next(&mut self) -> Result<Option<ImportRow>, InputError> {
        match self {
            Self::Csv(reader) => reader.next(),
            Self::Ndjson { lines, line } => {
                while lines.next_into(line)? {
                    let number = lines.number();
                    if let Some(row) = text_of(line, number).and_then(|text| ndjson::read(text, number))? {
                        return Ok(Some(row));
                    }
                }
                Ok(None)
            }
        }
    }

    /// The text before the first row: the header of CSV.
    pub(crate) fn head(&self) -> &[u8] {
        match self {
            Self::Ndjson { .. } => b"",
            Self::Csv(reader) => reader.head(),
        }
    }

    /// The text of the last row, with its line break if it has one.
    pub(crate) fn raw(&self) -> &[u8] {
        match self {
            Self::Ndjson { line, .. } => line,
            Self::Csv(reader) => reader.raw(),
        }
    }
}
