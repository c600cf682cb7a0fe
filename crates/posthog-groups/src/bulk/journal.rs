//! The journal of an import: which rows are done, on disk, so that an interrupted run can be resumed.
//!
//! A journal belongs to one run that has not completed. Its first line identifies the run (host, project, group type, and a digest
//! of all rows). Each further line is the number of a row that is done, or that failed. A completed run removes its journal.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Refusal, Result};

/// The version of the format.
const VERSION: u32 = 2;

/// The maximum time until a record is synced to disk.
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// Longer than any line of a journal.
const LONGEST_LINE: u64 = 64 << 10;

/// The beginning of the first line.
const START: &[u8] = b"{\"posthog_groups_journal\":";

/// The end of the line for a row that failed.
const FAILED: &str = " failed";

/// An append-only file, which is locked by its owner.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    started: String,
    rows: Rows,
    synced: Instant,
    dirty: bool,
    /// Whether this run created it.
    is_new: bool,
}

/// The first line: the run that the journal belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    posthog_groups_journal: u32,
    pub(crate) host: String,
    pub(crate) project: String,
    pub(crate) group_type_index: u8,
    pub(crate) rows: u64,
    /// The digest of all rows in their order.
    pub(crate) input: String,
    pub(crate) started: String,
}

/// The state of each row by its number, in two bits per row.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rows {
    done: Bits,
    failed: Bits,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Bits {
    fn has(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    fn set(&mut self, number: u64, value: bool) {
        if self.has(number) == value {
            return;
        }
        let (word, bit) = place(number);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] ^= bit;
        self.count = if value { self.count + 1 } else { self.count - 1 };
    }
}

