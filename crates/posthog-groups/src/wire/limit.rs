//! The client's rate limit, and pauses after a 429.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::poison::lock_ignoring_poison;

/// The maximum number of requests per minute and per hour, in any window.
///
/// PostHog Cloud allows 480 per minute and 4,800 per hour for each personal API key (contract section 1.4), which is the default for
/// its hosts. Other hosts have no limit by default. All clones of a client share the limit.
///
/// ```
/// use posthog_groups::RateLimit;
///
/// // Half of the limit, because another program uses the same key.
/// let half = RateLimit::per_minute(240).and_per_hour(2_400);
/// assert_ne!(half, RateLimit::cloud());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    per_minute: Option<u32>,
    per_hour: Option<u32>,
}

impl RateLimit {
    /// Returns the limit of PostHog Cloud: 480 requests per minute and 4,800 per hour.
    pub fn cloud() -> Self {
        Self::per_minute(480).and_per_hour(4_800)
    }

    /// Returns a limit that allows any number of requests.
    pub fn unlimited() -> Self {
        Self { per_minute: None, per_hour: None }
    }

    /// Creates a limit per minute. Zero is treated as one.
    pub fn per_minute(requests: u32) -> Self {
        Self { per_minute: Some(requests.max(1)), per_hour: None }
    }

    /// Creates a limit per hour. Zero is treated as one.
    pub fn per_hour(requests: u32) -> Self {
        Self { per_minute: None, per_hour: Some(requests.max(1)) }
    }

    /// Adds a limit per hour.
    #[must_use]
    pub fn and_per_hour(mut self, requests: u32) -> Self {
        self.per_hour = Some(requests.max(1));
        self
    }
}

/// Admits requests in the order in which they arrive.
#[derive(Debug)]
pub(crate) struct Limiter {
    // Held while waiting, so that later requests queue. Dropping a waiter releases it.
    queue: tokio::sync::Mutex<()>,
    account: Mutex<Account>,
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The next request is allowed only after this time.
    WaitTooLong(Duration),
    /// The deadline expires first.
    Deadline,
}

#[derive(Debug, Default)]
struct Account {
    windows: Vec<Window>,
    paused_until: Option<Instant>,
    /// When the waiting request will be admitted, for progress output.
    waiting_until: Option<Instant>,
}

/// The times of the latest requests, counted as the server counts them.
#[derive(Debug)]
struct Window {
    length: Duration,
    limit: usize,
    sent: VecDeque<Instant>,
}

/// Added to each window, because the server counts arrivals: two requests sent a minute apart can arrive closer together.
const SLACK: Duration = Duration::from_millis(250);

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let window = |limit: Option<u32>, seconds| {
            limit.map(|limit| Window {
                length: Duration::from_secs(seconds) + SLACK,
                limit: usize::try_from(limit).unwrap_or(usize::MAX),
                sent: VecDeque::new(),
            })
        };
        let windows =
            [window(limit.per_minute, 60), window(limit.per_hour, 3_600)].into_iter().flatten().collect();
        Self {
            queue: tokio::sync::Mutex::default(),
            account: Mutex::new(Account { windows, ..Account::default() }),
        }
    }

    /// Waits until the limit admits a request, at most `longest` and not beyond `deadline`, including the time in the queue.
    pub(crate) async fn enter(&self, longest: Duration, deadline: Option<Instant>) -> Result<(), Refusal> {
        if lock_ignoring_poison(self.account.lock()).is_open() {
            return Ok(());
        }
        let start = Instant::now();
        // A request that is already waiting goes first, so this one waits at least as long.
        if let Some(wait) = self.waits_for()
            && wait > longest
        {
            return Err(Refusal::WaitTooLong(wait));
        }
        let wait = async {
            let _head = match start.checked_add(longest) {
                Some(end) => {
                    let head = tokio::time::timeout_at(end, self.queue.lock()).await;
                    head.map_err(|_| Refusal::WaitTooLong(self.waits_for().unwrap_or_default()))?
                }
                None => self.queue.lock().await,
            };
            loop {
                let now = Instant::now();
                let Err(free) = lock_ignoring_poison(self.account.lock()).take(now) else { return Ok(()) };
                if free.saturating_duration_since(start) > longest {
                    return Err(Refusal::WaitTooLong(free.saturating_duration_since(now)));
                }
                if deadline.is_some_and(|deadline| deadline < free) {
                    return Err(Refusal::Deadline);
                }
                lock_ignoring_poison(self.account.lock()).waiting_until = Some(free);
                tokio::time::sleep_until(free).await;
            }
        };
        match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, wait).await.unwrap_or(Err(Refusal::Deadline)),
            None => wait.await,
        }
    }

    /// How long requests currently wait.
    pub(crate) fn waits_for(&self) -> Option<Duration> {
        let until = lock_ignoring_poison(self.account.lock()).waiting_until?;
        let wait = until.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some(wait)
    }

    /// The number of requests allowed per hour, if it is limited.
    #[cfg(feature = "bulk")]
    pub(crate) fn per_hour(&self) -> Option<u64> {
        let account = lock_ignoring_poison(self.account.lock());
        let window = account.windows.iter().find(|window| window.length >= Duration::from_secs(3_600))?;
        u64::try_from(window.limit).ok()
    }

    /// Pauses all requests for this long, after a 429.
    pub(crate) fn pause(&self, wait: Duration) {
        let mut account = lock_ignoring_poison(self.account.lock());
        // A wait beyond the range of the clock has already failed the call, because it exceeds `max_server_wait`.
        if let Some(until) = Instant::now().checked_add(wait) {
            account.paused_until = account.paused_until.max(Some(until));
        }
    }
}

