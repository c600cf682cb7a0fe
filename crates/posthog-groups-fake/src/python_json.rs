//! JSON bodies as the server reads them, with the error texts that callers see.
//!
//! The parser proper is serde_json's. Only when it refuses a body is the body walked again, to say what the
//! server's decoder says and where.

use crate::errors::{self, Failure};
use crate::json::Json;

/// Reads a body.
pub(crate) fn read(body: &[u8]) -> Result<Json, Failure> {
    let error = |why: String| errors::parse_error(format!("JSON parse error - {why}"));
    let text = std::str::from_utf8(body).map_err(|e| {
        let at = e.valid_up_to();
        let byte = body.get(at).copied().unwrap_or_default();
        let why = if e.error_len().is_none() { "unexpected end of data" } else { "invalid start byte" };
        error(format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {why}"))
    })?;
    Json::parse(text).map_err(|_| error(complaint(text)))
}

/// What the server's decoder says about text that is no JSON.
fn complaint(text: &str) -> String {
    let mut walk = Walk { text: text.chars().collect(), at: 0, depth: 0 };
    walk.blanks();
    let stop = match walk.value() {
        Ok(()) => {
            walk.blanks();
            Stop { why: "Extra data".to_owned(), at: Some(walk.at) }
        }
        Err(stop) => stop,
    };
    match stop.at {
        Some(at) => {
            let before = &walk.text[..at.min(walk.text.len())];
            let line = before.iter().filter(|c| **c == '\n').count() + 1;
            let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
            format!("{}: line {line} column {column} (char {at})", stop.why)
        }
        None => stop.why,
    }
}

/// Where and why the walk ended; without a place for what is no matter of syntax.
struct Stop {
    why: String,
    at: Option<usize>,
}

struct Walk {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

/// How deep the walk follows a body; what is nested deeper is complained about there.
const DEEPEST: usize = 900;

impl Walk {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn stop<T>(&self, why: &str, at: usize) -> Result<T, Stop> {
        Err(Stop { why: why.to_owned(), at: Some(at) })
    }

    fn word(&mut self, word: &str) -> bool {
        let found = word.chars().enumerate().all(|(n, c)| self.text.get(self.at + n) == Some(&c));
        if found {
            self.at += word.chars().count();
        }
        found
    }

    fn value(&mut self) -> Result<(), Stop> {
        let start = self.at;
        if self.depth > DEEPEST {
            return self.stop("Expecting value", start);
        }
        for constant in ["NaN", "Infinity", "-Infinity"] {
            if self.word(constant) {
                let why = format!("Out of range float values are not JSON compliant: '{constant}'");
                return Err(Stop { why, at: None });
            }
        }
        match self.peek() {
            Some('"') => self.string(),
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::list),
            Some('t') if self.word("true") => Ok(()),
            Some('f') if self.word("false") => Ok(()),
            Some('n') if self.word("null") => Ok(()),
            Some('-' | '0'..='9') => self.number(start),
            _ => self.stop("Expecting value", start),
        }
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        self.depth += 1;
        let ended = inner(self);
        self.depth -= 1;
        ended
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        self.at > start
    }

    /// A number ends where it stops making sense; what follows is somebody else's complaint.
    fn number(&mut self, start: usize) -> Result<(), Stop> {
        if self.peek() == Some('-') {
            self.at += 1;
        }
        if self.peek() == Some('0') {
            self.at += 1;
        } else if !self.digits() {
            return self.stop("Expecting value", start);
        }
        let whole = self.at;
        if self.peek() == Some('.') {
            self.at += 1;
            if !self.digits() {
                self.at = whole;
                return Ok(());
            }
        }
        let fraction = self.at;
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            if !self.digits() {
                self.at = fraction;
            }
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return self.stop("Unterminated string starting at", start),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => {
                    let escape = self.at;
                    self.at += 1;
                    match self.peek() {
                        None => return self.stop("Unterminated string starting at", start),
                        Some('u') => {
                            let hex = (1..=4)
                                .all(|n| self.text.get(self.at + n).is_some_and(char::is_ascii_hexdigit));
                            if !hex {
                                return self.stop("Invalid \\uXXXX escape", self.at);
                            }
                            self.at += 5;
                        }
                        Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => self.at += 1,
                        Some(_) => return self.stop("Invalid \\escape", escape),
                    }
                }
                Some(c) if c < ' ' => return self.stop("Invalid control character at", self.at),
                Some(_) => self.at += 1,
            }
        }
    }

    fn object(&mut self) -> Result<(), Stop> {
        self.at += 1;
        self.blanks();
        if self.peek() == Some('}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some('"') {
                return self.stop("Expecting property name enclosed in double quotes", self.at);
            }
            self.string()?;
            self.blanks();
            if self.peek() != Some(':') {
                return self.stop("Expecting ':' delimiter", self.at);
            }
            self.at += 1;
            self.blanks();
            self.value()?;
            self.blanks();
            match self.peek() {
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return self.stop("Expecting ',' delimiter", self.at),
            }
            self.blanks();
        }
    }

    fn list(&mut self) -> Result<(), Stop> {
        self.at += 1;
        self.blanks();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value()?;
            self.blanks();
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return self.stop("Expecting ',' delimiter", self.at),
            }
            self.blanks();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_is_the_one_of_the_servers_decoder() {
        for (text, wanted) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            ("group_key=a&group_type_index=0", "Expecting value: line 1 column 1 (char 0)"),
            ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("{'a': 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            ("{\"a\": }", "Expecting value: line 1 column 7 (char 6)"),
            ("{\"a\": 1 \"b\"}", "Expecting ',' delimiter: line 1 column 9 (char 8)"),
            ("[1, 2", "Expecting ',' delimiter: line 1 column 6 (char 5)"),
            ("{\"a\": \"x", "Unterminated string starting at: line 1 column 7 (char 6)"),
            ("{}\n{}", "Extra data: line 2 column 1 (char 3)"),
            ("01", "Extra data: line 1 column 2 (char 1)"),
            ("{\"a\": \"\\x\"}", "Invalid \\escape: line 1 column 8 (char 7)"),
            ("{\"a\": NaN}", "Out of range float values are not JSON compliant: 'NaN'"),
        ] {
            assert_eq!(complaint(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn numbers_keep_their_text() {
        let read = read(b"{\"n\": 123456789012345678901234567890}").unwrap();
        assert_eq!(read.as_str(), "{\"n\": 123456789012345678901234567890}");
    }
}
