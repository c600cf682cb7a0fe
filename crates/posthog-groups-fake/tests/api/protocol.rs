use std::time::Duration;

use posthog_groups_fake::{Effect, Era, Fake, Fault, StallAt, StallThen, State};
use reqwest::{Client, Method};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Answer, Api, envelope, small, start};

const LIST: &str = "groups/?group_type_index=0";

#[tokio::test]
async fn unknown_paths_are_not_found_for_any_method_and_without_credentials() {
    let expected = envelope("invalid_request", "not_found", "Endpoint not found.", None);
    for era in Era::ALL {
        let api = start(era).await;
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
            for path in
                ["/api/nothing/", "/api/projects/1/groups/nothing", "/api/1/groups_types/", "/api/schema"]
            {
                let answer = Answer::of(Client::new().request(method.clone(), api.url(path))).await;
                assert_eq!((answer.status, answer.json()), (404, expected.clone()), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn an_unsupported_method_returns_the_allowed_ones() {
    for era in Era::ALL {
        let api = start(era).await;
        for (method, path, allow) in [
            (Method::DELETE, "groups/", "GET, POST, HEAD, OPTIONS"),
            (Method::POST, "groups/find/", "GET, HEAD, OPTIONS"),
            (Method::GET, "groups/update_property", "POST, OPTIONS"),
            (Method::PUT, "groups_types/0/", "DELETE, OPTIONS"),
            (Method::POST, "groups_types/0/metrics/x/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ] {
            let answer = api.ask(method.clone(), path, None).await;
            let detail = format!("Method \"{method}\" not allowed.");
            let expected = envelope("invalid_request", "method_not_allowed", &detail, None);
            assert_eq!((answer.status, answer.json()), (405, expected), "{path}");
            assert_eq!(answer.header("allow"), Some(allow));
        }
        assert_eq!(api.ask(Method::HEAD, LIST, None).await.status, 200);
    }
}

#[tokio::test]
async fn only_json_is_returned() {
    for era in Era::ALL {
        let api = start(era).await;
        let answer = api.post_text("groups/", &[("accept", "text/html")], "").await;
        let detail = "Could not satisfy the request Accept header.";
        assert_eq!(
            (answer.status, answer.json()),
            (406, envelope("invalid_request", "not_acceptable", detail, None))
        );
        assert_eq!(api.get(&format!("{LIST}&format=xml")).await.status, 404);

        let answer = api.post_text("groups/", &[("content-type", "text/plain")], "x").await;
        let detail = "Unsupported media type \"text/plain\" in request.";
        let expected = envelope("invalid_request", "unsupported_media_type", detail, None);
        assert_eq!((answer.status, answer.json()), (415, expected));

        let json = [("content-type", "application/json")];
        let answer = api.post_text("groups/", &json, "group_key=a").await;
        let detail = "JSON parse error - Expecting value: line 1 column 1 (char 0)";
        assert_eq!(
            (answer.status, answer.json()),
            (400, envelope("invalid_request", "parse_error", detail, None))
        );
        let deep = "[".repeat(100_000);
        assert_eq!(api.post_text("groups/", &json, &deep).await.status, 400);
    }
}

#[tokio::test]
async fn forms_are_accepted_and_their_values_are_text() {
    for era in Era::ALL {
        let api = start(era).await;
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let path = "groups/update_property/?group_type_index=0&group_key=org:5";
        let answer = api.post_text(path, &form, "key=seats&value=3").await;
        assert_eq!(answer.json()["group_properties"]["seats"], json!("3"));
        let body = "group_type_index=0&group_key=a&group_properties=%7B%22n%22%3A1%7D";
        assert_eq!(api.post_text("groups/", &form, body).await.json()["group_properties"], json!({"n": 1}));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_rejected_by_the_framework() {
    let api = start(Era::Y2026).await;
    let answer =
        api.post_text("groups/", &[("content-type", "application/json")], &" ".repeat(21 << 20)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("Bad Request (400)"));
}

#[tokio::test]
async fn links_name_the_origin_of_the_state_or_that_of_the_request() {
    for era in Era::ALL {
        let links_origin = Some("https://posthog.internal:8443".to_owned());
        let api = Api::start(State { links_origin, page_size: Some(1), ..small(era) }).await;
        assert_eq!(api.post("groups/", json!({"group_type_index": 0, "group_key": "b"})).await.status, 201);
        let next = api.get(LIST).await.json()["next"].as_str().unwrap().to_owned();
        assert!(next.starts_with("https://posthog.internal:8443/api/projects/1/groups/?"), "{next}");
        let activity = api.get("groups/activity/?group_type_index=0&group_key=org:5&page=1").await;
        assert_eq!(activity.json()["next"], json!(null));

        api.fake.put_state(State { page_size: Some(1), ..api.fake.state() }).unwrap();
        api.fake.put_state(State { links_origin: None, ..api.fake.state() }).unwrap();
        let next = api.get(LIST).await.json()["next"].as_str().unwrap().to_owned();
        assert!(next.starts_with(&format!("{}/", api.fake.url())), "{next}");
    }
}

#[tokio::test]
async fn a_client_that_sends_nothing_or_half_a_request_is_disconnected() {
    let fake = Fake::builder().idle_timeout(Duration::from_millis(100)).start().await.unwrap();
    fake.add_faults([Fault { skip: 1, ..Fault::new(stall(0.5)) }]).unwrap();
    let head = "POST /e/ HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n";
    let whole = "GET /e/ HTTP/1.1\r\nhost: a\r\n\r\n";
    for (sent, answer) in [
        ("", ""),
        ("GET / HTTP/1.1\r\nhost:", ""),
        (head, "HTTP/1.1 400"),
        // An idle connection, and a response that takes longer than the timeout for clients.
        (whole, "HTTP/1.1 405"),
        (whole, "HTTP/1.1 405"),
    ] {
        let mut stream = TcpStream::connect(fake.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut got));
        read.await.unwrap().unwrap();
        let got = String::from_utf8(got).unwrap();
        assert!(got.starts_with(answer) && got.is_empty() == answer.is_empty(), "{sent}: {got}");
    }
    assert!(fake.pending_faults().is_empty());
}

fn stall(seconds: f64) -> Effect {
    Effect::Stall { seconds, at: StallAt::Headers, then: StallThen::Finish }
}

#[tokio::test]
async fn the_old_paths_are_served_twice_in_2025_and_rewritten_in_2026() {
    for era in Era::ALL {
        let sunset = Some("2026-07-31".parse().unwrap());
        let api = Api::start(State { environments_sunset: sunset, page_size: Some(1), ..small(era) }).await;
        assert_eq!(api.post("groups/", json!({"group_type_index": 0, "group_key": "b"})).await.status, 201);
        let answer = api.get("/api/environments/1/groups/?group_type_index=0").await;
        assert_eq!(answer.status, 200);
        let next = answer.json()["next"].as_str().unwrap().to_owned();
        let link = "</api/projects/1/groups/?group_type_index=0>; rel=\"successor-version\"";
        match era {
            Era::Y2025 => {
                assert!(next.contains("/api/environments/1/groups/?"), "{next}");
                assert_eq!((answer.header("deprecation"), answer.header("link")), (None, None));
            }
            Era::Y2026 => {
                assert!(next.contains("/api/projects/1/groups/?"), "{next}");
                assert_eq!((answer.header("deprecation"), answer.header("link")), (Some("true"), Some(link)));
                assert_eq!(answer.header("sunset"), Some("Fri, 31 Jul 2026 00:00:00 GMT"));
            }
        }
    }
}
