//! Writes rows as CSV.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use posthog_groups::Properties;
use serde_json::value::RawValue;

use crate::rows::csv::cell;
use crate::rows::{KEY, PROPERTIES};

/// The names of all properties, in the order of their columns.
#[derive(Debug, Default)]
pub(crate) struct Columns(BTreeSet<String>);

impl Columns {
    pub(crate) fn add(&mut self, properties: &Properties) -> io::Result<()> {
        for name in members(properties.as_str())?.into_keys() {
            if !self.0.contains(&name) {
                self.0.insert(name);
            }
        }
        Ok(())
    }
}

pub(crate) struct CsvWriter<W: Write> {
    out: csv::Writer<W>,
    columns: Columns,
}

impl<W: Write> CsvWriter<W> {
    pub(crate) fn new(out: W, columns: Columns, delimiter: u8) -> io::Result<Self> {
        let mut out = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
        out.write_field(KEY)?;
        for name in &columns.0 {
            out.write_field(&*column_name(name))?;
        }
        end_record(&mut out)?;
        Ok(Self { out, columns })
    }

    pub(crate) fn write(&mut self, key: &str, properties: &str) -> io::Result<()> {
        let members = members(properties)?;
        self.out.write_field(&*cell::write_name(key))?;
        for name in &self.columns.0 {
            match members.get(name) {
                Some(value) => self.out.write_field(&*cell::write(value.get()))?,
                None => self.out.write_field("")?,
            }
        }
        end_record(&mut self.out)
    }

    pub(crate) fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

pub(crate) fn column_name(name: &str) -> Cow<'_, str> {
    match name {
        // Without quotes, these have a special meaning.
        KEY | PROPERTIES => Cow::Owned(cell::quoted(name)),
        name => cell::write_name(name),
    }
}

fn end_record<W: Write>(out: &mut csv::Writer<W>) -> io::Result<()> {
    out.write_record(None::<&[u8]>).map_err(io::Error::from)
}

fn members(properties: &str) -> io::Result<HashMap<String, &RawValue>> {
    serde_json::from_str(properties).map_err(io::Error::from)
}
