//! The requests the server has seen.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::faults::{FaultKind, Phase};

/// The most requests kept; the oldest go first.
pub(crate) const MOST_ENTRIES: usize = 100_000;

/// The most bytes of bodies and headers kept, all requests together; the oldest go first.
pub(crate) const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A request and what became of it. Requests to the admin protocol are not journaled.
///
/// The journal holds the newest 100,000 requests, fewer when their bodies together exceed 64 MiB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Counts all requests from 1; gaps do not occur, but the oldest entries go.
    pub seq: u64,
    /// The method.
    pub method: String,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The query as sent, percent-encoded, without the question mark; empty when there is none.
    pub query: String,
    /// The headers, names in lower case. The credential of `authorization` is struck out.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
    /// The status answered; `None` when no answer was sent.
    pub status: Option<u16>,
    /// The fault that hit the request, if one did.
    pub fault: Option<FaultHit>,
    /// How long the answer took, as far as the server can tell.
    pub duration_ms: f64,
}

/// A fault that hit a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultHit {
    /// Counts the faults added, from 1.
    pub id: u64,
    /// What it did.
    pub kind: FaultKind,
    /// Whether the request was carried out.
    pub phase: Phase,
}

/// A ring of entries.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<JournalEntry>,
    bytes: usize,
    seq: u64,
}

impl Journal {
    /// Notes a request that has arrived, and gives its number.
    pub(crate) fn open(&mut self, entry: JournalEntry) -> u64 {
        self.seq += 1;
        self.bytes += weight(&entry);
        self.entries.push_back(JournalEntry { seq: self.seq, ..entry });
        while self.entries.len() > MOST_ENTRIES || (self.bytes > MOST_BYTES && self.entries.len() > 1) {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= weight(&oldest);
            }
        }
        self.seq
    }

    /// Notes what became of it. A request that its client gave up stays as it was noted: without an answer.
    pub(crate) fn close(&mut self, seq: u64, status: Option<u16>, duration_ms: f64) {
        let first = self.entries.front().map_or(0, |entry| entry.seq);
        let place = seq.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) {
            entry.status = status;
            entry.duration_ms = duration_ms;
        }
    }

    /// How many requests were ever opened.
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
    fn the_oldest_entries_go_when_there_are_too_many_or_they_are_too_big() {
        let mut journal = Journal::default();
        for _ in 0..MOST_ENTRIES + 5 {
            journal.open(entry(String::new()));
        }
        assert_eq!(journal.entries().len(), MOST_ENTRIES);
        assert_eq!(journal.entries().first().map(|e| e.seq), Some(6));

        journal.close(5, Some(500), 1.0);
        journal.close(6, None, 2.0);
        assert_eq!(journal.entries().first().map(|e| (e.status, e.duration_ms)), Some((None, 2.0)));

        journal.open(entry("x".repeat(MOST_BYTES)));
        assert_eq!(journal.entries().len(), MOST_ENTRIES);
        journal.open(entry("x".repeat(MOST_BYTES)));
        assert_eq!((journal.entries().len(), journal.seen()), (1, MOST_ENTRIES as u64 + 7));
    }
}
