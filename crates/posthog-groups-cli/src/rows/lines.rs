//! Lines of bounded length, with their numbers.

use std::io::{self, BufRead, Read as _};

use crate::rows::LONGEST_LINE;
use crate::rows::input_error::InputError;

/// A buffer that has grown beyond this for one long line is shrunk.
const USUAL_LINE: usize = 1 << 20;

/// The lines of an input, each with its line break.
pub(crate) struct Lines<R> {
    input: R,
    /// The number of the last line.
    number: u64,
    longest: usize,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, number: 0, longest: LONGEST_LINE }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Appends the next line to the buffer. Returns false at the end. Skips a byte order mark at the start.
    pub(crate) fn append(&mut self, buffer: &mut Vec<u8>) -> Result<bool, InputError> {
        let start = buffer.len();
        let room = self.longest.saturating_sub(start) as u64 + 1;
        let read = self.input.by_ref().take(room).read_until(b'\n', buffer);
        let read = read.map_err(|e| self.unreadable(&e))?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        if buffer.len() > self.longest {
            let megabytes = self.longest >> 20;
            return Err(InputError::fatal(self.number, format!("the line is longer than {megabytes} MB"))
                .help("each row must be on a line of its own; check for missing line breaks"));
        }
        if self.number == 1 && buffer[start..].starts_with(b"\xef\xbb\xbf") {
            buffer.drain(start..start + 3);
        }
        Ok(true)
    }

    /// Reads the next line into the buffer. Returns false at the end.
    pub(crate) fn next_into(&mut self, buffer: &mut Vec<u8>) -> Result<bool, InputError> {
        buffer.clear();
        buffer.shrink_to(USUAL_LINE);
        self.append(buffer)
    }

    fn unreadable(&self, error: &io::Error) -> InputError {
        let after = match self.number {
            0 => String::new(),
            number => format!(" after line {number}"),
        };
        InputError::fatal(None, format!("cannot read it{after}: {error}"))
    }
}

/// A line without its line break, as text.
pub(crate) fn text_of(line: &[u8], number: u64) -> Result<&str, InputError> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    utf8(line, number)
}

/// Converts bytes to text. `number` is the line in which they begin.
pub(crate) fn utf8(bytes: &[u8], number: u64) -> Result<&str, InputError> {
    std::str::from_utf8(bytes).map_err(|e| {
        let place = e.valid_up_to();
        let byte = bytes[place];
        InputError::row(number, format!("byte {} of the line, 0x{byte:02x}, is not UTF-8", place + 1))
            .help("save the file as UTF-8, or convert it: `iconv -f LATIN1 -t UTF-8`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_an_error_with_its_number() {
        let mut lines = Lines { longest: 5, ..Lines::new(&b"1234\n12345678901234567890\n"[..]) };
        let mut line = Vec::new();
        assert_eq!(lines.next_into(&mut line), Ok(true));
        let error = lines.next_into(&mut line).unwrap_err();
        assert_eq!((error.line, error.message.contains("longer than")), (Some(2), true), "{error}");
    }
}
