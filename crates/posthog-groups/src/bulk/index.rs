//! What is wanted, and what has been seen of it: hashes, not the rows themselves.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use posthog_groups_client::{JsonValue, Properties};

use super::row::ImportRow;
use crate::data::compare;
use crate::error::Result;
use crate::write::members;

/// The wanted groups, by the hash of their keys.
#[derive(Debug, Default)]
pub(crate) struct Index {
    rows: HashMap<u128, Wanted>,
    /// A hash of each wanted property's name and value.
    pairs: Vec<u64>,
    /// Whether the property of the same place in `pairs` was seen to be missing or different.
    differs: Vec<bool>,
    hashers: [RandomState; 2],
    unseen: u64,
}

#[derive(Debug)]
struct Wanted {
    number: u64,
    line: u64,
    /// The hash of the properties as they are written down.
    text: u64,
    first: usize,
    count: u32,
    seen: Seen,
    created: bool,
}

/// What is known of a wanted group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing.
    Unknown,
    /// The list has come to its end without it.
    Absent,
    /// It has other values, or lacks some.
    Different,
    /// It is as wanted.
    Same,
    /// It was written, and has yet to be seen as wanted.
    Written,
    /// It was written, and has been seen as wanted.
    Arrived,
}

/// What a row is in a later pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The one that counts for its key.
    Counts,
    /// A later one has the same key.
    Superseded,
    /// Not what it was in the first pass.
    Changed,
}

/// A row whose key an earlier row has.
pub(crate) struct Duplicate {
    pub(crate) earlier_line: u64,
}

impl Index {
    fn key_hash(&self, key: &str) -> u128 {
        let [a, b] = &self.hashers;
        u128::from(a.hash_one(key)) << 64 | u128::from(b.hash_one(key))
    }

    fn pair_hash(&self, name: &str, value: &JsonValue) -> u64 {
        let mut hasher = self.hashers[0].build_hasher();
        hasher.write(name.as_bytes());
        hasher.write_u8(0xff);
        compare::feed(value, &mut hasher);
        hasher.finish()
    }

    /// Takes a row in. `number` counts all rows from 1. Of two with the same key the later one is kept.
    pub(crate) fn add(&mut self, row: &ImportRow, number: u64) -> Result<Option<Duplicate>> {
        let members = row.members()?;
        let first = self.pairs.len();
        for (name, value) in &members {
            let pair = self.pair_hash(name, value);
            self.pairs.push(pair);
        }
        self.differs.resize(self.pairs.len(), false);
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let text = self.text_hash(&row.properties);
        let wanted =
            Wanted { number, line: row.line, text, first, count, seen: Seen::Unknown, created: false };
        match self.rows.entry(self.key_hash(&row.key)) {
            Entry::Vacant(place) => {
                place.insert(wanted);
                self.unseen += 1;
                Ok(None)
            }
            Entry::Occupied(mut place) => {
                let earlier = place.insert(wanted);
                Ok(Some(Duplicate { earlier_line: earlier.line }))
            }
        }
    }

    /// What the row with this number is.
    pub(crate) fn standing(&self, row: &ImportRow, number: u64) -> Standing {
        let Some(wanted) = self.rows.get(&self.key_hash(&row.key)) else { return Standing::Changed };
        match number.cmp(&wanted.number) {
            Ordering::Less => Standing::Superseded,
            Ordering::Equal if self.text_hash(&row.properties) == wanted.text => Standing::Counts,
            _ => Standing::Changed,
        }
    }

    fn text_hash(&self, properties: &Properties) -> u64 {
        self.hashers[1].hash_one(properties.as_str())
    }

    /// How many wanted groups have not been seen, and are not known as absent.
    pub(crate) fn unseen(&self) -> u64 {
        self.unseen
    }

    pub(crate) fn seen(&self, key: &str) -> Seen {
        self.rows.get(&self.key_hash(key)).map_or(Seen::Unknown, |wanted| wanted.seen)
    }

    /// The wanted groups that are in this state.
    pub(crate) fn count(&self, seen: Seen) -> u64 {
        self.rows.values().filter(|wanted| wanted.seen == seen).count() as u64
    }

    /// Sets what is known of a row.
    pub(crate) fn mark(&mut self, key: &str, seen: Seen) {
        let hash = self.key_hash(key);
        if let Some(wanted) = self.rows.get_mut(&hash) {
            let is_open = |seen| matches!(seen, Seen::Unknown | Seen::Written);
            match (is_open(wanted.seen), is_open(seen)) {
                (true, false) => self.unseen -= 1,
                (false, true) => self.unseen += 1,
                _ => {}
            }
            wanted.seen = seen;
        }
    }

    /// The group was written: `created`, or these of its properties.
    pub(crate) fn mark_written(&mut self, row: &ImportRow, created: bool, properties: &[String]) {
        self.mark(&row.key, Seen::Written);
        let hash = self.key_hash(&row.key);
        let Some(wanted) = self.rows.get_mut(&hash) else { return };
        wanted.created = created;
        let names = row.names().into_iter();
        for (name, differs) in names.zip(&mut self.differs[wanted.first..]) {
            *differs = properties.contains(&name);
        }
    }

    pub(crate) fn was_created(&self, key: &str) -> bool {
        self.rows.get(&self.key_hash(key)).is_some_and(|wanted| wanted.created)
    }

