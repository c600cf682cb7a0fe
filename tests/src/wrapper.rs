use std::time::Duration;

use posthog_groups::{Client, ClientBuilder, RetryPolicy};
use posthog_groups_fake::{Fake, JournalEntry};

/// Settings of the wrapper's client for a stand-in: three quick repetitions, the same in every run.
pub fn wrapper(fake: &Fake) -> ClientBuilder {
    Client::builder().host(fake.url()).personal_api_key(fake.key()).retry(quick(3)).jitter_seed(1)
}

/// A policy that does not wait long.
pub fn quick(retries: u32) -> RetryPolicy {
    RetryPolicy::default()
        .retries(retries)
        .first_wait(Duration::from_millis(1))
        .longest_wait(Duration::from_millis(4))
}

/// Requests in short: method, and the last part of the path.
pub fn requests(journal: &[JournalEntry]) -> Vec<String> {
    let short = |entry: &JournalEntry| {
        let last = entry.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        format!("{} {last}", entry.method)
    };
    journal.iter().map(short).collect()
}
