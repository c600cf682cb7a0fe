//! Writes with an unusual response have exactly one effect, and the result is correct.

use std::time::Duration;

use posthog_groups::{Client, Error, Group, Groups};
use posthog_groups_fake::{Effect, Era, Fake, Fault, GroupType, Phase, State};
use posthog_groups_tests::{ScriptedServer, quick, requests, wrapper};
use serde_json::{Value, json};

const ERAS: [Era; 2] = [Era::Y2025, Era::Y2026];

/// One call of each write.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Write {
    Create,
    Set,
    Unset,
    Upsert,
    UpsertAtOnce,
}

impl Write {
    const ALL: [Self; 5] = [Self::Create, Self::Set, Self::Unset, Self::Upsert, Self::UpsertAtOnce];

    fn path(self) -> &'static str {
        match self {
            Self::Create => "/groups/$",
            Self::Set | Self::Upsert => "/groups/update_property/$",
            Self::Unset => "/groups/delete_property/$",
            Self::UpsertAtOnce => "/groups/upsert_properties/$",
        }
    }

    fn eras(self) -> &'static [Era] {
        if self == Self::UpsertAtOnce { &[Era::Y2025] } else { &ERAS }
    }

    async fn send(self, orgs: &Groups) -> Result<Group, Error> {
        let group = orgs.group("org:5");
        match self {
            Self::Create => orgs.create("org:9").properties(json!({"plan": "scale"})).send().await,
            Self::Set => group.set("plan", "scale").await,
            Self::Unset => group.unset("plan").await,
            Self::Upsert | Self::UpsertAtOnce => {
                group.upsert(json!({"plan": "scale"})).await.map(|done| done.group.unwrap())
            }
        }
    }

    /// The stored properties after the write.
    fn effect(self, fake: &Fake) -> bool {
        let state = fake.state();
        let plan = |key: &str| {
            let group = state.groups.iter().find(|group| group.group_key == key)?;
            Some(serde_json::to_value(&group.group_properties).unwrap()["plan"].clone())
        };
        match self {
            Self::Create => plan("org:9") == Some(json!("scale")),
            Self::Unset => plan("org:5") == Some(Value::Null),
            _ => plan("org:5") == Some(json!("scale")),
        }
    }

    /// The number of times it was sent.
    fn sent(self, fake: &Fake) -> usize {
        let path = self.path().trim_end_matches('$');
        fake.journal().iter().filter(|entry| entry.method == "POST" && entry.path.ends_with(path)).count()
    }
}

fn world(write: Write) -> State {
    State {
        upsert_properties: write == Write::UpsertAtOnce,
        group_types: vec![GroupType::new(0, "organization")],
        groups: vec![posthog_groups_fake::Group::new(0, "org:5").with("plan", "free")],
        ..State::default()
    }
}

async fn serve(write: Write, era: Era) -> (Fake, Groups) {
    let fake = Fake::builder().era(era).state(world(write)).start().await.unwrap();
    let groups = groups(&fake);
    (fake, groups)
}

fn groups(fake: &Fake) -> Groups {
    // Shared, because building one takes milliseconds.
    static HTTP: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
    let http = HTTP.get_or_init(|| {
        reqwest::Client::builder().pool_max_idle_per_host(0).retry(reqwest::retry::never()).build().unwrap()
    });
    let client: Client = wrapper(fake).http_client(http.clone()).retry(quick(2)).build().unwrap();
    client.groups(0)
}

/// Resets the server, and creates a new client.
fn reset(fake: &Fake, write: Write, era: Era) -> Groups {
    fake.clear_faults();
    fake.put_state(State { era, ..world(write) }).unwrap();
    groups(fake)
}

/// A fault that replaces the response, before or after the request takes effect.
fn answer(write: Write, status: u16, body: Value, phase: Phase) -> Fault {
    let mut fault = Fault { phase, ..Fault::http(status) };
    if let Effect::Http(http) = &mut fault.effect {
        http.body = body;
        if status == 429 {
            http.headers.insert("Retry-After".into(), "3000".into());
        }
    }
    fault.on("POST", write.path())
}

