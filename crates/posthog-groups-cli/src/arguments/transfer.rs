//! The arguments of `export`, `import` and `plan`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use posthog_groups::ListGroups;
use posthog_groups::bulk::{Duplicates, Engine};

use crate::rows::format::Format;

/// Which groups the server lists.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Only groups whose properties contain this text
    ///
    /// Searches the names and values of properties, and also matches the group whose key equals the text. Ignores case.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Only groups whose key contains this text; ignores case
    #[arg(long, value_name = "TEXT")]
    key_contains: Option<String>,
}

impl Filter {
    pub(crate) fn apply(&self, mut list: ListGroups) -> ListGroups {
        if let Some(text) = &self.search {
            list = list.search(text);
        }
        if let Some(text) = &self.key_contains {
            list = list.key_contains(text);
        }
        list
    }
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// File to write, such as groups.ndjson, groups.csv or groups.ndjson.gz; `-` is standard output
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,

    /// Format of the file [default: determined by its name, or ndjson]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    #[command(flatten)]
    pub(crate) filter: Filter,

    /// Delimiter of CSV: one character, or `tab`
    #[arg(long, value_name = "CHARACTER", default_value = ",", hide_default_value = true, value_parser = delimiter)]
    pub(crate) delimiter: u8,

    /// Order of the groups
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Key)]
    pub(crate) order: Order,

    /// Replace FILE if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) input: ImportInput,

    /// Show what would change without writing it; equivalent to the command `plan`
    #[arg(long, visible_alias = "plan")]
    pub(crate) dry_run: bool,

    /// Do not ask for confirmation; required without a terminal
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,

    /// How to write rows
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t = EngineName::Auto)]
    pub(crate) engine: EngineName,

    /// Host to send events to [default: the events host of the region, or the instance]
    #[arg(long, value_name = "URL")]
    pub(crate) capture_host: Option<String>,

    /// Number of groups to write concurrently
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,

    /// Journal for resuming the run, or a directory for the journal; removed on completion [default: FILE.journal, or none for standard input]
    #[arg(long, value_name = "PATH", conflicts_with = "dry_run")]
    pub(crate) journal: Option<PathBuf>,

    /// Write all rows without comparing them with the server first; for rows that are known to differ
    #[arg(long, conflicts_with = "dry_run", hide_short_help = true)]
    pub(crate) no_compare: bool,

    /// Id of the run: the event of a row has the same UUID in all imports with this id
    #[arg(long, value_name = "TEXT", conflicts_with = "dry_run", hide_short_help = true)]
    pub(crate) run_id: Option<String>,

    /// Start over if the rows have changed since the journal was written
    #[arg(long)]
    pub(crate) accept_changed_input: bool,

    /// Verify the groups after writing [default: only after events]
    #[arg(long, overrides_with = "no_verify")]
    pub(crate) verify: bool,

    /// Do not verify the groups, even after events
    #[arg(long, overrides_with = "verify")]
    pub(crate) no_verify: bool,

    /// Maximum time to wait for verification, such as 90s or 10m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = time)]
    pub(crate) verify_within: Duration,
}

#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) input: ImportInput,

    /// Show who last wrote each property that differs, according to the history of the group
    ///
    /// Sends two requests for each group that would change.
    #[arg(long)]
    pub(crate) who: bool,

    /// Maximum number of groups for --who
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100, requires = "who",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ImportInput {
    /// File to read: NDJSON or CSV, optionally .gz or .zst; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Format of the file [default: determined by its name, or ndjson]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    /// Skip invalid rows instead of stopping at the first one, and exit with 6
    #[arg(long)]
    pub(crate) keep_going: bool,

    /// Column with the keys in CSV [default: group_key, or key]
    #[arg(long, value_name = "NAME")]
    pub(crate) key_column: Option<String>,

    /// Delimiter of CSV: one character, or `tab`
    #[arg(long, value_name = "CHARACTER", default_value = ",", hide_default_value = true, value_parser = delimiter)]
    pub(crate) delimiter: u8,

    /// Write invalid rows to this file, unchanged
    #[arg(long, value_name = "FILE", requires = "keep_going")]
    pub(crate) rejected: Option<PathBuf>,

    /// How to treat rows with the same key
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = DuplicatesName::Refuse)]
    pub(crate) duplicates: DuplicatesName,

    /// Write the outcome of each row to this file, as NDJSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Replace the --report and --rejected files if they exist
    #[arg(long)]
    pub(crate) force: bool,

    /// Memory for comparing rows and groups; beyond this size, a temporary file in TMPDIR is used
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = size, hide_short_help = true)]
    pub(crate) memory: usize,
}

