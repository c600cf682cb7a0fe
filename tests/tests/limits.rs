//! Rate limits: the server's, which all clones of a client hit at most once together, and the client's own.
//!
//! Some of these tests really wait.

use std::time::{Duration, Instant, SystemTime};

use posthog_groups::{Client, Error, RateLimit};
use posthog_groups_fake::{Effect, Era, Fake, Fault, Group, GroupType, State};
use posthog_groups_tests::{quick, wrapper};
use serde_json::json;
use tokio::task::JoinSet;

fn world() -> State {
    State {
        group_types: vec![GroupType::new(0, "organization")],
        groups: vec![Group::new(0, "org:5").with("plan", "free")],
        ..State::default()
    }
}

async fn serve(era: Era, state: State) -> (Fake, Client) {
    let fake = Fake::builder().era(era).state(state).start().await.unwrap();
    let client = wrapper(&fake).build().unwrap();
    (fake, client)
}

fn throttle(retry_after: &str) -> Fault {
    let mut fault = Fault::http(429);
    if let Effect::Http(http) = &mut fault.effect {
        http.headers.insert("Retry-After".into(), retry_after.into());
        http.body = json!({
            "type": "throttled_error", "code": "throttled", "attr": null, "detail": "Request was throttled.",
        });
    }
    fault
}

fn count(fake: &Fake, status: u16) -> usize {
    fake.journal().iter().filter(|entry| entry.status == Some(status)).count()
}

async fn until(what: impl Fn() -> bool) {
    let seen = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("what is waited for");
}

