//! Settings that can be overridden for a single call.

use std::time::Duration;

use crate::wire::retry::RetryPolicy;

/// Options that [`Client::with_options`](crate::Client::with_options) changes.
///
/// ```no_run
/// # async fn example(posthog: posthog_groups::Client) -> posthog_groups::Result<()> {
/// use std::time::Duration;
///
/// let quick = posthog.with_options(|o| o.timeout(Duration::from_secs(2)).retries(0));
/// let acme = quick.groups("organization").find("org:5").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallOptions {
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) max_response_size: u64,
}

impl Default for CallOptions {
    /// Returns options with a timeout of 30 s per attempt and 5 minutes per call, responses of up to 64 MB, and the default
    /// [`RetryPolicy`].
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            deadline: Some(Duration::from_secs(300)),
            retry: RetryPolicy::default(),
            max_response_size: 64 * 1024 * 1024,
        }
    }
}

impl CallOptions {
    /// Sets the timeout of an attempt, from sending the request to receiving the whole response; 30 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the deadline of a call, including all attempts and waits; 5 minutes by default. `None` means no deadline.
    #[must_use]
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Sets the maximum number of retries; 4 by default.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retry = self.retry.retries(retries);
        self
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the maximum size of a response in bytes; 64 MB by default. A page of 100 groups is rarely larger than 1 MB.
    #[must_use]
    pub fn max_response_size(mut self, bytes: u64) -> Self {
        self.max_response_size = bytes;
        self
    }
}
