//! Lost answers, failing servers, slow ones: what is stored, and what the caller gets.

use std::time::{Duration, Instant};

use posthog_groups_fake::{Era, Fake, Fault, Phase};
use serde_json::json;

use crate::stage::{builder, client, empty, one_group, organizations, requests, serve, stored};

/// What can happen to an answer, before or after the request was carried out.
fn faults() -> Vec<(String, Fault)> {
    let mut all = Vec::new();
    for phase in [Phase::Before, Phase::After] {
        for fault in [
            json!({"kind": "drop"}),
            json!({"kind": "drop", "reset": true}),
            json!({"kind": "http", "status": 502}),
            json!({"kind": "http", "status": 503}),
            json!({"kind": "http", "status": 504}),
            json!({"kind": "stall", "seconds": 20}),
        ] {
            let name = format!("{fault}, {phase:?}");
            let fault = Fault { phase, ..serde_json::from_value(fault).unwrap() };
            all.push((name, fault));
        }
    }
    for fault in [
        json!({"kind": "crash"}),
        json!({"kind": "truncate"}),
        json!({"kind": "truncate", "framing": "chunked"}),
        json!({"kind": "truncate", "framing": "honest"}),
        json!({"kind": "stall", "seconds": 20, "at": "body"}),
    ] {
        all.push((fault.to_string(), serde_json::from_value(fault).unwrap()));
    }
    all
}

/// Hits the next write.
fn on_write(fault: &Fault) -> Fault {
    Fault { method: Some("POST".to_owned()), ..fault.clone() }
}

fn impatient(fake: &Fake) -> posthog_groups::Groups {
    builder(fake).timeout(Duration::from_millis(300)).build().unwrap().groups("organization")
}

#[tokio::test]
async fn create_makes_exactly_one_group_for_every_fault() {
    for era in Era::ALL {
        for (name, fault) in faults() {
            let fake = serve(era, empty()).await;
            let orgs = impatient(&fake);
            orgs.type_index().await.unwrap();
            fake.add_faults([on_write(&fault)]).unwrap();
            let group = orgs.create("org:9").properties(json!({"a": 1})).send().await;
            let group = group.unwrap_or_else(|e| panic!("{era}, {name}: {e:?}"));
            assert_eq!(group.key, "org:9", "{era}, {name}");
            assert_eq!(stored(&fake, "org:9"), json!({"a": 1}), "{era}, {name}");
        }
    }
}

#[tokio::test]
async fn other_writes_have_exactly_one_effect_for_every_fault() {
    for era in Era::ALL {
        for (name, fault) in faults() {
            let fake = serve(era, one_group()).await;
            let group = impatient(&fake).group("org:5");
            fake.add_faults([on_write(&fault)]).unwrap();
            group.set("plan", "pro").await.unwrap_or_else(|e| panic!("{era}, {name}: {e:?}"));
            assert_eq!(stored(&fake, "org:5"), json!({"plan": "pro", "seats": 3}), "{era}, {name}");

            fake.add_faults([on_write(&fault)]).unwrap();
            group.unset("plan").await.unwrap_or_else(|e| panic!("{era}, {name}: {e:?}"));
            assert_eq!(stored(&fake, "org:5"), json!({"seats": 3}), "{era}, {name}");

            fake.add_faults([on_write(&fault)]).unwrap();
            let wanted = json!({"plan": "free", "seats": 4});
            group.upsert(&wanted).await.unwrap_or_else(|e| panic!("{era}, {name}: {e:?}"));
            assert_eq!(stored(&fake, "org:5"), wanted, "{era}, {name}");
        }
    }
}

#[tokio::test]
async fn a_write_that_took_effect_is_not_sent_again() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        let orgs = organizations(&fake);
        let lost = || Fault { phase: Phase::After, ..on_write(&Fault::drop_connection()) };
        fake.add_faults([lost()]).unwrap();
        orgs.create("org:9").send().await.unwrap();
        fake.add_faults([lost()]).unwrap();
        orgs.group("org:9").set("a", 1).await.unwrap();
        fake.add_faults([lost()]).unwrap();
        orgs.group("org:9").unset("a").await.unwrap();
        let posts = fake.journal().iter().filter(|e| e.method == "POST").count();
        assert_eq!(posts, 3, "{era}");
        // One history entry for the set, one for the unset.
        assert_eq!(fake.state().activity.len(), 2, "{era}");
    }
}

#[tokio::test]
async fn a_group_of_another_client_is_not_reported_as_created() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        let orgs = organizations(&fake);
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
async fn reads_are_retried_and_after_a_500_only_once() {
    for era in Era::ALL {
        for (name, fault) in faults() {
            let fake = serve(era, one_group()).await;
            let orgs = impatient(&fake);
            orgs.type_index().await.unwrap();
            fake.add_faults([fault]).unwrap();
            let found = orgs.find("org:5").await.unwrap_or_else(|e| panic!("{era}, {name}: {e:?}"));
            assert!(found.is_some());
        }
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

    let hasty = posthog.with_options(|o| o.timeout(Duration::from_millis(100)).retries(1));
    let start = Instant::now();
    let error = hasty.groups(0).get("org:5").await.unwrap_err();
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
