//! Writes rows in either format.

use std::io::{self, Write};

use crate::rows::csv::writer::{Columns, CsvWriter};
use crate::rows::ndjson;

pub(crate) enum RowWriter<W: Write> {
    Ndjson(W),
    Csv(Box<CsvWriter<W>>),
}

impl<W: Write> RowWriter<W> {
    pub(crate) fn csv(out: W, columns: Columns, delimiter: u8) -> io::Result<Self> {
        CsvWriter::new(out, columns, delimiter).map(|writer| Self::Csv(Box::new(writer)))
    }

    pub(crate) fn write(&mut self, key: &str, properties: &str) -> io::Result<()> {
        match self {
            Self::Ndjson(out) => ndjson::write(out, key, properties),
            Self::Csv(writer) => writer.write(key, properties),
        }
    }

    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Ndjson(out) => Ok(out),
            Self::Csv(writer) => writer.finish(),
        }
    }
}
