//! The errors of calls to failing and slow servers. `tests/tests/fault_matrix.rs` has every fault on every call.

use std::time::{Duration, Instant};

use posthog_groups_fake::{Era, Fault};
use serde_json::json;

use crate::stage::{client, one_group, organizations, requests, serve, start, stored};

/// Makes the fault affect the next write.
fn on_write(fault: &Fault) -> Fault {
    Fault { method: Some("POST".to_owned()), ..fault.clone() }
}

#[tokio::test]
async fn a_group_of_another_client_is_not_reported_as_created() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, one_group()).await;
        fake.add_faults([on_write(&Fault::drop_connection())]).unwrap();
        let error = orgs.create("org:5").properties(json!({"mine": true})).send().await.unwrap_err();
        assert!(error.is_already_exists(), "{error}");
        assert_eq!(stored(&fake, "org:5"), json!({"plan": "free", "seats": 3}));
    }
}

#[tokio::test]
async fn a_write_that_fails_reports_whether_its_outcome_is_known() {
    let fake = serve(Era::Y2026, one_group()).await;
    let group = organizations(&fake).group("org:5");
    let down = |fault: Fault| Fault { times: 0, ..fault };

    fake.add_faults([down(on_write(&Fault::http(502)))]).unwrap();
    let error = group.set("plan", "x").await.unwrap_err();
    assert_eq!(error.status(), Some(502));
    assert!(error.is_outcome_unknown() && !error.is_retryable(), "{error}");
    assert_eq!(requests(&fake, "POST", "/update_property/"), 5, "the first and four repetitions");

    fake.clear_faults();
    fake.add_faults([down(on_write(&Fault::crash()))]).unwrap();
    let error = group.set("plan", "x").await.unwrap_err();
    assert_eq!((error.status(), error.is_outcome_unknown()), (Some(500), false), "{error}");
    assert_eq!(requests(&fake, "POST", "/update_property/"), 7, "a 500 is repeated once, after a look");

    fake.clear_faults();
    fake.add_faults([down(Fault::drop_connection())]).unwrap();
    let error = group.set("plan", "x").await.unwrap_err();
    assert!(error.is_outcome_unknown() && error.is_interrupted(), "{error}");
    assert!(error.to_string().contains("reading the group back failed"), "{error}");
    assert_eq!(stored(&fake, "org:5")["plan"], "free");
}

#[tokio::test]
async fn a_read_is_retried_as_often_as_allowed_and_after_a_500_only_once() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        fake.add_faults([Fault { times: 0, ..Fault::crash() }]).unwrap();
        let error = client(&fake).groups(0).get("org:5").await.unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Some(500), 2));
        fake.clear_faults();
        fake.add_faults([Fault { times: 0, ..Fault::http(503) }]).unwrap();
        let error = client(&fake).groups(0).get("org:5").await.unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Some(503), 5));
        assert!(error.is_retryable() && error.body_snippet().is_some());
        let once = client(&fake).with_options(|o| o.retries(0));
        assert_eq!(once.groups(0).get("org:5").await.unwrap_err().attempts(), 1);
    }
}

#[tokio::test]
async fn timeouts_and_deadlines_are_kept() {
    let fake = serve(Era::Y2026, one_group()).await;
    let stall: Fault = serde_json::from_value(json!({"kind": "stall", "seconds": 20, "times": 0})).unwrap();
    fake.add_faults([stall]).unwrap();
    let posthog = client(&fake);

    let limited_client = posthog.with_options(|o| o.timeout(Duration::from_millis(100)).retries(1));
    let start = Instant::now();
    let error = limited_client.groups(0).get("org:5").await.unwrap_err();
    assert!(error.is_timeout() && error.attempts() == 2 && error.is_retryable(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(2));

    let bounded = posthog.with_options(|o| o.deadline(Duration::from_millis(200)));
    let start = Instant::now();
    let error = bounded.groups(0).get("org:5").await.unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("deadline"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_error_with_a_known_outcome() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog = client(&fake);
    fake.shutdown().await;
    let error = posthog.groups(0).group("org:5").set("a", 1).await.unwrap_err();
    assert!(error.is_connect() && !error.is_outcome_unknown() && error.is_retryable(), "{error}");
    assert_eq!(error.attempts(), 5);
    assert!(std::error::Error::source(&error).is_some());
}
