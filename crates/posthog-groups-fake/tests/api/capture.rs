use std::io::Write as _;
use std::time::{Duration, Instant};

use posthog_groups_fake::{Era, Fake, GroupType, State};
use reqwest::Client;
use serde_json::{Value, json};

use crate::harness::{Answer, Api, small, start};

fn identify(key: &str, set: Value) -> Value {
    json!({
        "event": "$groupidentify", "distinct_id": "u1", "api_key": "phc_1",
        "properties": {"$group_type": "organization", "$group_key": key, "$group_set": set},
    })
}

async fn send(api: &Api, path: &str, body: &Value) -> Answer {
    Answer::of(Client::new().post(api.url(path)).json(body)).await
}

#[tokio::test]
async fn events_are_merged_into_groups() {
    for era in Era::ALL {
        let api = start(era).await;
        for path in ["/i/v0/e/", "/e", "/capture/", "/track", "/engage/"] {
            let answer = send(&api, path, &identify("org:5", json!({"via": path}))).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"status":"Ok"}"#));
            let properties = &api.fake.state().groups[0].group_properties;
            assert_eq!(properties.get("via").unwrap().as_str(), json!(path).to_string());
            assert!(properties.get("name").is_some());
        }
        let batch =
            json!({"api_key": "phc_1", "batch": [identify("a", json!({})), identify("b", json!({"x": 1}))]});
        assert_eq!(send(&api, "/batch/", &batch).await.status, 200);
        // The key of the project can be a property.
        let mut list = json!([identify("c", json!({})), identify("d", json!({}))]);
        list[1]["properties"]["token"] = list[1]["api_key"].take();
        assert_eq!(send(&api, "/e/", &list).await.status, 200);
        assert_eq!(api.fake.state().groups.len(), 5);
        for path in ["/batch/x", "/api/e"] {
            assert_eq!(send(&api, path, &batch).await.status, 404);
        }
        assert_eq!(api.fake.state().captured_events.len(), 0);
    }
}

