//! A cache for a single value with a time to live. One caller at a time fetches the value.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::poison::lock_ignoring_poison;

/// A cached value with a time to live.
#[derive(Debug)]
pub(crate) struct Cache<T> {
    keep: Duration,
    value: Mutex<Option<(Instant, T)>>,
    /// Held while fetching, so that many calls that miss the value make one request.
    pub(crate) fetching: tokio::sync::Mutex<()>,
}

impl<T: Clone> Cache<T> {
    pub(crate) fn new(keep: Duration) -> Self {
        Self { keep, value: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// Returns the value if it has not expired.
    pub(crate) fn get(&self) -> Option<T> {
        self.get_if(|at| at.elapsed() < self.keep)
    }

    /// Returns the value if it was fetched at this time or later.
    pub(crate) fn get_since(&self, since: Instant) -> Option<T> {
        self.get_if(|at| at >= since)
    }

    fn get_if(&self, is_fresh: impl FnOnce(Instant) -> bool) -> Option<T> {
        let value = lock_ignoring_poison(self.value.lock());
        let (at, value) = value.as_ref()?;
        is_fresh(*at).then(|| value.clone())
    }

    pub(crate) fn put(&self, value: T) {
        *lock_ignoring_poison(self.value.lock()) = Some((Instant::now(), value));
    }
}