impl Account {
    /// Whether there is neither a limit nor a pause.
    fn is_open(&self) -> bool {
        self.windows.is_empty() && self.paused_until.is_none()
    }

    /// Counts a request, or returns when the next one is allowed.
    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let mut free = now;
        if let Some(until) = self.paused_until {
            if until > now {
                free = until;
            } else {
                self.paused_until = None;
            }
        }
        for window in &mut self.windows {
            while window.sent.front().is_some_and(|&sent| sent + window.length <= now) {
                window.sent.pop_front();
            }
            if window.sent.len() >= window.limit
                && let Some(&oldest) = window.sent.front()
            {
                free = free.max(oldest + window.length);
            }
        }
        if free > now {
            return Err(free);
        }
        for window in &mut self.windows {
            window.sent.push_back(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LONG: Duration = Duration::from_secs(7_200);

    async fn seconds_for(limiter: &Limiter, requests: usize) -> f64 {
        let start = Instant::now();
        for _ in 0..requests {
            limiter.enter(LONG, None).await.unwrap();
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_the_limit() {
        let limiter = Limiter::new(RateLimit::per_minute(480));
        assert_eq!(seconds_for(&limiter, 480).await, 0.0);
        let wait = seconds_for(&limiter, 1).await;
        assert!((60.0..60.5).contains(&wait), "{wait}");
        // All other requests of the first minute have left the window with it.
        assert_eq!(seconds_for(&limiter, 479).await, 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_per_hour_applies_in_addition() {
        let limiter = Limiter::new(RateLimit::cloud());
        let wait = seconds_for(&limiter, 4_800).await;
        assert!((540.0..550.0).contains(&wait), "{wait}");
        let wait = seconds_for(&limiter, 1).await;
        assert!((3_000.0..3_100.0).contains(&wait), "{wait}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_waits() {
        let limiter = Limiter::new(RateLimit::unlimited());
        assert_eq!(seconds_for(&limiter, 100_000).await, 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_delays_all_requests_once() {
        let limiter = Arc::new(Limiter::new(RateLimit::unlimited()));
        limiter.pause(Duration::from_secs(2));
        limiter.pause(Duration::from_secs(1));
        let start = Instant::now();
        let waiters: Vec<_> = (0..20)
            .map(|_| {
                let limiter = limiter.clone();
                tokio::spawn(async move { limiter.enter(LONG, None).await })
            })
            .collect();
        for waiter in waiters {
            waiter.await.unwrap().unwrap();
        }
        let waited = start.elapsed().as_secs_f64();
        assert!((2.0..2.1).contains(&waited), "{waited}");
    }

    #[tokio::test(start_paused = true)]
    async fn too_long_a_wait_and_a_near_deadline_fail_immediately() {
        let limiter = Limiter::new(RateLimit::per_hour(1));
        limiter.enter(LONG, None).await.unwrap();
        let start = Instant::now();
        let refusal = limiter.enter(Duration::from_secs(60), None).await.unwrap_err();
        assert!(matches!(refusal, Refusal::WaitTooLong(wait) if wait > Duration::from_secs(3_590)));
        let deadline = Instant::now() + Duration::from_secs(5);
        assert_eq!(limiter.enter(LONG, Some(deadline)).await, Err(Refusal::Deadline));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_the_queue_counts() {
        let limiter = Arc::new(Limiter::new(RateLimit::per_minute(1)));
        limiter.enter(LONG, None).await.unwrap();
        let spawn = |longest| {
            let limiter = limiter.clone();
            tokio::spawn(async move { limiter.enter(longest, None).await })
        };
        let start = Instant::now();
        let (first, second) = (spawn(LONG), spawn(LONG));
        tokio::task::yield_now().await;
        // The next request is allowed in 60 s, and the third in the queue in 180 s.
        let refused = limiter.enter(Duration::from_secs(30), None).await;
        assert!(matches!(refused, Err(Refusal::WaitTooLong(wait)) if wait > Duration::from_secs(59)));
        assert_eq!(start.elapsed(), Duration::ZERO);
        let refused = limiter.enter(Duration::from_secs(90), None).await;
        assert!(matches!(refused, Err(Refusal::WaitTooLong(_))), "{refused:?}");
        assert!(start.elapsed() <= Duration::from_secs(91), "{:?}", start.elapsed());
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();

        // The call reaches the head of the queue after 60 s, but is not allowed before 120 s.
        let (start, first) = (Instant::now(), spawn(LONG));
        tokio::task::yield_now().await;
        let refused = limiter.enter(Duration::from_secs(100), None).await;
        assert!(matches!(refused, Err(Refusal::WaitTooLong(_))), "{refused:?}");
        assert!(start.elapsed() <= Duration::from_secs(61), "{:?}", start.elapsed());
        first.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_waiter_is_not_counted() {
        let limiter = Limiter::new(RateLimit::per_minute(1));
        limiter.enter(LONG, None).await.unwrap();
        let gone = tokio::time::timeout(Duration::from_secs(1), limiter.enter(LONG, None)).await;
        assert!(gone.is_err());
        let wait = seconds_for(&limiter, 1).await;
        assert!((59.0..59.5).contains(&wait), "{wait}");
    }
}