#[tokio::test]
async fn bodies_can_be_compressed_or_encoded() {
    let api = start(Era::Y2026).await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(identify("packed", json!({})).to_string().as_bytes()).unwrap();
    let request = Client::new().post(api.url("/batch/")).header("content-encoding", "gzip");
    assert_eq!(request.body(gzip.finish().unwrap()).send().await.unwrap().status(), 200);
    assert_eq!(api.fake.state().groups[1].group_key, "packed");

    let broken = Client::new().post(api.url("/batch/")).header("content-encoding", "gzip").body("{}");
    assert_eq!(broken.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn events_that_ingestion_drops_are_accepted() {
    let mut unprocessed = identify("a", json!({}));
    unprocessed["properties"]["$process_person_profile"] = json!(false);
    let mut sixth = identify("a", json!({}));
    sixth["properties"]["$group_type"] = json!("sixth");
    let mut stranger = identify("a", json!({}));
    stranger["api_key"] = json!("phc_nobody");
    let long = identify(&"k".repeat(401), json!({}));
    let state = State {
        group_types: (0..5).map(|n| GroupType::new(n, format!("t{n}"))).collect(),
        ..State::default()
    };
    let api = Api::start(state).await;
    for event in [unprocessed, sixth, stranger, long, identify("a", json!("no object"))] {
        assert_eq!(send(&api, "/e/", &event).await.status, 200);
    }
    assert_eq!(api.fake.state().groups.len(), 0);

    let api = Api::start(State { capture_quota_exceeded: true, ..small(Era::Y2025) }).await;
    assert_eq!(send(&api, "/e/", &identify("a", json!({}))).await.text, r#"{"status":"Ok"}"#);
    assert_eq!(api.fake.state().groups.len(), 1);
}

#[tokio::test]
async fn a_new_group_type_takes_the_next_index() {
    let api = start(Era::Y2026).await;
    let mut event = identify("a", json!({}));
    event["properties"]["$group_type"] = json!("site");
    assert_eq!(send(&api, "/e/", &event).await.status, 200);
    let state = api.fake.state();
    assert_eq!(
        (state.group_types[2].group_type.as_str(), state.group_types[2].group_type_index),
        ("site", 2)
    );
    assert_eq!(state.groups[1].group_type_index, 2);
}

#[tokio::test]
async fn errors_are_plain_text() {
    let without = |name: &str| {
        let mut event = identify("a", json!({}));
        event.as_object_mut().unwrap().remove(name);
        event
    };
    let with_key = |key: &str| {
        let mut event = identify("a", json!({}));
        event["api_key"] = json!(key);
        event
    };
    let api = start(Era::Y2026).await;
    for (body, status, text) in [
        (without("api_key"), 401, Some("event submitted without an api_key")),
        (with_key("phx_a"), 401, Some("API key is not valid: personal_api_key")),
        (with_key(""), 401, Some("API key is not valid: empty")),
        (with_key("phc_ä"), 401, Some("API key is not valid: not_ascii")),
        (with_key("phc_\0"), 401, Some("API key is not valid: null_byte")),
        (with_key(&"x".repeat(65)), 401, Some("API key is not valid: too_long")),
        (
            json!([with_key("a"), with_key("b")]),
            401,
            Some("batch submitted with inconsistent api_key values"),
        ),
        (without("distinct_id"), 400, None),
        (without("event"), 400, None),
        (json!({"batch": [with_key("a")]}), 400, None),
        (json!({"api_key": "a"}), 400, None),
        (json!([]), 400, None),
        (json!(1), 400, None),
    ] {
        let answer = send(&api, "/batch", &body).await;
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        if let Some(text) = text {
            assert_eq!(answer.text, text);
        }
    }
    for (era, status) in [(Era::Y2025, 400), (Era::Y2026, 413)] {
        let big = identify("a", json!({"x": "x".repeat(3 << 20)}));
        assert_eq!(send(&start(era).await, "/e/", &big).await.status, status);
        assert_eq!(send(&start(era).await, "/batch/", &big).await.status, 200);
    }
}

#[tokio::test]
async fn a_repeated_event_changes_nothing() {
    for era in Era::ALL {
        let api = start(era).await;
        let mut event = identify("new", json!({"plan": "free", "seats": 1}));
        event["uuid"] = json!("018f2a60-0000-7000-8000-000000000001");
        event["timestamp"] = json!("2024-01-01T00:00:00Z");
        let batch = json!({"api_key": "phc_1", "batch": [event, event]});
        assert_eq!(send(&api, "/batch/", &batch).await.status, 200);
        let once = api.fake.state().to_json();
        assert_eq!(send(&api, "/batch/", &batch).await.status, 200);
        assert_eq!(send(&api, "/e/", &event).await.status, 200);
        assert_eq!(api.fake.state().to_json(), once);
        let group = &api.fake.state().groups[1];
        assert_eq!(group.group_properties.as_str(), r#"{"plan":"free","seats":1}"#);
        assert_eq!(group.created_at, Some("2024-01-01T00:00:00Z".parse().unwrap()));
    }
}

#[tokio::test]
async fn delayed_events_are_processed_in_order() {
    let delay = Duration::from_millis(300);
    let fake = Fake::builder().state(small(Era::Y2026)).ingestion_delay(delay).start().await.unwrap();
    let api = Api { fake, http: Client::new() };
    let sent = Instant::now();
    for n in 0..3 {
        assert_eq!(send(&api, "/e/", &identify("late", json!({"n": n}))).await.status, 200);
    }
    let answer = api.get("groups/find/?group_type_index=0&group_key=late").await;
    // The test proves nothing if the machine was suspended in between.
    if sent.elapsed() < delay {
        assert_eq!(answer.status, 404);
    }
    let group = loop {
        let answer = api.get("groups/find/?group_type_index=0&group_key=late").await;
        if answer.status == 200 && answer.json()["group_properties"]["n"] == 2 {
            break answer.json();
        }
        assert!(sent.elapsed() < Duration::from_secs(30), "{answer:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(sent.elapsed() >= delay);
    // The time is the time of the event, not of its processing.
    assert_eq!(group["created_at"], "2021-05-02T00:00:00Z");
}

#[tokio::test]
async fn pending_events_are_dropped_with_a_new_state() {
    let delay = Duration::from_secs(3600);
    let fake = Fake::builder().state(small(Era::Y2026)).ingestion_delay(delay).start().await.unwrap();
    let api = Api { fake, http: Client::new() };
    assert_eq!(send(&api, "/e/", &identify("never", json!({}))).await.status, 200);
    assert_eq!(api.fake.state().groups.len(), 1);
    // The delay belongs to the server, not to its state.
    api.fake.put_state(small(Era::Y2026)).unwrap();
    assert_eq!(send(&api, "/e/", &identify("never", json!({}))).await.status, 200);
    assert_eq!(api.fake.state().groups.len(), 1);
}

#[tokio::test]
async fn a_batch_of_a_thousand_large_events_is_accepted() {
    let api = start(Era::Y2026).await;
    let filler = "x".repeat(4_000);
    let events: Vec<Value> =
        (0..1_000).map(|n| identify(&format!("org:{n}"), json!({"n": n, "filler": filler}))).collect();
    let body = json!({"api_key": "phc_1", "batch": events}).to_string();
    assert!(body.len() > 4_000_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body.as_bytes()).unwrap();
    let request = Client::new().post(api.url("/batch/")).header("content-encoding", "gzip");
    assert_eq!(request.body(gzip.finish().unwrap()).send().await.unwrap().status(), 200);
    let state = api.fake.state();
    assert_eq!(state.groups.len(), 1_000);
    let five = state.groups.iter().find(|group| group.group_key == "org:5").unwrap();
    assert_eq!(five.group_properties.get("name").unwrap().as_str(), json!("Mr. Krabs").to_string());
    assert_eq!(five.group_properties.get("filler").unwrap().as_str(), json!(filler).to_string());
}
