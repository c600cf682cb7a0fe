//! 429 and the client's own limit.

use std::time::{Duration, Instant};

use posthog_groups::RateLimit;
use posthog_groups_fake::{Era, Fault};
use serde_json::json;

use crate::stage::{builder, client, one_group, serve};

fn throttle(seconds: &str) -> Fault {
    serde_json::from_value(json!({
        "kind": "http", "status": 429, "headers": {"retry-after": seconds},
        "body": {"type": "throttled_error", "code": "throttled", "detail": "Request was throttled.", "attr": null}
    }))
    .unwrap()
}

#[tokio::test]
async fn after_a_429_all_clones_wait_once() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        let posthog = client(&fake);
        fake.add_faults([throttle("2")]).unwrap();
        let start = Instant::now();
        let first = {
            let orgs = posthog.clone().groups(0);
            tokio::spawn(async move { orgs.get("org:5").await.unwrap() })
        };
        while fake.journal().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let others = (0..20).map(|_| {
            let orgs = posthog.clone().groups(0);
            async move { orgs.get("org:5").await.unwrap() }
        });
        futures_util::future::join_all(others).await;
        first.await.unwrap();
        let waited = start.elapsed();
        assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(3), "{waited:?}");
        let statuses: Vec<_> = fake.journal().iter().map(|e| e.status).collect();
        assert_eq!(statuses.iter().filter(|s| **s == Some(429)).count(), 1);
        assert_eq!(statuses.len(), 22);
    }
}

#[tokio::test]
async fn writes_are_retried_after_a_429() {
    let fake = serve(Era::Y2026, one_group()).await;
    fake.add_faults([Fault { method: Some("POST".to_owned()), ..throttle("0") }]).unwrap();
    client(&fake).groups("organization").create("org:9").send().await.unwrap();
    assert_eq!(fake.state().groups.len(), 2);
}

#[tokio::test]
async fn too_long_a_wait_fails_immediately_with_retry_after() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog = client(&fake);
    fake.add_faults([throttle("600")]).unwrap();
    let start = Instant::now();
    let error = posthog.groups(0).get("org:5").await.unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable(), "{error}");
    assert_eq!((error.retry_after(), error.attempts()), (Some(Duration::from_secs(600)), 1));
    // The others do not even ask.
    let error = posthog.clone().groups(0).get("org:5").await.unwrap_err();
    assert!(error.is_rate_limited() && error.attempts() == 0, "{error}");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(fake.journal().len(), 1);
}

#[tokio::test]
async fn the_clients_own_limit_is_shared_by_clones() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog = builder(&fake).rate_limit(RateLimit::per_minute(3)).build().unwrap();
    for _ in 0..3 {
        posthog.clone().groups(0).get("org:5").await.unwrap();
    }
    let hasty = posthog.with_options(|o| {
        o.retry(posthog_groups::RetryPolicy::default().max_server_wait(Duration::from_secs(1)))
    });
    let error = hasty.groups(0).get("org:5").await.unwrap_err();
    assert!(error.is_rate_limited() && error.retry_after().unwrap() > Duration::from_secs(50), "{error}");
    assert_eq!(fake.journal().len(), 3);
}