fn place(number: u64) -> (usize, u64) {
    (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
}

impl Header {
    pub(crate) fn new(place: (&str, &str, u8), rows: u64, input: String, started: String) -> Self {
        let (host, project, group_type_index) = place;
        Self {
            posthog_groups_journal: VERSION,
            host: host.to_owned(),
            project: project.to_owned(),
            group_type_index,
            rows,
            input,
            started,
        }
    }

    fn place(&self) -> String {
        format!("{}, project {}, group type {}", self.host, self.project, self.group_type_index)
    }
}

impl Journal {
    /// Opens the journal of this run, or creates one. With `accept_change`, a journal of other rows is emptied instead of rejected.
    ///
    /// A journal that is rejected is not changed.
    pub(crate) fn open(path: &Path, wanted: &Header, accept_change: bool) -> Result<Self> {
        // Opening a pipe blocks, and a device keeps nothing.
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(Error::import(Refusal::Journal, format!("{} is not a regular file", path.display()))
                .with_help("use another file for the journal"));
        }
        let options = OpenOptions::new().read(true).append(true).to_owned();
        let (file, is_new) = match options.clone().create_new(true).open(path) {
            Ok(file) => (file, true),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                (options.clone().open(path).map_err(|e| fails(path, "open", e))?, false)
            }
            Err(e) => return Err(fails(path, "create", e)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::import(
                    Refusal::Journal,
                    format!("the journal {} is in use by another import", path.display()),
                )
                .with_help("wait for it, or use another file for the journal"));
            }
            Err(TryLockError::Error(e)) => return Err(fails(path, "lock", e)),
        }
        let found = read(path, BufReader::new(&file), wanted.rows)?;
        let resumes = match &found.header {
            Some(header) => belongs(path, header, wanted, accept_change)?,
            None => false,
        };
        let mut journal = Self {
            path: path.to_owned(),
            file,
            started: wanted.started.clone(),
            rows: Rows::default(),
            synced: Instant::now(),
            dirty: false,
            is_new,
        };
        match found.header.filter(|_| resumes) {
            Some(header) => {
                journal.started = header.started;
                journal.rows = found.rows;
                journal.cut(found.whole)?;
            }
            None => {
                journal.cut(0)?;
                let header = serde_json::to_string(wanted).map_err(Error::setup)?;
                journal.append(&format!("{header}\n"))?;
                journal.sync()?;
                sync_folder(path);
            }
        }
        Ok(journal)
    }

    /// Truncates the file after the last complete line.
    fn cut(&self, length: u64) -> Result<()> {
        let there = self.file.metadata().map_err(|e| fails(&self.path, "read", e))?.len();
        if there > length {
            self.file.set_len(length).map_err(|e| fails(&self.path, "shorten", e))
        } else {
            Ok(())
        }
    }

    /// Whether this row was done in an earlier part of the run.
    pub(crate) fn was_done(&self, number: u64) -> bool {
        self.rows.done.has(number)
    }

    /// Whether this row failed in an earlier part of the run.
    pub(crate) fn has_failed(&self, number: u64) -> bool {
        self.rows.failed.has(number)
    }

    /// The number of rows that were done in earlier parts of the run.
    pub(crate) fn done(&self) -> u64 {
        self.rows.done.count
    }

    /// The number of rows that failed in earlier parts of the run.
    pub(crate) fn failed(&self) -> u64 {
        self.rows.failed.count
    }

    /// When the first part of the run began.
    pub(crate) fn started(&self) -> &str {
        &self.started
    }

    /// Records that a row is done or has failed. The record survives if the process is killed, and survives a power failure after
    /// the next [`sync`](Self::sync).
    pub(crate) fn record(&mut self, number: u64, failed: bool) -> Result<()> {
        self.append(&format!("{number}{}\n", if failed { FAILED } else { "" }))?;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<()> {
        self.dirty = true;
        let before = self.file.metadata().map(|m| m.len());
        self.file.write_all(text.as_bytes()).map_err(|e| {
            // If the disk is full, only a part of the line may have been written.
            if let Ok(length) = before {
                let _ = self.file.set_len(length);
            }
            fails(&self.path, "write", e)
        })
    }

    /// Removes the journal of a run that has completed.
    pub(crate) fn remove(self) -> Result<()> {
        // Removed while it is still locked.
        std::fs::remove_file(&self.path).map_err(|e| fails(&self.path, "remove", e))
    }

    /// Removes the journal if this run created it; for a run that was rejected.
    pub(crate) fn discard(self) {
        if self.is_new {
            // If this fails, the remaining journal says that no row is done.
            let _ = self.remove();
        }
    }

    pub(crate) fn sync(&mut self) -> Result<()> {
        self.synced = Instant::now();
        if std::mem::take(&mut self.dirty) {
            self.file.sync_data().map_err(|e| fails(&self.path, "write", e))?;
        }
        Ok(())
    }
}

/// The error for a journal that cannot be used because of its file.
fn fails(path: &Path, what: &str, e: std::io::Error) -> Error {
    Error::file(format!("cannot {what} the journal {}", path.display()), e)
}

/// The error for a file with a line that is not from a journal.
fn foreign(path: &Path, line: u64) -> Error {
    Error::import(Refusal::Journal, format!("line {line} of {} is not from a journal", path.display()))
        .with_help("use another file for the journal, or remove this one to start over")
}

/// Makes the directory entry of a new file durable.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        // Not every system supports this.
        let _ = folder.sync_all();
    }
}

/// The contents of a journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// `None` if nothing has been written yet.
    header: Option<Header>,
    rows: Rows,
    /// The length of the complete lines in bytes.
    pub(crate) whole: u64,
}

