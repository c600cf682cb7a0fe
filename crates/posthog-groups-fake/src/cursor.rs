//! The cursors of the list, one format for each era (contract section 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use chrono::{DateTime, Timelike, Utc};
use serde::Deserialize;

use crate::json::to_text;
use crate::request::{Query, form_encoded};
use crate::timestamps;

/// 2026: the page continues below this pair.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Keyset {
    #[serde(rename = "c")]
    pub(crate) micros: i64,
    #[serde(rename = "k")]
    pub(crate) key: String,
}

impl Keyset {
    pub(crate) fn encode(&self) -> String {
        URL_SAFE.encode(format!(r#"{{"c": {}, "k": {}}}"#, self.micros, to_text(&self.key)))
    }

    /// Returns `None`, which means the first page, for an invalid cursor and for the older format.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let cursor: Self = serde_json::from_slice(&URL_SAFE.decode(text).ok()?).ok()?;
        match cursor.micros {
            // Cursors of a few weeks earlier have milliseconds.
            1..1_000_000_000_000_000 => Some(Self { micros: cursor.micros * 1000, ..cursor }),
            1_000_000_000_000_000.. => Some(cursor),
            _ => None,
        }
    }
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
        let tokens = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
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
pub(crate) fn links(at: &Framework, page: &Page) -> (Option<Framework>, Option<Framework>) {
    (link(at, page, false), link(at, page, true))
}

/// Returns the cursor of the link in one direction. A cursor points to the rows after the first position, in its direction, that
/// differs from the one before it.
fn link(at: &Framework, page: &Page, reverse: bool) -> Option<Framework> {
    let came_from = at.position.is_some() || at.offset > 0;
    let onward = (page.following.is_some(), &page.following);
    let back = (came_from, &at.position);
    // Whether there are rows in the direction of the link and in the other, and their positions.
    let turns = at.reverse != reverse;
    let ((exists, position), (other_exists, other_position)) =
        if turns { (back, onward) } else { (onward, back) };
    if !exists {
        return None;
    }

    let mut positions: Vec<&String> = page.positions.iter().collect();
    if !reverse {
        positions.reverse();
    }
    let mut compare = match positions.first() {
        Some(nearest) if turns && at.offset != 0 => Some(*nearest),
        _ => position.as_ref(),
    };
    let mut unique = None;
    let mut offset = 0;
    for position in &positions {
        if Some(*position) != compare {
            unique = Some((*position).clone());
            break;
        }
        compare = Some(position);
        offset += 1;
    }
    let (offset, position) = match unique {
        _ if positions.is_empty() => (offset, position.clone()),
        Some(position) => (offset, Some(position)),
        None if !other_exists => (page.page_size, None),
        None if turns => (0, other_position.clone()),
        None => (at.offset + page.page_size, other_position.clone()),
    };
    Some(Framework { offset, reverse, position })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_of_2026_is_padded_url_safe_base64_of_json() {
        let cursor = Keyset { micros: 1_620_000_000_000_000, key: "org:42".to_owned() };
        assert_eq!(cursor.encode(), "eyJjIjogMTYyMDAwMDAwMDAwMDAwMCwgImsiOiAib3JnOjQyIn0=");
        let encoded = |micros: i64| URL_SAFE.encode(format!(r#"{{"c": {micros}, "k": "é😀?"}}"#));
        for (text, micros) in [
            (encoded(1_620_000_000_000_000), Some(1_620_000_000_000_000)),
            // Milliseconds are recognized by their size.
            (encoded(1_620_000_000_000), Some(1_620_000_000_000_000)),
            (encoded(0), None),
            // The format before.
            (URL_SAFE.encode(r#"{"c": 1620000000000000, "i": 42}"#), None),
            ("invalid_cursor".to_owned(), None),
            (String::new(), None),
        ] {
            let expected = micros.map(|micros| Keyset { micros, key: "é😀?".to_owned() });
            assert_eq!(Keyset::decode(&text), expected, "{text}");
        }
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
    fn pages_with_equal_times_use_offsets() {
        let page = |following: Option<&str>| Page {
            positions: vec!["t".to_owned(); 2],
            following: following.map(str::to_owned),
            page_size: 2,
        };
        let (next, previous) = links(&Framework::default(), &page(Some("t")));
        assert_eq!(next, Some(Framework { offset: 2, reverse: false, position: None }));
        assert_eq!(previous, None);
        let (next, previous) = links(&next.unwrap(), &page(Some("t")));
        assert_eq!(next, Some(Framework { offset: 4, reverse: false, position: None }));
        assert!(previous.is_some_and(|p| p.reverse));
    }
}
