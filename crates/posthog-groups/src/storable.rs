//! Values that the server's stores cannot hold or give back (contract section 1.5).

use std::fmt;

/// A value in the text of properties that no server can store and return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unstorable<'t> {
    /// The name of the property that is, or holds, the value; `None` outside of an object.
    name: Option<&'t str>,
    problem: Problem<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem<'t> {
    Nul,
    LoneSurrogate,
    /// An integer outside 64 bits.
    Integer(&'t str),
    /// A number beyond the range of a double.
    Number(&'t str),
}

/// Finds the first value that cannot be stored. The text must be JSON; values may be nested.
pub(crate) fn first_unstorable(json: &str) -> Option<Unstorable<'_>> {
    let bytes = json.as_bytes();
    let (mut at, mut depth, mut is_name, mut name) = (0, 0_usize, false, None);
    while let Some(byte) = bytes.get(at) {
        let start = at;
        let problem = match byte {
            b'"' => {
                at = end_of_text(bytes, at);
                let text = &json[start..at];
                if is_name {
                    name = Some(text);
                }
                problem_of_text(text)
            }
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                at += bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                problem_of_number(&json[start..at])
            }
            other => {
                match other {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                match other {
                    b'{' | b',' => is_name = depth == 1,
                    b':' => is_name = false,
                    _ => {}
                }
                at += 1;
                None
            }
        };
        if let Some(problem) = problem {
            return Some(Unstorable { name, problem });
        }
    }
    None
}

/// Where the text that begins with the quote at `start` ends.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

fn problem_of_text<'t>(text: &str) -> Option<Problem<'t>> {
    let mut rest = text;
    while let Some(place) = rest.find('\\') {
        let (first, after) = unit(&rest[place..]);
        rest = after;
        match first {
            Some(0) => return Some(Problem::Nul),
            Some(0xd800..=0xdbff) => match unit(rest) {
                (Some(0xdc00..=0xdfff), after) => rest = after,
                _ => return Some(Problem::LoneSurrogate),
            },
            Some(0xdc00..=0xdfff) => return Some(Problem::LoneSurrogate),
            _ => {}
        }
    }
    None
}

/// The code unit that the text begins with, if it is written as `\uXXXX`, and what follows the escape.
fn unit(text: &str) -> (Option<u16>, &str) {
    let Some(escape) = text.strip_prefix('\\') else { return (None, text) };
    match escape.strip_prefix('u').and_then(|digits| digits.split_at_checked(4)) {
        Some((digits, rest)) => (u16::from_str_radix(digits, 16).ok(), rest),
        None => (None, escape.get(1..).unwrap_or_default()),
    }
}

fn problem_of_number(text: &str) -> Option<Problem<'_>> {
    if text.contains(['.', 'e', 'E']) {
        let is_finite = text.parse::<f64>().is_ok_and(f64::is_finite);
        return (!is_finite).then_some(Problem::Number(text));
    }
    let fits = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    (!fits).then_some(Problem::Integer(text))
}

impl fmt::Display for Unstorable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => {
                let plain = serde_json::from_str::<String>(name);
                write!(f, "the property `{}` contains ", plain.as_deref().unwrap_or(name.trim_matches('"')))?;
            }
            None => f.write_str("the value contains ")?,
        }
        match self.problem {
            Problem::Nul => f.write_str("a NUL character, which the server cannot store; remove the character"),
            Problem::LoneSurrogate => f.write_str(
                "half of a surrogate pair (`\\ud800` to `\\udfff`), which the server cannot store; remove it, or write the whole pair",
            ),
            Problem::Integer(number) => write!(
                f,
                "the integer {}, outside -9223372036854775808 to 18446744073709551615: the server would store it and then fail to \
                 return the group; write it as text",
                shortened(number)
            ),
            Problem::Number(number) => write!(
                f,
                "the number {}, which is too large for a double; write it as text",
                shortened(number)
            ),
        }
    }
}

fn shortened(number: &str) -> String {
    const LONGEST: usize = 40;
    number.get(..LONGEST).map_or_else(|| number.to_owned(), |start| format!("{start}..."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_stores_cannot_hold_is_found_with_its_property() {
        for (json, words) in [
            (r#"{"a":"x\u0000y"}"#, "`a` contains a NUL"),
            (r#"{"a":1,"b":["x",{"c":"\u0000"}]}"#, "`b` contains a NUL"),
            (r#"{"a\u0000":1}"#, "a\u{0}` contains a NUL"),
            (r#"{"a":{"n\u0000":1}}"#, "`a` contains a NUL"),
            (r#"{"a":"\ud800"}"#, "`a` contains half"),
            (r#"{"a":"\ud83d\n\ude00"}"#, "`a` contains half"),
            (r#"{"a":"\ude00\ud83d"}"#, "`a` contains half"),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, "`a` contains half"),
            (r#"{"\udfff":1}"#, "`\\udfff` contains half"),
            (r#"{"a":18446744073709551616}"#, "`a` contains the integer 18446744073709551616"),
            (r#"{"a":-9223372036854775809}"#, "the integer -9223372036854775809"),
            (r#"{"a": [ 1e400 ]}"#, "the number 1e400"),
            (r#"{"a":-1.5E+999}"#, "the number -1.5E+999"),
            (r#"{"a":{"b":1},"c":99999999999999999999}"#, "`c` contains"),
            ("99999999999999999999", "the value contains the integer"),
            (&format!("[{}]", "9".repeat(5_000)), "9999..., outside"),
        ] {
            let found = first_unstorable(json).map(|found| found.to_string()).unwrap_or_default();
            assert!(found.contains(words), "{json}: {found}");
            assert!(found.len() < 300, "{found}");
        }
    }

    #[test]
    fn everything_else_is_accepted() {
        for json in [
            "{}",
            r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":-0,"d":1e308,"e":1e-400}"#,
            r#"{"a":"\ud83d\ude00","b":"\\u0000","c":"\"\\ud800","d":"\u0001\uffff","e":"😀"}"#,
            r#"{"":"99999999999999999999","t":[true,false,null,{},[]]}"#,
            "\"text\"",
            "1.50",
        ] {
            assert_eq!(first_unstorable(json), None, "{json}");
        }
    }
}
