//! Writes, on both servers and in the upsert window.

use posthog_groups_fake::{CaptureFailure, Era, Fault, Group, State};
use serde_json::json;

use crate::stage::{client, empty, one_group, organizations, requests, serve, start, stored};

#[tokio::test]
async fn create_stores_exactly_what_was_sent() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, empty()).await;
        let properties: Box<serde_json::value::RawValue> = serde_json::from_str(
            r#"{"big":18446744073709551615,"f":1.5,"u":"Zoë \u0001","n":null,"l":[1,{"a":{}}]}"#,
        )
        .unwrap();
        let group = orgs.create(" org:9\u{a0}").properties(&properties).send().await.unwrap();
        assert_eq!(group.key, "org:9");
        assert!(!group.event_not_sent());
        assert_eq!(group.property("big").unwrap().as_str(), "18446744073709551615");
        let read = orgs.get("org:9").await.unwrap();
        assert_eq!(read.property("u").unwrap().decode::<String>().unwrap(), "Zoë \u{1}");
        assert!(read.property("n").unwrap().is_null());
        assert_eq!(requests(&fake, "POST", "/groups/"), 1);

        let error = orgs.create("org:9").send().await.unwrap_err();
        assert!(error.is_already_exists() && !error.is_outcome_unknown(), "{error}");
        assert_eq!(fake.state().groups.len(), 1);
    }
}

#[tokio::test]
async fn a_group_of_an_unknown_type_is_rejected_before_it_is_stored() {
    for era in Era::ALL {
        let fake = serve(era, empty()).await;
        let error = client(&fake).groups(3).create("x").send().await.unwrap_err();
        assert!(error.is_invalid_input() && error.to_string().contains("with the index 3"), "{error}");
        assert!(fake.state().groups.is_empty());
        assert_eq!(requests(&fake, "POST", "/groups/"), 0);
    }
}

#[tokio::test]
async fn set_and_unset_change_one_property() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        let group = organizations(&fake).group("org:5");
        let after = group.set("plan", "enterprise").await.unwrap();
        assert_eq!(after.property("plan").unwrap().as_str(), "\"enterprise\"");
        for value in [json!(0), json!(false), json!(""), json!([]), json!({})] {
            group.set("edge", &value).await.unwrap();
            assert_eq!(stored(&fake, "org:5")["edge"], value);
        }
        group.unset("edge").await.unwrap();
        assert_eq!(stored(&fake, "org:5"), json!({"plan": "enterprise", "seats": 3}));
        // Deleting a property that does not exist succeeds, although servers return 400 in 2026 and 500 in 2025.
        let posts = requests(&fake, "POST", "/delete_property/");
        let after = group.unset("edge").await.unwrap();
        assert_eq!(after.key, "org:5");
        assert_eq!(requests(&fake, "POST", "/delete_property/"), posts + 1);

        let nobody = organizations(&fake).group("nobody");
        assert!(nobody.set("plan", "x").await.unwrap_err().is_not_found());
        assert!(nobody.unset("plan").await.unwrap_err().is_not_found());
    }
}

#[tokio::test]
async fn upsert_writes_only_what_differs() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        let group = organizations(&fake).group("org:5");
        let expected = json!({"plan": "free", "seats": 4, "name": "Krabs"});
        let done = group.upsert(&expected).await.unwrap();
        assert_eq!(done.written, ["name", "seats"]);
        assert!(!done.created);
        assert_eq!(requests(&fake, "POST", "/update_property/"), 2);
        assert_eq!(requests(&fake, "POST", "/upsert_properties/"), 1, "asked once, and remembered");
        assert_eq!(stored(&fake, "org:5"), expected);

        let again = group.upsert(json!({"seats": 4.0, "plan": "free"})).await.unwrap();
        assert!(again.written.is_empty() && again.group.is_some());
        assert_eq!(requests(&fake, "POST", "/update_property/"), 2);
    }
}

#[tokio::test]
async fn upsert_remembers_that_the_endpoint_is_missing() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog = client(&fake);
    for n in 0..3 {
        posthog.clone().groups(0).group("org:5").upsert(json!({"seats": 100 + n})).await.unwrap();
    }
    assert_eq!(requests(&fake, "POST", "/upsert_properties/"), 1);
    assert_eq!(stored(&fake, "org:5")["seats"], 102);
}

