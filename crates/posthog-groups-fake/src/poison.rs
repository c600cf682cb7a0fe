//! Locks that go on after a panic elsewhere: the library itself never panics while it holds one.

use std::sync::PoisonError;

/// The guard, whether or not a holder panicked.
pub(crate) fn unpoisoned<G>(guard: Result<G, PoisonError<G>>) -> G {
    guard.unwrap_or_else(PoisonError::into_inner)
}
