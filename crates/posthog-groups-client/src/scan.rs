//! Parses groups in the form that servers send, faster than a general JSON parser.
//!
//! Every function takes the text at the start of an element and returns the text after it, or `None` if the text has an unusual
//! form: escapes in keys and member names, repeated members, deep nesting, times that [`timestamp::by_position`] does not parse,
//! and invalid JSON. The caller then uses serde_json, which decides what is valid and returns the errors. A property test checks
//! that the results are those of serde_json.

use std::borrow::Cow;

use serde::Deserialize;
use wide::u8x16;

use crate::borrowed::{BorrowedGroup, BorrowedPage};
use crate::timestamp;

/// The text after an element, or `None` if serde_json must decide.
type Rest<'a> = Option<&'a [u8]>;

/// The maximum nesting of property values.
const MAX_DEPTH: u8 = 32;

/// Parses a page of groups.
pub(crate) fn page(text: &str) -> Option<BorrowedPage<'_>> {
    let (mut next, mut previous, mut results) = (None, None, None);
    let rest = object(after_blanks(text.as_bytes()), |name, value| match name {
        b"next" => decode(text, value, &mut next),
        b"previous" => decode(text, value, &mut previous),
        b"results" => {
            let mut groups = Vec::with_capacity(100);
            let rest = list(value, b'[', b']', |item| {
                let (group, rest) = group(text, item)?;
                groups.push(group);
                Some(rest)
            })?;
            set(&mut results, groups, rest)
        }
        _ => skip(value, MAX_DEPTH),
    })?;
    let page = BorrowedPage { next: next.flatten(), previous: previous.flatten(), results: results? };
    after_blanks(rest).is_empty().then_some(page)
}

/// Parses a text that is one group.
pub(crate) fn single(text: &str) -> Option<BorrowedGroup<'_>> {
    let (group, rest) = group(text, after_blanks(text.as_bytes()))?;
    after_blanks(rest).is_empty().then_some(group)
}

/// Returns the text of the last member of an object with this name; `Some(None)` if there is none.
pub(crate) fn member<'a>(text: &'a str, wanted: &str) -> Option<Option<&'a str>> {
    let mut found = None;
    object(text.as_bytes(), |name, value| {
        let rest = skip(value, MAX_DEPTH)?;
        if name == wanted.as_bytes() {
            found = Some(between(text, value, rest)?);
        }
        Some(rest)
    })?;
    Some(found)
}

fn group<'a>(text: &'a str, start: &'a [u8]) -> Option<(BorrowedGroup<'a>, &'a [u8])> {
    let (mut created_at, mut key, mut properties, mut index) = (None, None, None, None);
    let rest = object(start, |name, value| match name {
        b"created_at" => {
            let (time, rest) = plain_string(value)?;
            set(&mut created_at, timestamp::by_position(time)?, rest)
        }
        b"group_key" => {
            let (name, rest) = plain_string(value)?;
            set(&mut key, between(text, value.get(1..)?, value.get(1 + name.len()..)?)?, rest)
        }
        b"group_properties" => {
            let rest = object_of_values(value, MAX_DEPTH)?;
            set(&mut properties, between(text, value, rest)?, rest)
        }
        b"group_type_index" => match value {
            // A second digit is neither a comma nor a bracket.
            [digit @ b'0'..=b'9', rest @ ..] => set(&mut index, i64::from(digit - b'0'), rest),
            _ => None,
        },
        _ => skip(value, MAX_DEPTH),
    })?;
    let group = BorrowedGroup {
        created_at: created_at?,
        group_key: Cow::Borrowed(key?),
        group_properties: Some(properties?),
        group_type_index: index?,
    };
    Some((group, rest))
}

/// Decodes a small member with serde_json.
fn decode<'a, T: Deserialize<'a>>(text: &'a str, value: &'a [u8], member: &mut Option<T>) -> Rest<'a> {
    let rest = skip(value, 0)?;
    set(member, serde_json::from_str(between(text, value, rest)?).ok()?, rest)
}

/// Sets a member; `None` for a duplicate.
fn set<'a, T>(member: &mut Option<T>, value: T, rest: &'a [u8]) -> Rest<'a> {
    member.replace(value).is_none().then_some(rest)
}

/// Returns the part of `text` from `start` up to `rest`.
fn between<'a>(text: &'a str, start: &[u8], rest: &[u8]) -> Option<&'a str> {
    text.get(text.len() - start.len()..text.len() - rest.len())
}

/// Parses an object. `member` gets each name, which has no escapes, and the text from the start of its value.
#[inline]
fn object<'a>(text: &'a [u8], mut member: impl FnMut(&'a [u8], &'a [u8]) -> Rest<'a>) -> Rest<'a> {
    list(text, b'{', b'}', |text| {
        let (name, rest) = plain_string(text)?;
        member(name, after_blanks(after_blanks(rest).strip_prefix(b":")?))
    })
}

