//! Styles of text on a terminal.

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::arguments::{Colors, GlobalArguments};

/// Whether text is styled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Styles(bool);

impl Styles {
    /// Returns the styles for a stream. Flags take precedence over the terminal and the environment (NO_COLOR, TERM).
    pub(crate) fn of(stream: &impl RawStream, arguments: &GlobalArguments) -> Self {
        Self(match arguments.color {
            _ if arguments.no_color => false,
            Colors::Always => true,
            Colors::Never => false,
            Colors::Auto => AutoStream::choice(stream) != ColorChoice::Never,
        })
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(crate) fn error(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    pub(crate) fn failed(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }
}
