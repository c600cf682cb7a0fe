//! `export`: exports groups to a file.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::path::Path;

use crate::arguments;
use crate::arguments::transfer::Export;
use crate::connection::Context;
use crate::exit::{Failure, text_of};
use crate::rows::format::{self, Format};
use crate::transfer::export::{Stopped, Target, export};
use crate::transfer::files;
use crate::transfer::interrupt::Interrupt;
use crate::transfer::outcomes::write_more;
use crate::transfer::progress::{Progress, Show, grouped};

pub(crate) async fn run(
    context: &Context,
    output: Option<arguments::Format>,
    arguments: &Export,
) -> Result<(), Failure> {
    let path = arguments.file.clone();
    let asked = match (arguments.format, output) {
        (Some(format), _) => Some(format),
        (None, None) => None,
        (None, Some(arguments::Format::Csv)) => Some(Format::Csv),
        (None, Some(arguments::Format::Ndjson)) => Some(Format::Ndjson),
        (None, Some(_)) => {
            return Err(Failure::usage("the format of an export is NDJSON or CSV")
                .help("use `--format ndjson`, `--format csv`, or a file name with the extension"));
        }
    };
    let (format, compression) = format::of_path(&path, asked).map_err(Failure::usage)?;
    if format == Format::Ndjson && arguments.delimiter != b',' {
        return Err(Failure::usage("--delimiter applies to CSV, but this export is NDJSON")
            .help("omit it, or add `--format csv`"));
    }
    files::check_export(context, &path)?;
    let target = Target {
        path,
        format,
        compression,
        replace: arguments.force,
        order: arguments.order,
        delimiter: arguments.delimiter,
        raw: context.output.is_raw(),
    };
    let mut list = context.groups().await?.export();
    if let Some(text) = &arguments.search {
        list = list.search(text);
    }
    if let Some(part) = &arguments.key_contains {
        list = list.key_contains(part);
    }
    let interrupt = Interrupt::listen()?;
    let client = context.client()?.clone();
    let show = Show::on_stderr(context.is_quiet());
    let progress = Progress::start(show, "Listing", "groups", move || client.throttled_for());
    let exported = export(list, target, progress.counter(), interrupt).await;
    drop(progress);
    let exported = exported.map_err(|stopped| failure(stopped, &arguments.file))?;
    let name = match arguments.file.as_path() {
        path if path == Path::new("-") => "standard output".into(),
        path => path.display().to_string(),
    };
    let groups = |count| format!("{} {}", grouped(count), if count == 1 { "group" } else { "groups" });
    if show != Show::Nothing {
        // The export is complete: losing the message is not a failure.
        let _ = writeln!(io::stderr(), "{} to {name}", groups(exported.groups));
    }
    if exported.missing == 0 {
        return Ok(());
    }
    for error in &exported.named {
        let _ = writeln!(io::stderr(), "missing: {}", text_of(error));
    }
    let _ = write_more(&mut io::stderr(), exported.missing, exported.named.len(), "missing groups");
    let is = if exported.missing == 1 { "is" } else { "are" };
    let failure = Failure::partial(format!("{} {is} missing from {name}", groups(exported.missing)));
    let help = exported.named.first().and_then(|error| error.help().map(Cow::into_owned));
    Err(match help {
        Some(help) => failure.help(help),
        None => failure,
    })
}

fn failure(stopped: Stopped, path: &Path) -> Failure {
    match stopped {
        Stopped::Server(error) => Failure::from(error),
        Stopped::Local(message) => Failure::failed(message),
        Stopped::Closed => Failure::ClosedPipe,
        Stopped::Interrupted(signal) => {
            let what = match path == Path::new("-") {
                true => "interrupted; the output is incomplete".to_owned(),
                false => format!("interrupted; {} is unchanged", path.display()),
            };
            Failure::interrupted(signal, what)
        }
    }
}
