//! The header of a CSV file.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::rows::csv::cell::{quoted, read_name};
use crate::rows::format::CsvLayout;
use crate::rows::input_error::{InputError, shortened};
use crate::rows::{KEY, PROPERTIES, SHORT_KEY};

/// The contents of the columns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The index of the column with the keys.
    pub(crate) key: usize,
    /// The property name of each column as JSON; `None` for the key.
    pub(crate) names: Vec<Option<String>>,
}

pub(crate) fn read(cells: &[Cow<'_, str>], line: u64, layout: &CsvLayout) -> Result<Header, InputError> {
    let key_column = key_column(cells, layout);
    let mut key = None;
    let mut columns = HashMap::new();
    let mut names = Vec::new();
    for (column, cell) in cells.iter().enumerate() {
        if cell.is_empty() {
            return Err(InputError::fatal(line, format!("column {} of the header has no name", column + 1))
                .help("name it, or remove the column"));
        }
        let is_key = key_column == Some(&**cell);
        if cell == PROPERTIES && !is_key {
            let what = format!(
                "column {} contains all properties as one JSON value, as in the output of `list -o csv`",
                column + 1
            );
            return Err(InputError::fatal(line, what).help(format!(
                "use `export`, which writes a column per property; for a property of this name, write `\"{PROPERTIES}\"` with quotes"
            )));
        }
        let name = read_name(cell);
        if let Some(earlier) = columns.insert((is_key, name.clone()), column) {
            let what = format!(
                "columns {} and {} have the same name, `{}`",
                earlier + 1,
                column + 1,
                shortened(&name)
            );
            return Err(InputError::fatal(line, what).help("rename one of them, or remove it"));
        }
        if is_key {
            key = Some(column);
        }
        names.push((!is_key).then(|| quoted(&name)));
    }
    match key {
        Some(key) => Ok(Header { key, names }),
        None => Err(no_key(cells, line, layout)),
    }
}

/// The name of the column with the keys. In quotes, it would be a property.
fn key_column<'a>(cells: &[Cow<'_, str>], layout: &'a CsvLayout) -> Option<&'a str> {
    match &layout.key_column {
        Some(name) => Some(name),
        None => [KEY, SHORT_KEY].into_iter().find(|name| cells.iter().any(|cell| cell == name)),
    }
}

fn no_key(cells: &[Cow<'_, str>], line: u64, layout: &CsvLayout) -> InputError {
    let list =
        cells.iter().map(|cell| format!("`{}`", shortened(cell))).take(5).collect::<Vec<_>>().join(", ");
    let wanted = layout.key_column.as_deref().unwrap_or(KEY);
    let error =
        InputError::fatal(line, format!("the header has no column `{}`; it has {list}", shortened(wanted)));
    match cells {
        [only] if only.starts_with('{') => error.help("for NDJSON, add `--format ndjson`"),
        [only] if only.contains(';') && layout.delimiter != b';' => error.help("add `--delimiter ';'`"),
        [only] if only.contains('\t') && layout.delimiter != b'\t' => error.help("add `--delimiter tab`"),
        _ => error.help("name the column with the keys: `--key-column NAME`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(cells: &[&str], key_column: Option<&str>) -> Result<Header, String> {
        let cells: Vec<_> = cells.iter().map(|cell| Cow::Borrowed(*cell)).collect();
        let layout = CsvLayout { key_column: key_column.map(str::to_owned), ..CsvLayout::default() };
        read(&cells, 1, &layout).map_err(|error| error.to_string())
    }

    #[test]
    fn the_key_column_is_the_one_given_or_group_key_or_key() {
        for (cells, key_column, key, names) in [
            (&["key", "plan"][..], None, 0, &[None, Some("\"plan\"")][..]),
            (&["key", "group_key"], None, 1, &[Some("\"key\""), None]),
            (&["key", "group_key"], Some("key"), 0, &[None, Some("\"group_key\"")]),
            (&["id", "key"], Some("id"), 0, &[None, Some("\"key\"")]),
            (&["\"id\"", "id"], Some("id"), 1, &[Some("\"id\""), None]),
        ] {
            let header = header_of(cells, key_column).unwrap();
            assert_eq!(header.key, key, "{cells:?}");
            assert_eq!(header.names.iter().map(Option::as_deref).collect::<Vec<_>>(), names, "{cells:?}");
        }
        assert!(header_of(&["group_key"], Some("id")).unwrap_err().contains("no column `id`"));
    }
}
