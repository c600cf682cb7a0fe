//! The state of every row and of its group, as keyed hashes instead of the rows themselves, in bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::sync::Arc;

use posthog_groups_client::{JsonValue, Properties};

use super::row::ImportRow;
use super::spill::{Merge, PARTITIONS, Spill};
use crate::data::compare;
use crate::error::{Error, Result};
use crate::write::members;

/// The rows, joined with the groups that are listed.
///
/// Rows and listed groups are partitioned by a hash of the key. While all rows fit in memory, each group is compared when it is
/// listed. Otherwise groups wait in partitions as well, and [`settle`](Self::settle) compares one partition after the other.
#[derive(Debug)]
pub(crate) struct Index {
    rows: Arc<Spill>,
    /// The position of each key's row in its partition, while all rows are in memory.
    places: HashMap<u128, u32>,
    /// Listed groups that have not been compared yet.
    groups: Spill,
    waiting: u64,
    /// The number of rows in each state.
    counts: [u64; 6],
    /// Whether the list has been read to its end.
    list_ended: bool,
    hashers: [RandomState; 2],
    room: usize,
}

/// What is known about the group of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Seen {
    /// Nothing.
    Unknown,
    /// The list was read to its end and does not contain it.
    Absent,
    /// It has different values, or lacks properties.
    Different,
    /// It matches the row.
    Same,
    /// It was written, and has not been seen to match the row yet.
    Written,
    /// It was written, and has been seen to match the row.
    Arrived,
}

impl Seen {
    fn of_byte(byte: u8) -> Self {
        [Self::Unknown, Self::Absent, Self::Different, Self::Same, Self::Written, Self::Arrived]
            .get(usize::from(byte))
            .copied()
            .unwrap_or(Self::Unknown)
    }

    fn is_open(self) -> bool {
        matches!(self, Self::Unknown | Self::Written)
    }
}

/// What is known about one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) number: u64,
    pub(crate) seen: Seen,
    pub(crate) created: bool,
    /// Whether each property, in the order of the names, is missing or different, or was written.
    pub(crate) differs: Vec<bool>,
    /// The hash of the row in the first pass.
    row: u64,
}

impl State {
    /// The names of the properties that differ, or were written, in order.
    pub(crate) fn differing(&self, row: &ImportRow) -> Vec<String> {
        let names = row.names().into_iter().zip(&self.differs);
        names.filter(|(_, differs)| **differs).map(|(name, _)| name).collect()
    }
}

/// Two rows with the same key, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) earlier: u64,
    pub(crate) later: u64,
}

impl Index {
    /// Creates an index that uses at most this many bytes of memory.
    pub(crate) fn new(memory: usize) -> Self {
        // For the rows, the waiting groups, the merge, and the partition that is being compared.
        let room = memory / 4;
        Self {
            rows: Arc::new(Spill::new(room)),
            places: HashMap::new(),
            groups: Spill::new(room),
            waiting: 0,
            counts: [0; 6],
            list_ended: false,
            hashers: [RandomState::new(), RandomState::new()],
            room,
        }
    }

    fn key_hash(&self, key: &str) -> u128 {
        let [a, b] = &self.hashers;
        u128::from(a.hash_one(key)) << 64 | u128::from(b.hash_one(key))
    }

    fn row_hash(&self, row: &ImportRow) -> u64 {
        self.hashers[1].hash_one((row.key.as_str(), row.properties.as_str()))
    }

    fn pair_hash(&self, name: &str, value: &JsonValue) -> u64 {
        let mut hasher = self.hashers[0].build_hasher();
        hasher.write(name.as_bytes());
        hasher.write_u8(0xff);
        compare::feed(value, &mut hasher);
        hasher.finish()
    }

    fn pairs(&self, members: &[(String, JsonValue)]) -> Vec<u64> {
        members.iter().map(|(name, value)| self.pair_hash(name, value)).collect()
    }

    /// Adds a row. `number` counts all rows from 1.
    pub(crate) fn add(&mut self, row: &ImportRow, number: u64) -> Result<()> {
        self.insert(row, number, Seen::Unknown, false, &[])
    }

    /// Adds a row that was written: either created, or changed in these properties. The order of the numbers does not matter.
    pub(crate) fn add_written(
        &mut self,
        row: &ImportRow,
        number: u64,
        created: bool,
        properties: &[String],
    ) -> Result<()> {
        self.insert(row, number, Seen::Written, created, properties)
    }

