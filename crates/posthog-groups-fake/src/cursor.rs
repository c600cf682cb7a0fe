//! The cursors of the list, one format for each era (contract section 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use chrono::{DateTime, Timelike, Utc};
use serde_json::Value;

use crate::json::quoted;
use crate::request::{Query, form_encoded, python_base64};
use crate::timestamps;

/// 2026: the page continues below this pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keyset {
    pub(crate) micros: i64,
    pub(crate) key: String,
}

impl Keyset {
    pub(crate) fn encode(&self) -> String {
        URL_SAFE.encode(format!(r#"{{"c": {}, "k": {}}}"#, self.micros, python_quoted(&self.key)))
    }

    /// Returns `None`, which means the first page, for an invalid cursor and for the older format.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_slice(&python_base64(text, true)?).ok()?;
        let key = match value.get("k")? {
            Value::String(key) => key.clone(),
            other => other.to_string(),
        };
        let micros = match value.get("c") {
            Some(Value::Number(n)) => n.as_i64().or_else(|| n.as_f64().map(|f| f as i64))?,
            Some(Value::String(text)) => text.trim().parse().ok()?,
            _ => return None,
        };
        match micros {
            // Cursors of a few weeks earlier have milliseconds.
            1..1_000_000_000_000_000 => Some(Self { micros: micros * 1000, key }),
            1_000_000_000_000_000.. => Some(Self { micros, key }),
            _ => None,
        }
    }
}

/// Formats a JSON string in ASCII, as the server's encoder does.
fn python_quoted(text: &str) -> String {
    let mut out = String::new();
    for c in quoted(text).chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// 2025: the cursor of Django REST framework: a time, and how many groups of that time to skip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framework {
    pub(crate) offset: usize,
    pub(crate) reverse: bool,
    pub(crate) position: Option<String>,
}

/// The maximum offset. A list cannot page past more groups with the same time.
const OFFSET_CUTOFF: usize = 1000;

impl Framework {
    pub(crate) fn encode(&self) -> String {
        let offset = self.offset.to_string();
        let mut tokens = Vec::new();
        if self.offset != 0 {
            tokens.push(("o", offset.as_str()));
        }
        if self.reverse {
            tokens.push(("r", "1"));
        }
        if let Some(position) = &self.position {
            tokens.push(("p", position.as_str()));
        }
        STANDARD.encode(form_encoded(&tokens))
    }

    /// Returns `None` for an invalid cursor.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = text.is_ascii().then(|| python_base64(text, false))??;
        let tokens = String::from_utf8(bytes).ok().filter(|t| t.is_ascii())?;
        let tokens = Query::parse(&tokens);
        let offset: i64 = tokens.get("o").unwrap_or("0").parse().ok()?;
        let reverse: i64 = tokens.get("r").unwrap_or("0").parse().ok()?;
        Some(Self {
            offset: usize::try_from(offset).ok()?.min(OFFSET_CUTOFF),
            reverse: reverse != 0,
            position: tokens.get("p").map(str::to_owned),
        })
    }
}