    /// All that were not seen are not there.
    pub(crate) fn the_rest_is_absent(&mut self) {
        for wanted in self.rows.values_mut().filter(|wanted| wanted.seen == Seen::Unknown) {
            wanted.seen = Seen::Absent;
            self.unseen -= 1;
        }
    }

    /// Compares a group with what is wanted of it. `None`: nothing is, or it was seen before.
    pub(crate) fn compare(&mut self, key: &str, properties: &Properties) -> Option<Seen> {
        let wanted = self.rows.get(&self.key_hash(key))?;
        let was = wanted.seen;
        if !matches!(was, Seen::Unknown | Seen::Written) {
            return None;
        }
        let range = wanted.first..wanted.first + wanted.count as usize;
        let stored: Vec<u64> = members(properties)
            .unwrap_or_default()
            .iter()
            .map(|(name, value)| self.pair_hash(name, value))
            .collect();
        let mut same = true;
        for place in range {
            let differs = !stored.contains(&self.pairs[place]);
            same &= !differs;
            // What was written keeps the marks of what had to be.
            if was == Seen::Unknown {
                self.differs[place] = differs;
            }
        }
        let seen = match (same, was) {
            (true, Seen::Written) => Seen::Arrived,
            (true, _) => Seen::Same,
            (false, Seen::Written) => Seen::Written,
            (false, _) => Seen::Different,
        };
        self.mark(key, seen);
        Some(seen)
    }

    /// The names of the row's properties that were seen to be missing or different, in order.
    pub(crate) fn differing(&self, row: &ImportRow) -> Vec<String> {
        let Some(wanted) = self.rows.get(&self.key_hash(&row.key)) else { return Vec::new() };
        let names = row.names().into_iter();
        names
            .zip(&self.differs[wanted.first..])
            .filter(|(_, differs)| **differs)
            .map(|(name, _)| name)
            .collect()
    }
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

    #[test]
    fn a_group_is_compared_by_what_is_wanted_of_it_only() {
        for (wanted, stored, differing) in [
            (r#"{"a":1}"#, r#"{"a":1.0,"b":2}"#, &[][..]),
            (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, &["b"]),
            (r#"{"b":2,"a":1}"#, r#"{"a":2,"b":2}"#, &["a"]),
            (r#"{"a":null}"#, r#"{}"#, &["a"]),
            (r#"{"a":null}"#, r#"{"a":null}"#, &[]),
            (r#"{}"#, r#"{"a":1}"#, &[]),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, &["a"]),
            (r#"{"a":{"x":[1,{}]}}"#, r#"{"a":{"x":[1,{}]}}"#, &[]),
            (r#"{"a":{"x":[1,{}]}}"#, r#"{"a":{"x":[{},1]}}"#, &["a"]),
            (r#"{"n":123456789012345678901234567890}"#, r#"{"n":123456789012345678901234567891}"#, &["n"]),
        ] {
            let mut index = Index::default();
            let row = row("k", wanted);
            assert!(index.add(&row, 1).unwrap().is_none());
            let seen = index.compare("k", &properties(stored)).unwrap();
            assert_eq!(seen == Seen::Same, differing.is_empty(), "{wanted} and {stored}");
            assert_eq!(index.differing(&row), differing, "{wanted} and {stored}");
        }
    }

    #[test]
    fn of_two_rows_with_one_key_the_later_counts() {
        let mut index = Index::default();
        assert!(index.add(&row("k", "{}").at_line(3), 1).unwrap().is_none());
        assert!(index.add(&row("l", "{}").at_line(4), 2).unwrap().is_none());
        assert_eq!(index.add(&row("k", "{}").at_line(9), 3).unwrap().unwrap().earlier_line, 3);
        let standing = |key, properties, number| index.standing(&row(key, properties), number);
        assert_eq!(standing("k", "{}", 1), Standing::Superseded);
        assert_eq!(standing("k", "{}", 3), Standing::Counts);
        for (key, properties, number) in [("m", "{}", 1), ("k", "{\"a\":1}", 3), ("k", "{}", 4)] {
            assert_eq!(standing(key, properties, number), Standing::Changed);
        }
        assert_eq!(index.unseen(), 2);
    }

    #[test]
    fn what_was_written_is_open_until_it_is_seen_as_wanted() {
        let mut index = Index::default();
        let wanted = row("k", r#"{"a":1,"b":2}"#);
        index.add(&wanted, 1).unwrap();
        assert_eq!(index.compare("k", &properties(r#"{"b":2}"#)), Some(Seen::Different));
        assert_eq!(index.unseen(), 0);
        index.mark_written(&wanted, false, &["a".to_owned()]);
        assert_eq!((index.unseen(), index.was_created("k")), (1, false));
        assert_eq!(index.compare("k", &properties(r#"{"b":2}"#)), Some(Seen::Written));
        assert_eq!(index.compare("k", &properties(r#"{"a":1,"b":2}"#)), Some(Seen::Arrived));
        assert_eq!((index.unseen(), index.differing(&wanted)), (0, vec!["a".to_owned()]));
        assert_eq!(index.compare("k", &properties("{}")), None);
        index.the_rest_is_absent();
        assert_eq!(index.seen("k"), Seen::Arrived);
    }
}
