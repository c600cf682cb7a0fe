//! Groups with indexes, so that a page takes the same time for ten groups and for a million.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::json::Properties;

/// A stored group.
#[derive(Clone, Debug)]
pub(crate) struct GroupRow {
    pub(crate) project: i64,
    pub(crate) index: i32,
    pub(crate) key: Arc<str>,
    pub(crate) properties: Properties,
    pub(crate) created_at: DateTime<Utc>,
    /// The times of the writes that the list may not show yet, with the properties before; `None` for the creation.
    hidden: Vec<(Instant, Option<Properties>)>,
}

impl GroupRow {
    pub(crate) fn new(
        project: i64,
        index: i32,
        key: &str,
        properties: Properties,
        created_at: DateTime<Utc>,
    ) -> Self {
        Self { project, index, key: Arc::from(key), properties, created_at, hidden: Vec::new() }
    }

    /// Hides a write from the list for the time `lag`, and forgets those that the list shows by now.
    pub(crate) fn hide(&mut self, before: Option<Properties>, written: Instant, lag: Duration) {
        if !lag.is_zero() {
            self.hidden.retain(|(time, _)| written.saturating_duration_since(*time) < lag);
            self.hidden.push((written, before));
        }
    }

    /// Returns the group as the list shows it: before the first hidden write. `None` means not at all.
    pub(crate) fn listed(&self, now: Instant, lag: Duration) -> Option<Cow<'_, Self>> {
        match self.hidden.iter().find(|(time, _)| now.saturating_duration_since(*time) < lag) {
            None => Some(Cow::Borrowed(self)),
            Some((_, before)) => {
                before.clone().map(|properties| Cow::Owned(Self { properties, ..self.clone() }))
            }
        }
    }
}

/// The position of a row in the order of creation. Groups are never deleted.
pub(crate) type RowId = usize;

/// The position in the order of the list: newest first, then by key in descending order. `None` is ordered below all keys, so it
/// marks the end of all groups with the same time.
type Place = (Reverse<i64>, Reverse<Option<Arc<str>>>);

#[derive(Clone, Debug, Default)]
struct Table {
    by_key: HashMap<Arc<str>, RowId>,
    by_place: BTreeMap<Place, RowId>,
}

/// All groups of all projects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    rows: Vec<GroupRow>,
    tables: BTreeMap<(i64, i32), Table>,
}

impl Groups {
    /// Adds a group. Returns `None` if it exists.
    pub(crate) fn insert(&mut self, row: GroupRow) -> Option<RowId> {
        let table = self.tables.entry((row.project, row.index)).or_default();
        if table.by_key.contains_key(&row.key) {
            return None;
        }
        let id = self.rows.len();
        table.by_key.insert(row.key.clone(), id);
        table.by_place.insert(place(row.created_at.timestamp_micros(), Some(row.key.clone())), id);
        self.rows.push(row);
        Some(id)
    }

    pub(crate) fn find(&self, project: i64, index: i32, key: &str) -> Option<RowId> {
        self.tables.get(&(project, index))?.by_key.get(key).copied()
    }

    pub(crate) fn get(&self, id: RowId) -> Option<&GroupRow> {
        self.rows.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: RowId) -> Option<&mut GroupRow> {
        self.rows.get_mut(id)
    }

    pub(crate) fn rows(&self) -> &[GroupRow] {
        &self.rows
    }

    /// The groups of one type in no particular order.
    pub(crate) fn of_type(&self, project: i64, index: i32) -> impl Iterator<Item = &GroupRow> {
        let table = self.tables.get(&(project, index));
        table.into_iter().flat_map(|t| t.by_key.values()).filter_map(|&id| self.rows.get(id))
    }

    /// The indexes of the types that have groups.
    pub(crate) fn indexes(&self, project: i64) -> impl Iterator<Item = i32> {
        self.tables.range((project, i32::MIN)..=(project, i32::MAX)).map(|(&(_, index), _)| index)
    }