/// Reads a journal with at most `rows` rows. Ignores an incomplete line or NUL bytes at the end, which a power failure can leave.
pub(crate) fn read(path: &Path, mut input: impl BufRead, rows: u64) -> Result<Contents> {
    let mut contents = Contents::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = input
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|e| fails(path, "read", e))?;
        let is_whole = line.last() == Some(&b'\n');
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let written = text.split(|byte| *byte == 0).next().unwrap_or_default();
        if length == 0 {
            break;
        }
        if !is_whole || written.len() < text.len() {
            let is_ours = match contents.header {
                None => {
                    length < LONGEST_LINE as usize
                        && (written.starts_with(START) || START.starts_with(written))
                }
                Some(_) => is_beginning_of_record(written),
            };
            if !is_ours {
                return Err(foreign(path, number));
            }
            break;
        }
        if let Some(header) = &contents.header {
            let known = record(text).filter(|(row, _)| (1..=header.rows).contains(row));
            let (row, failed) = known.ok_or_else(|| foreign(path, number))?;
            // A journal with more rows belongs to another run, so its records are not stored.
            if row <= rows {
                contents.rows.done.set(row, !failed);
                contents.rows.failed.set(row, failed);
            }
        } else {
            contents.header = Some(header(path, text)?);
        }
        contents.whole += length as u64;
    }
    Ok(contents)
}

fn header(path: &Path, line: &[u8]) -> Result<Header> {
    #[derive(Deserialize)]
    struct Version {
        posthog_groups_journal: u32,
    }

    match serde_json::from_slice::<Version>(line) {
        Ok(Version { posthog_groups_journal: VERSION }) => {
            serde_json::from_slice(line).map_err(|_| foreign(path, 1))
        }
        Ok(Version { posthog_groups_journal: found }) => Err(Error::import(
            Refusal::Journal,
            format!(
                "the journal {} has version {found}, but this program writes version {VERSION}",
                path.display()
            ),
        )
        .with_help("finish the import with the program that began it, or remove the journal to start over")),
        Err(_) => Err(foreign(path, 1)),
    }
}

/// Parses the number of a row, and whether it failed.
fn record(line: &[u8]) -> Option<(u64, bool)> {
    let text = std::str::from_utf8(line).ok()?;
    let (digits, failed) = text.strip_suffix(FAILED).map_or((text, false), |digits| (digits, true));
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_number)?, failed))
}

fn is_beginning_of_record(text: &[u8]) -> bool {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    end <= 20 && FAILED.as_bytes().starts_with(&text[end..])
}

