//! Determines the format and the compression of a file from its name.

use std::path::Path;

/// The format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One JSON object per line
    Ndjson,
    /// One column per property
    Csv,
}

/// The differences between a CSV file and the files that `export` writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CsvLayout {
    /// The character between cells.
    pub(crate) delimiter: u8,
    /// The column with the keys, if it is not `group_key` or `key`.
    pub(crate) key_column: Option<String>,
}

impl Default for CsvLayout {
    fn default() -> Self {
        Self { delimiter: b',', key_column: None }
    }
}

/// The compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Detects the compression from the first bytes.
    pub(crate) fn of_start(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// The compression that a file name indicates, and the name without its extension.
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

/// Returns the format and the compression of a file. `-` and names without an extension are uncompressed NDJSON.
///
/// # Errors
/// If the extension is unknown and no format is given.
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
            "cannot determine the format of `{name}`: the extension `.{other}` is not .ndjson, .jsonl or .csv, optionally with .gz or \
             .zst; add `--format ndjson` or `--format csv`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_determines_format_and_compression() {
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
}
