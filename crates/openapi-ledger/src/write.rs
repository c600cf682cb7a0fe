//! Writes documents as deterministic text, and files atomically.

use std::io::Write as _;
use std::path::Path;
use std::{fmt, fs};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Writes YAML that has the same meaning in YAML 1.1 and 1.2: strings that one of them would read as a date, a number or a boolean
/// are quoted. Long texts are folded, and texts of several lines are written as blocks.
///
/// # Errors
/// The errors of the emitter. None are known for JSON values.
pub fn to_yaml(value: &impl Serialize) -> Result<String, Error> {
    let options = serde_saphyr::ser_options! { folded_wrap_chars: 100 };
    let mut text = String::new();
    serde_saphyr::to_fmt_writer_with_options(&mut text, value, options)
        .map_err(|e| Error::Invalid(format!("cannot write YAML: {e}")))?;
    Ok(text)
}

/// Writes JSON with an indentation of two spaces and a final line break.
pub fn to_json(value: &impl fmt::Display) -> String {
    format!("{value:#}\n")
}

/// The SHA-256 of a text as 64 hexadecimal digits.
///
/// ```
/// assert!(openapi_ledger::sha256(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file through a temporary file in the same directory: readers see either the old or the new text, and the old text is kept
/// if the disk is full.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn write_atomically(path: &Path, text: &str) -> Result<(), Error> {
    let io = |source| Error::Io { action: "write", path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions()).map_err(io)?;
    } else {
        set_default_permissions(file.as_file()).map_err(io)?;
    }
    file.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}

/// A temporary file is private to its owner, but the result should not be.
#[cfg(unix)]
fn set_default_permissions(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_default_permissions(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::json;

    use super::*;
    use crate::document::Document;

    #[test]
    fn yaml_reads_back_as_what_was_written() {
        let long = "words and words ".repeat(20);
        let value = json!({
            "date": "2026-03-04T09:15:27Z", "day": "2026-03-04", "yes": "yes", "number": "1.0", "octal": "0o7",
            "null": null, "text null": "null", "empty": "", "lines": "a\n  b\n\nc\n", "long": long, "trailing": "a ",
            "trailing lines": "a\n\n\n", "tab": "\ta", "colon": "a: b", "hash": "a #b", "quote": "it's \"so\"",
            "at": "@current", "dollar": "$unset", "backslash": "a\\d", "unicode": "\u{1f980} \u{85} \u{feff}",
            "empties": [{}, [], [[]]], "list": [{"a": [1, -2, 2.5, true]}], "": 0, "200": 1, "a: b": 2, "~": 3,
            "big": 18_446_744_073_709_551_615_u64, "small": 1e-7,
        });
        let text = to_yaml(&value).unwrap();
        assert_eq!(Document::parse("t.yaml", &text).unwrap().value, value, "{text}");
    }

    #[test]
    fn a_file_is_replaced_whole_and_a_failed_write_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file.txt");
        write_atomically(&path, "old").unwrap();
        write_atomically(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let parent = path.parent().unwrap();
        assert_eq!(fs::read_dir(parent).unwrap().count(), 1, "no temporary file is left");

        // The target is a directory, so the rename fails.
        let blocked = folder.path().join("blocked");
        fs::create_dir_all(blocked.join("inside")).unwrap();
        let error = write_atomically(&blocked, "text").unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains("blocked"), "{error}");
        assert!(blocked.join("inside").exists());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
    }
}