/// Returns whether a journal belongs to this run, or false if it has other rows and this is accepted.
fn belongs(path: &Path, found: &Header, wanted: &Header, accept_change: bool) -> Result<bool> {
    if found.place() != wanted.place() {
        return Err(Error::import(
            Refusal::Journal,
            format!(
                "the journal {} belongs to an import into {}, but this import is into {}",
                path.display(),
                found.place(),
                wanted.place()
            ),
        )
        .with_help("use another file for the journal"));
    }
    if found.input == wanted.input {
        return Ok(true);
    }
    if accept_change {
        return Ok(false);
    }
    Err(Error::import(
        Refusal::ChangedInput,
        format!(
            "the rows have changed since the run that the journal {} belongs to ({} rows then, {} now)",
            path.display(),
            found.rows,
            wanted.rows
        ),
    )
    .with_help("finish that run with its original rows, or accept the changed input to start over"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(input: &str, rows: u64, project: &str) -> Header {
        let place = ("https://eu.posthog.com", project, 0);
        Header::new(place, rows, input.to_owned(), "2026-11-24T00:00:00Z".to_owned())
    }

    fn ours() -> Header {
        header("aa", 200, "7")
    }

    #[test]
    fn records_are_found_again_and_the_last_one_of_a_row_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path, &ours(), false).unwrap();
        for (number, failed) in [(1, false), (200, false), (3, true), (64, true), (64, false)] {
            journal.record(number, failed).unwrap();
        }
        drop(journal);
        let journal = Journal::open(&path, &ours(), false).unwrap();
        let of = |has: &dyn Fn(u64) -> bool| (1..=200).filter(|number| has(*number)).collect::<Vec<_>>();
        assert_eq!(of(&|number| journal.was_done(number)), [1, 64, 200]);
        assert_eq!(of(&|number| journal.has_failed(number)), [3]);
        assert_eq!((journal.done(), journal.failed()), (3, 1));
        journal.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn half_a_line_and_nul_bytes_at_the_end_are_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path, &ours(), false).unwrap();
        journal.record(1, false).unwrap();
        journal.record(22, true).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let tails = [&b""[..], b"\0", &[0; 5_000], b"\0\0\n17\n"];
        for cut in 1..=whole.len() {
            // All tails after complete lines, and one of them elsewhere.
            let all = if whole[cut - 1] == b'\n' { &tails[..] } else { &tails[cut % 4..][..1] };
            for tail in all {
                std::fs::write(&path, [&whole[..cut], tail].concat()).unwrap();
                let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
                let later = Header { started: "later".to_owned(), ..ours() };
                let mut journal = Journal::open(&path, &later, false).unwrap();
                assert_eq!(journal.was_done(1), lines >= 2, "cut after {cut} bytes");
                assert_eq!(journal.has_failed(22), lines >= 3, "cut after {cut} bytes");
                assert!(!journal.was_done(17));
                assert_eq!(journal.started() == "later", lines == 0);
                journal.record(3, false).unwrap();
                drop(journal);
                assert!(Journal::open(&path, &ours(), false).unwrap().was_done(3));
            }
        }
    }

    #[test]
    fn a_journal_that_is_refused_is_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |path: &Path, header: &Header, accept| {
            Journal::open(path, header, accept).unwrap_err().to_string()
        };
        assert!(refusal(folder.path(), &ours(), true).contains("not a regular file"));
        #[cfg(unix)]
        assert!(refusal(Path::new("/dev/null"), &ours(), true).contains("not a regular file"));
        let path = folder.path().join("journal");
        drop(Journal::open(&path, &ours(), false).unwrap());
        // The incomplete line at the end would normally be truncated.
        let journal = std::fs::read_to_string(&path).unwrap() + "1\n2";
        let large = format!("{{\"posthog_groups_journal\":{}", " ".repeat(200_000));
        for (text, header, accept, words) in [
            (&*journal, header("aa", 200, "8"), true, "project 7, group type 0, but this import is into"),
            (&journal, header("bb", 3, "7"), false, "200 rows then, 3 now"),
            (
                &journal.replace(":2,", ":1,"),
                ours(),
                true,
                "has version 1, but this program writes version 2",
            ),
            (&large, ours(), true, "line 1 of"),
            ("group_key,plan\norg:1,free\n", ours(), true, "line 1 of"),
            ("no line end", ours(), true, "line 1 of"),
            ("{\"a\": 1}", ours(), true, "line 1 of"),
            (&journal.replace("1\n", "x\n"), ours(), true, "line 2 of"),
            (&journal.replace("1\n", "99999999999999999\n"), ours(), true, "line 2 of"),
            (&"\0".repeat(100_000), ours(), true, "line 1 of"),
        ] {
            std::fs::write(&path, text).unwrap();
            let refusal = refusal(&path, &header, accept);
            assert!(refusal.contains(words), "{words}: {refusal}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{words}");
        }
    }

    #[test]
    fn changed_rows_begin_anew_once_they_are_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path, &ours(), false).unwrap();
        journal.record(1, false).unwrap();
        drop(journal);
        let changed = header("bb", 3, "7");
        assert!(!Journal::open(&path, &changed, true).unwrap().was_done(1));
        let refused = Journal::open(&path, &ours(), false).unwrap_err().to_string();
        assert!(refused.contains("3 rows then, 200 now"), "the way back is noticed too: {refused}");
    }

    #[test]
    fn a_second_run_is_refused_while_the_first_one_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let first = Journal::open(&path, &ours(), false).unwrap();
        assert!(
            Journal::open(&path, &ours(), false)
                .unwrap_err()
                .to_string()
                .contains("in use by another import")
        );
        drop(first);
        Journal::open(&path, &ours(), false).unwrap().discard();
        assert!(path.exists(), "only the run that created it discards it");
        std::fs::remove_file(&path).unwrap();
        Journal::open(&path, &ours(), false).unwrap().discard();
        assert!(!path.exists());
    }
}
