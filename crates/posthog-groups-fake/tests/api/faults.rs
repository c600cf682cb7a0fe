use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use posthog_groups_fake::{Effect, Era, Fault, Framing, HttpFault, Phase, StallAt, StallThen};
use serde_json::json;

use crate::harness::{Api, envelope, start};

const LIST: &str = "groups/?group_type_index=0";

/// Sends a request on a separate connection. Returns the response, and how the connection ended.
fn raw(api: &Api, method: &str, path: &str, body: &str) -> (String, std::io::Result<()>) {
    let mut stream = TcpStream::connect(api.fake.address()).unwrap();
    let path = api.url(path).replace(&api.fake.url(), "");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        api.fake.key(),
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).map(|_| ());
    (String::from_utf8(bytes).unwrap(), end)
}

fn create(key: &str) -> String {
    json!({"group_type_index": 0, "group_key": key}).to_string()
}

#[tokio::test]
async fn an_http_fault_replaces_the_response() {
    let api = start(Era::Y2026).await;
    let http = HttpFault {
        status: 429,
        headers: BTreeMap::from([("Retry-After".to_owned(), "7".to_owned())]),
        body: json!({"a": 1}),
        content_type: None,
    };
    api.fake.add_faults([Fault::http(502), Fault::new(Effect::Http(http))]).unwrap();
    let proxy = api.get(LIST).await;
    assert_eq!((proxy.status, proxy.header("content-type")), (502, Some("text/html; charset=utf-8")));
    assert!(proxy.text.contains("502 Bad Gateway"));
    let throttled = api.get(LIST).await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("7")));
    assert_eq!(throttled.json(), json!({"a": 1}));
    assert_eq!(api.get(LIST).await.status, 200);
}

#[tokio::test]
async fn a_crash_happens_after_the_checks() {
    for (phase, groups) in [(Phase::Before, 1), (Phase::After, 2)] {
        let api = start(Era::Y2026).await;
        api.fake.add_faults([Fault { phase, times: 0, ..Fault::crash() }]).unwrap();
        assert_eq!(api.ask_as("phx_wrong", reqwest::Method::GET, LIST, None).await.status, 401);
        let answer = api.post("groups/", json!({"group_type_index": 0, "group_key": "a"})).await;
        let expected = envelope("server_error", "error", "A server error occurred.", None);
        assert_eq!((answer.status, answer.json()), (500, expected));
        assert_eq!(api.fake.state().groups.len(), groups);
    }
}

#[tokio::test]
async fn a_dropped_connection_has_no_response() {
    for (phase, groups) in [(Phase::Before, 1), (Phase::After, 2)] {
        let api = start(Era::Y2026).await;
        api.fake.add_faults([Fault { phase, ..Fault::drop_connection() }]).unwrap();
        let (text, end) = raw(&api, "POST", "groups/", &create("a"));
        assert_eq!((text.as_str(), end.is_ok()), ("", true));
        assert_eq!(api.fake.state().groups.len(), groups);

        api.fake.add_faults([Fault::reset_connection()]).unwrap();
        let (text, end) = raw(&api, "GET", LIST, "");
        assert_eq!((text.as_str(), end.map_err(|e| e.kind())), ("", Err(ErrorKind::ConnectionReset)));

        let entry = &api.fake.journal()[0];
        let fault = entry.fault.unwrap();
        assert_eq!((entry.status, fault.id, fault.phase), (None, 1, phase));
    }
}

#[tokio::test]
async fn a_truncated_response_ends_as_its_framing_says() {
    for (framing, mark, ends_well) in [
        (Framing::ContentLength, "content-length: ", false),
        (Framing::Chunked, "transfer-encoding: chunked", false),
        (Framing::Honest, "content-length: 10", true),
    ] {
        let api = start(Era::Y2026).await;
        let fault = Fault::new(Effect::Truncate { keep: 10.0, framing });
        api.fake.add_faults([Fault { times: 2, ..fault }]).unwrap();
        let (text, _) = raw(&api, "GET", LIST, "");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.contains(mark), "{text}");
        assert!(text.contains("{\"next\":nu") && !text.contains("previous"), "{text}");
        let response = api.http.get(api.url(LIST)).bearer_auth(api.fake.key()).send().await.unwrap();
        assert_eq!(response.text().await.is_ok(), ends_well, "{framing:?}");
    }
}

