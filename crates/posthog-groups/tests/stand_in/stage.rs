//! A stand-in server with a small state, and a client with short waits.

use std::time::Duration;

use posthog_groups::{Client, ClientBuilder, Groups, RetryPolicy};
use posthog_groups_fake::{Era, Fake, Group, GroupType, State};

/// An empty project with the group types `organization` (0) and `team` (1).
pub(crate) fn empty() -> State {
    State {
        group_types: vec![GroupType::new(0, "organization"), GroupType::new(1, "team")],
        ..State::default()
    }
}

/// The same with one organization, `org:5`, on the plan `free`.
pub(crate) fn one_group() -> State {
    State { groups: vec![Group::new(0, "org:5").with("plan", "free").with("seats", 3)], ..empty() }
}

pub(crate) async fn serve(era: Era, state: State) -> Fake {
    Fake::builder().era(era).state(state).start().await.unwrap()
}

/// A server, and its organizations.
pub(crate) async fn start(era: Era, state: State) -> (Fake, Groups) {
    let fake = serve(era, state).await;
    let orgs = organizations(&fake);
    (fake, orgs)
}

/// A client that retries immediately.
pub(crate) fn builder(fake: &Fake) -> ClientBuilder {
    Client::builder()
        .personal_api_key(fake.key())
        .host(fake.url())
        .timeout(Duration::from_secs(5))
        .retry(RetryPolicy::default().first_wait(Duration::from_millis(1)))
}

pub(crate) fn client(fake: &Fake) -> Client {
    builder(fake).build().unwrap()
}

pub(crate) fn organizations(fake: &Fake) -> Groups {
    client(fake).groups("organization")
}

/// The properties of a stored group, as JSON. Panics if it does not exist exactly once.
pub(crate) fn stored(fake: &Fake, key: &str) -> serde_json::Value {
    let groups: Vec<_> = fake.state().groups.into_iter().filter(|g| g.group_key == key).collect();
    assert_eq!(groups.len(), 1, "exactly one group {key}");
    serde_json::to_value(&groups[0].group_properties).unwrap()
}

/// The number of requests to a path.
pub(crate) fn requests(fake: &Fake, method: &str, path_end: &str) -> usize {
    fake.journal().iter().filter(|e| e.method == method && e.path.ends_with(path_end)).count()
}
