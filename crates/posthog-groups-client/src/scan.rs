//! Reads a page of groups in the form that servers send, several times as fast as a general JSON reader.
//!
//! It gives no answer rather than an uncertain one: `None` asks the caller to decode the page with serde_json, which decides
//! what is valid and words the errors. Unusual are escapes in keys and member names, members that come twice, nesting deeper than
//! [`MAX_DEPTH`], other times than [`timestamp::by_position`] reads, and everything that is not JSON. Where there is an
//! answer, serde_json gives the same; a property test holds the two together.

use std::borrow::Cow;

use crate::group::{BorrowedGroup, BorrowedPage};
use crate::timestamp;

/// How deeply the values of properties may be nested.
const MAX_DEPTH: u8 = 32;

/// A page, or `None` for one that serde_json has to decide on.
pub(crate) fn page(text: &str) -> Option<BorrowedPage<'_>> {
    let (mut next, mut previous, mut results) = (None, None, None);
    let mut scanner = Scanner { text, at: 0 };
    scanner.object(|scanner, name| match name {
        "next" => set(&mut next, scanner.link()?),
        "previous" => set(&mut previous, scanner.link()?),
        "results" => {
            let mut groups = Vec::with_capacity(100);
            scanner.list(b'[', b']', |scanner| Some(groups.push(scanner.group()?)))?;
            set(&mut results, groups)
        }
        _ => scanner.unknown(name),
    })?;
    let page = BorrowedPage { next: next.flatten(), previous: previous.flatten(), results: results? };
    scanner.peek().is_none().then_some(page)
}

/// Fills a member; `None` when it came before.
fn set<T>(member: &mut Option<T>, value: T) -> Option<()> {
    member.replace(value).is_none().then_some(())
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn group(&mut self) -> Option<BorrowedGroup<'a>> {
        let (mut created_at, mut key, mut properties, mut index) = (None, None, None, None);
        self.object(|scanner, name| match name {
            "created_at" => set(&mut created_at, timestamp::by_position(scanner.string()?)?),
            "group_key" => set(&mut key, scanner.plain_string()?),
            "group_properties" => {
                set(&mut properties, scanner.value(MAX_DEPTH).filter(|text| text.starts_with('{'))?)
            }
            // Without a sign: serde_json reads `-0` as a fraction.
            "group_type_index" => set(&mut index, scanner.value(0)?.parse::<u32>().ok()?),
            _ => scanner.unknown(name),
        })?;
        Some(BorrowedGroup {
            created_at: created_at?,
            group_key: Cow::Borrowed(key?),
            group_properties: Some(properties?),
            group_type_index: i64::from(index?),
        })
    }

    /// The value of a member that is not ours, unless the name is only written in another way.
    fn unknown(&mut self, name: &str) -> Option<()> {
        self.value(MAX_DEPTH).filter(|_| !name.contains('\\')).map(drop)
    }

    /// A string or null.
    fn link(&mut self) -> Option<Option<String>> {
        match self.peek()? {
            b'n' => self.word("null").map(|()| None),
            _ => Some(Some(self.plain_string()?.to_owned())),
        }
    }

    /// Any value; its text.
    fn value(&mut self, depth: u8) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => self.string().map(drop),
            b'{' => self.object(|scanner, _| scanner.value(depth.checked_sub(1)?).map(drop)),
            b'[' => self.list(b'[', b']', |scanner| scanner.value(depth.checked_sub(1)?).map(drop)),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }?;
        self.text.get(start..self.at)
    }

    /// An object. Names are given as they are written, escapes included.
    fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.list(b'{', b'}', |scanner| {
            let name = scanner.string()?;
            scanner.peek().filter(|byte| *byte == b':')?;
            scanner.at += 1;
            member(scanner, name)
        })
    }

    /// What stands between two brackets, with commas in between.
    fn list(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.peek().filter(|byte| *byte == open)?;
        self.at += 1;
        if self.peek()? == close {
            self.at += 1;
            return Some(());
        }
        loop {
            item(self)?;
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b',' => {}
                byte => return (byte == close).then_some(()),
            }
        }
    }

    /// A string that stands for what is written.
    fn plain_string(&mut self) -> Option<&'a str> {
        self.string().filter(|text| !text.contains('\\'))
    }

    /// What stands between two quotes, escapes included.
    fn string(&mut self) -> Option<&'a str> {
        self.peek().filter(|byte| *byte == b'"')?;
        self.at += 1;
        let start = self.at;
        loop {
            self.at += plain_length(self.rest());
            match self.next()? {
                b'"' => return self.text.get(start..self.at - 1),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => (0..4).try_for_each(|_| self.next()?.is_ascii_hexdigit().then_some(()))?,
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.rest().first().is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest().first() == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<u8> {
        let byte = *self.rest().first()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is not blank, which is not taken.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.rest().first(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.rest().first().copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// How many bytes of a string stand for themselves: all before a quote, a backslash, or a control character. Looks at eight bytes
/// at a time: subtracting borrows from the high bit of the first byte that is sought.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = ONES << 7;
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH_BITS;
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let found = equal(b'"') | equal(b'\\') | below(word, b' ');
        if found != 0 {
            return n * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
    bytes.len() - rest.len() + rest.iter().position(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    /// Where the scanner has an answer, serde_json has the same. Says whether it had one.
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
    fn pages_as_servers_send_them_are_read() {
        for text in [
            r#"{"results":[]}"#.to_owned(),
            "\n{ \"next\" : \"https://x/?cursor=a\" , \"results\" : [ ] , \"count\" : 0 }\t".to_owned(),
            with_group("é", ""),
            with_group("{\"a\"", "{\"a\":-0.0e+1,\"a\""),
            with_group("482Z", "482913+00:00"),
            with_group("\"group_key\"", "\"more\":{\"x\":[true,false,null]},\"group_key\""),
        ] {
            assert!(agrees(&text), "{text}");
        }
    }

    #[test]
    fn everything_else_is_left_to_serde_json() {
        let deep = "[".repeat(40) + &"]".repeat(40);
        for text in [
            String::new(),
            "{}".to_owned(),
            "[]".to_owned(),
            r#"{"results":[],"results":[]}"#.to_owned(),
            r#"{"results":[]} x"#.to_owned(),
            r#"{"next":"\u0061","results":[]}"#.to_owned(),
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
        let member = |name: &'static str, value: BoxedStrategy<String>| value.prop_map(move |v| format!("\"{name}\":{v}"));
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
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn an_answer_is_what_serde_json_decodes_whatever_the_input(
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