#[tokio::test]
async fn upsert_also_does_without_the_endpoint_if_a_proxy_refuses_its_path() {
    for status in [404, 405] {
        let fake = serve(Era::Y2026, one_group()).await;
        // With the proxy's HTML page.
        fake.add_faults([Fault { times: 0, ..Fault::http(status) }.on("POST", "/upsert_properties/$")])
            .unwrap();
        let orgs = organizations(&fake);
        for seats in [4, 5] {
            let done = orgs.group("org:5").upsert(json!({"seats": seats})).await.unwrap();
            assert_eq!(done.written, ["seats"], "{status}");
        }
        assert_eq!(requests(&fake, "POST", "/upsert_properties/"), 1, "{status}");
        assert_eq!(requests(&fake, "POST", "/update_property/"), 2, "{status}");
    }
}

#[tokio::test]
async fn upsert_uses_the_servers_endpoint_if_it_exists() {
    let fake = serve(Era::Y2025, State { upsert_properties: true, ..one_group() }).await;
    let group = organizations(&fake).group("org:5");
    let done = group.upsert(json!({"plan": "free", "seats": 4, "name": "Krabs"})).await.unwrap();
    assert_eq!(done.written, ["name", "seats"]);
    assert_eq!(requests(&fake, "POST", "/upsert_properties/"), 1);
    assert_eq!(requests(&fake, "POST", "/update_property/"), 0);
    assert_eq!(stored(&fake, "org:5"), json!({"plan": "free", "seats": 4, "name": "Krabs"}));
}

#[tokio::test]
async fn upsert_creates_the_group_only_if_requested() {
    for era in Era::ALL {
        let fake = serve(era, empty()).await;
        let group = organizations(&fake).group("org:7");
        let expected = json!({"plan": "free"});
        assert!(group.upsert(&expected).await.unwrap_err().is_not_found());
        let done = group.upsert(&expected).create_if_missing().await.unwrap();
        assert!(done.created);
        assert_eq!(stored(&fake, "org:7"), expected);
        let done = group.upsert(&expected).create_if_missing().await.unwrap();
        assert!(!done.created && done.written.is_empty());
        let error =
            client(&fake).groups(4).group("x").upsert(&expected).create_if_missing().await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
    }
}

#[tokio::test]
async fn writes_of_one_client_to_one_group_do_not_lose_each_other() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog = client(&fake);
    let writes = (0..20).map(|n| {
        let group = posthog.groups(0).group("org:5");
        async move { group.set(format!("p{n}"), n).await.unwrap() }
    });
    futures_util::future::join_all(writes).await;
    assert_eq!(stored(&fake, "org:5").as_object().unwrap().len(), 22);
}

#[tokio::test]
async fn a_write_without_an_event_succeeds_and_reports_it() {
    for era in Era::ALL {
        for failure in [CaptureFailure::NoAnswer, CaptureFailure::Status(Some(503))] {
            let state = State { capture_failure: Some(failure), ..one_group() };
            let (fake, orgs) = start(era, state).await;
            let created = orgs.create("org:9").properties(json!({"a": 1})).send().await.unwrap();
            assert!(created.event_not_sent());
            assert_eq!(stored(&fake, "org:9"), json!({"a": 1}));
            assert_eq!(requests(&fake, "POST", "/groups/"), 1);
            assert!(orgs.group("org:9").set("a", 2).await.unwrap().event_not_sent());
            assert_eq!(requests(&fake, "POST", "/update_property/"), 1);
            let gone = orgs.group("org:9").unset("a").await.unwrap();
            assert!(gone.event_not_sent());
            assert_eq!(stored(&fake, "org:9"), json!({}));
        }
    }
}

#[tokio::test]
async fn groups_without_a_type_can_be_changed_and_report_that_no_event_was_sent() {
    for era in Era::ALL {
        let state = State { groups: vec![Group::new(3, "old").with("a", 1)], ..empty() };
        let fake = serve(era, state).await;
        let group = client(&fake).groups(3).group("old");
        let after = group.set("a", 2).await.unwrap();
        assert!(after.event_not_sent());
        assert_eq!(stored(&fake, "old"), json!({"a": 2}));
    }
}
