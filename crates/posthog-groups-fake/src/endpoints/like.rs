//! Text matching as in the server's databases.

use serde_json::Value;

use crate::json::quoted;
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

/// Formats properties like the databases, with a space after each colon and comma.
fn searchable(row: &GroupRow) -> String {
    if !row.properties.is_object() {
        return spaced(row.properties.as_str()).to_lowercase();
    }
    let mut text = String::from("{");
    for (name, value) in row.properties.members() {
        if text.len() > 1 {
            text.push_str(", ");
        }
        text.push_str(&quoted(&name));
        text.push_str(": ");
        text.push_str(&spaced(value.get()));
    }
    text.push('}');
    text.to_lowercase()
}

fn spaced(value: &str) -> String {
    // Scalars without escapes keep their text, so that numbers of any size can be found.
    if !value.contains('\\') && !value.starts_with(['{', '[']) {
        return value.to_owned();
    }
    fn write(out: &mut String, value: &Value) {
        match value {
            Value::Object(members) => {
                out.push('{');
                for (n, (name, value)) in members.iter().enumerate() {
                    out.push_str(if n == 0 { "" } else { ", " });
                    out.push_str(&quoted(name));
                    out.push_str(": ");
                    write(out, value);
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    out.push_str(if n == 0 { "" } else { ", " });
                    write(out, item);
                }
                out.push(']');
            }
            scalar => out.push_str(&scalar.to_string()),
        }
    }
    match serde_json::from_str::<Value>(value) {
        Ok(parsed) => {
            let mut out = String::new();
            write(&mut out, &parsed);
            out
        }
        Err(_) => value.to_owned(),
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
        for (text, pattern, wanted) in [
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
            assert_eq!(ilike(text, pattern), wanted, "{text} {pattern}");
        }
    }

    #[test]
    fn search_matches_names_values_and_the_whole_key() {
        let row = GroupRow {
            project: 1,
            index: 0,
            key: "Org:Alpha".into(),
            properties: Properties::parse(
                r#"{"name":"50% caf\u00e9","n":123456789012345678901,"o":{"a":[1,2]}}"#,
            )
            .unwrap(),
            created_at: DateTime::UNIX_EPOCH,
        };
        for (search, group_key, wanted) in [
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
            assert_eq!(Search::new(search, group_key).matches(&row), wanted, "{search:?} {group_key:?}");
        }
    }
}