    fn insert(
        &mut self,
        row: &ImportRow,
        number: u64,
        seen: Seen,
        created: bool,
        differing: &[String],
    ) -> Result<()> {
        let members = row.members()?;
        let differs = members.iter().map(|(name, _)| differing.contains(name)).collect();
        let state = State { number, seen, created, differs, row: self.row_hash(row) };
        let key = self.key_hash(&row.key);
        self.counts[seen as usize] += 1;
        let record = Record::encode(key, &state, &self.pairs(&members));
        unique(&mut self.rows)?.push(partition(key), &record).map_err(unusable)
    }

    /// Ends adding. If rows have the same key, keeps the last one, and returns the first pair of such rows.
    pub(crate) fn finish(&mut self) -> Result<Option<Duplicate>> {
        let mut first: Option<Duplicate> = None;
        let mut kept = Spill::new(self.room);
        self.places.clear();
        let mut count = 0;
        for partition in 0..PARTITIONS {
            let mut bytes = self.rows.load(partition).map_err(unusable)?;
            // Writes complete in any order.
            let mut records: Vec<_> = Record::places(&bytes).collect();
            records.sort_by_key(|place| Record::at(&bytes, *place).number());
            let mut last: HashMap<u128, usize> = HashMap::with_capacity(records.len());
            for place in &records {
                let record = Record::at(&bytes, *place);
                if let Some(earlier) = last.insert(record.key(), *place) {
                    let pair =
                        Duplicate { earlier: Record::at(&bytes, earlier).number(), later: record.number() };
                    if first.is_none_or(|first| pair.later < first.later) {
                        first = Some(pair);
                    }
                }
            }
            let mut live = Vec::with_capacity(bytes.len());
            for place in records {
                let record = Record::at(&bytes, place);
                if last.get(&record.key()) == Some(&place) {
                    if self.rows.is_resident() {
                        self.places.insert(record.key(), u32::try_from(live.len()).unwrap_or(u32::MAX));
                    }
                    live.extend_from_slice(record.0);
                    count += 1;
                }
            }
            bytes.clear();
            kept.push(partition, &live).map_err(unusable)?;
        }
        let all: u64 = self.counts.iter().sum();
        // Only rows about which nothing is known can have been superseded.
        self.counts[Seen::Unknown as usize] -= all - count;
        self.rows = Arc::new(kept);
        Ok(first)
    }

    /// The number of rows about which nothing is known, or that were written and have not been seen to match yet.
    pub(crate) fn unseen(&self) -> u64 {
        self.count(Seen::Unknown) + self.count(Seen::Written)
    }

    pub(crate) fn count(&self, seen: Seen) -> u64 {
        self.counts[seen as usize]
    }

    /// Records that the list was read to its end, so that groups that were not listed do not exist.
    pub(crate) fn the_rest_is_absent(&mut self) {
        self.list_ended = true;
        let unknown = std::mem::take(&mut self.counts[Seen::Unknown as usize]);
        self.counts[Seen::Absent as usize] += unknown;
    }

    /// Compares a group with its row, now or in [`settle`](Self::settle).
    pub(crate) fn compare(&mut self, key: &str, properties: &Properties) -> Result<()> {
        let key = self.key_hash(key);
        if self.rows.is_resident() && !self.places.contains_key(&key) {
            return Ok(());
        }
        let stored = self.pairs(&members(properties).unwrap_or_default());
        match self.places.get(&key) {
            Some(place) => {
                let rows = unique(&mut self.rows)?.resident(partition(key));
                let (was, is) = Record::compare(&mut rows[*place as usize..], &stored);
                self.count_change(was, is);
                Ok(())
            }
            None => {
                self.waiting += 1;
                let differs = vec![false; stored.len()];
                let state = State { number: 0, seen: Seen::Unknown, created: false, differs, row: 0 };
                let record = Record::encode(key, &state, &stored);
                self.groups.push(partition(key), &record).map_err(unusable)
            }
        }
    }

    fn count_change(&mut self, was: Seen, is: Seen) {
        self.counts[was as usize] -= 1;
        self.counts[is as usize] += 1;
    }