/// A time in Python's text form, which the framework's cursors use.
pub(crate) fn position_of(time: &DateTime<Utc>) -> String {
    match time.nanosecond() / 1000 {
        0 => time.format("%Y-%m-%d %H:%M:%S+00:00").to_string(),
        _ => time.format("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string(),
    }
}

/// Parses such a time into microseconds.
pub(crate) fn micros_of(position: &str) -> Option<i64> {
    timestamps::parse(&position.replacen(' ', "T", 1)).ok().map(|t| t.timestamp_micros())
}

/// The positions that the links of a page depend on.
#[derive(Debug)]
pub(crate) struct Page {
    /// The positions of the rows in order.
    pub(crate) positions: Vec<String>,
    /// The position of the next row in the direction of paging.
    pub(crate) following: Option<String>,
    pub(crate) page_size: usize,
}

/// Returns the cursors of the `next` and `previous` links by the framework's algorithm, with its artifacts: if a whole
/// page has one time, it counts offsets.
pub(crate) fn links(at: Option<&Framework>, page: &Page) -> (Option<Framework>, Option<Framework>) {
    let start = Framework::default();
    let cursor = at.unwrap_or(&start);
    let came_from = cursor.position.is_some() || cursor.offset > 0;
    let (has_next, has_previous, next_position, previous_position) = if cursor.reverse {
        (came_from, page.following.is_some(), &cursor.position, &page.following)
    } else {
        (page.following.is_some(), came_from, &page.following, &cursor.position)
    };

    let next = has_next.then(|| {
        let compare = match page.positions.last() {
            Some(last) if cursor.reverse && cursor.offset != 0 => Some(last),
            _ => next_position.as_ref(),
        };
        let (unique, offset) = marker(page.positions.iter().rev(), compare);
        let (offset, position) = match (unique, page.positions.is_empty()) {
            (_, true) => (offset, next_position.clone()),
            (Some(position), _) => (offset, Some(position)),
            (None, _) if !has_previous => (page.page_size, None),
            (None, _) if cursor.reverse => (0, previous_position.clone()),
            (None, _) => (cursor.offset + page.page_size, previous_position.clone()),
        };
        Framework { offset, reverse: false, position }
    });

    let previous = has_previous.then(|| {
        let compare = match page.positions.first() {
            Some(first) if at.is_some() && !cursor.reverse && cursor.offset != 0 => Some(first),
            _ => previous_position.as_ref(),
        };
        let (unique, offset) = marker(page.positions.iter(), compare);
        let (offset, position) = match (unique, page.positions.is_empty()) {
            (_, true) => (offset, previous_position.clone()),
            (Some(position), _) => (offset, Some(position)),
            (None, _) if !has_next => (page.page_size, None),
            (None, _) if cursor.reverse => (cursor.offset + page.page_size, next_position.clone()),
            (None, _) => (0, next_position.clone()),
        };
        Framework { offset, reverse: true, position }
    });

    (next, previous)
}

/// Returns the first position that differs from the one before it, and the number of those that did not.
fn marker<'a>(
    positions: impl Iterator<Item = &'a String>,
    mut compare: Option<&'a String>,
) -> (Option<String>, usize) {
    let mut offset = 0;
    for position in positions {
        if Some(position) != compare {
            return (Some(position.clone()), offset);
        }
        compare = Some(position);
        offset += 1;
    }
    (None, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_of_2026_is_padded_url_safe_base64_of_json() {
        let cursor = Keyset { micros: 1_620_000_000_000_000, key: "org:42".to_owned() };
        assert_eq!(cursor.encode(), "eyJjIjogMTYyMDAwMDAwMDAwMDAwMCwgImsiOiAib3JnOjQyIn0=");
        assert_eq!(Keyset::decode(&cursor.encode()), Some(cursor));
        let accented = Keyset { micros: 1_620_000_000_000_000, key: "é😀?".to_owned() };
        assert_eq!(Keyset::decode(&accented.encode()), Some(accented));
    }

    #[test]
    fn an_invalid_cursor_of_2026_means_the_first_page() {
        let old = URL_SAFE.encode(r#"{"c": 1620000000000000, "i": 42}"#);
        for text in ["", "invalid_cursor", "e30=", &old, &URL_SAFE.encode(r#"{"c": 0, "k": "a"}"#), "W10="] {
            assert_eq!(Keyset::decode(text), None, "{text:?}");
        }
    }

    #[test]
    fn milliseconds_are_recognized_by_their_size() {
        let cursor = Keyset::decode(&URL_SAFE.encode(r#"{"c": 1620000000000, "k": "a"}"#));
        assert_eq!(cursor.map(|c| c.micros), Some(1_620_000_000_000_000));
    }

    #[test]
    fn the_cursor_of_2025_survives_a_round_trip() {
        for cursor in [
            Framework::default(),
            Framework { offset: 3, reverse: false, position: Some("2021-05-02 00:00:00+00:00".to_owned()) },
            Framework { offset: 0, reverse: true, position: Some("2021-05-02 00:00:00.5+00:00".to_owned()) },
        ] {
            assert_eq!(Framework::decode(&cursor.encode()), Some(cursor));
        }
        assert_eq!(Framework::decode("invalid_cursor"), None);
        assert_eq!(Framework::decode(&STANDARD.encode("o=x")), None);
        assert_eq!(Framework::decode(&STANDARD.encode("o=-1")), None);
        assert_eq!(Framework::decode(&STANDARD.encode("o=5000")).map(|c| c.offset), Some(1000));
    }

    #[test]
    fn a_position_is_the_time_in_pythons_format() {
        for (time, text) in [
            ("2021-05-02T00:00:00Z", "2021-05-02 00:00:00+00:00"),
            ("2021-05-02T00:00:00.5Z", "2021-05-02 00:00:00.500000+00:00"),
        ] {
            let time = timestamps::parse(time).unwrap();
            assert_eq!(position_of(&time), text);
            assert_eq!(micros_of(text), Some(time.timestamp_micros()));
        }
        assert_eq!(micros_of("yesterday"), None);
    }

    #[test]
    fn pages_with_equal_times_use_offsets() {
        let page = |following: Option<&str>| Page {
            positions: vec!["t".to_owned(); 2],
            following: following.map(str::to_owned),
            page_size: 2,
        };
        let (next, previous) = links(None, &page(Some("t")));
        assert_eq!(next, Some(Framework { offset: 2, reverse: false, position: None }));
        assert_eq!(previous, None);
        let (next, previous) = links(next.as_ref(), &page(Some("t")));
        assert_eq!(next, Some(Framework { offset: 4, reverse: false, position: None }));
        assert!(previous.is_some_and(|p| p.reverse));
    }
}
