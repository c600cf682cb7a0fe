//! Locks that survive a panic of another holder.

use std::sync::{LockResult, PoisonError};

/// The guard, whether or not another thread panicked with it: what our locks protect is valid after every
/// single statement.
pub(crate) fn unpoisoned<T>(lock: LockResult<T>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}
