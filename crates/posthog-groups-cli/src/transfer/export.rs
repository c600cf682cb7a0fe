//! Exports to a file.

use std::io;
use std::path::{Path, PathBuf};

use posthog_groups::{ListGroups, Properties};

use crate::rows::csv::writer::Columns;
use crate::rows::destination::Destination;
use crate::rows::format::{Compression, Format};
use crate::rows::run::{Entry, Run, RunReader, RunWriter};
use crate::rows::sort::{Sorted, Sorter};
use crate::rows::writer::RowWriter;
use crate::transfer::interrupt::{Interrupt, Signal};
use crate::transfer::progress::Counter;

/// The order of the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Order {
    /// By the bytes of their keys; exports of the same groups are identical
    Key,
    /// In the order of the server, newest first
    Newest,
}

/// The output of an export.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) replace: bool,
    pub(crate) order: Order,
    /// The delimiter of CSV.
    pub(crate) delimiter: u8,
    /// Whether control characters are written to a terminal unchanged.
    pub(crate) raw: bool,
}

/// Why an export did not complete.
#[derive(Debug)]
pub(crate) enum Stopped {
    Server(posthog_groups::Error),
    /// A failure on this machine.
    Local(String),
    Interrupted(Signal),
    /// The reader of the output has closed it, which is not a failure: `export - | head`.
    Closed,
}

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

/// Writes the groups of a list.
pub(crate) async fn export(
    list: ListGroups,
    target: Target,
    counter: Counter,
    interrupt: Interrupt,
) -> Result<Exported, Stopped> {
    let out = Destination::open(&target.path, target.compression, target.replace, target.raw)
        .map_err(Stopped::Local)?;
    let folder = Destination::folder(&target.path);
    let mut kept = Kept::new(target.order, target.format, out, &folder).map_err(|e| full(&e, &folder))?;
    let mut pages = list.pages();
    let mut exported = Exported::default();
    loop {
        let page = tokio::select! {
            page = pages.next() => page,
            signal = interrupt.clone().wait() => return Err(Stopped::Interrupted(signal)),
        };
        let Some(page) = page else { break };
        for group in page.map_err(Stopped::Server)?.groups {
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
            kept.push(&group.key, &group.properties).map_err(|e| match kept.is_direct() {
                true => unwritable(&e, &target.path),
                false => full(&e, &folder),
            })?;
            exported.groups += 1;
        }
        counter.set(exported.groups);
    }
    counter.stage("Writing", "groups", Some(exported.groups));
    // Reading, merging and compressing block the thread.
    let delimiter = target.delimiter;
    let written = tokio::task::spawn_blocking(move || kept.write(delimiter, &counter, &interrupt)).await;
    match written {
        Ok(Ok(Ok(twice))) => Ok(Exported { groups: exported.groups - twice, ..exported }),
        Ok(Ok(Err(signal))) => Err(Stopped::Interrupted(signal)),
        Ok(Err(error)) => Err(unwritable(&error, &target.path)),
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}

/// Holds the groups until all are listed, or writes them directly.
enum Kept {
    Direct(RowWriter<Destination>),
    Sorter { sorter: Box<Sorter>, columns: Option<Columns>, out: Box<Destination> },
    Run { run: RunWriter, columns: Columns, out: Box<Destination> },
}

impl Kept {
    fn new(order: Order, format: Format, out: Destination, folder: &Path) -> io::Result<Self> {
        Ok(match (order, format) {
            (Order::Newest, Format::Ndjson) => Self::Direct(RowWriter::ndjson(out)),
            // The header has all names, which are known only at the end.
            (Order::Newest, Format::Csv) => {
                let run = RunWriter::in_folder(folder)?;
                Self::Run { run, columns: Columns::default(), out: Box::new(out) }
            }
            (Order::Key, format) => Self::Sorter {
                sorter: Box::new(Sorter::in_folder(folder.to_owned())),
                columns: (format == Format::Csv).then(Columns::default),
                out: Box::new(out),
            },
        })
    }

    fn is_direct(&self) -> bool {
        matches!(self, Self::Direct(_))
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
            Self::Run { run, columns, .. } => {
                columns.add(properties)?;
                run.push(key, properties.as_str())
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
            Self::Direct(writer) => (writer, Groups::None),
            Self::Sorter { sorter, columns, out } => {
                let writer = match columns {
                    Some(columns) => RowWriter::csv(*out, columns, delimiter)?,
                    None => RowWriter::ndjson(*out),
                };
                (writer, Groups::Sorted(Box::new(sorter.finish()?)))
            }
            Self::Run { run, columns, out } => {
                (RowWriter::csv(*out, columns, delimiter)?, Groups::Run(run.finish().and_then(Run::read)?))
            }
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

enum Groups {
    None,
    Sorted(Box<Sorted>),
    Run(RunReader),
}

impl Groups {
    fn next_into(&mut self, entry: &mut Entry) -> io::Result<bool> {
        match self {
            Self::None => Ok(false),
            Self::Sorted(sorted) => sorted.next_into(entry),
            Self::Run(run) => run.next_into(entry),
        }
    }
}

fn full(error: &io::Error, folder: &Path) -> Stopped {
    Stopped::Local(format!("cannot write temporary files to {}: {error}", folder.display()))
}

fn unwritable(error: &io::Error, path: &Path) -> Stopped {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stopped::Closed;
    }
    let name = if path == Path::new("-") { "standard output".into() } else { path.display().to_string() };
    Stopped::Local(format!("cannot write {name}: {error}"))
}
