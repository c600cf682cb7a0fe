//! What is read: a file or standard input, as often as needed.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::rows::flaw::Flaw;
use crate::rows::format::{self, Compression, CsvLayout, Format};
use crate::rows::lines::Lines;
use crate::rows::reader::RowReader;

const BUFFER: usize = 128 << 10;

/// A file, or a copy of what can be read only once.
#[derive(Debug)]
pub(crate) struct Input {
    /// As messages call it.
    name: String,
    place: Place,
    format: Format,
    layout: CsvLayout,
    compression: Compression,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    /// Without a name, so that nothing is left of it whatever happens.
    Copy(Arc<File>),
}

impl Input {
    /// Opens a file, or standard input for `-`, which is copied to a temporary file first, as pipes are.
    pub(crate) fn open(path: &Path, asked: Option<Format>, layout: CsvLayout) -> Result<Self, Named> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let open = || {
            let (format, by_name) = format::of_path(path, asked).map_err(|what| Flaw::rest(None, what))?;
            let place = if is_stdin { Place::Copy(copied(io::stdin().lock())?) } else { regular(path)? };
            let mut input = Self { name: name.clone(), place, format, layout, compression: by_name };
            input.compression = input.packed_with(by_name)?;
            Ok(input)
        };
        open().map_err(|flaw| Named { name: name.clone(), flaw })
    }

    /// As messages call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The file itself; `None` when a copy is read.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Copy(_) => None,
        }
    }

    /// The rows from the first one on.
    pub(crate) fn rows(&self) -> Result<RowReader, Flaw> {
        let mut reader = self.reader()?;
        let mut start = Vec::new();
        // The flaw that reading runs into is told with its line below.
        let read = reader.by_ref().take(4).read_to_end(&mut start);
        if let Err(e) = read {
            return Err(Flaw::rest(None, format!("reading failed: {e}")));
        }
        if is_utf16(&start) {
            return Err(Flaw::rest(None, "this is UTF-16, and UTF-8 is expected")
                .help("convert it: `iconv -f UTF-16 -t UTF-8`"));
        }
        let whole: Box<dyn BufRead + Send> = Box::new(Cursor::new(start).chain(reader));
        Ok(RowReader::new(self.format, self.layout.clone(), Lines::new(whole)))
    }

    fn bytes(&self) -> Result<Box<dyn Read + Send>, Flaw> {
        Ok(match &self.place {
            Place::File(path) => Box::new(File::open(path).map_err(|e| cannot_open(&e))?),
            Place::Copy(file) => Box::new(Reread { file: Arc::clone(file), offset: 0 }),
        })
    }

    fn reader(&self) -> Result<Box<dyn BufRead + Send>, Flaw> {
        let file = BufReader::with_capacity(BUFFER, self.bytes()?);
        Ok(match self.compression {
            Compression::None => Box::new(file),
            Compression::Gzip => self.unpacked(flate2::bufread::MultiGzDecoder::new(file)),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(file);
                self.unpacked(decoder.map_err(|e| Flaw::rest(None, format!("zstd cannot be read: {e}")))?)
            }
        })
    }

    fn unpacked(&self, decoder: impl Read + Send + 'static) -> Box<dyn BufRead + Send> {
        Box::new(BufReader::with_capacity(BUFFER, Unpacked { decoder, compression: self.compression }))
    }

    /// What the data is packed with, which its first bytes tell; the name must not say otherwise.
    fn packed_with(&self, by_name: Compression) -> Result<Compression, Flaw> {
        let mut start = Vec::new();
        let read = self.bytes()?.take(4).read_to_end(&mut start);
        read.map_err(|e| Flaw::rest(None, format!("reading failed: {e}")))?;
        let found = Compression::of_start(&start);
        if by_name == found || by_name == Compression::None {
            return Ok(found);
        }
        let what =
            if start.is_empty() { "it is empty" } else { "its first bytes are not those of such a file" };
        Err(Flaw::rest(None, format!("the name says {}, and {what}", by_name.name()))
            .help(format!("if it is {}, rename it; else fetch it again", found.name())))
    }
}

/// A flaw with the name of its input.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) flaw: Flaw,
}

fn regular(path: &Path) -> Result<Place, Flaw> {
    let kind = fs::metadata(path).map_err(|e| cannot_open(&e))?.file_type();
    if kind.is_dir() {
        return Err(Flaw::rest(None, "this is a directory").help("name the file in it"));
    }
    if kind.is_file() {
        return Ok(Place::File(path.to_owned()));
    }
    // A pipe or a device gives its data once.
    File::open(path).map_err(|e| cannot_open(&e)).and_then(copied).map(Place::Copy)
}

fn cannot_open(error: &io::Error) -> Flaw {
    match error.kind() {
        io::ErrorKind::NotFound => Flaw::rest(None, "there is no such file").help("check the path"),
        io::ErrorKind::PermissionDenied => {
            Flaw::rest(None, "you may not read this file").help("check its permissions")
        }
        _ => Flaw::rest(None, format!("it cannot be opened: {error}")),
    }
}

