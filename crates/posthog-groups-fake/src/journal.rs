//! The journal of requests.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::faults::{FaultKind, Phase};

/// The maximum number of entries. The oldest are removed first.
pub(crate) const MAX_ENTRIES: usize = 100_000;

/// The maximum size of all bodies and headers in bytes. The oldest are removed first.
pub(crate) const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A request and its outcome. Requests of the admin protocol are not in the journal.
///
/// The journal contains the latest 100,000 requests, or fewer if their bodies exceed 64 MiB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// The number of the request, counted from 1 without gaps.
    pub seq: u64,
    /// The method.
    pub method: String,
    /// The path as it was sent, percent-encoded.
    pub path: String,
    /// The query as it was sent, percent-encoded, without the question mark. Empty if there is none.
    pub query: String,
    /// The headers with names in lower case. The credential in `authorization` is redacted.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
    /// The status of the response. `None` if no response was sent.
    pub status: Option<u16>,
    /// The fault that affected the request.
    pub fault: Option<FaultHit>,
    /// The time until the response was ready.
    pub duration_ms: f64,
}

/// A fault that affected a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultHit {
    /// The number of the fault in the order of adding, from 1.
    pub id: u64,
    /// The kind.
    pub kind: FaultKind,
    /// Whether the request took effect.
    pub phase: Phase,
}

/// The newest entries.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<JournalEntry>,
    bytes: usize,
    seq: u64,
}

impl Journal {
    /// Records a request and returns its number.
    pub(crate) fn open(&mut self, entry: JournalEntry) -> u64 {
        self.seq += 1;
        self.bytes += weight(&entry);
        self.entries.push_back(JournalEntry { seq: self.seq, ..entry });
        while self.entries.len() > MAX_ENTRIES || (self.bytes > MAX_BYTES && self.entries.len() > 1) {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= weight(&oldest);
            }
        }
        self.seq
    }

    /// Records the outcome. A request that its client abandoned keeps `None`.
    pub(crate) fn close(&mut self, seq: u64, status: Option<u16>, duration_ms: f64) {
        let first = self.entries.front().map_or(0, |entry| entry.seq);
        let place = seq.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) {
            entry.status = status;
            entry.duration_ms = duration_ms;
        }
    }

    /// The number of requests recorded so far.
    pub(crate) fn seen(&self) -> u64 {
        self.seq
    }

    pub(crate) fn entries(&self) -> Vec<JournalEntry> {
        self.entries.iter().cloned().collect()
    }
}

fn weight(entry: &JournalEntry) -> usize {
    let headers: usize = entry.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    headers + entry.body.len() + entry.path.len() + entry.query.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(body: String) -> JournalEntry {
        JournalEntry {
            seq: 0,
            method: "GET".to_owned(),
            path: String::new(),
            query: String::new(),
            headers: BTreeMap::new(),
            body,
            status: Some(200),
            fault: None,
            duration_ms: 0.0,
        }
    }

    #[test]
    fn the_oldest_entries_are_removed_beyond_the_limits() {
        let mut journal = Journal::default();
        for _ in 0..MAX_ENTRIES + 5 {
            journal.open(entry(String::new()));
        }
        assert_eq!(journal.entries().len(), MAX_ENTRIES);
        assert_eq!(journal.entries().first().map(|e| e.seq), Some(6));

        journal.close(5, Some(500), 1.0);
        journal.close(6, None, 2.0);
        assert_eq!(journal.entries().first().map(|e| (e.status, e.duration_ms)), Some((None, 2.0)));

        journal.open(entry("x".repeat(MAX_BYTES)));
        assert_eq!(journal.entries().len(), MAX_ENTRIES);
        journal.open(entry("x".repeat(MAX_BYTES)));
        assert_eq!((journal.entries().len(), journal.seen()), (1, MAX_ENTRIES as u64 + 7));
    }
}