/// The response of a server that has stored the write but could not send the event.
fn capture_failure(write: Write) -> Value {
    let operation = match write {
        Write::Create => "group create",
        Write::Unset => "group property deletion",
        _ => "group property update",
    };
    let code = format!("Failed to submit {operation} event.");
    json!({"code": code, "detail": "capture_http_error", "type": "capture_http_error"})
}

#[tokio::test]
async fn a_capture_failure_of_any_status_is_a_success_without_an_event_and_nothing_is_sent_again() {
    for write in Write::ALL {
        for &era in write.eras() {
            let (fake, _) = serve(write, era).await;
            for status in [400, 401, 403, 404, 413, 429, 500, 502, 503, 504, 512, 520, 524] {
                let case = format!("{write:?} on {era:?}, {status}");
                let orgs = reset(&fake, write, era);
                fake.add_faults([answer(write, status, capture_failure(write), Phase::After)]).unwrap();
                let group = write.send(&orgs).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
                assert!(group.event_not_sent(), "{case}");
                assert!(write.effect(&fake), "{case}");
                assert_eq!(write.sent(&fake), 1, "{case}: {:?}", requests(&fake.journal()));
            }
        }
    }
}

#[tokio::test]
async fn a_capture_failure_whose_group_cannot_be_read_back_says_that_it_is_stored() {
    for write in Write::ALL {
        let (fake, orgs) = serve(write, Era::Y2025).await;
        // An upsert reads the group before it writes.
        let skip = u64::from(matches!(write, Write::Upsert | Write::UpsertAtOnce));
        fake.add_faults([
            answer(write, 429, capture_failure(write), Phase::After),
            Fault { times: 0, skip, ..Fault::http(503) }.on("GET", "/groups/find/$"),
        ])
        .unwrap();
        let error = write.send(&orgs).await.unwrap_err();
        assert!(error.is_event_not_sent() && !error.is_outcome_unknown(), "{write:?}: {error:?}");
        assert!(!error.is_retryable() && !error.is_rate_limited(), "{write:?}: {error:?}");
        assert_eq!(write.sent(&fake), 1, "{write:?}");
    }
}