/// A copy on disk: the rows are read more than once.
fn copied(mut from: impl Read) -> Result<Arc<File>, Flaw> {
    let folder = std::env::temp_dir();
    let unwritable = |e: io::Error| {
        Flaw::rest(None, format!("the temporary copy in {} cannot be written: {e}", folder.display()))
            .help("set TMPDIR to a folder with room, or give the data as a file")
    };
    let mut copy = tempfile::tempfile().map_err(unwritable)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => copy.write_all(&buffer[..read]).map_err(unwritable)?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Flaw::rest(None, format!("reading failed: {e}"))),
        }
    }
    Ok(Arc::new(copy))
}

/// Reads a file from its start, whatever others read of it.
struct Reread {
    file: Arc<File>,
    offset: u64,
}

impl Read for Reread {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.offset)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// Text of JSON or CSV begins with ASCII, so that in UTF-16 one of its first two bytes is zero; or the mark is there.
fn is_utf16(start: &[u8]) -> bool {
    matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..])
}

/// Unpacks, and says in plain words why it cannot.
struct Unpacked<R> {
    decoder: R,
    compression: Compression,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|e| {
            let name = self.compression.name();
            match e.kind() {
                io::ErrorKind::Interrupted => e,
                io::ErrorKind::UnexpectedEof => io::Error::other(format!(
                    "the {name} data is cut short; the file is incomplete: fetch it again"
                )),
                _ => io::Error::other(format!("the {name} data is damaged ({e}): fetch the file again")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of a file of this name with this content, or what is wrong.
    fn keys(name: &str, content: &[u8]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let input = Input::open(&path, None, CsvLayout::default()).map_err(|e| e.flaw.to_string())?;
        let read = || {
            let mut rows = input.rows()?;
            let mut keys = Vec::new();
            while let Some(row) = rows.next()? {
                keys.push(row.key);
            }
            Ok(keys)
        };
        let first: Result<_, Flaw> = read();
        assert_eq!(read(), first, "the second time");
        first.map_err(|flaw| flaw.to_string())
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    const ROWS: &[u8] = b"\xef\xbb\xbf{\"key\":\"a\"}\r\n\r\n{\"key\":\"b\"}";

    #[test]
    fn rows_are_read_as_often_as_wanted_however_they_are_packed() {
        let zstd = zstd::stream::encode_all(ROWS, 3).unwrap();
        let halves = [gzip(&ROWS[..20]), gzip(&ROWS[20..])].concat();
        let frames = [zstd.clone(), zstd::stream::encode_all(&b"\n{\"key\":\"c\"}"[..], 3).unwrap()].concat();
        assert_eq!(keys("g.ndjson", ROWS).unwrap(), ["a", "b"]);
        assert_eq!(keys("g.ndjson.gz", &gzip(ROWS)).unwrap(), ["a", "b"]);
        assert_eq!(keys("g.gz", &halves).unwrap(), ["a", "b"]);
        assert_eq!(keys("g.zst", &zstd).unwrap(), ["a", "b"]);
        assert_eq!(keys("g.zst", &frames).unwrap(), ["a", "b", "c"]);
        // Packed, although the name does not say so.
        assert_eq!(keys("g.ndjson", &gzip(ROWS)).unwrap(), ["a", "b"]);
        assert_eq!(keys("g.csv.gz", &gzip(b"\xef\xbb\xbfgroup_key\r\na\r\n")).unwrap(), ["a"]);
        assert!(keys("g.ndjson", b"").unwrap().is_empty());
        assert!(keys("g.csv", b"\xef\xbb\xbf").unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_unpacked_or_is_no_utf8_is_named() {
        let long: Vec<u8> =
            (0..20_000).flat_map(|n| format!("{{\"key\":\"org:{n}\"}}\n").into_bytes()).collect();
        let (gz, zst) = (gzip(&long), zstd::stream::encode_all(&long[..], 3).unwrap());
        let utf16: Vec<u8> = "\u{feff}{\"key\":\"a\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut damaged = gz.clone();
        damaged[5000] ^= 0xff;
        for (name, content, words) in [
            ("g.gz", &gz[..gz.len() - 9], "reading failed after line "),
            ("g.gz", &gz[..gz.len() / 2], "the gzip data is cut short"),
            ("g.gz", &damaged, "the gzip data is damaged"),
            ("g.zst", &zst[..zst.len() / 2], "the zstd data is cut short"),
            ("g.gz", b"{\"key\":\"a\"}", "the name says gzip, and its first bytes are not"),
            ("g.gz", &zst, "if it is zstd, rename it"),
            ("g.zst", b"", "the name says zstd, and it is empty"),
            ("g.ndjson", &utf16, "iconv -f UTF-16 -t UTF-8"),
            ("g.ndjson", &utf16[2..], "this is UTF-16"),
            ("g.json", b"{}", "--format ndjson"),
        ] {
            let flaw = keys(name, content).unwrap_err();
            assert!(flaw.contains(words), "{name}: {flaw}");
        }
    }

    #[test]
    fn missing_files_and_directories_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let name = |path: &Path| {
            let named = Input::open(path, None, CsvLayout::default()).unwrap_err();
            format!("{}: {}", named.name, named.flaw)
        };
        assert!(
            name(&folder.path().join("nothing")).ends_with("nothing: there is no such file; check the path")
        );
        let folder = folder.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert!(name(&folder).contains("this is a directory"));
    }
}
