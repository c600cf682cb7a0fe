//! The retry budget: a limit on retries across all calls, so that they do not overload a failing server.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens for retries, shared by all clones of a client. A retry takes a token, and a success returns a fifth of a token, so that in the
/// long run at most one in five requests is a retry.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    fifths: AtomicU32,
}

const FULL: u32 = 500;
const COST: u32 = 5;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { fifths: AtomicU32::new(FULL) }
    }
}

impl RetryBudget {
    /// Takes a token for a retry. Returns false if there is none.
    pub(crate) fn withdraw(&self) -> bool {
        self.update(|fifths| fifths.checked_sub(COST))
    }

    /// Returns a fifth of a token after a success.
    pub(crate) fn deposit(&self) {
        self.update(|fifths| Some(fifths + 1).filter(|fifths| *fifths <= FULL));
    }

    /// Changes the number of tokens, unless `change` returns `None`.
    fn update(&self, change: impl Fn(u32) -> Option<u32>) -> bool {
        self.fifths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_retries_exhaust_it_and_five_successes_allow_one() {
        let budget = RetryBudget::default();
        assert!((0..100).all(|_| budget.withdraw()));
        assert!(!budget.withdraw());
        (0..4).for_each(|_| budget.deposit());
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw());
    }
}
