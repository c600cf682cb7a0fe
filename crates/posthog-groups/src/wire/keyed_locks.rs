//! One lock per group that is written to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::wire::poison::lock_ignoring_poison;

/// A group: the index of its type, and its key.
type Key = (u8, String);

/// Locks by group. A group without a holder or waiter takes no memory.
#[derive(Debug, Default)]
pub(crate) struct KeyedLocks {
    held: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
}

/// Holds the lock of a group until it is dropped.
#[derive(Debug)]
pub(crate) struct KeyGuard<'a> {
    locks: &'a KeyedLocks,
    key: Key,
    guard: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl KeyedLocks {
    pub(crate) async fn lock(&self, index: u8, key: &str) -> KeyGuard<'_> {
        let key = (index, key.to_owned());
        let lock = lock_ignoring_poison(self.held.lock()).entry(key.clone()).or_default().clone();
        // Created before waiting, so that a cancelled wait is cleaned up too.
        let mut guard = KeyGuard { locks: self, key, guard: None };
        guard.guard = Some(lock.lock_owned().await);
        guard
    }
}

impl Drop for KeyGuard<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut held = lock_ignoring_poison(self.locks.held.lock());
        // The map holds the only reference, so there is no holder or waiter.
        if held.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            held.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_group_has_one_holder_at_a_time_and_unused_groups_are_removed() {
        let locks = KeyedLocks::default();
        let first = locks.lock(0, "a").await;
        let other = locks.lock(1, "a").await;
        let again = tokio::time::timeout(std::time::Duration::from_millis(10), locks.lock(0, "a")).await;
        assert!(again.is_err());
        drop((first, other));
        drop(locks.lock(0, "a").await);
        assert!(locks.held.lock().unwrap().is_empty());
    }
}