    /// Whether enough groups are waiting that comparing them is worthwhile, or that every row may have been seen.
    pub(crate) fn is_settling_due(&self) -> bool {
        let all: u64 = self.counts.iter().sum();
        self.waiting > 0 && self.waiting >= self.unseen().max(all / 16)
    }

    pub(crate) async fn settle(&mut self) -> Result<()> {
        if self.waiting == 0 {
            return Ok(());
        }
        let mut settled = Spill::new(self.room);
        for partition in 0..PARTITIONS {
            let mut rows = self.rows.load(partition).map_err(unusable)?;
            let groups = self.groups.load(partition).map_err(unusable)?;
            let places: HashMap<u128, usize> =
                Record::places(&rows).map(|place| (Record::at(&rows, place).key(), place)).collect();
            for group in Record::places(&groups) {
                let group = Record::at(&groups, group);
                if let Some(place) = places.get(&group.key()) {
                    let (was, is) = Record::compare(&mut rows[*place..], &group.pairs().collect::<Vec<_>>());
                    self.count_change(was, is);
                }
            }
            settled.push(partition, &rows).map_err(unusable)?;
            tokio::task::yield_now().await;
        }
        self.rows = Arc::new(settled);
        self.groups = Spill::new(self.room);
        self.waiting = 0;
        Ok(())
    }

    /// The states of the rows in the order of their numbers.
    pub(crate) fn states(&self) -> Result<States> {
        let split = |bytes: &[u8]| {
            let length = bytes.first_chunk::<4>().map(|length| u32::from_le_bytes(*length) as usize)?;
            bytes.get(..length).map(|record| (length, Record(record).number()))
        };
        let merge = Merge::new(Arc::clone(&self.rows), split).map_err(unusable)?;
        Ok(States { merge, list_ended: self.list_ended, hasher: self.hashers[1].clone() })
    }
}

/// Returns the rows for changing, which requires that nothing else reads them.
fn unique(rows: &mut Arc<Spill>) -> Result<&mut Spill> {
    Arc::get_mut(rows).ok_or_else(|| Error::setup("the rows are being read"))
}

fn unusable(error: io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::file(format!("the temporary file in {} cannot be used", folder.display()), error)
        .with_help("set TMPDIR to a directory with free space, or increase `Import::memory`")
}

fn partition(key: u128) -> usize {
    (key % PARTITIONS as u128) as usize
}

/// The states of the rows, read in parallel with the rows.
#[derive(Debug)]
pub(crate) struct States {
    merge: Merge,
    list_ended: bool,
    hasher: RandomState,
}

/// What the index has about a row in a later pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The row is the one that is used for its key.
    Found(State),
    /// There is no state, because a later row has the same key or because the row is not in this index.
    None,
    /// The row is not the same as in the first pass.
    Changed,
}

impl States {
    /// Returns the state of the row with this number. Numbers must increase from call to call.
    pub(crate) fn of(&mut self, row: &ImportRow, number: u64) -> Result<Lookup> {
        while self.merge.peek().is_some_and(|next| next < number) {
            self.merge.next(|_| ()).map_err(unusable)?;
        }
        if self.merge.peek() != Some(number) {
            return Ok(Lookup::None);
        }
        let Some(mut state) = self.merge.next(|record| Record(record).state()).map_err(unusable)? else {
            return Ok(Lookup::None);
        };
        if state.row != self.hasher.hash_one((row.key.as_str(), row.properties.as_str())) {
            return Ok(Lookup::Changed);
        }
        if self.list_ended && state.seen == Seen::Unknown {
            state.seen = Seen::Absent;
        }
        Ok(Lookup::Found(state))
    }
}

/// A row or a listed group as bytes: length (4), key (16), number (8), hash of the row (8), state (1), whether it was created
/// (1), the hash of each property's name and value (8 each), and whether each property differs (1 each).
struct Record<'b>(&'b [u8]);

/// The position at which the hashes of the properties begin.
const HEAD: usize = 38;
const SEEN: usize = 36;

