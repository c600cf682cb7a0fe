//! One value that is kept for a while, and fetched by one caller at a time.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::poison::lock_ignoring_poison;

/// A value, kept for a while.
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

    /// The value, unless it is too old.
    pub(crate) fn get(&self) -> Option<T> {
        self.get_if(|at| at.elapsed() < self.keep)
    }

    /// The value, when it was fetched since this time.
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
