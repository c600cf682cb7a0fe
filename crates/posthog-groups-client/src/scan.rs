//! Parses groups in the form that servers send, faster than a general JSON parser.
//!
//! Every function takes the text at the start of an element and returns the text after it, or `None` if the text has an unusual
//! form: escapes in keys and member names, repeated members, deep nesting, times that [`timestamp::by_position`] does not parse,
//! and invalid JSON. The caller then uses serde_json, which decides what is valid and returns the errors. A property test checks
//! that the results are those of serde_json.

use std::borrow::Cow;

use serde::Deserialize;

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
        _ => other(name, value),
    })?;
    let page = BorrowedPage { next: next.flatten(), previous: previous.flatten(), results: results? };
    after_blanks(rest).is_empty().then_some(page)
}

/// Returns the text of the last member with this name, or `Some(None)` if there is none.
pub(crate) fn member<'a>(text: &'a str, wanted: &str) -> Option<Option<&'a str>> {
    let mut found = None;
    object(text.as_bytes(), |name, value| {
        let rest = other(name, value)?;
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
            let rest = string(value)?;
            set(&mut created_at, timestamp::by_position(unquoted(text, value, rest)?)?, rest)
        }
        b"group_key" => {
            let rest = string(value)?;
            set(&mut key, unquoted(text, value, rest).filter(|key| !key.contains('\\'))?, rest)
        }
        b"group_properties" => {
            let rest = skip(value, MAX_DEPTH)?;
            set(&mut properties, between(text, value, rest).filter(|text| text.starts_with('{'))?, rest)
        }
        b"group_type_index" => decode(text, value, &mut index),
        _ => other(name, value),
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

/// Skips an unknown member, unless its name has escapes and could be a known one.
fn other<'a>(name: &[u8], value: &'a [u8]) -> Rest<'a> {
    if name.contains(&b'\\') { None } else { skip(value, MAX_DEPTH) }
}

/// Sets a member. Returns `None` if it is repeated.
fn set<'a, T>(member: &mut Option<T>, value: T, rest: &'a [u8]) -> Rest<'a> {
    member.replace(value).is_none().then_some(rest)
}

/// Returns the part of `text` from `start` up to `rest`.
fn between<'a>(text: &'a str, start: &[u8], rest: &[u8]) -> Option<&'a str> {
    text.get(text.len() - start.len()..text.len() - rest.len())
}

/// Returns the same part without the quotes of a string.
fn unquoted<'a>(text: &'a str, start: &[u8], rest: &[u8]) -> Option<&'a str> {
    text.get(text.len() - start.len() + 1..text.len() - rest.len() - 1)
}

/// Parses an object. `member` gets each name as it is written, and the text from the start of its value.
fn object<'a>(text: &'a [u8], mut member: impl FnMut(&'a [u8], &'a [u8]) -> Rest<'a>) -> Rest<'a> {
    list(text, b'{', b'}', |text| {
        let rest = string(text)?;
        let name = text.get(1..text.len() - rest.len() - 1)?;
        member(name, after_blanks(after_blanks(rest).strip_prefix(b":")?))
    })
}

/// Parses elements between brackets, separated by commas.
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
fn skip(text: &[u8], depth: u8) -> Rest<'_> {
    match text.first()? {
        b'"' => string(text),
        b'[' => list(text, b'[', b']', |item| skip(item, depth.checked_sub(1)?)),
        b'{' => list(text, b'{', b'}', |member| {
            let value = after_blanks(string(member)?).strip_prefix(b":")?;
            skip(after_blanks(value), depth.checked_sub(1)?)
        }),
        b't' => text.strip_prefix(b"true"),
        b'f' => text.strip_prefix(b"false"),
        b'n' => text.strip_prefix(b"null"),
        _ => number(text),
    }
}

fn string(text: &[u8]) -> Rest<'_> {
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

fn digits(text: &[u8]) -> Rest<'_> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { None } else { text.get(count..) }
}

fn after_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// Counts the bytes of a string before a quote, a backslash or a control character.
///
/// Compares eight bytes at a time: the subtraction borrows from the high bit of the first matching byte.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
        let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        let control = word.wrapping_sub(ONES * u64::from(b' '));
        let found = (quote | backslash | control) & !word & (ONES << 7);
        if found != 0 {
            return n * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '));
    bytes.len() - rest.len() + end.unwrap_or(rest.len())
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
        #![proptest_config(ProptestConfig::with_cases(500))]

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
