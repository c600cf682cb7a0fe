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
    /// Adds the names of the properties of one group.
    pub(crate) fn add(&mut self, properties: &Properties) -> io::Result<()> {
        for name in members(properties.as_str())?.into_keys() {
            if !self.0.contains(&name) {
                self.0.insert(name);
            }
        }
        Ok(())
    }
}

/// Writes a header and records.
pub(crate) struct CsvWriter<W: Write> {
    out: csv::Writer<W>,
    columns: Columns,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
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

/// The header of the column of a property.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::csv::reader::CsvReader;
    use crate::rows::format::CsvLayout;
    use crate::rows::lines::Lines;

    fn written(rows: &[(&str, &str)]) -> String {
        let mut columns = Columns::default();
        for (_, properties) in rows {
            columns.add(&serde_json::from_str(properties).unwrap()).unwrap();
        }
        let mut writer = CsvWriter::new(Vec::new(), columns, b',').unwrap();
        for (key, properties) in rows {
            writer.write(key, properties).unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn columns_are_the_sorted_names() {
        let text = written(&[("b", r#"{"seats":42,"plan":"scale"}"#), ("=a", r#"{"plan":"42","x":null}"#)]);
        assert_eq!(text, "group_key,plan,seats,x\nb,scale,42,\n\"\"\"=a\"\"\",\"\"\"42\"\"\",,null\n");
    }

    #[test]
    fn unusual_names_keys_and_values_read_back() {
        let rows = [
            ("org:5", r#"{"big":123456789012345678901234567890,"far":1e400,"f":1.0,"e":1E+3,"neg":-0}"#),
            ("a,b\n\"c\"", r#"{"a,b":"x,y","a\"b":"say \"hi\"","line\nbreak":"1\r\n2","":"empty name"}"#),
            (" blank-adjacent ", r#"{"group_key":"not the key","=1+1":"=2+2","\"q\"":"\"q\""}"#),
            ("\u{feff}bom", r#"{"\ufeffbom":"\ufeff","u":"\u00e9\ud83d\ude00","half":"\ud800"}"#),
            (
                "007",
                r#"{"empty":"","blank":" ","true":"true","yes":true,"zip":"007","num":"1e400","null":"null"}"#,
            ),
            ("[1]", r#"{"n":null,"list":[ 1, "a,b", {"c":null} ],"o":{"z":1},"text":"[1]","eo":{},"el":[]}"#),
            ("\"", r#"{"group_properties":{"x":1}}"#),
        ];
        let text = written(&rows);
        let mut reader = CsvReader::new(Lines::new(text.as_bytes()), CsvLayout::default());
        for (key, properties) in rows {
            let row = reader.next().unwrap().unwrap();
            assert_eq!(row.key, key);
            let (mut read, expected) =
                (members(row.properties.as_str()).unwrap(), members(properties).unwrap());
            for (name, value) in &expected {
                let back = read.remove(name).unwrap_or_else(|| panic!("{name:?} is missing: {text}"));
                // Numbers keep their text; strings may be escaped differently.
                match value.get().starts_with('"') && name != "half" {
                    true => assert_eq!(
                        serde_json::from_str::<String>(back.get()).unwrap(),
                        serde_json::from_str::<String>(value.get()).unwrap()
                    ),
                    false => assert_eq!(back.get(), value.get()),
                }
            }
            assert!(read.is_empty(), "{read:?}");
        }
        assert_eq!(reader.next(), Ok(None));
        // Written again, the text is the same.
        let mut reader = CsvReader::new(Lines::new(text.as_bytes()), CsvLayout::default());
        let mut again = Vec::new();
        while let Some(row) = reader.next().unwrap() {
            again.push((row.key, row.properties));
        }
        let again: Vec<_> = again.iter().map(|(key, p)| (key.as_str(), p.as_str())).collect();
        assert_eq!(written(&again), text);
    }
}
