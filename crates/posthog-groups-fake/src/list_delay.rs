//! Writes that the list does not show yet, because servers of 2026 write to one database and list from another.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::json::Properties;
use crate::store::RowId;

/// The state of a group that the list shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shown<'a> {
    /// The stored group.
    Stored,
    /// The group with earlier properties.
    Before(&'a Properties),
    /// Nothing, because the group is too new.
    Nothing,
}

/// The previous properties for each write that the list may not show yet.
#[derive(Debug, Default)]
pub(crate) struct ListDelay {
    /// All writes in order.
    writes: VecDeque<(Instant, RowId)>,
    before: HashMap<RowId, VecDeque<(Instant, Option<Properties>)>>,
    noted: u64,
}

impl ListDelay {
    /// Records a write and removes those that the list shows by now. `before` is `None` for a new group.
    pub(crate) fn note(
        &mut self,
        group: RowId,
        before: Option<Properties>,
        written: Instant,
        delay: Duration,
    ) {
        while let Some(&(oldest, group)) = self.writes.front()
            && written.saturating_duration_since(oldest) >= delay
        {
            self.writes.pop_front();
            self.forget(group, VecDeque::pop_front);
        }
        self.writes.push_back((written, group));
        self.before.entry(group).or_default().push_back((written, before));
        self.noted += 1;
    }

    /// Returns what the list shows: the group before the first write that is not visible yet.
    pub(crate) fn shown(&self, group: RowId, now: Instant, delay: Duration) -> Shown<'_> {
        let mut writes = self.before.get(&group).into_iter().flatten();
        match writes.find(|(written, _)| now.saturating_duration_since(*written) < delay) {
            Some((_, Some(before))) => Shown::Before(before),
            Some((_, None)) => Shown::Nothing,
            None => Shown::Stored,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The number of writes recorded so far.
    pub(crate) fn noted(&self) -> u64 {
        self.noted
    }

    /// Removes the newest writes until only the first `noted` are left.
    pub(crate) fn roll_back(&mut self, noted: u64) {
        while self.noted > noted {
            self.noted -= 1;
            if let Some((_, group)) = self.writes.pop_back() {
                self.forget(group, VecDeque::pop_back);
            }
        }
    }

    fn forget<T>(&mut self, group: RowId, pop: impl Fn(&mut VecDeque<(Instant, Option<Properties>)>) -> T) {
        if let Some(writes) = self.before.get_mut(&group) {
            pop(writes);
            if writes.is_empty() {
                self.before.remove(&group);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_secs(10);

    fn plan(plan: &str) -> Properties {
        Properties::parse(&format!(r#"{{"plan":"{plan}"}}"#)).unwrap()
    }

    #[test]
    fn the_list_shows_a_group_as_it_was_before_the_delay() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut list_delay = ListDelay::default();
        // Group 1 is new at 0, changed at 4 and at 8.
        list_delay.note(1, None, at(0), DELAY);
        list_delay.note(1, Some(plan("a")), at(4), DELAY);
        list_delay.note(1, Some(plan("b")), at(8), DELAY);
        let (a, b) = (plan("a"), plan("b"));
        for (seconds, wanted) in [
            (0, Shown::Nothing),
            (9, Shown::Nothing),
            (10, Shown::Before(&a)),
            (13, Shown::Before(&a)),
            (14, Shown::Before(&b)),
            (18, Shown::Stored),
        ] {
            assert_eq!(list_delay.shown(1, at(seconds), DELAY), wanted, "at {seconds}");
            assert_eq!(list_delay.shown(2, at(seconds), DELAY), Shown::Stored);
        }
    }

    #[test]
    fn visible_writes_are_removed_by_the_next_write() {
        let start = Instant::now();
        let mut list_delay = ListDelay::default();
        for group in 0..100 {
            list_delay.note(group, None, start, DELAY);
        }
        list_delay.note(100, None, start + DELAY, DELAY);
        assert_eq!((list_delay.writes.len(), list_delay.before.len()), (1, 1));
    }

    #[test]
    fn the_newest_writes_can_be_rolled_back() {
        let start = Instant::now();
        let mut list_delay = ListDelay::default();
        list_delay.note(1, None, start, DELAY);
        let noted = list_delay.noted();
        list_delay.note(1, Some(plan("a")), start, DELAY);
        list_delay.note(2, None, start, DELAY);
        list_delay.roll_back(noted);
        assert_eq!(list_delay.shown(1, start, DELAY), Shown::Nothing);
        assert_eq!(list_delay.shown(2, start, DELAY), Shown::Stored);
        list_delay.roll_back(0);
        assert!(list_delay.is_empty() && list_delay.before.is_empty());
    }
}
