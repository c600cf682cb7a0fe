//! What an import has done, on disk, so that a killed one goes on where it was.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::row::{ImportRow, RowId};
use crate::error::{Error, Result};

/// How long a record may wait for the disk.
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// No line of a journal is as long as this.
const LONGEST_LINE: u64 = 64 << 10;

/// An append-only file: a header, and a line for each row that is done. Its owner holds a lock on it.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// By the hash of its key, what a group was last written as.
    done: HashMap<u64, RowId>,
    started: String,
    synced: Instant,
    dirty: bool,
    /// Whether this run has begun it.
    is_new: bool,
}

/// The first line, and one more for each time that other rows were accepted: what the journal belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// The version of this form.
    pub(crate) posthog_groups_journal: u32,
    pub(crate) host: String,
    pub(crate) project: String,
    pub(crate) group_type_index: u8,
    pub(crate) rows: u64,
    /// The digest of all rows in their order.
    pub(crate) input: String,
    /// When it was begun.
    pub(crate) started: String,
}

impl Journal {
    /// Opens a journal, or begins one. `change_is_fine`: the rows may be others than those it was begun with.
    pub(crate) fn open(path: &Path, wanted: &Header, change_is_fine: bool) -> Result<Self> {
        let trouble =
            |what: &str, e: std::io::Error| Error::file(format!("{what} the journal {}", path.display()), e);
        // A pipe would be waited for, and a device keeps nothing.
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(Error::input(format!(
                "{} is no ordinary file, which a journal has to be; name another journal",
                path.display()
            )));
        }
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|e| trouble("cannot open", e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::input(format!(
                    "the journal {} is in use by another import; wait for it, or give this one a journal of its own",
                    path.display()
                )));
            }
            Err(TryLockError::Error(e)) => return Err(trouble("cannot lock", e)),
        }
        let mut journal = Self {
            path: path.to_owned(),
            file,
            done: HashMap::new(),
            started: wanted.started.clone(),
            synced: Instant::now(),
            dirty: false,
            is_new: false,
        };
        match journal.read()? {
            Some(found) => {
                check_header(path, &found, wanted, change_is_fine)?;
                if found.input == wanted.input {
                    journal.started = found.started;
                } else {
                    // From here on it is that of the other rows, so that the way back is noticed as well.
                    journal.begin(wanted)?;
                }
            }
            None => {
                journal.is_new = true;
                journal.begin(wanted)?;
                sync_folder(path);
            }
        }
        Ok(journal)
    }

    fn begin(&mut self, header: &Header) -> Result<()> {
        let header = serde_json::to_string(header).map_err(Error::setup)?;
        self.append(&format!("{header}\n"))?;
        self.sync()
    }

    /// Reads what is there, and cuts off a last line that was not written to its end.
    fn read(&mut self) -> Result<Option<Header>> {
        let mut lines = BufReader::new(&self.file);
        let mut header = None;
        let mut line = Vec::new();
        let mut whole = 0_u64;
        let mut number = 0_u64;
        loop {
            line.clear();
            let read = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
            let length = read.map_err(|e| self.trouble("read", e))?;
            if length == 0 {
                break;
            }
            if line.last() != Some(&b'\n') {
                // Killed in the middle of a line, if it is one of ours; what it said will be said again.
                if length as u64 == LONGEST_LINE || !is_beginning(header.is_none(), &line) {
                    return Err(self.foreign(number + 1));
                }
                break;
            }
            number += 1;
            let text = line[..length - 1].trim_ascii_end();
            if header.is_none() || text.starts_with(b"{") {
                header = Some(serde_json::from_slice::<Header>(text).map_err(|_| self.foreign(number))?);
            } else {
                let (row, key) = record(text).ok_or_else(|| self.foreign(number))?;
                self.done.insert(key, row);
            }
            whole += length as u64;
        }
        let end = self.file.seek(SeekFrom::End(0)).map_err(|e| self.trouble("read", e))?;
        if end > whole {
            self.file.set_len(whole).map_err(|e| self.trouble("mend", e))?;
        }
        Ok(header)
    }

    fn foreign(&self, line: u64) -> Error {
        Error::input(format!(
            "line {line} of {} is not of a journal of this program; name another file, or remove it to begin anew",
            self.path.display()
        ))
    }

    fn trouble(&self, what: &str, e: std::io::Error) -> Error {
        Error::file(format!("cannot {what} the journal {}", self.path.display()), e)
    }

    /// Whether the group of a row was last written as the row says.
    pub(crate) fn has(&self, row: &ImportRow) -> bool {
        self.done.get(&row.key_id()) == Some(&row.id())
    }

    /// How many rows were done before.
    pub(crate) fn done(&self) -> usize {
        self.done.len()
    }

    /// When the import was begun: before this run, where this one goes on.
    pub(crate) fn started(&self) -> &str {
        &self.started
    }

    /// Notes a row as done. It is on disk after the next [`sync`](Self::sync); in the system's hands, and thus safe from a killed
    /// process, at once.
    pub(crate) fn note(&mut self, row: &ImportRow) -> Result<()> {
        self.append(&format!("{} {:016x}\n", row.id(), row.key_id()))?;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<()> {
        self.dirty = true;
        let before = self.file.metadata().map(|m| m.len());
        self.file.write_all(text.as_bytes()).map_err(|e| {
            // A full disk may have taken half a line.
            if let Ok(length) = before {
                let _ = self.file.set_len(length);
            }
            self.trouble("write", e)
        })
    }

    /// Removes it if this run has begun it, for an import that was refused. One that another import has begun is left alone.
    pub(crate) fn discard(self) {
        if self.is_new {
            // One that stays is no harm: it says that nothing is done.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    pub(crate) fn sync(&mut self) -> Result<()> {
        self.synced = Instant::now();
        if std::mem::take(&mut self.dirty) {
            self.file.sync_data().map_err(|e| self.trouble("write", e))?;
        }
        Ok(())
    }
}

/// The name of a new file is safe once its folder is.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        // Some systems cannot; the file itself is synced in any case.
        let _ = folder.sync_all();
    }
}

