//! Checks that a server can store JSON and return it (contract section 1.5).

use std::fmt::Write as _;

use crate::error::Error;

/// The maximum depth of objects and arrays in a value. The renderer fails beyond 254 levels, and a list has four around each value.
const MAX_DEPTH: usize = 250;

/// Rejects JSON that servers cannot store or cannot return: NUL and unpaired surrogates in strings, numbers outside 64 bits, with or
/// without an exponent, and values nested too deeply.
///
/// `json` is valid JSON: the properties of a group, or the value of the property `name`.
pub(crate) fn check(name: Option<&str>, json: &str) -> Result<(), Error> {
    const TOO_DEEP: &str = "more than 250 levels of objects and arrays: the server would store them and then fail to return the \
        group; flatten the value, or write it as text";

    // The object of all properties is one level.
    let around = usize::from(name.is_none());
    let mut place = Place::default();
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b'"' => end_of_text(bytes, at),
            b'-' | b'0'..=b'9' => end_of_number(bytes, at),
            _ => at + 1,
        };
        let token = json.get(at..end).unwrap_or_default();
        if byte == b'"' && place.is_at_name() {
            place.name(token);
        }
        let problem = match byte {
            b'"' => problem_of_text(token),
            b'-' | b'0'..=b'9' => problem_of_number(token),
            b'{' | b'[' if place.0.len() >= MAX_DEPTH + around => {
                place.0.truncate(around);
                Some(TOO_DEEP.to_owned())
            }
            _ => None,
        };
        if let Some(problem) = problem {
            let of = match place.show(name) {
                shown if shown.is_empty() => "the value".to_owned(),
                shown => format!("the property `{shown}`"),
            };
            return Err(Error::input(format!("{of} contains {problem}")));
        }
        match byte {
            b'{' => place.0.push(Level::Object { name: "", at_name: true }),
            b'[' => place.0.push(Level::Array { index: 0 }),
            b'}' | b']' => {
                place.0.pop();
            }
            b',' => place.advance(),
            _ => {}
        }
        at = end;
    }
    Ok(())
}

/// The path of a value: the objects and arrays around it, outermost first.
#[derive(Default)]
struct Place<'t>(Vec<Level<'t>>);

enum Level<'t> {
    Object { name: &'t str, at_name: bool },
    Array { index: usize },
}

impl<'t> Place<'t> {
    fn is_at_name(&self) -> bool {
        matches!(self.0.last(), Some(Level::Object { at_name: true, .. }))
    }

    /// The current member of the innermost object, including quotes.
    fn name(&mut self, token: &'t str) {
        if let Some(Level::Object { name, at_name }) = self.0.last_mut() {
            (*name, *at_name) = (token, false);
        }
    }

    /// Advances to the next member or item.
    fn advance(&mut self) {
        match self.0.last_mut() {
            Some(Level::Object { at_name, .. }) => *at_name = true,
            Some(Level::Array { index }) => *index += 1,
            None => {}
        }
    }

    fn show(&self, name: Option<&str>) -> String {
        let mut shown = name.unwrap_or_default().to_owned();
        for level in &self.0 {
            match level {
                Level::Object { at_name: true, .. } => {}
                Level::Object { name, .. } => {
                    let separator = if shown.is_empty() { "" } else { "." };
                    let plain = serde_json::from_str::<String>(name);
                    shown += separator;
                    shown += plain.as_deref().unwrap_or_else(|_| name.trim_matches('"'));
                }
                Level::Array { index } => {
                    // Writing to a `String` does not fail.
                    let _ = write!(shown, "[{index}]");
                }
            }
        }
        shown
    }
}

fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_number(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        .unwrap_or(rest.len());
    start + length
}

fn problem_of_text(token: &str) -> Option<String> {
    const NUL: &str = "a NUL character, which the server cannot store; remove the character";
    const SURROGATE: &str = "half of a surrogate pair (`\\ud800` to `\\udfff`), which the server cannot store; remove it, or write \
        the whole pair";

    let mut rest = token;
    while let Some(at) = rest.find('\\') {
        let (first, after) = code_unit(rest.get(at..).unwrap_or_default());
        rest = after;
        match first {
            Some(0) => return Some(NUL.to_owned()),
            Some(0xd800..=0xdbff) => match code_unit(rest) {
                (Some(0xdc00..=0xdfff), after) => rest = after,
                _ => return Some(SURROGATE.to_owned()),
            },
            Some(0xdc00..=0xdfff) => return Some(SURROGATE.to_owned()),
            _ => {}
        }
    }
    None
}

/// Parses a `\uXXXX` escape at the start of the text. Returns the code unit and the rest of the text.
fn code_unit(text: &str) -> (Option<u16>, &str) {
    let Some(escape) = text.strip_prefix('\\') else { return (None, text) };
    match escape.strip_prefix('u').and_then(|digits| digits.split_at_checked(4)) {
        Some((digits, rest)) => (u16::from_str_radix(digits, 16).ok(), rest),
        None => (None, escape.get(1..).unwrap_or_default()),
    }
}

fn problem_of_number(token: &str) -> Option<String> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

    let shown = token.get(..40).map_or_else(|| token.to_owned(), |start| format!("{start}..."));
    let (what, fits) = if token.contains(['.', 'e', 'E']) {
        let double = token.parse::<f64>().unwrap_or(f64::INFINITY);
        if double.is_infinite() {
            return Some(format!("the number {shown}, which is too large for a double; write it as text"));
        }
        // jsonb has no exponents, so a double of this size is returned as an integer with 17 digits and zeros. For the limits themselves,
        // these are -9223372036854776000 and 18446744073709552000, which are outside 64 bits.
        ("number", double > -TWO_TO_63 && double < 2.0 * TWO_TO_63)
    } else {
        ("integer", token.parse::<i64>().is_ok() || token.parse::<u64>().is_ok())
    };
    (!fits).then(|| {
        format!(
            "the {what} {shown}, outside -9223372036854775808 to 18446744073709551615: the server would store it and then \
             fail to return the group; write it as text"
        )
    })
}
