//! Converts between cells and values.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// The value of a cell as JSON. `None` for an empty cell: the group does not have the property.
pub(crate) fn read(cell: &str) -> Option<Cow<'_, str>> {
    match cell {
        "" => None,
        _ if is_json(cell) => Some(Cow::Borrowed(cell)),
        text => Some(Cow::Owned(quoted(text))),
    }
}

/// The cell for a JSON value, which [`read`] reads back.
pub(crate) fn write(json: &str) -> Cow<'_, str> {
    let json = json.trim_matches([' ', '\t', '\r', '\n']);
    if !json.starts_with('"') {
        return Cow::Borrowed(json);
    }
    match serde_json::from_str::<Cow<'_, str>>(json) {
        Ok(text) if !text.is_empty() && !is_json(&text) && !is_formula(&text) => text,
        // Includes lone surrogates, which are valid JSON but not valid text.
        _ => Cow::Borrowed(json),
    }
}

/// The key or the property name in a cell.
pub(crate) fn read_name(cell: &str) -> Cow<'_, str> {
    name_in_quotes(cell).map_or(Cow::Borrowed(cell), Cow::Owned)
}

/// The cell for a key or a property name, which [`read_name`] reads back.
pub(crate) fn write_name(name: &str) -> Cow<'_, str> {
    if name.is_empty() || is_formula(name) || name_in_quotes(name).is_some() {
        Cow::Owned(quoted(name))
    } else {
        Cow::Borrowed(name)
    }
}

pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn name_in_quotes(cell: &str) -> Option<String> {
    (cell.starts_with('"') && cell.ends_with('"')).then(|| serde_json::from_str(cell).ok()).flatten()
}

/// Whether a cell is a JSON value without surrounding whitespace.
fn is_json(cell: &str) -> bool {
    let (Some(first), Some(last)) = (cell.bytes().next(), cell.bytes().last()) else { return false };
    // The first character rules out most text.
    matches!(first, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
        && !last.is_ascii_whitespace()
        && serde_json::from_str::<IgnoredAny>(cell).is_ok()
}

/// Whether a spreadsheet may evaluate the text as a formula.
///
/// All CSV output follows this rule. Spreadsheets ignore invisible characters before a formula, and some accept the full-width forms
/// of its first character.
fn is_formula(text: &str) -> bool {
    const INVISIBLE: [char; 6] = ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];
    const FIRST: [char; 10] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '−'];
    let visible =
        text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || INVISIBLE.contains(&c));
    // A sign alone is not a formula.
    let more = visible.strip_prefix(FIRST).is_some_and(|rest| !rest.is_empty());
    more || text.starts_with(['\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_json_if_it_parses_and_text_otherwise() {
        for (cell, json) in [
            ("42", "42"),
            ("-0.50e3", "-0.50e3"),
            ("1e400", "1e400"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("true", "true"),
            ("null", "null"),
            ("[1, \"a\"]", "[1, \"a\"]"),
            ("{}", "{}"),
            ("\"42\"", "\"42\""),
            ("\"\"", "\"\""),
            ("Acme", "\"Acme\""),
            ("007", "\"007\""),
            ("+1", "\"+1\""),
            (".5", "\".5\""),
            ("TRUE", "\"TRUE\""),
            ("NaN", "\"NaN\""),
            (" 1", "\" 1\""),
            ("1 ", "\"1 \""),
            ("1\n", "\"1\\n\""),
            (" ", "\" \""),
            ("{\"a\":1", "\"{\\\"a\\\":1\""),
            ("\u{feff}", "\"\u{feff}\""),
            ("\u{a0}1", "\"\u{a0}1\""),
        ] {
            assert_eq!(read(cell).as_deref(), Some(json), "{cell:?}");
        }
        assert_eq!(read(""), None);
    }

    #[test]
    fn text_that_would_be_read_as_something_else_is_written_in_quotes() {
        for (json, cell) in [
            ("\"Acme\"", "Acme"),
            ("\"a\\nb\"", "a\nb"),
            ("\"\"", "\"\""),
            ("\"42\"", "\"42\""),
            ("\"true\"", "\"true\""),
            ("\"\\\"\\\"\"", "\"\\\"\\\"\""),
            ("\"=HYPERLINK(1)\"", "\"=HYPERLINK(1)\""),
            ("\"+49 30\"", "\"+49 30\""),
            ("\"\\ud800\"", "\"\\ud800\""),
            (" 1.0 ", "1.0"),
            ("null", "null"),
        ] {
            assert_eq!(write(json), cell, "{json}");
        }
    }

    #[test]
    fn text_that_a_spreadsheet_may_compute_is_quoted_whatever_stands_before_it() {
        for text in [
            "=1",
            " =1",
            "\n=1",
            "\r\n =1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{200b}@x",
            "\u{0}-1",
            "＝1",
            " ＋1",
            "－1",
            "＠x",
            "+1",
            "-1+2",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\u{3000}=1",
        ] {
            let json = quoted(text);
            assert_eq!(write(&json), json, "{text:?}");
            assert_eq!(write_name(text), json, "{text:?}");
        }
        for text in ["-", "a=1", "x-1", "org:5", " a", "1+1", "a@b", "\na"] {
            assert_eq!(write_name(text), text, "{text:?}");
        }
        // Numbers are numbers.
        assert_eq!(write("-1.5"), "-1.5");
    }

    #[test]
    fn reading_undoes_writing_for_every_short_text_of_special_characters() {
        // The inverse is claimed for all texts, so all short ones of the characters that matter are tried.
        let characters: Vec<char> = "\"\\{}[],:10-+.e=＝@ \t\n\rnu\u{feff}é😀".chars().collect();
        let mut texts = vec![String::new()];
        for length in 0..3 {
            let longest = texts.iter().filter(|text| text.chars().count() == length);
            let longer = longest.flat_map(|text| characters.iter().map(move |c| format!("{text}{c}")));
            texts.extend(longer.collect::<Vec<_>>());
        }
        for text in texts {
            let json = quoted(&text);
            let cell = write(&json);
            let back: String = serde_json::from_str(&read(&cell).unwrap()).unwrap();
            assert_eq!(back, text, "cell {cell:?}");
            assert_eq!(read_name(&write_name(&text)), text);
        }
    }

    #[test]
    fn keys_and_names_are_text_whatever_they_look_like() {
        for name in ["42", "null", "[1]", "\"half"] {
            assert_eq!((write_name(name), read_name(name)), (name.into(), name.into()));
        }
        assert_eq!((write_name("\"x\""), write_name("")), (r#""\"x\"""#.into(), "\"\"".into()));
        assert_eq!(read_name("\"42\""), "42");
    }
}
