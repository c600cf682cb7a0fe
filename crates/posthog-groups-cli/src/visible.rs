//! Makes text of servers and files safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal interprets the character instead of displaying it: control characters and direction marks.
pub(crate) fn acts_on_terminals(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes such characters as JSON does: a line end becomes `\n`, an escape character `\u001b`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts_on_terminals) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if acts_on_terminals(c) => escape(&mut shown, c),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Escapes such characters in text of several lines, whose line ends and tabs are kept.
pub(crate) fn visible_rows(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c if acts_on_terminals(c) => escape(&mut shown, c),
            c => shown.push(c),
        }
    }
    shown
}

/// Writes `\uXXXX`. All characters that act on terminals are in the basic multilingual plane.
pub(crate) fn escape(to: &mut String, c: char) {
    // Writing to a `String` cannot fail.
    let _ = write!(to, "\\u{:04x}", u32::from(c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_act_on_terminals_are_escaped() {
        for (text, shown) in [
            ("Zürich 東京 👩‍👩‍👧 e\u{301}", "Zürich 東京 👩‍👩‍👧 e\u{301}"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{1b}[31mred\u{7}", "\\u001b[31mred\\u0007"),
            ("\u{9b}31m\u{7f}", "\\u009b31m\\u007f"),
            ("abc\u{202e}txt.exe", "abc\\u202etxt.exe"),
            ("\\n stays", "\\n stays"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