#[tokio::test]
async fn after_an_unexpected_success_the_group_is_read_back_and_only_a_missing_write_is_repeated() {
    for write in Write::ALL {
        for &era in write.eras() {
            let (fake, _) = serve(write, era).await;
            for status in [200, 201, 202, 203, 204, 206] {
                for body in [json!(""), json!({}), json!({"status": "accepted"}), json!("OK"), json!([])] {
                    for phase in [Phase::Before, Phase::After] {
                        let case = format!("{write:?} on {era:?}, {status} {body}, {phase:?}");
                        let orgs = reset(&fake, write, era);
                        fake.add_faults([answer(write, status, body.clone(), phase)]).unwrap();
                        write.send(&orgs).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
                        assert!(write.effect(&fake), "{case}");
                        let expected = if phase == Phase::After { 1 } else { 2 };
                        assert_eq!(write.sent(&fake), expected, "{case}: {:?}", requests(&fake.journal()));
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_persistent_unexpected_success_is_an_unknown_outcome_with_the_status() {
    for write in Write::ALL {
        for status in [202, 204] {
            let (fake, orgs) = serve(write, Era::Y2025).await;
            fake.add_faults([Fault { times: 0, ..answer(write, status, json!(""), Phase::Before) }]).unwrap();
            let error = write.send(&orgs).await.unwrap_err();
            assert!(error.is_outcome_unknown() && error.is_decode(), "{write:?}: {error:?}");
            assert!(!error.is_interrupted() && error.to_string().contains(&status.to_string()), "{error}");
            assert!(error.to_string().contains("not seen when last read back"), "{write:?}: {error}");
            assert!(!write.effect(&fake));
        }
    }
}

#[tokio::test]
async fn statuses_of_proxies_are_like_502() {
    let (fake, _) = serve(Write::Set, Era::Y2025).await;
    for status in [502, 504, 520, 521, 522, 523, 524, 530] {
        for write in Write::ALL {
            for phase in [Phase::Before, Phase::After] {
                let case = format!("{write:?}, {status}, {phase:?}");
                let orgs = reset(&fake, write, Era::Y2025);
                let fault = Fault { phase, ..Fault::http(status) }.on("POST", write.path());
                fake.add_faults([fault.clone()]).unwrap();
                write.send(&orgs).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
                assert!(write.effect(&fake), "{case}");
                assert_eq!(write.sent(&fake), if phase == Phase::After { 1 } else { 2 }, "{case}");
            }
            let orgs = reset(&fake, write, Era::Y2025);
            fake.add_faults([Fault { times: 0, ..Fault::http(status) }.on("POST", write.path())]).unwrap();
            let error = write.send(&orgs).await.unwrap_err();
            assert!(error.is_outcome_unknown() && error.is_server_error(), "{write:?}, {status}: {error:?}");
            assert!(
                error.to_string().contains("not seen when last read back"),
                "{write:?}, {status}: {error}"
            );
            assert_eq!(write.sent(&fake), 3, "{write:?}, {status}");
        }
        let orgs = reset(&fake, Write::Set, Era::Y2026);
        fake.add_faults([Fault { times: 2, ..Fault::http(status) }]).unwrap();
        assert!(orgs.find("org:5").await.unwrap().is_some(), "{status}");
        fake.add_faults([Fault { times: 0, ..Fault::http(status) }]).unwrap();
        let error = orgs.find("org:5").await.unwrap_err();
        assert!(error.is_retryable() && error.is_server_error(), "{status}: {error:?}");
    }
}

#[tokio::test]
async fn attempts_counts_every_request_of_the_call() {
    for write in Write::ALL {
        let (fake, orgs) = serve(write, Era::Y2025).await;
        fake.add_faults([Fault { times: 0, ..Fault::http(503) }.on("POST", write.path())]).unwrap();
        let error = write.send(&orgs).await.unwrap_err();
        assert_eq!(usize::try_from(error.attempts()).unwrap(), fake.journal().len(), "{write:?}: {error}");
    }
}

/// A server with one response to everything.
async fn always(status: &str, headers: &str, body: &str) -> (ScriptedServer, Groups) {
    let server = ScriptedServer::always(status, headers, body).await;
    let builder = Client::builder().host(server.url()).personal_api_key("phx_x").retry(quick(1));
    let client = builder.timeout(Duration::from_secs(10)).build().unwrap();
    (server, client.groups(0))
}

#[tokio::test]
async fn a_read_without_a_body_reports_the_status() {
    for status in ["202 Accepted", "204 No Content", "205 Reset Content"] {
        let (_server, orgs) = always(status, "", "").await;
        for error in [orgs.get("a").await.unwrap_err(), orgs.list().page().await.unwrap_err()] {
            assert!(error.is_decode() && !error.is_interrupted() && !error.is_outcome_unknown(), "{error:?}");
            assert!(error.to_string().contains(&status[..3]), "{error}");
            assert!(!error.to_string().contains("connection was closed"), "{error}");
        }
    }
}

#[tokio::test]
async fn endless_headers_are_not_reported_as_a_closed_connection() {
    let many: String = (0..5_000).map(|n| format!("X-{n}: {}\r\n", "x".repeat(100))).collect();
    let (_server, orgs) = always("200 OK", &many, "{}").await;
    let error = orgs.get("a").await.unwrap_err();
    assert!(error.is_decode() && !error.is_interrupted(), "{error:?}");
    assert!(error.to_string().contains("headers"), "{error}");
    let error = orgs.group("a").set("plan", 1).await.unwrap_err();
    assert!(error.is_outcome_unknown() && !error.is_interrupted(), "{error:?}");
}

#[tokio::test]
async fn a_list_or_find_that_fails_with_500_explains_how_to_repair_a_group() {
    let (_server, orgs) = always("500 Internal Server Error", "", "<h1>Server Error (500)</h1>").await;
    for error in [
        orgs.get("a").await.unwrap_err(),
        orgs.list().page().await.unwrap_err(),
        orgs.list().stream().next().await.unwrap().unwrap_err(),
    ] {
        assert!(error.help().is_some_and(|help| help.contains("unset")), "{error:?}");
    }
}
