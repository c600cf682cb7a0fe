//! Retry decisions, without I/O.

use std::time::Duration;

use posthog_groups_client::Idempotency;

use crate::error::{Error, is_gateway_failure};

/// How failed requests are retried.
///
/// The maximum wait doubles from [`first_wait`](Self::first_wait) to [`longest_wait`](Self::longest_wait), and each wait is random
/// between zero and the current maximum (full jitter). A `Retry-After` header sets a minimum. The policy does not affect which
/// operations can be retried.
///
/// ```
/// use std::time::Duration;
/// use posthog_groups::RetryPolicy;
///
/// let policy = RetryPolicy::default().retries(8).longest_wait(Duration::from_secs(30));
/// assert_ne!(policy, RetryPolicy::none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) retries: u32,
    pub(crate) first_wait: Duration,
    pub(crate) longest_wait: Duration,
    pub(crate) max_server_wait: Duration,
    /// The maximum number of retries of a read after a 500.
    pub(crate) server_errors: u32,
}

impl Default for RetryPolicy {
    /// Returns a policy with four retries, after waits of up to 250 ms, 500 ms, 1 s and 2 s, and with waits of up to 2 minutes if the
    /// server asks for them.
    fn default() -> Self {
        Self {
            retries: 4,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
            max_server_wait: Duration::from_secs(120),
            server_errors: 1,
        }
    }
}

impl RetryPolicy {
    /// Returns a policy without retries. If the response to a write is lost, the group is still read back.
    pub fn none() -> Self {
        Self::default().retries(0)
    }

    /// Sets the maximum number of retries; 4 by default.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the maximum of the first wait; 250 ms by default. Zero means to retry without waiting.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// Sets the maximum of all waits; 8 s by default.
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// Sets the longest wait that the server, the client's rate limit, or another call of the client may cause; 2 minutes by
    /// default. If a longer wait is necessary, the call fails immediately with
    /// [`Error::is_rate_limited`](crate::Error::is_rate_limited) and [`Error::retry_after`](crate::Error::retry_after).
    #[must_use]
    pub fn max_server_wait(mut self, wait: Duration) -> Self {
        self.max_server_wait = wait;
        self
    }

    /// The maximum wait before retry `n`, counted from 1.
    fn bound(&self, n: u32) -> Duration {
        let factor = 2_u32.saturating_pow(n.saturating_sub(1));
        self.first_wait.saturating_mul(factor).min(self.longest_wait)
    }
}

/// How an attempt failed, classified for the retry decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A retry cannot help: the server rejected the request, or it stored the write but did not send the event.
    Final,
    /// No connection was made, so the server has not received the request.
    NotSent,
    /// 429: the server has not processed the request.
    Throttled,
    /// 500, which servers of 2025 also return for invalid requests.
    ServerError,
    /// The request was sent, and it is unknown whether it was processed: there was no response, an incomplete or
    /// unexpected response, or the status of a gateway.
    Lost,
}

impl Outcome {
    /// Classifies a failed attempt. The body takes precedence over the status (contract section 4).
    pub(crate) fn of(error: &Error) -> Self {
        if error.is_event_not_sent() {
            return Self::Final;
        }
        if error.is_connect() {
            return Self::NotSent;
        }
        if error.is_interrupted() || error.is_timeout() {
            return Self::Lost;
        }
        match error.status() {
            Some(429) => Self::Throttled,
            Some(500) => Self::ServerError,
            Some(status) if is_gateway_failure(status) => Self::Lost,
            _ => Self::Final,
        }
    }
}

/// A failed attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) idempotency: Idempotency,
    /// Its number, from 1.
    pub(crate) number: u32,
    pub(crate) outcome: Outcome,
    /// The number of 500 responses in this call, including this attempt.
    pub(crate) server_errors: u32,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) time_left: Option<Duration>,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Do not retry.
    Done,
    /// Wait this long and retry.
    Wait(Duration),
    /// A retry is possible, but the wait is longer than the policy allows.
    WaitTooLong,
    /// A retry is possible, but the deadline expires before the wait ends.
    DeadlineTooNear,
}

/// Decides what follows an attempt (contract section 4).
///
/// `random_unit` returns a number in `0.0..1.0` for the jitter.
pub(crate) fn decide(policy: &RetryPolicy, attempt: &Attempt, random_unit: impl FnOnce() -> f64) -> Step {
    if !is_worth_repeating(policy, attempt) || attempt.number > policy.retries {
        return Step::Done;
    }
    let asked = attempt.retry_after.unwrap_or_default();
    if asked > policy.max_server_wait {
        return Step::WaitTooLong;
    }
    // Added to the server's wait, so that its clients do not return at the same time.
    let jitter = policy.bound(attempt.number).mul_f64(random_unit().clamp(0.0, 1.0));
    let wait =
        if attempt.retry_after.is_some() { asked.saturating_add(jitter.min(asked / 10)) } else { jitter };
    match attempt.time_left {
        Some(left) if left <= wait => Step::DeadlineTooNear,
        _ => Step::Wait(wait),
    }
}

