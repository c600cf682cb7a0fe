//! JSON values that the stores or the renderer of the server cannot handle (contract section 1.5).

/// The values in JSON text that the server cannot handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// NUL or a lone surrogate in a name or a string, which PostgreSQL rejects.
    pub(crate) text: bool,
    /// A number that is infinite as a double, which is also rejected.
    pub(crate) double: bool,
    /// An integer beyond 64 bits, which is stored, and on which the renderer then fails.
    pub(crate) integer: bool,
}

impl Limits {
    /// Scans valid JSON.
    pub(crate) fn of(json: &str) -> Self {
        let mut found = Self::default();
        let bytes = json.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let rest = bytes.get(at..).unwrap_or_default();
            match byte {
                b'"' => {
                    let end = string_end(rest);
                    found.text |= !is_storable(json.get(at..at + end).unwrap_or_default());
                    at += end;
                }
                b'-' | b'0'..=b'9' => {
                    let number = rest
                        .iter()
                        .take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
                    let end = at + number.count();
                    match json.get(at..end).unwrap_or_default() {
                        float if float.contains(['.', 'e', 'E']) => {
                            found.double |= float.parse::<f64>().is_ok_and(f64::is_infinite);
                        }
                        integer => {
                            found.integer |=
                                integer.parse::<u64>().is_err() && integer.parse::<i64>().is_err();
                        }
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
        found
    }

    /// Whether a database rejects the value.
    pub(crate) fn is_unstorable(self) -> bool {
        self.text || self.double
    }
}

/// Returns the length of the string at the start of `text`, including both quotes.
fn string_end(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().skip(1).position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Whether a JSON string has neither NUL nor a lone surrogate.
fn is_storable(string: &str) -> bool {
    !string.contains("\\u") || serde_json::from_str::<String>(string).is_ok_and(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_the_server_cannot_handle_are_found() {
        const NOTHING: Limits = Limits { text: false, double: false, integer: false };
        const TEXT: Limits = Limits { text: true, ..NOTHING };
        const DOUBLE: Limits = Limits { double: true, ..NOTHING };
        const INTEGER: Limits = Limits { integer: true, ..NOTHING };
        for (json, expected) in [
            ("{}", NOTHING),
            (r#"{"a":"b\"c\\","d":[1,-2,3.5e3,true,null]}"#, NOTHING),
            (r#""\u0000""#, TEXT),
            (r#""\\\u0000""#, TEXT),
            (r#""\\u0000""#, NOTHING),
            (r#"{"\u0000":1}"#, TEXT),
            (r#""\u0001\u00e9""#, NOTHING),
            (r#""\ud83d\ude00""#, NOTHING),
            (r#""\ud83d""#, TEXT),
            (r#""\ud83dx""#, TEXT),
            (r#""\ude00\ud83d""#, TEXT),
            (r#""\ud83d\u0041""#, TEXT),
            (r#""\ud83d\ud83d\ude00""#, TEXT),
            ("18446744073709551615", NOTHING),
            ("18446744073709551616", INTEGER),
            ("-9223372036854775808", NOTHING),
            ("-9223372036854775809", INTEGER),
            (r#"{"a":[{"b":123456789012345678901}]}"#, INTEGER),
            (r#""123456789012345678901""#, NOTHING),
            (r#"{"123456789012345678901":1}"#, NOTHING),
            ("123456789012345678901.0", NOTHING),
            ("1e400", DOUBLE),
            ("-1.5E+400", DOUBLE),
            ("1e-400", NOTHING),
            ("1e308", NOTHING),
        ] {
            assert_eq!(Limits::of(json), expected, "{json}");
        }
    }
}
