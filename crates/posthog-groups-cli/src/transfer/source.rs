//! The rows of an import, which are checked before anything is sent and then read repeatedly.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use posthog_groups::bulk::ImportRow;

use crate::arguments::transfer::ImportInput;
use crate::connection::Context;
use crate::exit::{Code, Failure};
use crate::rows::format::{self, CsvLayout, Format};
use crate::rows::input::Input;
use crate::rows::input_error::InputError;
use crate::rows::reader::RowReader;
use crate::transfer::interrupt::{Interrupt, nothing_written};
use crate::transfer::outcomes::write_more;
use crate::transfer::progress::Counter;
use crate::transfer::{blocking, files};

/// The number of invalid rows that are reported; all are counted.
const MAX_ERRORS: usize = 20;

/// Fails if standard input is needed twice. Called before the key is read.
pub(crate) fn check_stdin(context: &Context, arguments: &ImportInput) -> Result<(), Failure> {
    match arguments.file == Path::new("-") {
        true => context.check_stdin_is_free("rows", "a file instead of `-`"),
        false => Ok(()),
    }
}

/// One pass over the rows.
pub(crate) type Rows = Box<dyn Iterator<Item = io::Result<ImportRow>> + Send>;

/// The rows of an input, all of which have been read once.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) input: Input,
    /// Whether invalid rows are skipped.
    keep_going: bool,
    /// The number of valid rows.
    pub(crate) rows: u64,
    /// The number of invalid rows, which are skipped.
    pub(crate) invalid: u64,
}

impl Source {
    /// Opens the input and reads it once, so that its errors are reported before anything is sent. The first invalid row is an error,
    /// unless invalid rows are skipped.
    pub(crate) async fn open(
        context: &Context,
        arguments: &ImportInput,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        // An unknown extension is a usage error.
        let (format, _) = format::of_path(&arguments.file, arguments.format).map_err(Failure::usage)?;
        let layout = CsvLayout { delimiter: arguments.delimiter, key_column: arguments.key_column.clone() };
        if format == Format::Ndjson && layout != CsvLayout::default() {
            return Err(Failure::usage("--key-column and --delimiter apply to CSV, but the input is NDJSON")
                .help("omit them, or add `--format csv`"));
        }
        let progress = context.progress("Checking", "rows")?;
        let (counter, stop, arguments) = (progress.counter(), interrupt.clone(), arguments.clone());
        let work = blocking(move || {
            let input = Input::open(&arguments.file, arguments.format, layout)?;
            let mut source = Self { input, keep_going: arguments.keep_going, rows: 0, invalid: 0 };
            let errors = source.check(&arguments, &counter, &stop)?;
            Ok::<_, Failure>((source, errors))
        });
        // Reading standard input may block forever; the thread is then abandoned.
        let (source, errors) = interrupt.or(work).await.map_err(nothing_written)??;
        drop(progress);
        // Skipped rows are reported even with `--quiet`.
        let _ = source.report(&errors);
        Ok(source)
    }

    /// Reads all rows. Returns the errors of the first invalid ones.
    fn check(
        &mut self,
        arguments: &ImportInput,
        counter: &Counter,
        interrupt: &Interrupt,
    ) -> Result<Vec<InputError>, Failure> {
        /// The number of rows between checks for signals.
        const CHECK_SIGNALS_EVERY: u64 = 1_024;
        let rejected = arguments.rejected.as_deref();
        let unwritable = |error: io::Error| {
            let path = rejected.unwrap_or(&arguments.file).display();
            Failure::failed(format!("cannot write {path}: {error}"))
        };
        let fatal = |error: InputError| error.into_failure(self.input.name());
        let mut rejected =
            rejected.map(|path| Rejected::create(path, arguments.force)).transpose().map_err(unwritable)?;
        let mut rows = self.input.rows().map_err(fatal)?;
        let mut errors = Vec::new();
        loop {
            match next_row(&mut rows) {
                Ok(Some(_)) => self.rows += 1,
                Ok(None) => break,
                Err(error) if self.keep_going && !error.is_fatal => {
                    self.invalid += 1;
                    if let Some(rejected) = &mut rejected {
                        rejected.add(&rows).map_err(unwritable)?;
                    }
                    if errors.len() < MAX_ERRORS {
                        errors.push(error);
                    }
                }
                Err(error) => return Err(fatal(error)),
            }
            if (self.rows + self.invalid).is_multiple_of(CHECK_SIGNALS_EVERY) {
                counter.set(self.rows);
                if let Some(signal) = interrupt.seen() {
                    return Err(nothing_written(signal));
                }
            }
        }
        rejected.map_or(Ok(()), |mut rejected| rejected.out.flush()).map_err(unwritable)?;
        Ok(errors)
    }

    fn report(&self, errors: &[InputError]) -> io::Result<()> {
        let mut out = io::stderr().lock();
        for error in errors {
            writeln!(out, "skipped: {}", error.in_input(self.input.name()))?;
        }
        write_more(&mut out, self.invalid, errors.len(), "invalid rows")
    }

    /// The result of a command that succeeded: the exit code shows that rows were skipped.
    pub(crate) fn result(&self) -> Result<(), Failure> {
        if self.invalid == 0 { Ok(()) } else { Err(Failure::Reported(Code::Partial)) }
    }

    pub(crate) fn pass(&self) -> Rows {
        let Self { input, keep_going, .. } = self.clone();
        let mut rows = Some(input.rows());
        Box::new(std::iter::from_fn(move || {
            loop {
                let next = match rows.as_mut()? {
                    Ok(rows) => next_row(rows),
                    Err(error) => Err(error.clone()),
                };
                match next {
                    Ok(row) => return row.map(Ok),
                    Err(error) if keep_going && !error.is_fatal => {}
                    Err(error) => {
                        rows = None;
                        let error = InputError { message: error.in_input(input.name()), line: None, ..error };
                        return Some(Err(error.into()));
                    }
                }
            }
        }))
    }
}

/// Returns the next row, checked to be storable by a server.
fn next_row(rows: &mut RowReader) -> Result<Option<ImportRow>, InputError> {
    let Some(row) = rows.next()? else { return Ok(None) };
    row.check().map_err(|error| InputError::row(row.line, error.to_string()))?;
    Ok(Some(row))
}

/// A file of the invalid rows, unchanged.
struct Rejected {
    out: BufWriter<File>,
    has_head: bool,
}

impl Rejected {
    fn create(path: &Path, force: bool) -> io::Result<Self> {
        files::create(path, force).map(|file| Self { out: BufWriter::new(file), has_head: false })
    }

    fn add(&mut self, rows: &RowReader) -> io::Result<()> {
        // With the header of CSV, so that the file can be corrected and imported.
        if !std::mem::replace(&mut self.has_head, true) {
            self.line(rows.head())?;
        }
        self.line(rows.raw())
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.out.write_all(line)?;
        if line.is_empty() || line.ends_with(b"\n") { Ok(()) } else { self.out.write_all(b"\n") }
    }
}
