//! What `export`, `import` and `plan` take.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use posthog_groups::bulk::{Duplicates, Engine};

use crate::rows::format::Format;
use crate::transfer::export::Order;

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// File to write, such as groups.ndjson, groups.csv or groups.ndjson.gz; `-` is standard output
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,

    /// Format of the file [default: by its name, else ndjson]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    /// Only groups whose properties contain this text (names included), or whose key it is; case does not matter
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,

    /// Only groups whose key contains this text; case does not matter
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_contains: Option<String>,

    /// Character between the cells of CSV, or `tab`
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

    /// Show what would change, and write nothing; the same as the command `plan`
    #[arg(long, visible_alias = "plan")]
    pub(crate) dry_run: bool,

    /// Do not ask for confirmation; required where there is no terminal to ask on
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,

    /// How rows are written
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t = EngineName::Auto)]
    pub(crate) engine: EngineName,

    /// Host that events are sent to [default: that of the region, or the instance]
    #[arg(long, value_name = "URL")]
    pub(crate) capture_host: Option<String>,

    /// How many groups are written at the same time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,

    /// Journal of the run, to resume it after a failure; removed on completion; in a directory, named by the rows [default: FILE.journal; none for standard input]
    #[arg(long, value_name = "PATH", conflicts_with = "dry_run")]
    pub(crate) journal: Option<PathBuf>,

    /// Write all rows without comparing them with the project first, for rows that are known to differ
    #[arg(long, conflicts_with = "dry_run", hide_short_help = true)]
    pub(crate) no_compare: bool,

    /// Name of the run: events of the same row have the same uuid in all imports with this name
    #[arg(long, value_name = "TEXT", conflicts_with = "dry_run", hide_short_help = true)]
    pub(crate) run_id: Option<String>,

    /// Begin anew where the journal belongs to a run with other rows
    #[arg(long)]
    pub(crate) accept_changed_input: bool,

    /// Read the groups again after writing [default: after events only]
    #[arg(long, overrides_with = "no_verify")]
    pub(crate) verify: bool,

    /// Do not read the groups again, also after events
    #[arg(long, overrides_with = "verify")]
    pub(crate) no_verify: bool,

    /// How long groups may take to become as wanted, such as 90s or 10m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = time)]
    pub(crate) verify_within: Duration,
}

#[derive(Args, Debug)]
pub(crate) struct ImportInput {
    /// File to read, NDJSON or CSV, plain, .gz or .zst; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Format of the file [default: by its name, else ndjson]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    /// Pass over bad rows instead of stopping at the first; exit with 6 if there are any
    #[arg(long)]
    pub(crate) keep_going: bool,

    /// Column of the keys in CSV [default: group_key, else key]
    #[arg(long, value_name = "NAME")]
    pub(crate) key_column: Option<String>,

    /// Character between the cells of CSV, or `tab`
    #[arg(long, value_name = "CHARACTER", default_value = ",", hide_default_value = true, value_parser = delimiter)]
    pub(crate) delimiter: u8,

    /// Write bad rows to this file as they stand
    #[arg(long, value_name = "FILE", requires = "keep_going")]
    pub(crate) rejected: Option<PathBuf>,

    /// What two rows with the same key mean
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = DuplicatesName::Refuse)]
    pub(crate) duplicates: DuplicatesName,

    /// Write a line of NDJSON for each row and what became of it to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Replace the files of --report and --rejected if they exist
    #[arg(long)]
    pub(crate) force: bool,

    /// Memory for comparing rows and groups; what does not fit goes to a temporary file in TMPDIR
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = size, hide_short_help = true)]
    pub(crate) memory: usize,
}

/// What writes an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// Events if REST would take more than an hour's requests and a project token is configured, else REST
    Auto,
    /// One request for each new group and changed property: at once, exact, with activity entries
    Rest,
    /// Events in batches: a thousand rows a request, processed later; needs the project token
    #[value(alias = "events")]
    Capture,
}

/// What two rows with the same key mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DuplicatesName {
    /// A mistake: nothing is written
    Refuse,
    /// The last of them counts
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
    let seconds =
        number.parse::<u32>().map_err(|_| "this is no time; write for example 90s or 10m".to_owned())?;
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
    size.ok_or_else(|| "this is not a size; write for example 32M or 1G".to_owned())
}

/// The character between the cells of CSV.
fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii_punctuation() && *byte != b'"' || *byte == b'\t' => Ok(*byte),
        _ => Err("a delimiter is one punctuation character such as `;`, or `tab`".to_owned()),
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
