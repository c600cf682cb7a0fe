use posthog_groups_fake::{CaptureFailure, Era, Json, PropertyType, State};
use serde_json::{Value, json};

use crate::harness::{Api, envelope, small, start};

const GROUP: &str = "group_type_index=0&group_key=org:5";

fn not_found() -> Value {
    envelope("invalid_request", "not_found", "Not found.", None)
}

#[tokio::test]
async fn a_created_group_leaves_an_event_definitions_and_activity() {
    for era in Era::ALL {
        let api = start(era).await;
        let body =
            json!({"group_type_index": "0", "group_key": " a ", "group_properties": {"n": 1, "t": "TRUE"}});
        let answer = api.post("groups/", body).await;
        assert_eq!(answer.status, 201);
        let expected = json!({
            "group_type_index": 0, "group_key": "a", "group_properties": {"n": 1, "t": "TRUE"},
            "created_at": "2021-05-02T00:00:00Z",
        });
        assert_eq!(answer.json(), expected);

        let state = api.fake.state();
        let event = &state.captured_events[0];
        assert_eq!(
            (event.event.as_str(), event.process_person_profile),
            ("$groupidentify", era == Era::Y2026)
        );
        assert_eq!(event.properties.get("$group_set").unwrap().as_str(), r#"{"n":1,"t":"TRUE"}"#);
        let types: Vec<_> = state.property_definitions.iter().map(|d| d.property_type).collect();
        let expected = [PropertyType::Numeric, PropertyType::Boolean];
        assert_eq!(types, if era == Era::Y2025 { &[][..] } else { &expected });
        assert!(state.activity.iter().all(|e| e.activity == "create_group" && e.before == Json::null()));
        assert_eq!(state.activity.len(), 2);
    }
}

#[tokio::test]
async fn only_the_first_error_about_a_new_group_is_returned() {
    for era in Era::ALL {
        let api = start(era).await;
        for (body, code, attr) in [
            (json!({}), "required", Some("group_type_index")),
            (json!({"group_type_index": null}), "null", Some("group_type_index")),
            (json!({"group_type_index": "x", "group_key": ""}), "invalid_input", Some("group_type_index")),
            (json!({"group_type_index": 1u64 << 31}), "max_value", Some("group_type_index")),
            (json!({"group_type_index": 0}), "required", Some("group_key")),
            (json!({"group_type_index": 0, "group_key": " "}), "blank", Some("group_key")),
            (json!({"group_type_index": 0, "group_key": "k".repeat(401)}), "max_length", Some("group_key")),
            (json!({"group_type_index": 0, "group_key": {}}), "invalid_input", Some("group_key")),
            (json!({"group_type_index": 0, "group_key": true}), "invalid_input", Some("group_key")),
            (json!({"group_type_index": 0, "group_key": null}), "null", Some("group_key")),
            (
                json!({"group_type_index": 0, "group_key": "a\0"}),
                "null_characters_not_allowed",
                Some("group_key"),
            ),
            (json!({"group_type_index": 0, "group_key": "org:5"}), "invalid_input", Some("detail")),
            (json!([]), "invalid_input", None),
        ] {
            let (status, got, _, at) = api.post("groups/", body.clone()).await.error();
            assert_eq!((status, got.as_str(), at.as_deref()), (400, code, attr), "{body}");
        }
        assert_eq!(api.fake.state().captured_events.len(), 0);
        // The length is counted in characters, and numbers become text.
        for (key, stored) in [(json!("ä".repeat(400)), "ä".repeat(400)), (json!(5), "5".to_owned())] {
            let answer = api.post("groups/", json!({"group_type_index": 0, "group_key": key})).await;
            assert_eq!((answer.status, answer.json()["group_key"].as_str()), (201, Some(stored.as_str())));
        }
    }
}

#[tokio::test]
async fn a_failed_create_can_leave_a_group_behind() {
    for era in Era::ALL {
        let api = start(era).await;
        let unknown_type = json!({"group_type_index": 3, "group_key": "a"});
        let answer = api.post("groups/", unknown_type.clone()).await;
        assert_eq!((answer.status, answer.json()), (404, not_found()));
        assert_eq!(api.post("groups/", unknown_type).await.status, 400);

        let no_object = json!({"group_type_index": 0, "group_key": "b", "group_properties": ["x"]});
        assert_eq!(api.post("groups/", no_object.clone()).await.status, 500);
        assert_eq!(api.post("groups/", no_object).await.status, 400);

        let keys: Vec<_> = api.fake.state().groups.into_iter().map(|g| g.group_key).collect();
        assert_eq!(keys, ["org:5", "a", "b"]);
    }
}

#[tokio::test]
async fn updating_changes_one_property_and_logs_it() {
    for (era, activity) in [(Era::Y2025, "update_property"), (Era::Y2026, "create_property")] {
        let api = start(era).await;
        let path = format!("groups/update_property/?{GROUP}");
        let answer = api.post(&path, json!({"key": "plan", "value": {"a": [1]}})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["group_properties"]["plan"], json!({"a": [1]}));
        assert_eq!(api.post(&path, json!({"key": "plan", "value": 0})).await.status, 200);

        let state = api.fake.state();
        let log: Vec<_> = state.activity.iter().map(|e| (e.activity.as_str(), e.action.as_str())).collect();
        assert_eq!(log, [(activity, "created"), ("update_property", "changed")]);
        assert_eq!(state.captured_events[1].properties.get("$group_set").unwrap().as_str(), r#"{"plan":0}"#);
    }
}

#[tokio::test]
async fn storable_values_are_returned_byte_for_byte() {
    for era in Era::ALL {
        let api = start(era).await;
        let long = "x".repeat(1_000_000);
        for value in ["18446744073709551615", "1.10", "1e-400", &format!("\"{long}\""), r#""\u00e9\/""#] {
            let request = api.http.post(api.url(&format!("groups/update_property/?{GROUP}")));
            let request = request.bearer_auth(api.fake.key()).header("content-type", "application/json");
            let answer = request.body(format!(r#"{{"key":"v","value":{value}}}"#)).send().await.unwrap();
            let expected = format!(r#""v":{value}}}"#);
            assert!(answer.text().await.unwrap().contains(&expected), "{era}");
            assert!(api.get(&format!("groups/find/?{GROUP}")).await.text.contains(&expected), "{era}");
        }
    }
}

#[tokio::test]
async fn missing_fields_of_an_update_have_the_errors_of_the_era() {
    let swapped = |field: &str| json!({"attr": field, "code": "This field is required.", "detail": "required", "type": "validation_error"});
    let required =
        |field: &str| envelope("validation_error", "invalid_input", "This field is required.", Some(field));
    for (era, body, status, expected) in [
        (Era::Y2025, json!({}), 400, swapped("value")),
        (Era::Y2025, json!({"value": 1}), 400, swapped("key")),
        (Era::Y2025, json!({"key": "a", "value": null}), 400, swapped("value")),
        (Era::Y2026, json!({}), 400, required("key")),
        (Era::Y2026, json!({"key": "", "value": 1}), 400, required("key")),
        (Era::Y2026, json!({"key": "a", "value": null}), 400, required("value")),
        (Era::Y2025, json!([1]), 500, envelope("server_error", "error", "A server error occurred.", None)),
        (Era::Y2026, json!("x"), 500, envelope("server_error", "error", "A server error occurred.", None)),
    ] {
        let answer = start(era).await.post(&format!("groups/update_property/?{GROUP}"), body).await;
        assert_eq!((answer.status, answer.json()), (status, expected));
    }
}

#[tokio::test]
async fn the_group_is_checked_before_the_body() {
    for era in Era::ALL {
        let api = start(era).await;
        let (no_index, no_key) = if era == Era::Y2025 { (500, 404) } else { (400, 400) };
        for action in ["update_property", "delete_property"] {
            for (query, status) in [
                ("group_type_index=0&group_key=org:0", 404),
                ("group_type_index=1&group_key=org:5", 404),
                ("group_key=org:5", no_index),
                ("group_type_index=0", no_key),
                ("group_type_index=0&group_key=", no_key),
                ("group_type_index=x&group_key=org:5", 500),
            ] {
                let answer = api.post(&format!("groups/{action}/?{query}"), json!({})).await;
                assert_eq!(answer.status, status, "{era} {action} {query}");
            }
        }
    }
}

#[tokio::test]
async fn deleting_a_property_twice_is_an_error() {
    for era in Era::ALL {
        let api = start(era).await;
        let path = format!("groups/delete_property?{GROUP}");
        let answer = api.post(&path, json!({"$unset": "industry"})).await;
        assert_eq!((answer.status, &answer.json()["group_properties"]), (200, &json!({"name": "Mr. Krabs"})));
        let state = api.fake.state();
        assert_eq!(state.captured_events[0].event, "$delete_group_property");
        assert_eq!(
            state.captured_events[0].properties.get("$group_unset").unwrap().as_str(),
            r#"["industry"]"#
        );
        let entry = &state.activity[0];
        assert_eq!((entry.activity.as_str(), entry.action.as_str()), ("update_property", "deleted"));
        assert_eq!((entry.before.as_str(), entry.after.as_str()), ("\"finance\"", "null"));

        let again = api.post(&path, json!({"$unset": "industry"})).await;
        match era {
            Era::Y2025 => assert_eq!(again.status, 500),
            Era::Y2026 => {
                let detail = "Property 'industry' does not exist on this group.";
                let expected = envelope("validation_error", "invalid_input", detail, Some("$unset"));
                assert_eq!((again.status, again.json()), (400, expected));
            }
        }
    }
}

#[tokio::test]
async fn a_missing_group_type_is_detected_after_updates_and_before_deletions() {
    for era in Era::ALL {
        let api = Api::start(State { group_types: Vec::new(), ..small(era) }).await;
        let update =
            api.post(&format!("groups/update_property/?{GROUP}"), json!({"key": "a", "value": 1})).await;
        let delete = api.post(&format!("groups/delete_property/?{GROUP}"), json!({"$unset": "name"})).await;
        assert_eq!((update.status, delete.status), (404, 404));
        let properties = &api.fake.state().groups[0].group_properties;
        assert!(properties.get("a").is_some() && properties.get("name").is_some());
    }
}

#[tokio::test]
async fn a_write_whose_event_fails_is_stored_and_has_its_own_error_body() {
    let failures = [
        (Era::Y2025, CaptureFailure::Status(Some(503)), 503, "capture_http_error"),
        (Era::Y2026, CaptureFailure::Status(None), 502, "capture_http_error"),
        (Era::Y2025, CaptureFailure::NoAnswer, 400, "capture_error"),
        (Era::Y2026, CaptureFailure::NoAnswer, 400, "capture_error"),
    ];
    for (era, failure, status, kind) in failures {
        let api = Api::start(State { capture_failure: Some(failure), ..small(era) }).await;
        let new = if era == Era::Y2025 { "update" } else { "create" };
        let body = |code: &str| json!({"code": format!("Failed to submit {code} event."), "detail": kind, "type": kind});

        let answer = api.post("groups/", json!({"group_type_index": 0, "group_key": "a"})).await;
        assert_eq!((answer.status, answer.json()), (status, body("group create")));
        let answer =
            api.post(&format!("groups/update_property/?{GROUP}"), json!({"key": "p", "value": 1})).await;
        assert_eq!((answer.status, answer.json()), (status, body(&format!("group property {new}"))));
        let answer = api.post(&format!("groups/delete_property/?{GROUP}"), json!({"$unset": "name"})).await;
        let mut expected = body("group property deletion");
        expected["attr"] = json!("$unset");
        assert_eq!((answer.status, answer.json()), (status, expected));

        let state = api.fake.state();
        assert_eq!((state.groups.len(), state.activity.len(), state.captured_events.len()), (2, 0, 0));
        assert_eq!(state.groups[0].group_properties.as_str(), r#"{"industry":"finance","p":1}"#);
    }
}

#[tokio::test]
async fn upsert_merges_and_logs_each_property_if_the_endpoint_exists() {
    let api = Api::start(State { upsert_properties: true, ..small(Era::Y2025) }).await;
    let answer =
        api.post(&format!("groups/upsert_properties/?{GROUP}"), json!({"industry": "it", "plan": "x"})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["group_properties"],
        json!({"name": "Mr. Krabs", "industry": "it", "plan": "x"})
    );
    let state = api.fake.state();
    assert_eq!(state.captured_events.len(), 1);
    let log: Vec<_> =
        state.activity.iter().map(|e| (e.name.as_deref().unwrap(), e.action.as_str())).collect();
    assert_eq!(log, [("industry", "changed"), ("plan", "created")]);

    for state in [small(Era::Y2025), State { upsert_properties: true, ..small(Era::Y2026) }] {
        let answer =
            Api::start(state).await.post(&format!("groups/upsert_properties/?{GROUP}"), json!({})).await;
        let expected = envelope("invalid_request", "not_found", "Endpoint not found.", None);
        assert_eq!((answer.status, answer.json()), (404, expected));
    }
}
