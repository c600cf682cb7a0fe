//! The input, a file or standard input, which can be read repeatedly.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::exit::Failure;
use crate::rows::format::{self, Compression, CsvLayout, Format};
use crate::rows::input_error::InputError;
use crate::rows::lines::Lines;
use crate::rows::reader::RowReader;

const BUFFER: usize = 128 << 10;

/// A file, or a copy of an input that can be read only once.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    name: String,
    place: Place,
    format: Format,
    layout: CsvLayout,
    compression: Compression,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    /// A file without a name, which disappears when the process ends.
    Copy(Arc<File>),
}

impl Input {
    /// Opens a file, or standard input for `-`. Standard input and pipes are copied to a temporary file first.
    pub(crate) fn open(path: &Path, asked: Option<Format>, layout: CsvLayout) -> Result<Self, Failure> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let open = || {
            let (format, by_name) =
                format::of_path(path, asked).map_err(|what| InputError::fatal(None, what))?;
            let place = if is_stdin { Place::Copy(copied(io::stdin().lock())?) } else { regular(path)? };
            let mut input = Self { name: name.clone(), place, format, layout, compression: by_name };
            input.compression = input.detected(by_name)?;
            Ok(input)
        };
        open().map_err(|error: InputError| error.into_failure(&name))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The path of the file, or `None` for a copy.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Copy(_) => None,
        }
    }

    pub(crate) fn rows(&self) -> Result<RowReader, InputError> {
        let mut reader = self.reader()?;
        let start = reader.fill_buf();
        if is_utf16(start.map_err(|e| InputError::fatal(None, format!("cannot read it: {e}")))?) {
            return Err(InputError::fatal(None, "the text is UTF-16, but must be UTF-8")
                .help("convert it: `iconv -f UTF-16 -t UTF-8`"));
        }
        Ok(RowReader::new(self.format, self.layout.clone(), Lines::new(reader)))
    }

    fn bytes(&self) -> Result<Box<dyn Read + Send>, InputError> {
        Ok(match &self.place {
            Place::File(path) => Box::new(File::open(path).map_err(|e| cannot_open(&e))?),
            Place::Copy(file) => Box::new(Reread { file: Arc::clone(file), offset: 0 }),
        })
    }

    fn reader(&self) -> Result<Box<dyn BufRead + Send>, InputError> {
        let file = BufReader::with_capacity(BUFFER, self.bytes()?);
        Ok(match self.compression {
            Compression::None => Box::new(file),
            Compression::Gzip => self.decompressed(flate2::bufread::MultiGzDecoder::new(file)),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(file);
                self.decompressed(
                    decoder.map_err(|e| InputError::fatal(None, format!("cannot decompress zstd: {e}")))?,
                )
            }
        })
    }

    fn decompressed(&self, decoder: impl Read + Send + 'static) -> Box<dyn BufRead + Send> {
        Box::new(BufReader::with_capacity(BUFFER, Decompressed { decoder, compression: self.compression }))
    }

    /// The compression that the first bytes show, which the name must not contradict.
    fn detected(&self, by_name: Compression) -> Result<Compression, InputError> {
        let mut start = Vec::new();
        let read = self.bytes()?.take(4).read_to_end(&mut start);
        read.map_err(|e| InputError::fatal(None, format!("cannot read it: {e}")))?;
        let found = Compression::of_start(&start);
        if by_name == found || by_name == Compression::None {
            return Ok(found);
        }
        let what = if start.is_empty() { "the file is empty" } else { "its first bytes show otherwise" };
        Err(InputError::fatal(None, format!("the name indicates {} data, but {what}", by_name.name()))
            .help(format!("if the data is {}, rename the file; otherwise, download it again", found.name())))
    }
}

fn regular(path: &Path) -> Result<Place, InputError> {
    let kind = fs::metadata(path).map_err(|e| cannot_open(&e))?.file_type();
    if kind.is_dir() {
        return Err(InputError::fatal(None, "it is a directory").help("name a file in it"));
    }
    if kind.is_file() {
        return Ok(Place::File(path.to_owned()));
    }
    // A pipe or a device can be read only once.
    File::open(path).map_err(|e| cannot_open(&e)).and_then(copied).map(Place::Copy)
}

fn cannot_open(error: &io::Error) -> InputError {
    match error.kind() {
        io::ErrorKind::NotFound => InputError::fatal(None, "the file does not exist").help("check the path"),
        io::ErrorKind::PermissionDenied => {
            InputError::fatal(None, "no permission to read the file").help("check its permissions")
        }
        _ => InputError::fatal(None, format!("cannot open it: {error}")),
    }
}

/// Copies the data to disk, because the rows are read repeatedly.
fn copied(mut from: impl Read) -> Result<Arc<File>, InputError> {
    let folder = std::env::temp_dir();
    let unwritable = |e: io::Error| {
        InputError::fatal(None, format!("cannot write a temporary copy to {}: {e}", folder.display()))
            .help("set TMPDIR to a directory with enough space, or pass a file")
    };
    let mut copy = tempfile::tempfile().map_err(unwritable)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => copy.write_all(&buffer[..read]).map_err(unwritable)?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(InputError::fatal(None, format!("cannot read it: {e}"))),
        }
    }
    Ok(Arc::new(copy))
}

/// Reads a file from its start, independently of other readers.
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

/// JSON and CSV begin with an ASCII character, so one of the first two bytes of UTF-16 is zero, or they are a byte order mark.
fn is_utf16(start: &[u8]) -> bool {
    matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..])
}

struct Decompressed<R> {
    decoder: R,
    compression: Compression,
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|e| {
            let name = self.compression.name();
            match e.kind() {
                io::ErrorKind::Interrupted => e,
                io::ErrorKind::UnexpectedEof => {
                    io::Error::other(format!("the {name} data is incomplete; download the file again"))
                }
                _ => io::Error::other(format!("the {name} data is damaged ({e}); download the file again")),
            }
        })
    }
}
