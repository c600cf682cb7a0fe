//! The rate limit of each personal API key (contract section 1.4).

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::state::RateLimit;

/// The times of the requests of each key.
#[derive(Debug, Default)]
pub(crate) struct Throttle(HashMap<String, VecDeque<Instant>>);

impl Throttle {
    /// Admits a request, or returns the seconds to wait. A rejected request does not count.
    pub(crate) fn admit(&mut self, key: &str, limit: RateLimit, now: Instant) -> Result<(), u64> {
        let window = Duration::try_from_secs_f64(limit.window_s).unwrap_or(Duration::MAX);
        let history = self.0.entry(key.to_owned()).or_default();
        while history.front().is_some_and(|oldest| now.saturating_duration_since(*oldest) >= window) {
            history.pop_front();
        }
        match history.front() {
            Some(oldest) if history.len() >= limit.limit => {
                let left = window.saturating_sub(now.saturating_duration_since(*oldest));
                Err(left.as_secs() + u64::from(left.subsec_nanos() > 0))
            }
            _ => {
                history.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let limit = RateLimit { limit: 2, window_s: 60.0 };
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut throttle = Throttle::default();
        for (key, millis, expected) in [
            ("a", 0, Ok(())),
            ("a", 10_000, Ok(())),
            ("a", 10_001, Err(50)),
            ("b", 10_001, Ok(())),
            ("a", 59_000, Err(1)),
            ("a", 59_500, Err(1)),
            ("a", 60_000, Ok(())),
            ("a", 60_000, Err(10)),
        ] {
            assert_eq!(throttle.admit(key, limit, at(millis)), expected, "{key} at {millis}");
        }
    }
}
