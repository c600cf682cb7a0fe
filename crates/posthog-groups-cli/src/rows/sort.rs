//! External merge sort of groups by key, in bounded memory.
//!
//! Existing crates for external sorting serialize each entry with serde and use named files. Here, runs are raw text in files without
//! a name, so that no files remain after a crash.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use crate::rows::run::{Entry, Run, RunReader, RunWriter};

/// The size of a run in memory.
const ROOM: usize = 8 << 20;

/// The number of runs that are merged into one. Each needs a buffer and an open file.
const FAN_IN: usize = 32;

/// Sorts groups that are pushed in any order, or keeps their order.
pub(crate) struct Sorter {
    folder: PathBuf,
    by_key: bool,
    room: usize,
    run: InMemory,
    /// Runs on disk. A run of one level was merged from `FAN_IN` runs of the level before.
    levels: Vec<Vec<Run>>,
}

impl Sorter {
    /// Groups that do not fit in memory are written to files without a name in this directory.
    pub(crate) fn in_folder(folder: PathBuf, by_key: bool) -> Self {
        Self { folder, by_key, room: ROOM, run: InMemory::default(), levels: Vec::new() }
    }

    pub(crate) fn push(&mut self, key: &str, properties: &str) -> io::Result<()> {
        if !self.run.is_empty() && self.run.size() + key.len() + properties.len() > self.room {
            self.spill()?;
        }
        self.run.push(key, properties);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut writer = RunWriter::in_folder(&self.folder)?;
        for group in &self.run.groups {
            let (key, properties) = self.run.texts(group);
            writer.push(key, properties)?;
        }
        self.run.clear();
        let mut run = writer.finish()?;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(run);
            if self.levels[level].len() < FAN_IN {
                break;
            }
            let full = std::mem::take(&mut self.levels[level]);
            run = self.merged(full)?;
        }
        Ok(())
    }

    fn merged(&self, runs: Vec<Run>) -> io::Result<Run> {
        let sources = runs.into_iter().map(|run| run.read().map(Source::Disk)).collect::<io::Result<_>>()?;
        let mut merge = Sorted::of(sources, self.by_key)?;
        let mut writer = RunWriter::in_folder(&self.folder)?;
        let mut entry = Entry::default();
        while merge.next_into(&mut entry)? {
            writer.push(&entry.key, &entry.properties)?;
        }
        writer.finish()
    }

    fn sort(&mut self) {
        if self.by_key {
            self.run.sort();
        }
    }

    /// Returns the groups, if sorted, in the order of the bytes of their keys. Equal keys keep their order.
    pub(crate) fn finish(mut self) -> io::Result<Sorted> {
        self.sort();
        // Runs of higher levels are older.
        let runs = self.levels.into_iter().rev().flatten();
        let mut sources = runs.map(|run| run.read().map(Source::Disk)).collect::<io::Result<Vec<_>>>()?;
        sources.push(Source::Memory { run: self.run, next: 0 });
        Sorted::of(sources, self.by_key)
    }
}

/// Groups in one buffer, because two allocations per group would take more memory than the text.
#[derive(Default)]
struct InMemory {
    text: String,
    groups: Vec<InText>,
}

struct InText {
    key: Range<usize>,
    end: usize,
}

impl InMemory {
    fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    fn size(&self) -> usize {
        self.text.len() + self.groups.len() * size_of::<InText>()
    }

    fn push(&mut self, key: &str, properties: &str) {
        let start = self.text.len();
        self.text.push_str(key);
        let middle = self.text.len();
        self.text.push_str(properties);
        self.groups.push(InText { key: start..middle, end: self.text.len() });
    }

    fn sort(&mut self) {
        let text = &self.text;
        self.groups.sort_by(|a, b| text[a.key.clone()].cmp(&text[b.key.clone()]));
    }