/// A line of a row: the hashes of what it says, and of its key.
fn record(line: &[u8]) -> Option<(RowId, u64)> {
    let (row, key) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    Some((RowId::parse(row)?, u64::from_str_radix(key, 16).ok().filter(|_| key.len() == 16)?))
}

/// Whether this may be the beginning of a line of a journal: other people's files are not cut.
fn is_beginning(is_first: bool, text: &[u8]) -> bool {
    const HEADER: &[u8] = b"{\"posthog_groups_journal\":";
    let of_header = text.starts_with(HEADER) || HEADER.starts_with(text);
    let of_row = text.len() <= 49 && text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b' ');
    of_header || !is_first && of_row
}

fn check_header(path: &Path, found: &Header, wanted: &Header, change_is_fine: bool) -> Result<()> {
    let place = |header: &Header| {
        format!("{}, project {}, group type {}", header.host, header.project, header.group_type_index)
    };
    if place(found) != place(wanted) {
        return Err(Error::input(format!(
            "the journal {} belongs to an import into {}, and this one goes to {}; name another journal",
            path.display(),
            place(found),
            place(wanted)
        )));
    }
    if found.input != wanted.input && !change_is_fine {
        return Err(Error::input(format!(
            "the input has changed since the journal {} was begun ({} rows then, {} now, not all the same); to go on, and do the rows that \
             are new or different, accept the changed input; to begin anew, remove the journal",
            path.display(),
            found.rows,
            wanted.rows
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use posthog_groups_client::Properties;

    use super::*;

    fn header() -> Header {
        Header {
            posthog_groups_journal: 1,
            host: "https://eu.posthog.com".to_owned(),
            project: "7".to_owned(),
            group_type_index: 0,
            rows: 2,
            input: "aa".to_owned(),
            started: "2026-11-24T00:00:00Z".to_owned(),
        }
    }

    fn row(n: u8) -> ImportRow {
        ImportRow::new(format!("org:{n}"), Properties::default())
    }

    #[test]
    fn what_was_noted_is_known_again_and_half_a_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path, &header(), false).unwrap();
        journal.note(&row(1)).unwrap();
        journal.note(&row(2)).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 1..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            let later = Header { started: "later".to_owned(), ..header() };
            let mut journal = Journal::open(&path, &later, false).unwrap();
            assert_eq!(journal.has(&row(1)), lines >= 2, "cut after {cut} bytes");
            assert!(!journal.has(&row(2)));
            assert_eq!(journal.started() == "later", lines == 0);
            journal.note(&row(3)).unwrap();
            drop(journal);
            assert!(Journal::open(&path, &header(), false).unwrap().has(&row(3)));
        }
    }

    #[test]
    fn what_is_no_file_and_what_has_no_lines_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |path: &Path| Journal::open(path, &header(), false).unwrap_err().to_string();
        assert!(refusal(folder.path()).contains("is no ordinary file"));
        #[cfg(unix)]
        assert!(refusal(Path::new("/dev/null")).contains("is no ordinary file"));
        let path = folder.path().join("large");
        let large = format!("{{\"posthog_groups_journal\":{}", " ".repeat(200_000));
        std::fs::write(&path, &large).unwrap();
        assert!(refusal(&path).contains("line 1 of"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), large);
    }

    #[test]
    fn only_a_journal_of_this_run_is_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        Journal::open(&path, &header(), false).unwrap().discard();
        assert!(!path.exists());
        drop(Journal::open(&path, &header(), false).unwrap());
        Journal::open(&path, &header(), false).unwrap().discard();
        assert!(path.exists());
    }

    #[test]
    fn another_place_a_changed_input_and_a_foreign_file_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        drop(Journal::open(&path, &header(), false).unwrap());
        let refusal = |header: &Header, fine| Journal::open(&path, header, fine).unwrap_err().to_string();
        let elsewhere = Header { project: "8".to_owned(), ..header() };
        assert!(refusal(&elsewhere, true).contains("project 7"));
        let changed = Header { input: "bb".to_owned(), rows: 3, ..header() };
        assert!(refusal(&changed, false).contains("2 rows then, 3 now"));
        drop(Journal::open(&path, &changed, true).unwrap());
        assert!(refusal(&header(), false).contains("3 rows then, 2 now"), "the way back is noticed too");
        let first = Journal::open(&path, &changed, false).unwrap();
        assert!(refusal(&changed, false).contains("in use by another import"));
        drop(first);
        for foreign in ["group_key,plan\norg:1,free\n", "no line end", "{\"a\": 1}"] {
            std::fs::write(&path, foreign).unwrap();
            let error = Journal::open(&path, &header(), false).unwrap_err();
            assert!(error.to_string().contains("line 1 of"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), foreign);
        }
    }
}
