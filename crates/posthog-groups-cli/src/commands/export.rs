//! `export`: exports groups to a file.

use std::borrow::Cow;
use std::io::{self, Write as _};

use crate::arguments;
use crate::arguments::transfer::Export;
use crate::connection::Context;
use crate::exit::{Failure, text_of};
use crate::rows::format::{self, Format};
use crate::transfer::export::{export, name};
use crate::transfer::files;
use crate::transfer::interrupt::Interrupt;
use crate::transfer::outcomes::write_more;
use crate::transfer::progress::grouped;

pub(crate) async fn run(
    context: &Context,
    output: Option<arguments::Format>,
    arguments: &Export,
) -> Result<(), Failure> {
    let asked = match (arguments.format, output) {
        (Some(_), _) | (None, None) => arguments.format,
        (None, Some(arguments::Format::Csv)) => Some(Format::Csv),
        (None, Some(arguments::Format::Ndjson)) => Some(Format::Ndjson),
        (None, Some(_)) => {
            return Err(Failure::usage("the format of an export is NDJSON or CSV")
                .help("use `--format ndjson`, `--format csv`, or a file name with the extension"));
        }
    };
    let format = format::of_path(&arguments.file, asked).map_err(Failure::usage)?;
    if format.0 == Format::Ndjson && arguments.delimiter != b',' {
        return Err(Failure::usage("--delimiter applies to CSV, but this export is NDJSON")
            .help("omit it, or add `--format csv`"));
    }
    files::check_export(context, &arguments.file)?;
    let list = arguments.filter.apply(context.groups().await?.export());
    let interrupt = Interrupt::listen()?;
    let progress = context.progress("Listing", "groups")?;
    let raw = context.output.is_raw();
    let exported = export(list, arguments, format, raw, progress.counter(), interrupt).await;
    drop(progress);
    let exported = exported?;
    let name = name(&arguments.file);
    let groups = |count| format!("{} {}", grouped(count), if count == 1 { "group" } else { "groups" });
    if !context.is_quiet() {
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
