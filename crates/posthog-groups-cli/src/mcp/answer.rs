//! Answers of bounded size, and cursors that go on after them.

use std::collections::BTreeMap;
use std::fmt;

use posthog_groups::{Group, JsonValue};
use serde::Serialize;
use serde_json::json;

use crate::mcp::failure::ToolFailure;

/// How many results an answer has where the caller does not say.
pub(super) const DEFAULT_LIMIT: usize = 20;

/// How many results an answer may have: as many as a page of the server.
pub(super) const MAX_LIMIT: usize = 100;

/// How many bytes of results an answer may have; hosts cut or refuse much larger ones.
const MAX_BYTES: usize = 32 * 1024;

/// How much is shown of a result that is too large by itself.
const EXCERPT_CHARS: usize = 1_000;

/// Where an answer begins: after so many results of a page of the server. Written `20`, or `20:` and the name of the page.
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
            Err(_) => Err(ToolFailure::new("`cursor` is not one that this tool gave").help(
                "pass `next_cursor` of the previous answer unchanged, or leave `cursor` out to start over",
            )),
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

/// The results that fit into one answer.
#[derive(Debug, PartialEq, Eq)]
struct Fitting {
    results: Vec<String>,
    /// Where the first result that did not fit stands.
    rest: Option<usize>,
}

/// Takes JSON texts from `skip` on until there are `limit`, or their size is used up. There is always progress: a text that is too
/// large by itself is replaced by its beginning.
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

/// What stands for a text that is too large.
fn excerpt(text: &str) -> String {
    let beginning: String = text.chars().take(EXCERPT_CHARS).collect();
    json!({"omitted": "too large for an answer", "bytes": text.len(), "beginning": beginning}).to_string()
}

/// Results as the caller sees them. `next` names the page after these.
pub(super) fn page(texts: &[String], place: &Place, limit: usize, next: Option<String>) -> String {
    let Fitting { results, rest } = fit(texts, place.skip, limit);
    let cursor = match rest {
        Some(skip) => Some(Place { skip, page: place.page.clone() }),
        None => next.map(|page| Place { skip: 0, page: Some(page) }),
    };
    let cursor = json!(cursor.map(|place| place.to_string()));
    format!("{{\"results\":[{}],\"next_cursor\":{cursor}}}", results.join(","))
}

/// A value as JSON text. What cannot be written says so in its place.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|e| json!({"error": e.to_string()}).to_string())
}

/// A group with as many of its properties as fit, from `place` on, by name, and what `more` adds.
///
/// Properties that are too large by themselves are listed as omitted.
pub(super) fn group(group: &Group, place: &Place, more: &[(&str, String)]) -> String {
    let members: BTreeMap<String, JsonValue> = group.properties.decode().unwrap_or_default();
    let member = |(name, value): (&String, &JsonValue)| format!("{}:{}", json!(name), value.as_str());
    let Fitting { results, rest } =
        fit(&members.iter().map(member).collect::<Vec<_>>(), place.skip, usize::MAX);
    // What stands for a member that is too large is an object, not a member.
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

/// A group after a write.
pub(super) fn written(group: &Group, more: &[(&str, String)]) -> String {
    let mut more = more.to_vec();
    if group.event_not_sent() {
        let note = "stored, but the server could not send the event about it: destinations that listen to events missed it";
        more.push(("note", json!(note).to_string()));
    }
    self::group(group, &Place::default(), &more)
}

/// The properties of a group in a list: as they are, or, where they are too large, how to see them.
pub(super) fn listed(group: &Group) -> String {
    let whole = text(group);
    if whole.len() <= MAX_BYTES {
        return whole;
    }
    let note = format!("{} bytes; `find_group` shows them in parts", group.properties.as_str().len());
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
    fn cursors_are_read_as_they_were_written() {
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
    fn an_answer_ends_at_the_limit_and_at_its_size() {
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
    fn a_result_that_is_too_large_is_replaced_by_its_beginning() {
        let fitting = fit(&texts(&[MAX_BYTES + 1, 10]), 0, 20);
        assert_eq!(fitting.results.len(), 2);
        assert!(fitting.results[0].len() < 2_000 && fitting.results[0].contains("\"bytes\":32769"));
    }

    #[test]
    fn the_last_result_of_a_page_leads_to_the_next_page() {
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