    fn texts(&self, group: &InText) -> (&str, &str) {
        (&self.text[group.key.clone()], &self.text[group.key.end..group.end])
    }

    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(ROOM);
        self.groups.clear();
    }
}

enum Source {
    Disk(RunReader),
    Memory { run: InMemory, next: usize },
}

impl Source {
    fn next_into(&mut self, entry: &mut Entry) -> io::Result<bool> {
        match self {
            Self::Disk(reader) => reader.next_into(entry),
            Self::Memory { run, next } => {
                let Some(group) = run.groups.get(*next) else { return Ok(false) };
                *next += 1;
                let (key, properties) = run.texts(group);
                key.clone_into(&mut entry.key);
                properties.clone_into(&mut entry.properties);
                Ok(true)
            }
        }
    }
}

pub(crate) struct Sorted {
    sources: Vec<Source>,
    heads: BinaryHeap<Head>,
}

/// The next group of a source. The largest comes first.
#[derive(PartialEq, Eq)]
struct Head {
    entry: Entry,
    source: usize,
    by_key: bool,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = if self.by_key { other.entry.key.cmp(&self.entry.key) } else { Ordering::Equal };
        by_key.then(other.source.cmp(&self.source))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Sorted {
    fn of(mut sources: Vec<Source>, by_key: bool) -> io::Result<Self> {
        let mut heads = BinaryHeap::new();
        for (n, source) in sources.iter_mut().enumerate() {
            let mut entry = Entry::default();
            if source.next_into(&mut entry)? {
                heads.push(Head { entry, source: n, by_key });
            }
        }
        Ok(Self { sources, heads })
    }

    /// Reads the next group into `entry`. Returns false at the end.
    pub(crate) fn next_into(&mut self, entry: &mut Entry) -> io::Result<bool> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(false) };
        // Swap the buffers instead of allocating new ones.
        std::mem::swap(entry, &mut head.entry);
        let source = head.source;
        if !self.sources[source].next_into(&mut head.entry)? {
            PeekMut::pop(head);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(groups: &[(String, String)], room: usize) -> Vec<(String, String)> {
        passed_through(groups, room, true)
    }

    fn passed_through(groups: &[(String, String)], room: usize, by_key: bool) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter { room, ..Sorter::in_folder(folder.path().to_owned(), by_key) };
        for (key, properties) in groups {
            sorter.push(key, properties).unwrap();
        }
        let mut sorted = sorter.finish().unwrap();
        let (mut all, mut entry) = (Vec::new(), Entry::default());
        while sorted.next_into(&mut entry).unwrap() {
            all.push((entry.key.clone(), entry.properties.clone()));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a file remains");
        all
    }

    #[test]
    fn groups_are_sorted_by_key_whether_or_not_they_fit_in_memory() {
        // 2,500 groups in runs of about 2: three levels of merging.
        let groups: Vec<_> =
            (0..2_500_u64).map(|n| (format!("org:{}", n * 7919 % 2_503), format!("{{\"n\":{n}}}"))).collect();
        let mut expected = groups.clone();
        expected.sort();
        assert_eq!(sorted(&groups, 100), expected);
        assert_eq!(sorted(&groups, ROOM), expected);
        assert_eq!(sorted(&[], 100), []);
        assert_eq!(passed_through(&groups, 100, false), groups);
    }

    #[test]
    fn equal_keys_keep_their_order() {
        let groups: Vec<_> = (0..300).map(|n| (format!("k{}", n % 3), n.to_string())).collect();
        let mut expected = groups.clone();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(sorted(&groups, 60), expected);
    }

    #[test]
    fn a_group_larger_than_a_run_is_sorted() {
        let groups = [("b", "x".repeat(200_000)), ("a", "é".repeat(200_000)), ("", String::new())];
        let mut groups = groups.map(|(key, properties)| (key.to_owned(), properties));
        let result = sorted(&groups, 10);
        groups.sort();
        assert_eq!(result, groups);
    }
}
