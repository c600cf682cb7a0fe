//! Checks of the files that an import or export writes: none may be the input, a file with a key, or an existing file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::arguments::transfer::ImportInput;
use crate::connection::Context;
use crate::exit::Failure;
use crate::key_source::KeySource;

/// Fails if an import would use one file for two purposes.
pub(crate) fn check(context: &Context, input: &ImportInput, journal: Option<&Path>) -> Result<(), Failure> {
    let mut files = Vec::new();
    if input.file != Path::new("-") {
        files.push(("the input", input.file.as_path()));
    }
    files.extend(journal.map(|path| ("--journal", path)));
    files.extend(input.rejected.as_deref().map(|path| ("--rejected", path)));
    files.extend(input.report.as_deref().map(|path| ("--report", path)));
    check_distinct(&secret_files(context), &files)
}

/// Fails if an export would replace a file with a key.
pub(crate) fn check_export(context: &Context, target: &Path) -> Result<(), Failure> {
    if target == Path::new("-") {
        return Ok(());
    }
    check_distinct(&secret_files(context), &[("the export", target)])
}

fn secret_files(context: &Context) -> Vec<(&'static str, &Path)> {
    let key = context.settings.key.as_ref().map(|setting| ("the file of the key", &setting.value));
    let token = context
        .settings
        .project_token
        .as_ref()
        .map(|setting| ("the file of the project token", &setting.value));
    let keys = [key, token].into_iter().flatten().filter_map(|(what, source)| match source {
        KeySource::File(path) => Some((what, path.as_path())),
        _ => None,
    });
    keys.chain(context.config.as_ref().map(|config| ("the configuration file", config.path.as_path())))
        .collect()
}

/// Fails if two files are the same, or if one is `reserved`.
fn check_distinct(reserved: &[(&str, &Path)], files: &[(&str, &Path)]) -> Result<(), Failure> {
    let mut seen = reserved.to_vec();
    for (what, path) in files {
        // Devices and pipes may be named several times.
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            continue;
        }
        if let Some((other, _)) = seen.iter().find(|(_, earlier)| is_same(earlier, path)) {
            return Err(Failure::usage(format!(
                "{} is used twice: as {other} and by {what}",
                path.display()
            ))
            .help("use separate files"));
        }
        seen.push((what, path));
    }
    Ok(())
}

/// Whether two paths lead to the same file, which may not exist yet.
fn is_same(a: &Path, b: &Path) -> bool {
    same_file::is_same_file(a, b).unwrap_or_else(|_| absolute(a) == absolute(b))
}

/// The path of a file in an existing directory, without links.
fn absolute(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
}

/// Creates a file. An existing file is replaced only with `force`, and never through a symbolic link.
pub(crate) fn create(path: &Path, force: bool) -> io::Result<File> {
    let there = match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return File::create_new(path),
        there => there?,
    };
    let is_file = fs::metadata(path).map_or(true, |there| there.is_file());
    if there.is_symlink() && is_file {
        return Err(io::Error::other("it is a symbolic link; give the path of the file itself"));
    }
    // A device or a pipe has no contents to lose.
    if is_file && !force {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it already exists; add `--force` to replace it, or choose another name",
        ));
    }
    File::options().write(true).truncate(is_file).open(path)
}