impl<'b> Record<'b> {
    fn encode(key: u128, state: &State, pairs: &[u64]) -> Vec<u8> {
        let length = HEAD + pairs.len() * 9;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&(length as u32).to_le_bytes());
        bytes.extend_from_slice(&key.to_le_bytes());
        bytes.extend_from_slice(&state.number.to_le_bytes());
        bytes.extend_from_slice(&state.row.to_le_bytes());
        bytes.extend_from_slice(&[state.seen as u8, u8::from(state.created)]);
        pairs.iter().for_each(|pair| bytes.extend_from_slice(&pair.to_le_bytes()));
        bytes.extend(state.differs.iter().map(|differs| u8::from(*differs)));
        bytes
    }

    /// Returns the record that begins at this position.
    fn at(bytes: &'b [u8], place: usize) -> Self {
        let length = number_at::<4>(bytes, place) as usize;
        Self(&bytes[place..place + length])
    }

    /// Returns the positions at which records begin.
    fn places(bytes: &[u8]) -> impl Iterator<Item = usize> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let place = next;
            if place >= bytes.len() {
                return None;
            }
            next += number_at::<4>(bytes, place) as usize;
            Some(place)
        })
    }

    fn key(&self) -> u128 {
        u128::from(number_at::<8>(self.0, 12)) << 64 | u128::from(number_at::<8>(self.0, 4))
    }

    fn number(&self) -> u64 {
        number_at::<8>(self.0, 20)
    }

    fn count(&self) -> usize {
        (self.0.len() - HEAD) / 9
    }

    fn pairs(&self) -> impl Iterator<Item = u64> {
        (0..self.count()).map(|place| number_at::<8>(self.0, HEAD + place * 8))
    }

    fn state(&self) -> State {
        State {
            number: self.number(),
            seen: Seen::of_byte(self.0[SEEN]),
            created: self.0[SEEN + 1] != 0,
            differs: self.0[HEAD + self.count() * 8..].iter().map(|differs| *differs != 0).collect(),
            row: number_at::<8>(self.0, 28),
        }
    }

    /// Compares the record at the start of the bytes with a group's properties. Returns its state before and after.
    fn compare(bytes: &mut [u8], stored: &[u64]) -> (Seen, Seen) {
        let record = Record::at(bytes, 0);
        let was = Seen::of_byte(record.0[SEEN]);
        if !was.is_open() {
            return (was, was);
        }
        let missing: Vec<bool> = record.pairs().map(|pair| !stored.contains(&pair)).collect();
        let is = match (missing.contains(&true), was) {
            (false, Seen::Written) => Seen::Arrived,
            (false, _) => Seen::Same,
            (true, Seen::Written) => Seen::Written,
            (true, _) => Seen::Different,
        };
        // A row that was written keeps the marks of the properties that had to be written.
        if was == Seen::Unknown {
            let marks = &mut bytes[HEAD + missing.len() * 8..];
            marks.iter_mut().zip(&missing).for_each(|(mark, differs)| *mark = u8::from(*differs));
        }
        bytes[SEEN] = is as u8;
        (was, is)
    }
}

