//! Exports to a file.

use std::io;
use std::path::Path;

use posthog_groups::{ListGroups, Properties};

use crate::arguments::transfer::{Export, Order};
use crate::exit::Failure;
use crate::rows::csv::writer::Columns;
use crate::rows::destination::Destination;
use crate::rows::format::{Compression, Format};
use crate::rows::run::Entry;
use crate::rows::sort::Sorter;
use crate::rows::writer::RowWriter;
use crate::transfer::blocking;
use crate::transfer::interrupt::{Interrupt, Signal};
use crate::transfer::progress::Counter;

/// The result of an export.
#[derive(Debug, Default)]
pub(crate) struct Exported {
    pub(crate) groups: u64,
    /// The number of groups that the server cannot return, or that cannot be decoded.
    pub(crate) missing: u64,
    /// The errors of the first missing groups.
    pub(crate) named: Vec<posthog_groups::Error>,
}

/// The number of missing groups that are reported; all are counted.
const NAMED: usize = 20;

/// Writes the groups of a list. With `raw`, control characters are written to a terminal unchanged.
pub(crate) async fn export(
    list: ListGroups,
    arguments: &Export,
    (format, compression): (Format, Compression),
    raw: bool,
    counter: Counter,
    interrupt: Interrupt,
) -> Result<Exported, Failure> {
    let path = &arguments.file;
    let out = Destination::open(path, compression, arguments.force, raw).map_err(Failure::failed)?;
    let folder = Destination::folder(path);
    let mut kept = Kept::new(arguments.order, format, out, &folder);
    let mut pages = list.pages();
    let mut exported = Exported::default();
    while let Some(page) = interrupt.or(pages.next()).await.map_err(|signal| interrupted(signal, path))? {
        for group in page?.groups {
            let group = match group {
                Ok(group) => group,
                Err(error) => {
                    exported.missing += 1;
                    if exported.named.len() < NAMED {
                        exported.named.push(error);
                    }
                    continue;
                }
            };
            kept.push(&group.key, &group.properties).map_err(|e| match kept {
                Kept::Direct(_) => unwritable(&e, path),
                Kept::Sorter { .. } => {
                    Failure::failed(format!("cannot write temporary files to {}: {e}", folder.display()))
                }
            })?;
            exported.groups += 1;
        }
        counter.set(exported.groups);
    }
    counter.stage("Writing", "groups", Some(exported.groups));
    // Reading, merging and compressing block the thread.
    let delimiter = arguments.delimiter;
    let written = blocking(move || kept.write(delimiter, &counter, &interrupt)).await;
    let twice = written.map_err(|e| unwritable(&e, path))?.map_err(|signal| interrupted(signal, path))?;
    Ok(Exported { groups: exported.groups - twice, ..exported })
}

/// Holds the groups until all are listed, or writes them directly.
enum Kept {
    Direct(RowWriter<Destination>),
    Sorter { sorter: Box<Sorter>, columns: Option<Columns>, out: Box<Destination> },
}

impl Kept {
    fn new(order: Order, format: Format, out: Destination, folder: &Path) -> Self {
        match (order, format) {
            (Order::Newest, Format::Ndjson) => Self::Direct(RowWriter::Ndjson(out)),
            // The header of CSV has all names, which are known only at the end.
            (order, format) => Self::Sorter {
                sorter: Box::new(Sorter::in_folder(folder.to_owned(), order == Order::Key)),
                columns: (format == Format::Csv).then(Columns::default),
                out: Box::new(out),
            },
        }
    }

    fn push(&mut self, key: &str, properties: &Properties) -> io::Result<()> {
        match self {
            Self::Direct(writer) => writer.write(key, properties.as_str()),
            Self::Sorter { sorter, columns, .. } => {
                if let Some(columns) = columns {
                    columns.add(properties)?;
                }
                sorter.push(key, properties.as_str())
            }
        }
    }

    /// Writes the remaining groups, and returns how many were skipped as duplicates, which are adjacent when sorted. The file is moved to
    /// its place unless a signal arrives first.
    fn write(
        self,
        delimiter: u8,
        counter: &Counter,
        interrupt: &Interrupt,
    ) -> io::Result<Result<u64, Signal>> {
        let (mut writer, mut groups) = match self {
            Self::Direct(writer) => return writer.finish()?.finish().map(|()| Ok(0)),
            Self::Sorter { sorter, columns: Some(columns), out } => {
                (RowWriter::csv(*out, columns, delimiter)?, sorter.finish()?)
            }
            Self::Sorter { sorter, columns: None, out } => (RowWriter::Ndjson(*out), sorter.finish()?),
        };
        let (mut entry, mut key, mut twice) = (Entry::default(), String::new(), 0);
        while groups.next_into(&mut entry)? {
            // A server that pages by offset lists a group twice if others are created in the meantime.
            if entry.key == key {
                twice += 1;
                continue;
            }
            key.clone_from(&entry.key);
            writer.write(&entry.key, &entry.properties)?;
            counter.add(1);
            if let Some(signal) = interrupt.seen() {
                return Ok(Err(signal));
            }
        }
        writer.finish()?.finish()?;
        Ok(Ok(twice))
    }
}

/// The reader of the output may close it, which is not a failure: `export - | head`.
fn unwritable(error: &io::Error, path: &Path) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::failed(format!("cannot write {}: {error}", name(path))),
    }
}

fn interrupted(signal: Signal, path: &Path) -> Failure {
    let what = match path == Path::new("-") {
        true => "interrupted; the output is incomplete".to_owned(),
        false => format!("interrupted; {} is unchanged", path.display()),
    };
    Failure::interrupted(signal, what)
}

/// The name of an output in messages.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard output".to_owned() } else { path.display().to_string() }
}
