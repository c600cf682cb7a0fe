//! Text in columns that fit the terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::visible::visible;

/// Spaces between two columns.
const GAP: usize = 2;
/// The minimum width of a column.
const NARROWEST: usize = 8;

/// Column widths, determined by the first rows.
#[derive(Debug)]
pub(crate) struct Widths(Vec<usize>);

impl Widths {
    /// The widths that the rows need, reduced to fit `screen`. The last `loose` columns, which contain values and JSON, shrink first,
    /// the widest of them before the others. If that is not enough, the other columns shrink, from the last to the first.
    pub(crate) fn of(rows: &[Vec<String>], screen: Option<usize>, loose: usize) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns)
            .map(|n| {
                rows.iter().filter_map(|row| row.get(n)).map(|cell| visible(cell).width()).max().unwrap_or(0)
            })
            .collect();
        if let Some(screen) = screen {
            let room = screen.saturating_sub(GAP * columns.saturating_sub(1));
            let (firm, last) = widths.split_at_mut(columns.saturating_sub(loose));
            let mut excess = (firm.iter().sum::<usize>() + last.iter().sum::<usize>()).saturating_sub(room);
            while excess > 0 {
                let widest = last.iter_mut().filter(|width| **width > NARROWEST).max();
                let next = widest.or_else(|| firm.iter_mut().rev().find(|width| **width > NARROWEST));
                let Some(width) = next else { break };
                *width -= 1;
                excess -= 1;
            }
        }
        Self(widths)
    }

    pub(crate) fn total(&self) -> usize {
        self.0.iter().sum::<usize>() + GAP * self.0.len().saturating_sub(1)
    }

    /// One row, without a line end. With `cut`, cells that are too wide are truncated with an ellipsis.
    pub(crate) fn row(&self, cells: &[String], cut: bool) -> String {
        let mut line = String::new();
        for (n, (cell, width)) in cells.iter().zip(&self.0).enumerate() {
            let cell = visible(cell);
            let cell = if cut { shorten(&cell, *width) } else { cell.into_owned() };
            line.push_str(&cell);
            if n + 1 < cells.len() {
                let padding = width.saturating_sub(cell.width()) + GAP;
                line.extend(std::iter::repeat_n(' ', padding));
            }
        }
        line.trim_end().to_owned()
    }
}

/// The text, truncated to `width` columns with an ellipsis.
fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        // The width of the whole text, because joining characters change it.
        if short.width() + 1 > width {
            short.pop();
            break;
        }
    }
    // Do not end within a joined character.
    while short.chars().next_back().is_some_and(|c| c == '\u{200d}' || c.width() == Some(0)) {
        short.pop();
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]], screen: Option<usize>) -> Vec<String> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        let widths = Widths::of(&rows, screen, 1);
        rows.iter().map(|row| widths.row(row, screen.is_some())).collect()
    }

    #[test]
    fn the_widest_column_shrinks_until_the_row_fits() {
        let long = "x".repeat(100);
        let lines = table(&[&["KEY", "PROPERTIES"], &["org:5", &long], &["東京東京", "短い"]], Some(30));
        assert_eq!(lines[1], format!("org:5     {}…", "x".repeat(19)));
        assert_eq!(lines[2], "東京東京  短い");
        assert!(lines.iter().all(|line| line.width() <= 30), "{lines:?}");
        assert_eq!(table(&[&["a\u{1b}[2Jb", "c"]], None), ["a\\u001b[2Jb  c"]);
    }

    #[test]
    fn values_shrink_before_keys_and_times() {
        let row = |widths: &[usize]| vec![widths.iter().map(|width| "x".repeat(*width)).collect()];
        for (widths, screen, loose, fitted) in [
            (&[36, 20, 100][..], 80, 1, &[36, 20, 20][..]),
            (&[36, 20, 100], 68, 1, &[36, 20, 8]),
            // Only the other columns are left.
            (&[36, 20, 100], 60, 1, &[36, 12, 8]),
            (&[36, 20, 100], 40, 1, &[20, 8, 8]),
            (&[36, 20, 100], 4, 1, &[8, 8, 8]),
            (&[10, 50, 100], 60, 2, &[10, 23, 23]),
            (&[5, 6], 80, 1, &[5, 6]),
        ] {
            assert_eq!(Widths::of(&row(widths), Some(screen), loose).0, fitted, "{widths:?} in {screen}");
        }
    }

    #[test]
    fn wide_and_joined_characters_are_not_split() {
        for (text, width, short) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("東京", 4, "東京"),
            ("東京都", 5, "東京…"),
            ("東京都", 4, "東…"),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
            ("ab👩‍👩‍👧cd", 4, "ab…"),
        ] {
            assert_eq!(shorten(text, width), short, "{text} in {width}");
            assert!(short.width() <= width);
        }
    }
}
