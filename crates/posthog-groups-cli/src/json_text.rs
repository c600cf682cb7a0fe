//! Reformats JSON text without parsing values: numbers keep their digits, members their order.

use crate::visible::{acts_on_terminals, escape};

/// One line, without whitespace between values.
pub(crate) fn compact(json: &str) -> String {
    rewrite(json, None)
}

/// One member per line, indented by two spaces per level, starting at `level`.
pub(crate) fn pretty(json: &str, level: usize) -> String {
    rewrite(json, Some(level))
}

/// Values nested deeper than this are written on one line, so that the output grows linearly with the input: indentation
/// without a bound is quadratic in the depth.
const MAX_INDENTED_DEPTH: usize = 16;

/// Rewrites valid JSON. Characters in strings that a terminal acts on are escaped, which does not change their meaning.
fn rewrite(json: &str, level: Option<usize>) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    let mut depth = level.unwrap_or(0);
    // `inner` is the depth of the values that the line break separates.
    let new_line = |out: &mut String, depth: usize, inner: usize| {
        if level.is_some() && inner <= MAX_INDENTED_DEPTH {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push('"');
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => {
                            out.push('\\');
                            out.extend(chars.next());
                        }
                        c if acts_on_terminals(c) => escape(&mut out, c),
                        c => out.push(c),
                    }
                    if c == '"' {
                        break;
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut out, depth, depth);
                    }
                }
            }
            '}' | ']' => {
                let inner = depth;
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth, inner);
                out.push(c);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, depth, depth);
            }
            ':' => out.push_str(if level.is_some() { ": " } else { ":" }),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reformatting_does_not_change_values() {
        let text =
            "{\n \"a\\\"}\" : [ 1.50 , 9007199254740993,\ttrue ] , \"b\": {}, \"c\": [ ], \"d\": \"x, {y\" }";
        assert_eq!(compact(text), r#"{"a\"}":[1.50,9007199254740993,true],"b":{},"c":[],"d":"x, {y"}"#);
        assert_eq!(
            pretty(text, 0),
            "{\n  \"a\\\"}\": [\n    1.50,\n    9007199254740993,\n    true\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": \"x, {y\"\n}"
        );
        assert_eq!(pretty("[1]", 1), "[\n    1\n  ]");
        for scalar in ["1e400", "\"\"", "null", "-0.0"] {
            assert_eq!((compact(scalar), pretty(scalar, 0)), (scalar.to_owned(), scalar.to_owned()));
        }
    }

    #[test]
    fn the_size_of_the_output_is_linear_in_the_size_of_the_input() {
        for depth in [10, 1_000, 100_000] {
            let text = "[".repeat(depth) + "1,2" + &"]".repeat(depth);
            let written = pretty(&text, 0);
            assert!(written.len() <= text.len() * (2 * MAX_INDENTED_DEPTH + 2), "{depth}: {}", written.len());
            assert_eq!(compact(&written), text);
        }
    }

    #[test]
    fn what_is_nested_deeper_than_the_bound_stays_on_one_line() {
        let text = "[".repeat(MAX_INDENTED_DEPTH + 2) + "1,2" + &"]".repeat(MAX_INDENTED_DEPTH + 2);
        let deepest =
            pretty(&text, 0).lines().map(str::trim).find(|line| line.contains('1')).map(str::to_owned);
        assert_eq!(deepest.as_deref(), Some("[[1,2]]"));
    }

    #[test]
    fn characters_that_act_on_terminals_are_escaped_without_changing_the_value() {
        let text = serde_json::to_string("\u{9b}31m \u{7f} \u{202e} \u{1b} \" \\ é").unwrap();
        let written = compact(&text);
        assert_eq!(written, r#""\u009b31m \u007f \u202e \u001b \" \\ é""#);
        let (before, after): (String, String) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_str(&written).unwrap());
        assert_eq!(before, after);
    }
}