/// Parses elements between brackets, separated by commas.
#[inline]
fn list<'a>(text: &'a [u8], open: u8, close: u8, mut item: impl FnMut(&'a [u8]) -> Rest<'a>) -> Rest<'a> {
    let mut rest = after_blanks(text.strip_prefix(&[open])?);
    if let Some(rest) = rest.strip_prefix(&[close]) {
        return Some(rest);
    }
    loop {
        rest = after_blanks(item(rest)?);
        match rest.split_first()? {
            (b',', after) => rest = after_blanks(after),
            (byte, after) => return (*byte == close).then_some(after),
        }
    }
}

/// Skips any value.
#[inline(always)]
fn skip(text: &[u8], depth: u8) -> Rest<'_> {
    match text.first()? {
        b'"' => string(text),
        b'{' => object_of_values(text, depth),
        b'[' => list_of_values(text, depth),
        b't' => text.strip_prefix(b"true"),
        b'f' => text.strip_prefix(b"false"),
        b'n' => text.strip_prefix(b"null"),
        _ => number(text),
    }
}

fn list_of_values(text: &[u8], depth: u8) -> Rest<'_> {
    list(text, b'[', b']', |item| skip(item, depth.checked_sub(1)?))
}

fn object_of_values(text: &[u8], depth: u8) -> Rest<'_> {
    list(text, b'{', b'}', |member| {
        let value = after_blanks(string(member)?).strip_prefix(b":")?;
        skip(after_blanks(value), depth.checked_sub(1)?)
    })
}

/// Parses a string without escapes. Returns the text between its quotes, and the text after it.
#[inline(always)]
fn plain_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let (content, rest) = text.split_at_checked(plain_length(text))?;
    Some((content, rest.strip_prefix(b"\"")?))
}

#[inline(always)]
fn string(text: &[u8]) -> Rest<'_> {
    match plain_string(text) {
        Some((_, rest)) => Some(rest),
        None => string_with_escapes(text),
    }
}

#[cold]
fn string_with_escapes(text: &[u8]) -> Rest<'_> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        match rest.get(plain_length(rest)..)? {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => rest = after,
            [b'\\', b'u', a, b, c, d, after @ ..]
                if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
            {
                rest = after;
            }
            _ => return None,
        }
    }
}

#[inline(always)]
fn number(text: &[u8]) -> Rest<'_> {
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    rest = rest.strip_prefix(b"0").or_else(|| digits(rest))?;
    if let [b'.', after @ ..] = rest {
        rest = digits(after)?;
    }
    if let [b'e' | b'E', b'+' | b'-', after @ ..] | [b'e' | b'E', after @ ..] = rest {
        rest = digits(after)?;
    }
    Some(rest)
}

#[inline(always)]
fn digits(text: &[u8]) -> Rest<'_> {
    let [b'0'..=b'9', rest @ ..] = text else { return None };
    let mut rest = rest;
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    Some(rest)
}

/// Skips blanks. Servers send hardly any, so the loop is kept out of the callers.
#[inline(always)]
fn after_blanks(text: &[u8]) -> &[u8] {
    #[cold]
    fn skip(text: &[u8]) -> &[u8] {
        let length = text.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        text.get(length.unwrap_or(text.len())..).unwrap_or_default()
    }
    if text.first().is_some_and(|byte| *byte <= b' ') { skip(text) } else { text }
}

