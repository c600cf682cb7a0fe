//! One write at a time for each group: the server reads all properties, changes one and writes all back, without a lock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::poison::unpoisoned;

/// A group: the index of its type, and its key.
type GroupId = (u8, String);

/// Who is writing to which group, among the clones of one client.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    busy: Mutex<HashMap<GroupId, Arc<tokio::sync::Mutex<()>>>>,
}

/// The right to write to one group, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    group: GroupId,
    guard: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else writes to the group.
    pub(crate) async fn take(&self, index: u8, key: &str) -> Turn<'_> {
        let group = (index, key.to_owned());
        let lock = unpoisoned(self.busy.lock()).entry(group.clone()).or_default().clone();
        // Before the wait, so that one that is given up cleans up as well.
        let mut turn = Turn { turns: self, group, guard: None };
        turn.guard = Some(lock.lock_owned().await);
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut busy = unpoisoned(self.turns.busy.lock());
        // One owner is the map itself: nobody writes or waits.
        if busy.get(&self.group).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            busy.remove(&self.group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_for_a_group_and_nothing_is_kept() {
        let turns = Turns::default();
        let first = turns.take(0, "a").await;
        let other = turns.take(1, "a").await;
        let again = tokio::time::timeout(std::time::Duration::from_millis(10), turns.take(0, "a")).await;
        assert!(again.is_err());
        drop((first, other));
        drop(turns.take(0, "a").await);
        assert!(turns.busy.lock().unwrap().is_empty());
    }
}