    /// The groups in the order of the list, after `(created_at in microseconds, key)` if given.
    pub(crate) fn below(
        &self,
        project: i64,
        index: i32,
        from: Option<(i64, &str)>,
    ) -> impl Iterator<Item = &GroupRow> {
        let start = match from {
            Some((micros, key)) => Bound::Excluded(place(micros, Some(Arc::from(key)))),
            None => Bound::Unbounded,
        };
        self.walk(project, index, (start, Bound::Unbounded))
    }

    /// The groups in the order of the list that are older than `micros`.
    pub(crate) fn older(&self, project: i64, index: i32, micros: i64) -> impl Iterator<Item = &GroupRow> {
        self.walk(project, index, (Bound::Excluded(place(micros, None)), Bound::Unbounded))
    }

    /// The groups in reverse order, newer than `micros` if given.
    pub(crate) fn newer(
        &self,
        project: i64,
        index: i32,
        micros: Option<i64>,
    ) -> impl Iterator<Item = &GroupRow> {
        let end = match micros {
            Some(micros) => Bound::Included(place(micros.saturating_add(1), None)),
            None => Bound::Unbounded,
        };
        self.walk(project, index, (Bound::Unbounded, end)).rev()
    }

    fn walk(
        &self,
        project: i64,
        index: i32,
        range: (Bound<Place>, Bound<Place>),
    ) -> impl DoubleEndedIterator<Item = &GroupRow> {
        let table = self.tables.get(&(project, index));
        table
            .into_iter()
            .flat_map(move |t| t.by_place.range(range.clone()))
            .filter_map(|(_, &id)| self.rows.get(id))
    }
}

fn place(micros: i64, key: Option<Arc<str>>) -> Place {
    (Reverse(micros), Reverse(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(rows: &[(i64, &str)]) -> Groups {
        let mut groups = Groups::default();
        for &(seconds, key) in rows {
            let created_at = DateTime::from_timestamp(seconds, 0).unwrap();
            assert!(groups.insert(GroupRow::new(1, 0, key, Properties::new(), created_at)).is_some());
        }
        groups
    }

    fn keys<'a>(rows: impl Iterator<Item = &'a GroupRow>) -> Vec<&'a str> {
        rows.map(|r| &*r.key).collect()
    }

    #[test]
    fn the_order_is_newest_first_then_key_descending() {
        let groups = groups(&[(1, "e"), (2, "b"), (2, "c"), (3, "d"), (2, "a")]);
        assert_eq!(keys(groups.below(1, 0, None)), ["d", "c", "b", "a", "e"]);
        assert_eq!(keys(groups.below(1, 0, Some((2_000_000, "b")))), ["a", "e"]);
        assert_eq!(keys(groups.older(1, 0, 2_000_000)), ["e"]);
        assert_eq!(keys(groups.newer(1, 0, Some(1_000_000))), ["a", "b", "c", "d"]);
        assert_eq!(keys(groups.newer(1, 0, Some(2_000_000))), ["d"]);
        assert_eq!(keys(groups.newer(1, 0, None)), ["e", "a", "b", "c", "d"]);
    }

    #[test]
    fn a_group_is_unique() {
        let mut groups = groups(&[(1, "a"), (2, "b")]);
        let twin = groups.rows()[0].clone();
        assert_eq!(groups.insert(twin), None);
    }

    #[test]
    fn the_list_shows_a_group_as_it_was_before_the_lag() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let lag = Duration::from_secs(10);
        let plan = |plan: &str| Properties::parse(&format!(r#"{{"plan":"{plan}"}}"#)).unwrap();
        let mut row = GroupRow::new(1, 0, "a", plan("c"), DateTime::UNIX_EPOCH);
        // New at 0, changed at 4 and at 8.
        for (seconds, before) in [(0, None), (4, Some(plan("a"))), (8, Some(plan("b")))] {
            row.hide(before, at(seconds), lag);
        }
        for (seconds, shown) in
            [(0, None), (9, None), (10, Some("a")), (13, Some("a")), (14, Some("b")), (18, Some("c"))]
        {
            let listed = row.listed(at(seconds), lag).map(|row| row.properties.clone());
            assert_eq!(listed, shown.map(plan), "at {seconds}");
        }
        row.hide(Some(plan("c")), at(18), lag);
        assert_eq!(row.hidden.len(), 1);
    }
}
