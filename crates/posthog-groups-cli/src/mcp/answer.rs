//! Results of bounded size, and cursors for the rest.

use std::collections::BTreeMap;
use std::fmt;

use posthog_groups::{Group, JsonValue};
use serde::Serialize;
use serde_json::json;

use crate::mcp::failure::ToolFailure;

pub(super) const DEFAULT_LIMIT: usize = 20;

/// The maximum limit: the size of a page of the server.
pub(super) const MAX_LIMIT: usize = 100;

/// The maximum size of a result in bytes. Hosts truncate or reject much larger ones.
const MAX_BYTES: usize = 32 * 1024;

/// The number of characters that are shown of an item that is too large.
const EXCERPT_CHARS: usize = 1_000;

/// Where a result begins: after `skip` items of a page of the server. Written as `20`, or as `20:` and the cursor of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) skip: usize,
    pub(super) page: Option<String>,
}

impl Place {
    pub(super) fn parse(cursor: Option<&str>) -> Result<Self, ToolFailure> {
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(Self::default()) };
        let (skip, page) = match cursor.split_once(':') {
            Some((skip, page)) => (skip, Some(page.to_owned())),
            None => (cursor, None),
        };
        match skip.parse() {
            Ok(skip) => Ok(Self { skip, page }),
            Err(_) => Err(ToolFailure::new("`cursor` was not returned by this tool")
                .help("pass `next_cursor` of the previous result unchanged, or omit `cursor` to start over")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.page {
            Some(page) => write!(f, "{}:{page}", self.skip),
            None => write!(f, "{}", self.skip),
        }
    }
}

/// The items that fit into one result.
#[derive(Debug, PartialEq, Eq)]
struct Fitting {
    results: Vec<String>,
    /// The index of the first item that did not fit.
    rest: Option<usize>,
}

/// Takes JSON texts from `skip` on, up to `limit` and the maximum size. A text that is too large by itself is replaced by its beginning,
/// so that there is always progress.
fn fit(texts: &[String], skip: usize, limit: usize) -> Fitting {
    let mut results = Vec::new();
    let mut bytes = 0;
    for (n, text) in texts.iter().enumerate().skip(skip) {
        let text = if text.len() > MAX_BYTES { excerpt(text) } else { text.clone() };
        if results.len() == limit || (bytes > 0 && bytes + text.len() > MAX_BYTES) {
            return Fitting { results, rest: Some(n) };
        }
        bytes += text.len();
        results.push(text);
    }
    Fitting { results, rest: None }
}

/// The replacement of a text that is too large.
fn excerpt(text: &str) -> String {
    let beginning: String = text.chars().take(EXCERPT_CHARS).collect();
    json!({"omitted": "too large for a result", "bytes": text.len(), "beginning": beginning}).to_string()
}

/// A page of results. `next` is the cursor of the next page of the server.
pub(super) fn page(texts: &[String], place: &Place, limit: usize, next: Option<String>) -> String {
    let Fitting { results, rest } = fit(texts, place.skip, limit);
    let cursor = match rest {
        Some(skip) => Some(Place { skip, page: place.page.clone() }),
        None => next.map(|page| Place { skip: 0, page: Some(page) }),
    };
    let cursor = json!(cursor.map(|place| place.to_string()));
    format!("{{\"results\":[{}],\"next_cursor\":{cursor}}}", results.join(","))
}

/// A value as JSON, or an error in its place.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|e| json!({"error": e.to_string()}).to_string())
}

