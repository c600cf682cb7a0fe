//! What the stores of a server can hold and give back (contract section 1.5).

use std::fmt::Write as _;

use crate::error::Error;

/// Refuses JSON that no server can store, or give back once it has stored it: NUL and half surrogate pairs in text,
/// integers beyond 64 bits, and numbers beyond a double.
///
/// `json` is valid JSON: the properties of a group, or the value of the property `name`.
pub(crate) fn check(name: Option<&str>, json: &str) -> Result<(), Error> {
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
        let flaw = match byte {
            b'"' => flaw_of_text(token),
            b'-' | b'0'..=b'9' => flaw_of_number(token),
            _ => None,
        };
        if byte == b'"' && place.is_at_name() {
            if let Some((flaw, help)) = flaw {
                let inside = place.show(name);
                let inside = if inside.is_empty() { String::new() } else { format!(" in `{inside}`") };
                return Err(Error::input(format!("the name {token} of a property{inside} {flaw}; {help}")));
            }
            place.name(token);
        } else if let Some((flaw, help)) = flaw {
            return Err(Error::input(format!("the value of `{}` {flaw}; {help}", place.show(name))));
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

/// Where a value stands: the objects and arrays around it, outermost first.
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

    /// The member of the innermost object that is read now, in its quotes.
    fn name(&mut self, token: &'t str) {
        if let Some(Level::Object { name, at_name }) = self.0.last_mut() {
            (*name, *at_name) = (token, false);
        }
    }

    /// Goes on to the next member or item.
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
                    let name: String = serde_json::from_str(name).unwrap_or_else(|_| (*name).to_owned());
                    shown += separator;
                    shown += &name;
                }
                Level::Array { index } => {
                    // Writing to a string does not fail.
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

/// What is wrong with a value, and what to do about it.
type Flaw = Option<(&'static str, &'static str)>;

fn flaw_of_text(token: &str) -> Flaw {
    const SURROGATE: Flaw = Some((
        "holds half a surrogate pair, which the server cannot store",
        "remove it: it is half of a character that was cut in two",
    ));

    let mut rest = token;
    let mut high = false;
    while let Some(at) = rest.find('\\') {
        if high && at != 0 {
            return SURROGATE;
        }
        let escape = rest.get(at + 1..).unwrap_or_default();
        let is_unicode = escape.starts_with('u');
        let unit = escape.get(1..5).filter(|_| is_unicode).and_then(|hex| u16::from_str_radix(hex, 16).ok());
        match unit {
            Some(0) => return Some(("holds a NUL character, which the server cannot store", "remove it")),
            Some(0xd800..=0xdbff) if !high => high = true,
            Some(0xdc00..=0xdfff) if high => high = false,
            Some(0xd800..=0xdfff) => return SURROGATE,
            _ if high => return SURROGATE,
            _ => {}
        }
        rest = escape.get(if is_unicode { 5 } else { 1 }..).unwrap_or_default();
    }
    if high { SURROGATE } else { None }
}

fn flaw_of_number(token: &str) -> Flaw {
    if token.contains(['.', 'e', 'E']) {
        let is_finite = token.parse::<f64>().is_ok_and(f64::is_finite);
        (!is_finite).then_some(("is a number beyond the range of a double", "write it as text"))
    } else {
        let fits = token.parse::<i64>().is_ok() || token.parse::<u64>().is_ok();
        (!fits).then_some((
            "is an integer beyond 64 bits, which the server stores and then cannot return any more",
            "write it as text",
        ))
    }
}
