//! The rows of a CSV file.

use std::io::BufRead;

use posthog_groups::bulk::ImportRow;
use posthog_groups::{JsonValue, Properties};

use crate::rows::csv::cell;
use crate::rows::csv::header::{self, Header};
use crate::rows::csv::record::Records;
use crate::rows::format::CsvLayout;
use crate::rows::input_error::InputError;
use crate::rows::lines::Lines;

pub(crate) struct CsvReader<R> {
    records: Records<R>,
    layout: CsvLayout,
    header: Option<Header>,
    head: Vec<u8>,
}

impl<R: BufRead> CsvReader<R> {
    pub(crate) fn new(lines: Lines<R>, layout: CsvLayout) -> Self {
        Self { records: Records::new(lines, layout.delimiter), layout, header: None, head: Vec::new() }
    }

    /// Returns the next row, or `None` at the end. After an error that is not fatal, the next row can be read.
    pub(crate) fn next(&mut self) -> Result<Option<ImportRow>, InputError> {
        if self.header.is_none() {
            if !self.records.advance()? {
                return Ok(None);
            }
            let cells = self.records.cells().map_err(|error| InputError { is_fatal: true, ..error })?;
            self.header = Some(header::read(&cells, self.records.line(), &self.layout)?);
            self.head = self.records.raw().to_owned();
        }
        let Some(header) = &self.header else { return Ok(None) };
        if !self.records.advance()? {
            return Ok(None);
        }
        row(&self.records, header).map(Some)
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    pub(crate) fn raw(&self) -> &[u8] {
        self.records.raw()
    }
}

fn row<R: BufRead>(records: &Records<R>, header: &Header) -> Result<ImportRow, InputError> {
    let line = records.line();
    let cells = records.cells()?;
    let (has, expected) = (cells.len(), header.names.len());
    if has != expected {
        let help = match has > expected {
            true => "put double quotes around cells that contain the delimiter",
            false => "keep the delimiters of empty cells",
        };
        let cells = if has == 1 { "cell" } else { "cells" };
        let what = format!("the record has {has} {cells}, but the header has {expected}");
        return Err(InputError::row(line, what).help(help));
    }
    let key = cell::read_name(&cells[header.key]).into_owned();
    if cells[header.key].is_empty() {
        return Err(InputError::row(line, "the key is empty").help("every row needs a key"));
    }
    let mut json = String::from("{");
    for (name, value) in header.names.iter().zip(&cells) {
        if let (Some(name), Some(value)) = (name, cell::read(value)) {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(name);
            json.push(':');
            json.push_str(&value);
        }
    }
    json.push('}');
    let properties = JsonValue::parse(json).map_err(|e| InputError::row(line, e.to_string()))?;
    let properties = Properties::try_from(properties).map_err(|e| InputError::row(line, e.to_string()))?;
    Ok(ImportRow::new(key, properties).at_line(line))
}
