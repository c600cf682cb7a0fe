//! That no file of an import is written over another: a report in the place of the input would be the end of the input.

use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::transfer::ImportInput;
use crate::exit::Failure;

/// Refuses an import two files of which are the same.
pub(crate) fn check(input: &ImportInput, journal: Option<&Path>) -> Result<(), Failure> {
    let files = [
        ("the input", Some(input.file.as_path())),
        ("--journal", journal),
        ("--rejected", input.rejected.as_deref()),
        ("--report", input.report.as_deref()),
    ];
    let mut seen: Vec<(&str, PathBuf)> = Vec::new();
    for (what, path) in files {
        let is_input = what == "the input";
        let Some(path) = path.filter(|path| !(is_input && *path == Path::new("-"))) else { continue };
        // Devices and pipes may be named as often as one likes.
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            continue;
        }
        let place = place_of(path);
        if let Some((other, _)) = seen.iter().find(|(_, earlier)| *earlier == place) {
            return Err(Failure::usage(format!(
                "{} is named twice: as {other} and by {what}",
                path.display()
            ))
            .mend("give each a file of its own"));
        }
        seen.push((what, place));
    }
    Ok(())
}

/// Where a file is, or will be, whatever way leads there.
fn place_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (fs::canonicalize(folder), path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}