/// Counts the bytes of a string before a quote, a backslash or a control character. Compares 16 bytes at a time.
#[inline(always)]
fn plain_length(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((block, after)) = rest.split_first_chunk() {
        let block = u8x16::new(*block);
        let is_control = block.min(u8x16::splat(b' ' - 1)).simd_eq(block);
        let is_end = block.simd_eq(u8x16::splat(b'"')) | block.simd_eq(u8x16::splat(b'\\')) | is_control;
        let ends = is_end.to_bitmask();
        if ends != 0 {
            return text.len() - rest.len() + ends.trailing_zeros() as usize;
        }
        rest = after;
    }
    let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '));
    text.len() - rest.len() + length.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    /// Checks that the scanner has the same result as serde_json. Returns whether it had one.
    fn agrees(text: &str) -> bool {
        let scanned = page(text);
        if let Some(page) = &scanned {
            let decoded = serde_json::from_str(text);
            assert_eq!(decoded.as_ref().ok(), Some(page), "{text}\n{decoded:?}");
        }
        scanned.is_some()
    }

    const GROUP: &str = r#"{"group_type_index":0,"group_key":"é","group_properties":{"a":[1,{"b":"\u00e9\n"}]},"created_at":"2026-03-04T09:15:27.482Z"}"#;

    fn with_group(from: &str, to: &str) -> String {
        assert!(GROUP.contains(from), "{from}");
        format!(r#"{{"next":null,"previous":null,"results":[{GROUP},{}]}}"#, GROUP.replace(from, to))
    }

    #[test]
    fn a_single_group_is_parsed_to_its_end() {
        let text = format!(" {GROUP}\n");
        assert_eq!(single(&text), Some(serde_json::from_str(&text).unwrap()));
        assert_eq!(single(&format!("{GROUP} {GROUP}")), None);
        assert_eq!(single("[]"), None);
    }

    #[test]
    fn pages_of_servers_are_parsed() {
        for text in [
            r#"{"results":[]}"#.to_owned(),
            "\n{ \"next\" : \"https://x/?cursor=a\" , \"results\" : [ ] , \"count\" : 0 }\t".to_owned(),
            r#"{"next":"\u0061","results":[]}"#.to_owned(),
            with_group("é", ""),
            with_group("{\"a\"", "{\"a\":-0.0e+1,\"a\""),
            with_group("482Z", "482913+00:00"),
            with_group("\"group_key\"", "\"more\":{\"x\":[true,false,null]},\"group_key\""),
        ] {
            assert!(agrees(&text), "{text}");
        }
    }

    #[test]
    fn other_forms_are_left_to_serde_json() {
        let deep = "[".repeat(40) + &"]".repeat(40);
        for text in [
            String::new(),
            "{}".to_owned(),
            "[]".to_owned(),
            r#"{"results":[],"results":[]}"#.to_owned(),
            r#"{"results":[]} x"#.to_owned(),
            with_group("é", "\\u00e9"),
            with_group("é", "\t"),
            with_group("group_key", "group\\u005fkey"),
            with_group("\"group_key\":\"é\",", ""),
            with_group("\"group_key\"", "\"group_key\":\"x\",\"group_key\""),
            with_group("\"group_type_index\":0", "\"group_type_index\":-0"),
            with_group("\"group_type_index\":0", "\"group_type_index\":\"0\""),
            with_group("{\"a\":[1,{\"b\":\"\\u00e9\\n\"}]}", "null"),
            with_group("{\"a\":[1,{\"b\":\"\\u00e9\\n\"}]}", "[]"),
            with_group("[1,", &format!("[{deep},")),
            with_group("[1,", "[01,"),
            with_group("[1,", "[1.,"),
            with_group("[1,", "[1,,"),
            with_group("[1,", "[+1,"),
            with_group("\\n", "\\x"),
            with_group("09:15", "24:15"),
            with_group("482Z", "482+02:00"),
        ] {
            assert!(!agrees(&text), "{text}");
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let number = r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?";
        let string = r#""([ -!#-\[\]-~é€😀]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,20}""#;
        let leaf = prop_oneof![number, string, select(vec!["true", "false", "null"]).prop_map(str::to_owned)];
        leaf.prop_recursive(5, 20, 4, move |inner| {
            let members = vec((string, " ?", inner.clone()), 0..4);
            let object = |members: Vec<(String, String, String)>| {
                let members: Vec<_> = members.iter().map(|(n, blank, v)| format!("{n}:{blank}{v}")).collect();
                format!("{{{}}}", members.join(","))
            };
            prop_oneof![
                vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
                members.prop_map(object),
            ]
        })
    }

    fn group() -> impl Strategy<Value = String> {
        let member = |name: &'static str, value: BoxedStrategy<String>| {
            value.prop_map(move |v| format!("\"{name}\":{v}"))
        };
        let properties = vec(json(), 0..3).prop_map(|values| {
            let members: Vec<_> = values.iter().enumerate().map(|(n, v)| format!("\"p{n}\": {v}")).collect();
            format!("{{{}}}", members.join(","))
        });
        let time = r#""20[0-3][0-9]-(0[1-9]|1[0-2])-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{0,9})?(Z|\+00:00)""#;
        let members = (
            member("group_type_index", "-?[0-9]{1,3}".boxed()),
            member("group_key", "\"[a-zé:\\\\n]{0,12}\"".boxed()),
            member("group_properties", prop_oneof![9 => properties, 1 => json()].boxed()),
            member("created_at", time.boxed()),
            vec(("\"[a-z_]{1,8}\"", json()).prop_map(|(name, value)| format!("{name}:{value}")), 0..2),
        );
        members
            .prop_map(|(a, b, c, d, more)| [vec![a, b, c, d], more].concat())
            .prop_shuffle()
            .prop_map(|members| format!("{{{}}}", members.join(",")))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn results_agree_with_serde_json_for_any_input(
            groups in vec(group(), 0..4),
            link in select(vec!["null", "\"https://x/?cursor=a%2Bb\"", "\"\\/\"", "7"]),
            changes in vec((any::<Index>(), 0_usize..3, select(b"{}[]\":,\\/un0e+-.1 \n\x01t".to_vec())), 0..3),
        ) {
            let page = format!(r#"{{"next":{link},"previous":null,"results":[{}]}}"#, groups.join(","));
            let mut bytes = page.into_bytes();
            for (place, how, byte) in changes {
                let place = place.index(bytes.len());
                match how {
                    0 => bytes[place] = byte,
                    1 => bytes.insert(place, byte),
                    _ => drop(bytes.remove(place)),
                }
            }
            agrees(&String::from_utf8_lossy(&bytes));
        }
    }
}
