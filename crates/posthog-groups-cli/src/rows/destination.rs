//! The output of an export: standard output, or a file that is created only when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::rows::format::Compression;
use crate::visible::visible_rows;

const BUFFER: usize = 64 << 10;

/// An open output, compressed as its name indicates.
pub(crate) struct Destination {
    out: Compressor<BufWriter<Sink>>,
}

enum Sink {
    Stdout(io::Stdout),
    /// Standard output with control characters escaped. Holds the bytes of an incomplete character.
    Terminal(Vec<u8>),
    /// A device or a pipe, which cannot be replaced.
    Device(File),
    /// Moved to the target at the end.
    Temporary {
        file: NamedTempFile,
        target: PathBuf,
        replace: bool,
    },
}

enum Compressor<W: Write> {
    Plain(W),
    Gzip(flate2::write::GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl Destination {
    /// Opens a file, or standard output for `-`. An existing file is kept until [`finish`](Self::finish), and is replaced only if
    /// `replace` is set. On a terminal, control characters are escaped unless `raw` is set.
    pub(crate) fn open(
        path: &Path,
        compression: Compression,
        replace: bool,
        raw: bool,
    ) -> Result<Self, String> {
        let fails = |e: io::Error| format!("cannot write {}: {e}", path.display());
        let sink = match fs::metadata(path) {
            _ if path == Path::new("-") && io::stdout().is_terminal() && !raw => Sink::Terminal(Vec::new()),
            _ if path == Path::new("-") => Sink::Stdout(io::stdout()),
            Ok(there) if there.is_dir() => {
                return Err(format!("{} is a directory; name a file in it", path.display()));
            }
            Ok(there) if there.is_file() && !replace => return Err(exists(path)),
            Ok(there) if there.is_file() => {
                // A symbolic link is kept, and points to the new file.
                let target = fs::canonicalize(path).map_err(fails)?;
                let file = beside(&target, Some(there.permissions())).map_err(fails)?;
                Sink::Temporary { file, target, replace }
            }
            Ok(_) => Sink::Device(File::options().write(true).open(path).map_err(fails)?),
            Err(e) if e.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_ok() => {
                return Err(format!(
                    "{} is a link to a file that does not exist; name that file, or remove the link",
                    path.display()
                ));
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let file = beside(path, None).map_err(fails)?;
                Sink::Temporary { file, target: path.to_owned(), replace }
            }
            Err(e) => return Err(fails(e)),
        };
        let out = BufWriter::with_capacity(BUFFER, sink);
        let out = match compression {
            Compression::None => Compressor::Plain(out),
            // Without a time and a name in the header, the output is reproducible.
            Compression::Gzip => {
                Compressor::Gzip(flate2::write::GzEncoder::new(out, flate2::Compression::default()))
            }
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, 0).map_err(fails)?;
                encoder.include_checksum(true).map_err(fails)?;
                Compressor::Zstd(encoder)
            }
        };
        Ok(Self { out })
    }

    /// The directory for large temporary files: the directory of the file, which needs the space anyway.
    pub(crate) fn folder(path: &Path) -> PathBuf {
        match path.parent() {
            Some(folder)
                if fs::metadata(path).map_or(true, |there| there.is_file()) && path != Path::new("-") =>
            {
                if folder.as_os_str().is_empty() {
                    PathBuf::from(".")
                } else {
                    folder.to_owned()
                }
            }
            _ => std::env::temp_dir(),
        }
    }

    /// Flushes, and moves the file to its place.
    pub(crate) fn finish(self) -> io::Result<()> {
        let out = match self.out {
            Compressor::Plain(out) => out,
            Compressor::Gzip(encoder) => encoder.finish()?,
            Compressor::Zstd(encoder) => encoder.finish()?,
        };
        match out.into_inner().map_err(io::IntoInnerError::into_error)? {
            Sink::Temporary { file, target, replace } => {
                file.as_file().sync_all()?;
                let done = if replace { file.persist(&target) } else { file.persist_noclobber(&target) };
                done.map(drop).map_err(|e| match e.error.kind() {
                    io::ErrorKind::AlreadyExists => io::Error::other(exists(&target)),
                    _ => e.error,
                })
            }
            mut sink => sink.flush(),
        }
    }
}