/// Decodes a little-endian number of this many bytes.
fn number_at<const BYTES: usize>(bytes: &[u8], place: usize) -> u64 {
    bytes[place..place + BYTES].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, properties: &str) -> ImportRow {
        ImportRow::new(key, serde_json::from_str(properties).unwrap())
    }

    fn properties(text: &str) -> Properties {
        serde_json::from_str(text).unwrap()
    }

    /// Returns an index that keeps everything in memory, and one that keeps nothing in memory.
    fn both() -> [Index; 2] {
        [Index::new(1 << 20), Index::new(0)]
    }

    fn state(index: &Index, row: &ImportRow, number: u64) -> State {
        match index.states().unwrap().of(row, number).unwrap() {
            Lookup::Found(state) => state,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_group_is_compared_by_what_is_wanted_of_it_only() {
        for (wanted, stored, differs) in [
            (r#"{"a":1}"#, r#"{"a":1.0,"b":2}"#, &[false][..]),
            (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, &[false, true]),
            (r#"{"b":2,"a":1}"#, r#"{"a":2,"b":2}"#, &[true, false]),
            (r#"{"a":null}"#, r#"{}"#, &[true]),
            (r#"{"a":null}"#, r#"{"a":null}"#, &[false]),
            (r#"{}"#, r#"{"a":1}"#, &[]),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, &[true]),
            (r#"{"a":{"x":[1,{}]}}"#, r#"{"a":{"x":[1,{}]}}"#, &[false]),
            (r#"{"a":{"x":[1,{}]}}"#, r#"{"a":{"x":[{},1]}}"#, &[true]),
            (r#"{"n":123456789012345678901234567890}"#, r#"{"n":123456789012345678901234567891}"#, &[true]),
        ] {
            for mut index in both() {
                let row = row("k", wanted);
                index.add(&row, 1).unwrap();
                assert_eq!(index.finish().unwrap(), None);
                index.compare("k", &properties(stored)).unwrap();
                index.compare("l", &properties(stored)).unwrap();
                index.settle().await.unwrap();
                let state = state(&index, &row, 1);
                let seen = if differs.contains(&true) { Seen::Different } else { Seen::Same };
                assert_eq!((state.seen, &*state.differs), (seen, differs), "{wanted} and {stored}");
                assert_eq!((index.unseen(), index.count(seen)), (0, 1));
            }
        }
    }

    #[test]
    fn of_two_rows_with_one_key_the_later_counts() {
        for mut index in both() {
            let rows = [row("k", "{}"), row("l", "{}"), row("k", "{}"), row("l", "{}"), row("m", "{}")];
            for (row, number) in rows.iter().zip(1..) {
                index.add(row, number).unwrap();
            }
            assert_eq!(index.finish().unwrap(), Some(Duplicate { earlier: 1, later: 3 }));
            assert_eq!(index.unseen(), 3);
            let mut states = index.states().unwrap();
            let mut standing = |row: &ImportRow, number| match states.of(row, number).unwrap() {
                Lookup::Found(state) => state.number,
                Lookup::None => 0,
                Lookup::Changed => 100,
            };
            let found: Vec<_> =
                rows[..4].iter().zip(1..).map(|(row, number)| standing(row, number)).collect();
            assert_eq!(found, [0, 0, 3, 4]);
            assert_eq!(standing(&row("m", r#"{"a":1}"#), 5), 100);
            assert_eq!(standing(&row("n", "{}"), 6), 0);
        }
    }

    #[tokio::test]
    async fn what_was_written_is_open_until_it_is_seen_as_wanted() {
        for mut index in both() {
            let (wanted, other) = (row("k", r#"{"a":1,"b":2}"#), row("l", "{}"));
            index.add_written(&other, 9, true, &[]).unwrap();
            index.add_written(&wanted, 4, false, &["a".to_owned()]).unwrap();
            assert_eq!(index.finish().unwrap(), None);
            for (stored, seen) in
                [(r#"{"b":2}"#, Seen::Written), (r#"{"a":1,"b":2}"#, Seen::Arrived), ("{}", Seen::Arrived)]
            {
                index.compare("k", &properties(stored)).unwrap();
                index.settle().await.unwrap();
                let state = state(&index, &wanted, 4);
                assert_eq!((state.seen, state.created, &*state.differs), (seen, false, &[true, false][..]));
            }
            assert_eq!((index.unseen(), index.count(Seen::Arrived)), (1, 1));
            assert!(state(&index, &other, 9).created);
        }
    }

    #[tokio::test]
    async fn ten_thousand_rows_are_joined_with_as_many_groups_whatever_the_memory() {
        for memory in [0, 64 << 10, 64 << 20] {
            let mut index = Index::new(memory);
            let rows: Vec<_> =
                (0..10_000).map(|n| row(&format!("k{n}"), &format!("{{\"n\":{n}}}"))).collect();
            for (row, number) in rows.iter().zip(1..) {
                index.add(row, number).unwrap();
            }
            assert_eq!(index.finish().unwrap(), None);
            // A half, of which every tenth differs.
            for n in (0..20_000).step_by(2) {
                let value = if n % 10 == 0 { n + 1 } else { n };
                index.compare(&format!("k{n}"), &properties(&format!("{{\"n\":{value}}}"))).unwrap();
                if index.is_settling_due() {
                    index.settle().await.unwrap();
                }
            }
            index.settle().await.unwrap();
            assert_eq!(
                [Seen::Same, Seen::Different, Seen::Unknown].map(|seen| index.count(seen)),
                [4_000, 1_000, 5_000]
            );
            index.the_rest_is_absent();
            let mut states = index.states().unwrap();
            for (n, row) in rows.iter().enumerate() {
                let Lookup::Found(state) = states.of(row, n as u64 + 1).unwrap() else { panic!("{n}") };
                let seen = match n {
                    n if n % 2 == 1 => Seen::Absent,
                    n if n % 10 == 0 => Seen::Different,
                    _ => Seen::Same,
                };
                assert_eq!(state.seen, seen, "{n}");
            }
        }
    }
}
