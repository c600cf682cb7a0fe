//! Mutexes that ignore poisoning.

use std::sync::{LockResult, PoisonError};

/// Returns the guard even if another thread panicked while holding the lock. The protected
/// values are valid after every statement.
pub(crate) fn lock_ignoring_poison<T>(lock: LockResult<T>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}
