//! Text matching as in the server's databases.

use serde_json::value::RawValue;

use crate::json::{self, Kind, to_text};
use crate::store::GroupRow;

/// The two filters of the list in lower case.
#[derive(Debug)]
pub(crate) struct Search {
    text: Option<String>,
    key: Option<String>,
}

impl Search {
    pub(crate) fn new(text: Option<&str>, key: Option<&str>) -> Self {
        Self { text: text.map(str::to_lowercase), key: key.map(str::to_lowercase) }
    }

    /// `group_key` is a part of the key. `search` is the whole key or a part of the properties as text. Case is ignored.
    pub(crate) fn matches(&self, row: &GroupRow) -> bool {
        if self.text.is_none() && self.key.is_none() {
            return true;
        }
        let key = row.key.to_lowercase();
        self.key.as_ref().is_none_or(|part| key.contains(part))
            && self.text.as_ref().is_none_or(|text| key == *text || searchable(row).contains(text))
    }
}

/// Formats the properties like the databases, with a space after each colon and comma.
fn searchable(row: &GroupRow) -> String {
    let mut text = String::new();
    push_spaced(&mut text, row.properties.as_str(), 0);
    text.to_lowercase()
}

/// Values nested deeper are not formatted, so that they cannot overflow the stack.
const MAX_DEPTH: usize = 128;

fn push_spaced(out: &mut String, json: &str, depth: usize) {
    match Kind::of(json) {
        Kind::Object | Kind::List if depth == MAX_DEPTH => out.push_str(json),
        Kind::Object => {
            out.push('{');
            for (n, (name, value)) in json::members(json).unwrap_or_default().iter().enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                out.push_str(&to_text(name));
                out.push_str(": ");
                push_spaced(out, value.get(), depth + 1);
            }
            out.push('}');
        }
        Kind::List => {
            out.push('[');
            let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                push_spaced(out, item.get(), depth + 1);
            }
            out.push(']');
        }
        // Without escapes of characters that need none.
        Kind::String if json.contains('\\') => match serde_json::from_str::<String>(json) {
            Ok(text) => out.push_str(&to_text(&text)),
            Err(_) => out.push_str(json),
        },
        // As text, so that numbers of any size can be found.
        _ => out.push_str(json),
    }
}

/// `text ILIKE pattern`: `%` matches any text, `_` any character, and a backslash escapes them.
pub(crate) fn ilike(text: &str, pattern: &str) -> bool {
    #[derive(PartialEq)]
    enum Part {
        Any,
        One,
        Char(char),
    }
    let mut parts = Vec::new();
    let mut pattern = pattern.chars().flat_map(char::to_lowercase);
    while let Some(c) = pattern.next() {
        parts.push(match c {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Char(pattern.next().unwrap_or('\\')),
            c => Part::Char(c),
        });
    }
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    // On a mismatch, only the latest `%` has to match one more character.
    let (mut t, mut p) = (0, 0);
    let mut newest: Option<(usize, usize)> = None;
    while t < text.len() {
        match parts.get(p) {
            Some(Part::Any) => {
                newest = Some((p, t));
                p += 1;
            }
            Some(part) if *part == Part::One || text.get(t).is_some_and(|c| *part == Part::Char(*c)) => {
                t += 1;
                p += 1;
            }
            _ => match newest {
                Some((any, from)) => {
                    newest = Some((any, from + 1));
                    p = any + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    parts.get(p..).is_none_or(|rest| rest.iter().all(|part| *part == Part::Any))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::json::Properties;

    #[test]
    fn ilike_supports_wildcards() {
        for (text, pattern, expected) in [
            ("finance", "%fin%", true),
            ("finance-technology", "%TECH%", true),
            ("finance", "%x%", false),
            ("finance", "f_n%e", true),
            ("finance", "f_n", false),
            ("50% off", "%50\\%%", true),
            ("50 off", "%50\\%%", false),
            ("", "%%", true),
            ("abcabd", "%abd", true),
            ("É", "é", true),
        ] {
            assert_eq!(ilike(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn long_patterns_and_deep_values_neither_hang_nor_overflow_the_stack() {
        assert!(!ilike(&"a".repeat(1_000), &format!("{}b", "%a".repeat(20))));
        let long = "a".repeat(500_000);
        assert!(ilike(&long, &long));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
        let properties = Properties::parse(&deep).unwrap();
        let row = GroupRow::new(1, 0, "deep", properties, DateTime::UNIX_EPOCH);
        assert!(Search::new(Some("\"a\": [["), None).matches(&row));
    }

    #[test]
    fn search_matches_names_values_and_the_whole_key() {
        let properties = r#"{"name":"50% caf\u00e9","n":123456789012345678901,"o":{"a":[1,2]}}"#;
        let properties = Properties::parse(properties).unwrap();
        let row = GroupRow::new(1, 0, "Org:Alpha", properties, DateTime::UNIX_EPOCH);
        for (search, group_key, expected) in [
            (None, None, true),
            (Some("NAME"), None, true),
            (Some("50%"), None, true),
            (Some("50_"), None, false),
            (Some("CAFÉ"), None, true),
            (Some("678901"), None, true),
            (Some("\"a\": [1, 2]"), None, true),
            (Some("org:alpha"), None, true),
            (Some("org:alph"), None, false),
            (None, Some("ALPH"), true),
            (None, Some("beta"), false),
            (Some("name"), Some("beta"), false),
        ] {
            assert_eq!(Search::new(search, group_key).matches(&row), expected, "{search:?} {group_key:?}");
        }
    }
}
