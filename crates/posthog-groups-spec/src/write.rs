//! Writing documents: deterministic text, and files that are whole or untouched.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// YAML that readers of YAML 1.1 and 1.2 understand alike: what one of them would take for a date,
/// a number or a boolean stands in quotes. Long texts are folded, several lines written as lines.
///
/// # Errors
/// None are known for JSON values; the emitter's own are passed on.
pub fn to_yaml(value: &Value) -> Result<String, Error> {
    let options = serde_saphyr::ser_options! { folded_wrap_chars: 100 };
    let mut text = String::new();
    serde_saphyr::to_fmt_writer_with_options(&mut text, value, options)
        .map_err(|e| Error::Emit { reason: e.to_string() })?;
    Ok(text)
}

/// JSON with two spaces of indentation and a final line end.
pub fn to_json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The SHA-256 of a text as 64 hexadecimal digits.
///
/// ```
/// assert!(posthog_groups_spec::sha256(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file by way of a temporary one beside it: whoever looks sees the old text or the new
/// one, and a full disk leaves the old one.
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

/// A temporary file is private to its owner; a product is not.
#[cfg(unix)]
fn set_default_permissions(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_default_permissions(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}
