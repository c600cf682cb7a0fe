use std::time::Duration;

use posthog_groups::{Client, ClientBuilder, RetryPolicy};
use posthog_groups_fake::{Fake, JournalEntry};

/// A client builder for a stand-in server, with three quick retries and a fixed jitter.
pub fn wrapper(fake: &Fake) -> ClientBuilder {
    Client::builder().host(fake.url()).personal_api_key(fake.key()).retry(quick(3)).jitter_seed(1)
}

/// A retry policy with short waits.
pub fn quick(retries: u32) -> RetryPolicy {
    RetryPolicy::default()
        .retries(retries)
        .first_wait(Duration::from_millis(1))
        .longest_wait(Duration::from_millis(4))
}

/// The requests as the method and the last part of the path.
pub fn requests(journal: &[JournalEntry]) -> Vec<String> {
    let short = |entry: &JournalEntry| {
        let last = entry.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        format!("{} {last}", entry.method)
    };
    journal.iter().map(short).collect()
}
