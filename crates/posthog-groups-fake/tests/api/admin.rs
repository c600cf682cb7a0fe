use posthog_groups_fake::{Era, Fault, State};
use serde_json::{Value, json};

use crate::harness::{Answer, Api, start};

async fn put(api: &Api, document: &Value) -> Answer {
    Answer::of(api.http.put(api.url("/__admin/state")).json(document)).await
}

async fn state(api: &Api) -> String {
    Answer::of(api.http.get(api.url("/__admin/state"))).await.text
}

fn everything() -> Value {
    json!({
        "era": "2025", "now": "2021-05-02T00:00:00.123456Z", "page_size": 7, "links_origin": "http://a:1", "project_id": 3,
        "projects": [{"id": 4, "organization": "other", "name": "Four"}],
        "user": {"email": "a@b", "role": "member"},
        "api_keys": [{"key": "phx_a", "scopes": ["group:read"], "projects": [3], "active": false}, {"key": "phx_b"}],
        "sessions": ["s"], "sharing_tokens": [{"token": "t"}],
        "group_types": [{"group_type": "organization", "group_type_index": 0, "default_columns": ["a"]}],
        "group_types_cache": [{"group_type": "o", "group_type_index": 0, "detail_dashboard_id": 5}],
        "groups": [
            {"group_type_index": 0, "group_key": "a", "group_properties": {"n": 1, "b": [null]}},
            {"group_type_index": 0, "group_key": "b", "group_properties": "odd"},
            {"group_type_index": 0, "group_key": "b", "project_id": 4},
        ],
        "persons": [{"uuid": "01795392-cc00-0003-7dc7-67a694604d72", "distinct_ids": ["1"]}],
        "events": [{"person_uuid": null, "groups": {"0": "a"}}],
        "activity": [{"group_type_index": 0, "group_key": "a", "activity": "update_property", "name": "n",
                      "action": "changed", "before": 0, "after": 1, "user": "system"}],
        "notebooks": [{"group_type_index": 0, "group_key": "a", "short_id": "x"}],
        "property_definitions": [{"group_type_index": 0, "name": "n", "property_type": "Numeric", "is_numerical": true}],
        "captured_events": [{"event": "e", "distinct_id": "d", "token": "t", "properties": {}, "process_person_profile": true}],
        "crm_enabled": true, "environments_sunset": "2026-07-31", "capture_failure": {"status": null},
        "rate_limit": {"limit": 5, "window_s": 1.5}, "access_control": null,
    })
}

#[tokio::test]
async fn putting_the_state_that_was_returned_changes_nothing() {
    let api = start(Era::Y2026).await;
    for document in [json!({}), everything(), serde_json::from_str(&State::seeded(50).to_json()).unwrap()] {
        assert_eq!(put(&api, &document).await.status, 204);
        let first = state(&api).await;
        assert_eq!(put(&api, &serde_json::from_str(&first).unwrap()).await.status, 204);
        assert_eq!(state(&api).await, first);
        assert_eq!(api.fake.state().to_json(), first);
    }
}

#[tokio::test]
async fn an_invalid_document_is_rejected_and_changes_nothing() {
    let api = start(Era::Y2026).await;
    let before = state(&api).await;
    let group = json!({"group_type_index": 0, "group_key": "a"});
    for (document, named) in [
        (json!({"surprise": 1}), "surprise"),
        (json!({"era": "2024"}), "era"),
        (json!({"now": "yesterday"}), "now"),
        (json!({"page_size": 0}), "page_size"),
        (json!({"links_origin": "posthog.internal"}), "links_origin"),
        (json!({"links_origin": "http://posthog.internal/"}), "links_origin"),
        (json!({"groups": [{"group_key": "a"}]}), "group_type_index"),
        (json!({"groups": [{"group_type_index": 0, "group_key": null}]}), "groups[0].group_key"),
        (json!({"groups": [group, group]}), "groups[1].group_key"),
        (json!({"groups": [{"group_type_index": 0, "group_key": "a", "color": 1}]}), "color"),
        (
            json!({"activity": [{"group_type_index": 0, "group_key": "a", "activity": "x", "action": "y"}]}),
            "activity[0]",
        ),
        (json!({"projects": [{"name": "x"}]}), "projects[0]"),
        (json!({"user": {"role": "king"}}), "user.role"),
        (json!({"persons": [{"uuid": "x"}]}), "persons[0].uuid"),
        (json!({"capture_failure": "maybe"}), "capture_failure"),
        (json!({"rate_limit": {"limit": 0, "window_s": 1}}), "rate_limit"),
        (json!([]), ""),
    ] {
        let answer = put(&api, &document).await;
        assert_eq!(answer.status, 400, "{document}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(named), "{document}: {error}");
    }
    assert_eq!(state(&api).await, before);
}

#[tokio::test]
async fn the_journal_has_requests_and_their_outcomes() {
    let api = start(Era::Y2026).await;
    api.get("groups/find/?group_key=a%20b").await;
    api.post("groups/", json!({"group_key": "ä"})).await;
    let journal = Answer::of(api.http.get(api.url("/__admin/journal"))).await.json();
    let entries = journal["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    let seen: Vec<_> = entries.iter().map(|e| (&e["seq"], &e["method"], &e["status"])).collect();
    assert_eq!(seen, [(&json!(1), &json!("GET"), &json!(400)), (&json!(2), &json!("POST"), &json!(400))]);
    assert_eq!(entries[0]["path"], "/api/projects/1/groups/find/");
    assert_eq!(entries[0]["query"], "group_key=a%20b");
    assert_eq!(entries[0]["headers"]["authorization"], "Bearer [redacted]");
    assert_eq!(entries[1]["body"], "{\"group_key\":\"ä\"}");
    assert!(entries[1]["duration_ms"].is_number() && entries[1]["fault"].is_null());
}

#[tokio::test]
async fn a_new_state_clears_journal_and_faults() {
    let api = start(Era::Y2026).await;
    api.get("groups/").await;
    api.fake.add_faults([Fault { times: 0, ..Fault::http(503) }]).unwrap();
    assert_eq!(put(&api, &json!({})).await.status, 204);
    assert_eq!(api.fake.journal(), []);
    assert_eq!(api.get("groups_types/").await.status, 200);
}

#[tokio::test]
async fn faults_are_added_and_removed_over_http() {
    let api = start(Era::Y2026).await;
    let faults = json!([{"kind": "http", "status": 503, "times": 0, "path": "/groups/$"}]);
    let added = api.http.post(api.url("/__admin/faults")).json(&faults).send().await.unwrap();
    assert_eq!(added.status(), 204);
    assert_eq!((api.get("groups/").await.status, api.get("groups").await.status), (503, 400));
    assert_eq!(api.http.delete(api.url("/__admin/faults")).send().await.unwrap().status(), 204);
    assert_eq!(api.get("groups/").await.status, 400);
}

#[tokio::test]
async fn an_admin_body_that_is_too_large_is_rejected() {
    let api = start(Era::Y2026).await;
    let request = api.http.put(api.url("/__admin/state")).body(vec![b' '; (256 << 20) + 1]);
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("larger than 268435456 bytes"), "{}", answer.text);
}

#[tokio::test]
async fn the_port_is_free_again_after_a_shutdown() {
    let api = start(Era::Y2026).await;
    let address = api.fake.address();
    api.fake.shutdown().await;
    assert!(std::net::TcpStream::connect(address).is_err());
}
