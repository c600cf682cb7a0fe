//! Which format and which compression a file name stands for.

use std::path::Path;

/// How rows are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line; nothing is lost.
    Ndjson,
    /// One column for each property.
    Csv,
}

/// What a CSV file of other programs is told apart by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CsvLayout {
    /// The character between the cells.
    pub(crate) delimiter: u8,
    /// The column of the keys, if it is not `group_key` or `key`.
    pub(crate) key_column: Option<String>,
}

impl Default for CsvLayout {
    fn default() -> Self {
        Self { delimiter: b',', key_column: None }
    }
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What data that begins so is packed with.
    pub(crate) fn of_start(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// What the end of a name says, and the name without it.
    fn of_name(name: &str) -> (Self, &str) {
        for (ending, compression) in [(".gz", Self::Gzip), (".zst", Self::Zstd)] {
            if let Some((stem, end)) = name.split_at_checked(name.len().saturating_sub(ending.len()))
                && end.eq_ignore_ascii_case(ending)
            {
                return (compression, stem);
            }
        }
        (Self::None, name)
    }
}

/// Format and compression of a file; `-` and names without an ending are plain NDJSON.
///
/// # Errors
/// The name has an ending that stands for no format, and none is asked for.
pub(crate) fn of_path(path: &Path, asked: Option<Format>) -> Result<(Format, Compression), String> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let (compression, stem) = Compression::of_name(&name);
    if let Some(format) = asked {
        return Ok((format, compression));
    }
    let ending = Path::new(stem).extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        None | Some("ndjson" | "jsonl") => Ok((Format::Ndjson, compression)),
        Some("csv") => Ok((Format::Csv, compression)),
        Some(other) => Err(format!(
            "`{name}` does not tell its format: `.{other}` is none of .ndjson, .jsonl and .csv (each also with .gz or .zst); add \
             `--format ndjson` or `--format csv`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_and_compression_follow_from_the_name() {
        use Compression::{Gzip, None as Plain, Zstd};
        use Format::{Csv, Ndjson};
        for (name, expected) in [
            ("-", (Ndjson, Plain)),
            ("groups", (Ndjson, Plain)),
            ("groups.ndjson", (Ndjson, Plain)),
            ("some.dir/groups.JSONL", (Ndjson, Plain)),
            ("groups.csv", (Csv, Plain)),
            ("groups.gz", (Ndjson, Gzip)),
            ("groups.csv.gz", (Csv, Gzip)),
            ("groups.ndjson.ZST", (Ndjson, Zstd)),
            ("é.gz", (Ndjson, Gzip)),
            (".gz", (Ndjson, Gzip)),
        ] {
            assert_eq!(of_path(Path::new(name), None), Ok(expected), "{name}");
        }
        assert_eq!(of_path(Path::new("a.txt.zst"), Some(Csv)), Ok((Csv, Zstd)));
        assert_eq!(of_path(Path::new("a.ndjson"), Some(Csv)), Ok((Csv, Plain)));
        for name in ["groups.json", "groups.xlsx.gz", "groups.2026"] {
            assert!(of_path(Path::new(name), None).unwrap_err().contains("--format csv"), "{name}");
        }
    }

    #[test]
    fn packed_data_is_known_by_its_first_bytes() {
        assert_eq!(Compression::of_start(&[0x1f, 0x8b, 8]), Compression::Gzip);
        assert_eq!(Compression::of_start(&[0x28, 0xb5, 0x2f, 0xfd]), Compression::Zstd);
        for start in [&b"{\"a\""[..], b"", b"\x1f", b"\x28\xb5\x2f"] {
            assert_eq!(Compression::of_start(start), Compression::None);
        }
    }
}
