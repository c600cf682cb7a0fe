//! One lock per key, for example per group that is written to.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use crate::wire::poison::lock_ignoring_poison;

/// Locks by key. A key without a holder or waiter takes no memory.
#[derive(Debug)]
pub(crate) struct KeyedLocks<K: Eq + Hash> {
    held: Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>,
}

impl<K: Eq + Hash> Default for KeyedLocks<K> {
    fn default() -> Self {
        Self { held: Mutex::default() }
    }
}

/// Holds the lock of a key until it is dropped.
#[derive(Debug)]
pub(crate) struct KeyGuard<'a, K: Eq + Hash> {
    locks: &'a KeyedLocks<K>,
    key: K,
    guard: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl<K: Eq + Hash + Clone> KeyedLocks<K> {
    /// Acquires the lock of a key.
    pub(crate) async fn lock(&self, key: K) -> KeyGuard<'_, K> {
        let lock = lock_ignoring_poison(self.held.lock()).entry(key.clone()).or_default().clone();
        // Created before waiting, so that a cancelled wait is cleaned up too.
        let mut guard = KeyGuard { locks: self, key, guard: None };
        guard.guard = Some(lock.lock_owned().await);
        guard
    }
}

impl<K: Eq + Hash> Drop for KeyGuard<'_, K> {
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
    async fn a_key_has_one_holder_at_a_time_and_unused_keys_are_removed() {
        let locks = KeyedLocks::default();
        let first = locks.lock((0, "a")).await;
        let other = locks.lock((1, "a")).await;
        let again = tokio::time::timeout(std::time::Duration::from_millis(10), locks.lock((0, "a"))).await;
        assert!(again.is_err());
        drop((first, other));
        drop(locks.lock((0, "a")).await);
        assert!(locks.held.lock().unwrap().is_empty());
    }
}
