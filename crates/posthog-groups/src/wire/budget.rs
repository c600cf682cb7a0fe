//! The retry budget: a limit on retries across all calls, so that they do not overload a failing server.

use std::sync::Mutex;

use crate::wire::poison::lock_ignoring_poison;

/// Tokens for retries, shared by all clones of a client. A retry takes a token, and a success returns a fifth of a token, so that in the
/// long run at most one in five requests is a retry.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    fifths: Mutex<u32>,
}

const FULL: u32 = 500;
const COST: u32 = 5;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { fifths: Mutex::new(FULL) }
    }
}

impl RetryBudget {
    /// Takes a token for a retry. Returns false if there is none.
    pub(crate) fn withdraw(&self) -> bool {
        let mut fifths = lock_ignoring_poison(self.fifths.lock());
        match fifths.checked_sub(COST) {
            Some(rest) => {
                *fifths = rest;
                true
            }
            None => false,
        }
    }

    /// Returns a fifth of a token after a success.
    pub(crate) fn deposit(&self) {
        let mut fifths = lock_ignoring_poison(self.fifths.lock());
        *fifths = (*fifths + 1).min(FULL);
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