#[tokio::test]
async fn a_write_with_a_truncated_response_takes_effect_according_to_the_phase() {
    for (phase, groups) in [(Phase::Before, 1), (Phase::After, 2)] {
        let api = start(Era::Y2026).await;
        let cut = Fault::new(Effect::Truncate { keep: 0.5, framing: Framing::ContentLength });
        let stall = Fault::new(Effect::Stall { seconds: 0.0, at: StallAt::Body, then: StallThen::Drop });
        api.fake.add_faults([Fault { phase, ..cut }, Fault { phase, ..stall }]).unwrap();
        let body = json!({"group_type_index": 0, "group_key": "a", "group_properties": {"n": 1}}).to_string();
        assert!(raw(&api, "POST", "groups/", &body).0.contains("201 Created"));
        let body = json!({"key": "name", "value": "new"}).to_string();
        let _ = raw(&api, "POST", "groups/update_property/?group_type_index=0&group_key=org:5", &body);

        let state = api.fake.state();
        assert_eq!(state.groups.len(), groups);
        let name = state.groups[0].group_properties.get("name").unwrap();
        assert_eq!(name.as_str(), if phase == Phase::After { "\"new\"" } else { "\"Mr. Krabs\"" });
        let kept = phase == Phase::After;
        assert_eq!((state.activity.len(), state.captured_events.len()), if kept { (2, 2) } else { (0, 0) });
        assert_eq!(state.property_definitions.len(), if kept { 2 } else { 0 });
    }
}

#[tokio::test]
async fn stalled_requests_continue_when_the_faults_are_cleared() {
    for (at, then) in [
        (StallAt::Headers, StallThen::Finish),
        (StallAt::Body, StallThen::Finish),
        (StallAt::Headers, StallThen::Drop),
        (StallAt::Body, StallThen::Drop),
    ] {
        let api = start(Era::Y2026).await;
        api.fake.add_faults([Fault::new(Effect::Stall { seconds: 600.0, at, then })]).unwrap();
        let request = api.http.get(api.url(LIST)).bearer_auth(api.fake.key());
        let asked = tokio::spawn(async move { request.send().await?.text().await });
        let began = Instant::now();
        // Once its fault is used up, the request has arrived.
        while !api.fake.pending_faults().is_empty() && began.elapsed() < Duration::from_secs(30) {
            tokio::task::yield_now().await;
        }
        assert!(!asked.is_finished());
        while !asked.is_finished() && began.elapsed() < Duration::from_secs(30) {
            api.fake.clear_faults();
            tokio::task::yield_now().await;
        }
        assert_eq!(asked.await.unwrap().is_ok(), then == StallThen::Finish, "{at:?} {then:?}");
    }
}

#[tokio::test]
async fn a_slow_response_is_complete() {
    let api = start(Era::Y2026).await;
    let expected = api.get(LIST).await.text;
    api.fake.add_faults([Fault::new(Effect::Slow { delay: 0.05, chunk: 7, interval: 0.001 })]).unwrap();
    let began = Instant::now();
    assert_eq!(api.get(LIST).await.text, expected);
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn an_invalid_fault_is_rejected_with_its_whole_list() {
    let api = start(Era::Y2026).await;
    let bad = Fault { path: Some("(".to_owned()), ..Fault::crash() };
    assert!(api.fake.add_faults([Fault::http(503), bad]).is_err());
    let answer =
        api.http.post(api.url("/__admin/faults")).json(&json!([{"kind": "http"}, {"kind": "nothing"}]));
    assert_eq!(answer.send().await.unwrap().status(), 400);
    assert_eq!(api.get(LIST).await.status, 200);
}