/// The order of the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// By the bytes of their keys; exports of the same groups are identical
    Key,
    /// In the order of the server, newest first
    Newest,
}

/// The engine of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// Events if REST would need more requests than the rate limit allows in an hour and a project token is configured, otherwise REST
    Auto,
    /// One request per new group and changed property; immediate, exact, and logged in the history
    Rest,
    /// Events in batches of up to a thousand rows, processed later; requires the project token
    #[value(alias = "events")]
    Capture,
}

/// How to treat rows with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DuplicatesName {
    /// Fail before writing anything
    Refuse,
    /// Use the last row
    Last,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Auto => Self::Auto,
            EngineName::Rest => Self::Rest,
            EngineName::Capture => Self::Capture,
        }
    }
}

impl From<DuplicatesName> for Duplicates {
    fn from(name: DuplicatesName) -> Self {
        match name {
            DuplicatesName::Refuse => Self::Refuse,
            DuplicatesName::Last => Self::LastWins,
        }
    }
}

/// A time such as `90s`, `10m`, `2h`, or seconds.
fn time(text: &str) -> Result<Duration, String> {
    let (number, factor) = match text.char_indices().next_back() {
        Some((end, 's')) => (&text[..end], 1),
        Some((end, 'm')) => (&text[..end], 60),
        Some((end, 'h')) => (&text[..end], 3_600),
        _ => (text, 1),
    };
    let seconds = number.parse::<u32>().map_err(|_| "expected a time such as 90s or 10m".to_owned())?;
    Ok(Duration::from_secs(u64::from(seconds) * factor))
}

/// A size such as `32M`, or bytes.
fn size(text: &str) -> Result<usize, String> {
    let (number, shift) = match text.char_indices().next_back() {
        Some((end, 'K' | 'k')) => (&text[..end], 10),
        Some((end, 'M' | 'm')) => (&text[..end], 20),
        Some((end, 'G' | 'g')) => (&text[..end], 30),
        _ => (text, 0),
    };
    let size = number.parse::<u32>().ok().and_then(|number| usize::try_from(u64::from(number) << shift).ok());
    size.ok_or_else(|| "expected a size such as 32M or 1G".to_owned())
}

/// A delimiter of CSV.
fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii_punctuation() && *byte != b'"' || *byte == b'\t' => Ok(*byte),
        _ => Err("expected one punctuation character such as `;`, or `tab`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_or_is_in_seconds() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7_200), ("5", 5)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "m", "1.5h", "-1s", "10d"] {
            assert!(time(text).unwrap_err().contains("90s"), "{text}");
        }
    }

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        for (text, bytes) in [("0", 0), ("512", 512), ("64k", 64 << 10), ("32M", 32 << 20), ("1G", 1 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "-1", "1.5M", "10T", "32MB"] {
            assert!(size(text).unwrap_err().contains("32M"), "{text}");
        }
    }

    #[test]
    fn a_delimiter_is_one_character_of_punctuation_or_a_tab() {
        for (text, expected) in
            [(",", b','), (";", b';'), ("|", b'|'), ("tab", b'\t'), ("\\t", b'\t'), ("\t", b'\t')]
        {
            assert_eq!(delimiter(text), Ok(expected), "{text:?}");
        }
        for text in ["", "\"", ";;", "a", "1", "é", "\n"] {
            assert!(delimiter(text).unwrap_err().contains("`;`"), "{text:?}");
        }
    }
}
