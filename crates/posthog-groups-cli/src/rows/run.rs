//! Groups on disk, in the order in which they were written.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::path::Path;

const BUFFER: usize = 64 << 10;

/// A group as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// JSON.
    pub(crate) properties: String,
}

/// Writes a run to a file without a name, which disappears when the process ends.
pub(crate) struct RunWriter(BufWriter<File>);

impl RunWriter {
    pub(crate) fn in_folder(folder: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(folder)?)))
    }

    pub(crate) fn push(&mut self, key: &str, properties: &str) -> io::Result<()> {
        for text in [key, properties] {
            self.0.write_all(&(text.len() as u64).to_le_bytes())?;
            self.0.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<Run> {
        self.0.into_inner().map(Run).map_err(io::IntoInnerError::into_error)
    }
}

/// A complete run. Its buffer is allocated when it is read.
pub(crate) struct Run(File);

impl Run {
    pub(crate) fn read(mut self) -> io::Result<RunReader> {
        self.0.rewind()?;
        Ok(RunReader(BufReader::with_capacity(BUFFER, self.0)))
    }
}

pub(crate) struct RunReader(BufReader<File>);

impl RunReader {
    /// Reads the next group into `entry`. Returns false at the end.
    pub(crate) fn next_into(&mut self, entry: &mut Entry) -> io::Result<bool> {
        if self.0.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.text_into(&mut entry.key)?;
        self.text_into(&mut entry.properties)?;
        Ok(true)
    }

    fn text_into(&mut self, text: &mut String) -> io::Result<()> {
        let mut length = [0; 8];
        self.0.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        text.clear();
        let read = self.0.by_ref().take(length).read_to_string(text)?;
        if read as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}
