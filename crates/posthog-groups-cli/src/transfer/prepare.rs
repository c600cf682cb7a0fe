//! From the arguments of an import to its checked rows.

use std::io::{self, Write as _};
use std::path::Path;

use crate::arguments::transfer::ImportInput;
use crate::connection::Context;
use crate::exit::{Code, Failure};
use crate::rows::flaw::Flaw;
use crate::rows::format::{self, CsvLayout, Format};
use crate::rows::input::{Input, Named};
use crate::transfer::interrupt::{Interrupt, Signal};
use crate::transfer::outcomes::write_more;
use crate::transfer::progress::{Progress, Show};
use crate::transfer::source::{Checked, Source, Unchecked};

/// Refuses what cannot go together, before the key is read from anywhere.
pub(crate) fn check_input(context: &Context, arguments: &ImportInput) -> Result<(), Failure> {
    if arguments.file == Path::new("-") {
        context.check_stdin_is_free("rows", "the rows in a file instead of `-`")?;
    }
    Ok(())
}

/// Opens the input and reads all of it once, so that what is wrong with it is told before anything is sent.
pub(crate) async fn prepare(
    arguments: &ImportInput,
    show: Show,
    interrupt: &Interrupt,
) -> Result<(Source, Checked), Failure> {
    // A name that does not tell the format is a matter of the command line, not of the file.
    let (format, _) = format::of_path(&arguments.file, arguments.format).map_err(Failure::usage)?;
    let layout = CsvLayout { delimiter: arguments.delimiter, key_column: arguments.key_column.clone() };
    if format == Format::Ndjson && layout != CsvLayout::default() {
        return Err(Failure::usage("--key-column and --delimiter are for CSV, and the input is NDJSON")
            .help("leave them out, or add `--format csv`"));
    }
    let progress = Progress::start(show, "Checking", "rows", || None);
    let (counter, heard) = (progress.counter(), interrupt.clone());
    let (path, asked, keep_going) = (arguments.file.clone(), arguments.format, arguments.keep_going);
    let (rejected, force) = (arguments.rejected.clone(), arguments.force);
    let work = tokio::task::spawn_blocking(move || {
        let source = Source::new(Input::open(&path, asked, layout).map_err(Unprepared::Input)?, keep_going);
        match source.check(rejected.as_deref(), force, &counter, &heard) {
            Ok(checked) => Ok((source, checked)),
            Err(error) => Err(Unprepared::Rows(error, source.input().name().to_owned())),
        }
    });
    let prepared = tokio::select! {
        prepared = work => prepared,
        // Standard input may stay silent for ever; nobody waits for the thread that reads it.
        signal = interrupt.clone().wait() => return Err(nothing_written(signal)),
    };
    drop(progress);
    let (source, checked) = match prepared {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(error)) => return Err(failure(error, arguments)),
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    };
    if checked.bad > 0 {
        // What is passed over is told even with `--quiet`: it is missing afterwards.
        let _ = tell(&checked, source.input().name());
    }
    Ok((source, checked))
}

enum Unprepared {
    Input(Named),
    Rows(Unchecked, String),
}

fn failure(error: Unprepared, arguments: &ImportInput) -> Failure {
    match error {
        Unprepared::Input(Named { name, flaw }) => of_flaw(&flaw, &name),
        Unprepared::Rows(Unchecked::Flaw(flaw), name) => of_flaw(&flaw, &name),
        Unprepared::Rows(Unchecked::Interrupted(signal), _) => nothing_written(signal),
        Unprepared::Rows(Unchecked::Rejected(error), _) => {
            let path = arguments.rejected.as_deref().unwrap_or(&arguments.file).display();
            Failure::failed(format!("{path} cannot be written: {error}"))
        }
    }
}

/// Rows that were skipped are missing afterwards, which the exit code says.
pub(crate) fn bad_rows(bad: u64) -> Result<(), Failure> {
    if bad == 0 { Ok(()) } else { Err(Failure::Told(Code::Partial)) }
}

pub(crate) fn nothing_written(signal: Signal) -> Failure {
    Failure::interrupted(signal, "interrupted; nothing was written")
}

fn of_flaw(flaw: &Flaw, name: &str) -> Failure {
    let failure = Failure::failed(flaw.in_input(name));
    match &flaw.help {
        Some(help) => failure.help(help.as_str()),
        None => failure,
    }
}

fn tell(checked: &Checked, name: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    for flaw in &checked.named {
        writeln!(out, "passed over: {}", flaw.in_input(name))?;
    }
    write_more(&mut out, checked.bad, checked.named.len(), "bad rows")
}
