//! Output on two screens of 80 columns, and a file with all requests and responses.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};

/// The width of a cell: a name and two cells fit into 80 columns.
const WIDTH: usize = 26;

/// Text with the style that a terminal gives it.
pub(crate) struct Cell {
    style: Style,
    text: String,
}

const fn cell(style: Style, text: String) -> Cell {
    Cell { style, text }
}

pub(crate) fn heading(text: &str) -> Cell {
    cell(Style::new().bold(), text.to_owned())
}

pub(crate) fn good(text: String) -> Cell {
    cell(AnsiColor::Green.on_default(), text)
}

pub(crate) fn expected(text: String) -> Cell {
    cell(AnsiColor::Yellow.on_default(), text)
}

pub(crate) fn bad(text: String) -> Cell {
    cell(AnsiColor::Red.on_default(), text)
}

pub(crate) fn plain(text: String) -> Cell {
    cell(AnsiColor::BrightBlack.on_default(), text)
}

pub(crate) struct Screen {
    shown: String,
    file: PathBuf,
    log: String,
}

impl Screen {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { shown: String::new(), file, log: String::new() }
    }

    /// Adds text to the file only.
    pub(crate) fn note(&mut self, text: &str) {
        self.log.push_str(text);
        self.log.push('\n');
    }

    pub(crate) fn title(&mut self, text: &str) {
        let bold = Style::new().bold();
        let _ = writeln!(self.shown, "\n{bold}{text}{bold:#}");
        self.note(&format!("\n{text}"));
    }

    pub(crate) fn blank(&mut self) {
        self.shown.push('\n');
    }

    /// A row of the table of operations.
    pub(crate) fn row(&mut self, name: &str, cells: [Cell; 2]) {
        let _ = write!(self.shown, "{name:<26}");
        for Cell { style, text } in cells {
            let text = cut(&text, WIDTH);
            let _ = write!(self.shown, "{style}{text}{style:#}{:1$}", "", WIDTH + 1 - text.chars().count());
        }
        self.shown.truncate(self.shown.trim_end_matches(' ').len());
        self.shown.push('\n');
    }

    /// A line of text.
    pub(crate) fn text(&mut self, text: &str) {
        let _ = writeln!(self.shown, "{text}");
    }

    /// A line with a name.
    pub(crate) fn line(&mut self, name: &str, Cell { style, text }: Cell) {
        let _ = writeln!(self.shown, "{name:<26}{style}{text}{style:#}");
    }

    /// Shows the screens, and writes the file: the requests, followed by the screens.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let shown = anstream::adapter::strip_str(&self.shown).to_string();
        std::fs::create_dir_all(self.file.parent().unwrap_or(&self.file))?;
        std::fs::write(&self.file, format!("{}\n{shown}", self.log.trim_start()))?;
        let mut out = anstream::AutoStream::auto(io::stdout());
        let here = std::env::current_dir()?;
        let file = self.file.strip_prefix(here).unwrap_or(&self.file).display().to_string();
        writeln!(out, "{}\nevery request and response: {file}", self.shown.trim_start())?;
        Ok(())
    }
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some(_) => format!("{}…", text.chars().take(width - 1).collect::<String>()),
        None => text.to_owned(),
    }
}
