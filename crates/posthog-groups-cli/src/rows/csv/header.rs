//! The first record of a CSV file: which column holds what.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::rows::csv::cell::{quoted, read_name};
use crate::rows::flaw::{Flaw, shortened};
use crate::rows::{KEY, PROPERTIES};

/// What the columns hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The column of the keys.
    pub(crate) key: usize,
    /// The names of the properties as JSON, by column; that of the key has none.
    pub(crate) names: Vec<Option<String>>,
}

/// Reads the header in this line.
pub(crate) fn read(cells: &[Cow<'_, str>], line: u64) -> Result<Header, Flaw> {
    let mut key = None;
    let mut columns = HashMap::new();
    let mut names = Vec::new();
    for (column, cell) in cells.iter().enumerate() {
        if cell.is_empty() {
            return Err(Flaw::rest(line, format!("column {} of the header has no name", column + 1))
                .mend("name it, or remove the column"));
        }
        if cell == PROPERTIES {
            let what = format!(
                "the column {} holds all properties as one, as `list -o csv` writes them",
                column + 1
            );
            return Err(Flaw::rest(line, what).mend(format!(
                "`export` writes a column for each property; one that is called so has the header `\"{PROPERTIES}\"`, in quotes"
            )));
        }
        // In quotes it is a property of that name.
        let is_key = cell == KEY;
        let name = read_name(cell);
        if let Some(earlier) = columns.insert((is_key, name.clone()), column) {
            let what = format!(
                "the columns {} and {} have the same name, `{}`",
                earlier + 1,
                column + 1,
                shortened(&name)
            );
            return Err(Flaw::rest(line, what).mend("rename one of them, or remove it"));
        }
        if is_key {
            key = Some(column);
        }
        names.push((!is_key).then(|| quoted(&name)));
    }
    match key {
        Some(key) => Ok(Header { key, names }),
        None => Err(no_key(cells, line)),
    }
}

fn no_key(cells: &[Cow<'_, str>], line: u64) -> Flaw {
    let list =
        cells.iter().map(|cell| format!("`{}`", shortened(cell))).take(5).collect::<Vec<_>>().join(", ");
    let flaw = Flaw::rest(line, format!("the header has no column `{KEY}`; it has {list}"));
    match cells {
        [only] if only.starts_with('{') => flaw.mend("for NDJSON add `--format ndjson`"),
        [only] if only.contains([';', '\t']) => flaw.mend("separate the columns with commas"),
        _ => flaw.mend(format!("name the column with the keys `{KEY}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cells: &[&str]) -> Result<Header, String> {
        let cells: Vec<_> = cells.iter().map(|cell| Cow::Borrowed(*cell)).collect();
        read(&cells, 1).map_err(|flaw| flaw.to_string())
    }

    #[test]
    fn a_quoted_name_is_a_property_and_never_the_key() {
        let header = header(&["plan", "group_key", "\"group_key\"", "\"\"", "a\"b"]).unwrap();
        assert_eq!(header.key, 1);
        let names: Vec<_> = header.names.iter().map(Option::as_deref).collect();
        let expected = [Some("\"plan\""), None, Some("\"group_key\""), Some("\"\""), Some("\"a\\\"b\"")];
        assert_eq!(names, expected);
    }

    #[test]
    fn wrong_headers_are_named_with_the_mend() {
        for (cells, words) in [
            (&["key", "plan"][..], "no column `group_key`; it has `key`, `plan`"),
            (&["group_key;plan"], "commas"),
            (&["{\"group_key\":1}"], "--format ndjson"),
            (&["group_key", "plan", "group_key"], "columns 1 and 3 have the same name, `group_key`"),
            (&["group_key", "plan", "\"plan\""], "columns 2 and 3 have the same name, `plan`"),
            (&["group_key", "created_at", "group_properties"], "column 3 holds all properties as one"),
            (&["group_key", ""], "column 2 of the header has no name"),
        ] {
            let flaw = header(cells).unwrap_err();
            assert!(flaw.contains(words), "{cells:?}: {flaw}");
        }
    }
}
