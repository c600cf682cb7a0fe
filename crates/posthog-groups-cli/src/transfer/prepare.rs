//! Opens and checks the input of an import.

use std::io::{self, Write as _};
use std::path::Path;

use crate::arguments::transfer::ImportInput;
use crate::connection::Context;
use crate::exit::{Code, Failure};
use crate::rows::format::{self, CsvLayout, Format};
use crate::rows::input::{Input, Named};
use crate::rows::input_error::InputError;
use crate::transfer::interrupt::{Interrupt, nothing_written};
use crate::transfer::outcomes::write_more;
use crate::transfer::progress::{Progress, Show};
use crate::transfer::source::{CheckError, Checked, Source};

/// Fails if standard input is needed twice. Called before the key is read.
pub(crate) fn check_input(context: &Context, arguments: &ImportInput) -> Result<(), Failure> {
    if arguments.file == Path::new("-") {
        context.check_stdin_is_free("rows", "a file instead of `-`")?;
    }
    Ok(())
}

/// Opens the input and reads it once, so that its errors are reported before anything is sent.
pub(crate) async fn prepare(
    arguments: &ImportInput,
    show: Show,
    interrupt: &Interrupt,
) -> Result<(Source, Checked), Failure> {
    // An unknown extension is a usage error.
    let (format, _) = format::of_path(&arguments.file, arguments.format).map_err(Failure::usage)?;
    let layout = CsvLayout { delimiter: arguments.delimiter, key_column: arguments.key_column.clone() };
    if format == Format::Ndjson && layout != CsvLayout::default() {
        return Err(Failure::usage("--key-column and --delimiter apply to CSV, but the input is NDJSON")
            .help("omit them, or add `--format csv`"));
    }
    let progress = Progress::start(show, "Checking", "rows", || None);
    let (counter, stop) = (progress.counter(), interrupt.clone());
    let (path, asked, keep_going) = (arguments.file.clone(), arguments.format, arguments.keep_going);
    let (rejected, force) = (arguments.rejected.clone(), arguments.force);
    let work = tokio::task::spawn_blocking(move || {
        let source = Source::new(Input::open(&path, asked, layout).map_err(PrepareError::Input)?, keep_going);
        match source.check(rejected.as_deref(), force, &counter, &stop) {
            Ok(checked) => Ok((source, checked)),
            Err(error) => Err(PrepareError::Rows(error, source.input().name().to_owned())),
        }
    });
    let prepared = tokio::select! {
        prepared = work => prepared,
        // Reading standard input may block forever; the thread is abandoned.
        signal = interrupt.clone().wait() => return Err(nothing_written(signal)),
    };
    drop(progress);
    let (source, checked) = match prepared {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(error)) => return Err(failure(error, arguments)),
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    };
    if checked.invalid > 0 {
        // Skipped rows are reported even with `--quiet`.
        let _ = report(&checked, source.input().name());
    }
    Ok((source, checked))
}

enum PrepareError {
    Input(Named),
    Rows(CheckError, String),
}

fn failure(error: PrepareError, arguments: &ImportInput) -> Failure {
    match error {
        PrepareError::Input(Named { name, error }) => of_input_error(&error, &name),
        PrepareError::Rows(CheckError::InputError(error), name) => of_input_error(&error, &name),
        PrepareError::Rows(CheckError::Interrupted(signal), _) => nothing_written(signal),
        PrepareError::Rows(CheckError::Rejected(error), _) => {
            let path = arguments.rejected.as_deref().unwrap_or(&arguments.file).display();
            Failure::failed(format!("cannot write {path}: {error}"))
        }
    }
}

/// The exit code shows that rows were skipped.
pub(crate) fn invalid_rows(invalid: u64) -> Result<(), Failure> {
    if invalid == 0 { Ok(()) } else { Err(Failure::Told(Code::Partial)) }
}

fn of_input_error(error: &InputError, name: &str) -> Failure {
    let failure = Failure::failed(error.in_input(name));
    match &error.help {
        Some(help) => failure.help(help.as_str()),
        None => failure,
    }
}

fn report(checked: &Checked, name: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    for error in &checked.errors {
        writeln!(out, "skipped: {}", error.in_input(name))?;
    }
    write_more(&mut out, checked.invalid, checked.errors.len(), "invalid rows")
}