impl<W: Write> Compressor<W> {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(out) => out,
            Self::Gzip(out) => out,
            Self::Zstd(out) => out,
        }
    }
}

impl Write for Destination {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.out.writer().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.writer().flush()
    }
}

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(data),
            Self::Terminal(held) => {
                held.extend_from_slice(data);
                let complete = match std::str::from_utf8(held) {
                    Err(e) if e.error_len().is_none() => e.valid_up_to(),
                    _ => held.len(),
                };
                let text: Vec<u8> = held.drain(..complete).collect();
                io::stdout().write_all(visible_rows(&String::from_utf8_lossy(&text)).as_bytes())?;
                Ok(data.len())
            }
            Self::Device(out) => out.write(data),
            Self::Temporary { file, .. } => file.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Terminal(_) => io::stdout().flush(),
            Self::Device(out) => out.flush(),
            Self::Temporary { file, .. } => file.flush(),
        }
    }
}

fn exists(path: &Path) -> String {
    format!("{} already exists; add `--force` to replace it, or choose another name", path.display())
}

const PREFIX: &str = ".posthog-groups-";
const SUFFIX: &str = ".partial";

/// A temporary file in the same directory, so that it can replace the target atomically. It is locked while it is in use.
fn beside(path: &Path, permissions: Option<fs::Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The umask applies, as for every new file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    remove_leftovers(folder);
    let file = builder.tempfile_in(folder)?;
    // On a file system without locks, leftovers are not removed.
    let _ = file.as_file().try_lock();
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    Ok(file)
}

/// Removes the temporary files of killed exports, which are not locked.
fn remove_leftovers(folder: &Path) {
    /// Newer files may not be locked yet.
    const AGE: std::time::Duration = std::time::Duration::from_secs(1);

    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        let is_file = entry.metadata().is_ok_and(|there| {
            there.is_file()
                && there.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > AGE)
        });
        if !is_ours || !is_file {
            continue;
        }
        // Failing to remove one does not affect this export.
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_needs_force_even_if_it_was_created_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("groups.ndjson");
        let out = Destination::open(&path, Compression::None, false, false).unwrap();
        fs::write(&path, "old").unwrap();
        assert!(out.finish().unwrap_err().to_string().contains("--force"));
        assert!(Destination::open(&path, Compression::None, false, false).err().unwrap().contains("--force"));
        let mut out = Destination::open(&path, Compression::None, true, false).unwrap();
        out.write_all(b"new").unwrap();
        out.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn zstd_data_has_a_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("groups.zst");
        let mut out = Destination::open(&path, Compression::Zstd, false, false).unwrap();
        out.write_all(b"text").unwrap();
        out.finish().unwrap();
        let mut data = fs::read(&path).unwrap();
        assert_eq!(zstd::stream::decode_all(&data[..]).unwrap(), b"text");
        let last = data.iter().rposition(|byte| *byte == b't').unwrap();
        data[last] ^= 1;
        assert!(zstd::stream::decode_all(&data[..]).is_err(), "a changed letter is not detected");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_the_permissions_of_its_file_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        let mut out = Destination::open(&link, Compression::None, true, false).unwrap();
        out.write_all(b"new").unwrap();
        out.finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        // The file would replace a dangling link at the end of a long export.
        fs::remove_file(&file).unwrap();
        for replace in [false, true] {
            let refusal = Destination::open(&link, Compression::None, replace, false).err().unwrap();
            assert!(refusal.contains("is a link to a file that does not exist"), "{refusal}");
        }
    }
}