/// Starts calls of one request each on clones of a client, each in its own task.
fn many_calls(client: &Client, number: usize) -> JoinSet<Result<(), Error>> {
    let mut tasks = JoinSet::new();
    for n in 0..number {
        let client = match n % 2 {
            0 => client.clone(),
            _ => client.with_options(|options| options.timeout(Duration::from_secs(15))),
        };
        tasks.spawn(async move {
            match n % 4 {
                0 => client.groups(0).get("org:5").await.map(drop),
                1 => client.groups(0).list().page().await.map(drop),
                2 => client.groups(0).group("org:5").set(format!("p{n}"), &n).await.map(drop),
                _ => client.whoami().await.map(drop),
            }
        });
    }
    tasks
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_429_all_clones_and_tasks_wait_once() {
    let wait = async |era| {
        let (fake, client) = serve(era, world()).await;
        fake.add_faults([throttle("2")]).unwrap();
        let started = Instant::now();
        let first = many_calls(&client, 1);
        until(|| count(&fake, 429) == 1).await;
        // Let the response arrive at the client.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let others = many_calls(&client, 40);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(fake.journal().len(), 1, "requests were sent during the wait");
        for result in first.join_all().await.into_iter().chain(others.join_all().await) {
            result.unwrap();
        }
        let took = started.elapsed();
        assert!((2_000..4_000).contains(&took.as_millis()), "{took:?}");
        assert_eq!((count(&fake, 429), fake.journal().len()), (1, 42));
    };
    tokio::join!(wait(Era::Y2025), wait(Era::Y2026));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limited_server_returns_429_only_once() {
    let limit = posthog_groups_fake::RateLimit { limit: 12, window_s: 2.0 };
    let exceed = async |era| {
        let (fake, client) = serve(era, State { rate_limit: Some(limit), ..world() }).await;
        for result in many_calls(&client, 12).join_all().await {
            result.unwrap();
        }
        assert_eq!(count(&fake, 429), 0);
        let first = many_calls(&client, 1);
        until(|| count(&fake, 429) == 1).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let others = many_calls(&client, 11);
        for result in first.join_all().await.into_iter().chain(others.join_all().await) {
            result.unwrap();
        }
        assert_eq!((count(&fake, 429), fake.journal().len()), (1, 25), "{era:?}");
    };
    tokio::join!(exceed(Era::Y2025), exceed(Era::Y2026));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_calls_get_a_429_at_most_once_each() {
    let limit = posthog_groups_fake::RateLimit { limit: 20, window_s: 1.0 };
    let (fake, client) = serve(Era::Y2026, State { rate_limit: Some(limit), ..world() }).await;
    for result in many_calls(&client, 40).join_all().await {
        result.unwrap();
    }
    let throttled = count(&fake, 429);
    assert!(throttled <= 20, "{throttled} calls were throttled");
    assert_eq!(fake.journal().len(), 40 + throttled);
}

#[tokio::test]
async fn retry_after_may_be_a_date() {
    let wait = async |form| {
        let (fake, client) = serve(Era::Y2026, world()).await;
        let date = chrono::DateTime::<chrono::Utc>::from(SystemTime::now() + Duration::from_secs(2));
        fake.add_faults([throttle(&date.format(form).to_string())]).unwrap();
        let started = Instant::now();
        client.groups(0).get("org:5").await.unwrap();
        // A date has no fractions: it is up to a second sooner.
        let took = started.elapsed();
        assert!((950..3_000).contains(&took.as_millis()), "{form}: {took:?}");
        assert_eq!(fake.journal().len(), 2);
    };
    tokio::join!(
        wait("%a, %d %b %Y %H:%M:%S GMT"),
        wait("%A, %d-%b-%y %H:%M:%S GMT"),
        wait("%a %b %e %H:%M:%S %Y"),
    );
}

#[tokio::test]
async fn a_429_without_retry_after_is_retried_with_backoff() {
    for text in ["", "soon", "-1", "0"] {
        let (fake, client) = serve(Era::Y2026, world()).await;
        fake.add_faults([throttle(text)]).unwrap();
        let started = Instant::now();
        client.groups(0).get("org:5").await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(1), "{text}");
        assert_eq!(fake.journal().len(), 2);
    }
}

#[tokio::test]
async fn too_long_a_wait_fails_immediately_for_all_calls_with_retry_after() {
    let (fake, client) = serve(Era::Y2026, world()).await;
    for (n, text) in ["3600", "99999999999999999999"].into_iter().enumerate() {
        let client = wrapper(&fake).build().unwrap();
        fake.add_faults([throttle(text)]).unwrap();
        let started = Instant::now();
        let error = client.groups(0).get("org:5").await.unwrap_err();
        assert!(error.is_rate_limited() && error.is_retryable(), "{error:?}");
        assert!(error.retry_after() >= Some(Duration::from_secs(3_600)), "{error:?}");
        assert_eq!((error.status(), error.attempts()), (Some(429), 1));
        // Other calls fail without sending a request.
        let error = client.clone().groups(0).group("org:5").set("plan", "scale").await.unwrap_err();
        assert!(error.is_rate_limited() && !error.is_outcome_unknown(), "{error:?}");
        assert!(error.retry_after() > Some(Duration::from_secs(3_500)), "{error:?}");
        assert_eq!(error.attempts(), 0);
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(fake.journal().len(), n + 1);
    }
    // Other clients are not affected.
    client.groups(0).get("org:5").await.unwrap();
}

#[tokio::test]
async fn without_retries_a_429_is_returned_and_other_calls_still_wait() {
    let (fake, client) = serve(Era::Y2026, world()).await;
    fake.add_faults([throttle("1")]).unwrap();
    let started = Instant::now();
    let error = client.with_options(|options| options.retries(0)).groups(0).get("org:5").await.unwrap_err();
    assert_eq!((error.status(), error.retry_after()), (Some(429), Some(Duration::from_secs(1))));
    client.groups(0).get("org:5").await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(fake.journal().len(), 2);
}

#[tokio::test]
async fn a_deadline_before_the_end_of_the_wait_fails_immediately() {
    let (fake, client) = serve(Era::Y2026, world()).await;
    fake.add_faults([throttle("60")]).unwrap();
    let started = Instant::now();
    let limited_client = client.with_options(|options| options.deadline(Duration::from_secs(10)));
    let error = limited_client.groups(0).get("org:5").await.unwrap_err();
    assert!(error.is_rate_limited() && error.retry_after() == Some(Duration::from_secs(60)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_own_limit_is_shared_by_all_clones_and_sends_no_request() {
    let (fake, _) = serve(Era::Y2026, world()).await;
    let policy = quick(3).max_server_wait(Duration::from_secs(1));
    let limited = || {
        wrapper(&fake).retry(policy).rate_limit(RateLimit::per_minute(10).and_per_hour(15)).build().unwrap()
    };
    let client = limited();
    let results = many_calls(&client, 30).join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(error.is_rate_limited() && error.is_retryable() && !error.is_outcome_unknown(), "{error:?}");
        assert_eq!((error.status(), error.attempts()), (None, 0));
        let wait = error.retry_after().unwrap();
        assert!((50..=61).contains(&wait.as_secs()), "{wait:?}");
    }
    assert_eq!(fake.journal().len(), 10);

    // Retries count as requests.
    let other = limited();
    fake.add_faults([Fault { times: 2, ..Fault::http(503) }]).unwrap();
    other.groups(0).get("org:5").await.unwrap();
    let results = many_calls(&other, 20).join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 7);
    assert_eq!(fake.journal().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_retry_budget_limits_the_retries_of_all_clones() {
    let (fake, client) = serve(Era::Y2026, world()).await;
    fake.add_faults([Fault { times: 0, ..Fault::http(503) }]).unwrap();
    let results = many_calls(&client, 90).join_all().await;
    assert!(results.iter().all(Result::is_err));
    let texts = results.iter().filter_map(|result| result.as_ref().err()).map(ToString::to_string);
    assert!(texts.into_iter().any(|text| text.contains("too many calls of this client fail")));
    // 90 calls, a quarter of them writes that are read back, and 100 retries instead of 270 or more.
    let sent = fake.journal().len();
    assert!(sent <= 90 + 30 + 100, "{sent} requests");
}