/// A group with as many of its properties as fit, by name from `place` on, and the members `more`.
///
/// Properties that are too large by themselves are listed as omitted.
pub(super) fn group(group: &Group, place: &Place, more: &[(&str, String)]) -> String {
    let members: BTreeMap<String, JsonValue> = group.properties.decode().unwrap_or_default();
    let member = |(name, value): (&String, &JsonValue)| format!("{}:{}", json!(name), value.as_str());
    let Fitting { results, rest } =
        fit(&members.iter().map(member).collect::<Vec<_>>(), place.skip, usize::MAX);
    // Members that are too large were replaced by objects.
    let (omitted, shown): (Vec<String>, Vec<String>) =
        results.into_iter().partition(|text| text.starts_with('{'));
    let mut answer = format!(
        "{{\"group_type_index\":{},\"group_key\":{},\"created_at\":{},\"group_properties\":{{{}}}",
        group.type_index,
        json!(group.key),
        json!(group.created_at),
        shown.join(",")
    );
    if !omitted.is_empty() {
        answer.push_str(&format!(",\"omitted_properties\":[{}]", omitted.join(",")));
    }
    for (name, value) in more {
        answer.push_str(&format!(",\"{name}\":{value}"));
    }
    let cursor = rest.map(|skip| Place { skip, page: None }.to_string());
    answer.push_str(&format!(",\"next_cursor\":{}}}", json!(cursor)));
    answer
}

pub(super) fn written(group: &Group, more: &[(&str, String)]) -> String {
    let mut more = more.to_vec();
    if group.event_not_sent() {
        let note = "the change is stored, but the server could not send the event for it, so destinations that receive events have missed it";
        more.push(("note", json!(note).to_string()));
    }
    self::group(group, &Place::default(), &more)
}

/// A group in a list. Properties that are too large are replaced by how to read them.
pub(super) fn listed(group: &Group) -> String {
    let whole = text(group);
    if whole.len() <= MAX_BYTES {
        return whole;
    }
    let note = format!("{} bytes; `find_group` returns them in parts", group.properties.as_str().len());
    json!({
        "group_type_index": group.type_index, "group_key": group.key, "created_at": group.created_at, "omitted_properties": note
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sizes: &[usize]) -> Vec<String> {
        sizes.iter().map(|size| format!("\"{}\"", "x".repeat(size - 2))).collect()
    }

    #[test]
    fn cursors_read_back() {
        for place in [
            Place { skip: 0, page: None },
            Place { skip: 40, page: None },
            Place { skip: 0, page: Some("eyJjIjoxfQ==:x".to_owned()) },
        ] {
            assert_eq!(Place::parse(Some(&place.to_string())).unwrap(), place);
        }
        assert_eq!(Place::parse(None).unwrap(), Place::default());
        for bad in ["x", "-1", ":", "1.5:x", "99999999999999999999999"] {
            assert!(Place::parse(Some(bad)).unwrap_err().text().contains("next_cursor"), "{bad}");
        }
    }

    #[test]
    fn a_result_ends_at_the_limit_and_at_the_maximum_size() {
        const HALF: usize = MAX_BYTES / 2;
        for (sizes, skip, limit, taken, rest) in [
            (&[10, 10, 10][..], 0, 20, 3, None),
            (&[10, 10, 10], 0, 2, 2, Some(2)),
            (&[10, 10, 10], 2, 2, 1, None),
            (&[10, 10, 10], 7, 2, 0, None),
            (&[HALF, HALF, 10], 0, 20, 2, Some(2)),
            (&[HALF, HALF + 1, 10], 0, 20, 1, Some(1)),
            (&[], 0, 20, 0, None),
        ] {
            let fitting = fit(&texts(sizes), skip, limit);
            assert_eq!((fitting.results.len(), fitting.rest), (taken, rest), "{sizes:?} {skip} {limit}");
        }
    }

    #[test]
    fn the_last_item_of_a_page_is_followed_by_the_next_page() {
        let place = Place { skip: 1, page: Some("a".to_owned()) };
        assert_eq!(page(&texts(&[3, 3]), &place, 20, None), r#"{"results":["x"],"next_cursor":null}"#);
        assert_eq!(
            page(&texts(&[3, 3]), &place, 20, Some("b".to_owned())),
            r#"{"results":["x"],"next_cursor":"0:b"}"#
        );
        assert_eq!(
            page(&texts(&[3, 3, 3]), &place, 1, Some("b".to_owned())),
            r#"{"results":["x"],"next_cursor":"2:a"}"#
        );
    }
}