fn is_worth_repeating(policy: &RetryPolicy, attempt: &Attempt) -> bool {
    let repeatable = matches!(attempt.idempotency, Idempotency::Safe | Idempotency::Idempotent);
    match attempt.outcome {
        // The server has not processed the request.
        Outcome::NotSent | Outcome::Throttled => true,
        Outcome::Lost => repeatable,
        // One retry distinguishes a temporary failure from an invalid request.
        Outcome::ServerError => {
            attempt.idempotency == Idempotency::Safe && attempt.server_errors <= policy.server_errors
        }
        Outcome::Final => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        retries: 3,
        first_wait: Duration::from_millis(100),
        longest_wait: Duration::from_millis(300),
        max_server_wait: Duration::from_secs(60),
        server_errors: 1,
    };

    fn attempt(idempotency: Idempotency, outcome: Outcome) -> Attempt {
        Attempt { idempotency, number: 1, outcome, server_errors: 1, retry_after: None, time_left: None }
    }

    fn repeats(idempotency: Idempotency, outcome: Outcome) -> bool {
        matches!(decide(&POLICY, &attempt(idempotency, outcome), || 1.0), Step::Wait(_))
    }

    #[test]
    fn retries_depend_on_outcome_and_operation() {
        use Idempotency::{Idempotent, NotFoundIsSuccess, ReadBeforeRetry, Safe, Unknown};
        use Outcome::{Final, Lost, NotSent, ServerError, Throttled};
        let writes = [ReadBeforeRetry, NotFoundIsSuccess, Unknown];
        for (outcome, safe, idempotent, others) in [
            (Final, false, false, false),
            (Throttled, true, true, true),
            (ServerError, true, false, false),
            (NotSent, true, true, true),
            (Lost, true, true, false),
        ] {
            assert_eq!(repeats(Safe, outcome), safe, "safe, {outcome:?}");
            assert_eq!(repeats(Idempotent, outcome), idempotent, "idempotent, {outcome:?}");
            for write in writes {
                assert_eq!(repeats(write, outcome), others, "{write:?}, {outcome:?}");
            }
        }
    }

    #[test]
    fn the_body_takes_precedence_over_the_status() {
        use Outcome::{Final, Lost, ServerError, Throttled};
        let answer = |status: u16, body: &str| {
            let status = http::StatusCode::from_u16(status).unwrap();
            Outcome::of(&Error::answer(status, &http::HeaderMap::new(), body.as_bytes(), None))
        };
        let stored =
            r#"{"code":"Failed to submit group create event.","detail":"capture_http_error","type":"x"}"#;
        for (status, plain) in [
            (302, Final),
            (400, Final),
            (401, Final),
            (404, Final),
            (429, Throttled),
            (500, ServerError),
            (501, Final),
            (502, Lost),
            (503, Lost),
            (504, Lost),
            (512, Final),
            (519, Final),
            (520, Lost),
            (524, Lost),
            (525, Final),
            (530, Lost),
        ] {
            assert_eq!(answer(status, ""), plain, "{status}");
            assert_eq!(answer(status, stored), Final, "{status}");
        }
        assert_eq!(Outcome::of(&Error::timeout()), Lost);
        assert_eq!(Outcome::of(&Error::interrupted()), Lost);
        assert_eq!(Outcome::of(&Error::too_large(1)), Final);
    }

    #[test]
    fn a_500_is_retried_once_and_others_as_often_as_the_policy_allows() {
        let twice_500 =
            Attempt { server_errors: 2, number: 2, ..attempt(Idempotency::Safe, Outcome::ServerError) };
        assert_eq!(decide(&POLICY, &twice_500, || 1.0), Step::Done);
        let twice = RetryPolicy { server_errors: 2, ..POLICY };
        assert!(matches!(decide(&twice, &twice_500, || 1.0), Step::Wait(_)));
        for (number, wanted) in [(3, true), (4, false)] {
            let attempt = Attempt { number, ..attempt(Idempotency::Safe, Outcome::Lost) };
            assert_eq!(matches!(decide(&POLICY, &attempt, || 0.0), Step::Wait(_)), wanted);
        }
        let none = RetryPolicy::none();
        assert_eq!(decide(&none, &attempt(Idempotency::Safe, Outcome::NotSent), || 0.0), Step::Done);
    }

    #[test]
    fn waits_grow_to_a_maximum_and_have_full_jitter() {
        for (number, unit, wanted) in
            [(1, 1.0, 100), (2, 1.0, 200), (3, 1.0, 300), (3, 0.5, 150), (1, 0.0, 0)]
        {
            let attempt = Attempt { number, ..attempt(Idempotency::Safe, Outcome::Lost) };
            assert_eq!(decide(&POLICY, &attempt, || unit), Step::Wait(Duration::from_millis(wanted)));
        }
        let far = RetryPolicy::default().retries(u32::MAX);
        let attempt = Attempt { number: 4_000_000_000, ..attempt(Idempotency::Safe, Outcome::Lost) };
        assert_eq!(decide(&far, &attempt, || 1.0), Step::Wait(Duration::from_secs(8)));
    }

    #[test]
    fn retry_after_is_a_minimum_up_to_the_longest_wait() {
        let asked = |seconds| Attempt {
            retry_after: Some(Duration::from_secs(seconds)),
            ..attempt(Idempotency::ReadBeforeRetry, Outcome::Throttled)
        };
        let Step::Wait(wait) = decide(&POLICY, &asked(2), || 1.0) else { panic!("a wait") };
        assert!(wait >= Duration::from_secs(2) && wait < Duration::from_millis(2300), "{wait:?}");
        assert_eq!(decide(&POLICY, &asked(0), || 1.0), Step::Wait(Duration::ZERO));
        assert_eq!(decide(&POLICY, &asked(61), || 1.0), Step::WaitTooLong);
        assert_eq!(decide(&POLICY, &asked(u64::MAX), || 1.0), Step::WaitTooLong);
    }

    #[test]
    fn no_wait_exceeds_the_deadline() {
        let near = Attempt {
            time_left: Some(Duration::from_millis(50)),
            ..attempt(Idempotency::Safe, Outcome::Lost)
        };
        assert_eq!(decide(&POLICY, &near, || 1.0), Step::DeadlineTooNear);
        assert_eq!(decide(&POLICY, &near, || 0.1), Step::Wait(Duration::from_millis(10)));
    }
}
