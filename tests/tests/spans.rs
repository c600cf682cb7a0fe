//! A subscriber to all events of all crates sees spans of requests, but no key.
//!
//! One test, because only a subscriber for the whole process sees everything. With subscribers per thread, the cached interest of a
//! call site can be wrong.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use posthog_groups::{Client, Properties};
use posthog_groups_fake::{ApiKey, Effect, Era, Fake, Fault, Group, GroupType, State};
use posthog_groups_tests::wrapper;
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;

/// The key contains this word, and nothing else does.
const SECRET: &str = "canary";
const KEY: &str = "phx_canary0123456789abcdef";

async fn serve(era: Era) -> (Fake, Client) {
    let state = State {
        api_keys: vec![ApiKey::new(KEY, &["*"])],
        group_types: vec![GroupType::new(0, "organization")],
        groups: vec![Group::new(0, "org:5").with("plan", "free"), Group::new(0, "org:6")],
        ..State::default()
    };
    let fake = Fake::builder().era(era).state(state).start().await.unwrap();
    let client = wrapper(&fake).build().unwrap();
    (fake, client)
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs all calls, with failures, under a subscriber of all events of all crates.
#[tokio::test]
async fn the_key_is_in_no_span_no_event_no_url_and_no_body() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    for era in [Era::Y2025, Era::Y2026] {
        let (fake, client) = serve(era).await;
        let mut echo = Fault::http(503);
        if let Effect::Http(http) = &mut echo.effect {
            http.headers.insert("X-Request-Id".into(), KEY.into());
            http.body = json!({"detail": KEY, "code": KEY});
        }
        fake.add_faults([
            echo,
            Fault::drop_connection(),
            Fault { skip: 3, ..Fault::reset_connection() },
            Fault { skip: 6, ..Fault::http(502) },
        ])
        .unwrap();
        let (groups, group) = (client.groups("organization"), client.groups(0).group("org:5"));
        groups.find("org:5").await.unwrap();
        groups.get("org:5").await.unwrap();
        assert!(groups.get("missing").await.is_err());
        groups.list().search("free").stream().collect::<Vec<_>>().await;
        groups.list().properties::<Properties>().pages().collect::<Vec<_>>().await;
        groups.create("org:9").properties(json!({"plan": "private value"})).send().await.unwrap();
        assert!(groups.create("org:9").send().await.is_err());
        group.set("plan", "private value").await.unwrap();
        group.unset("plan").await.unwrap();
        group.upsert(json!({"plan": "private value"})).await.unwrap();
        group.activity().stream().collect::<Vec<_>>().await;
        group.related().await.unwrap();
        client.related_to_person("0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11").await.unwrap();
        groups.property_values("plan").containing("x").await.unwrap();
        let _ = client.property_definitions().await;
        client.group_types().await.unwrap();
        client.projects().await.unwrap();
        client.whoami().await.unwrap();
        client.raw().list_groups().project_id("@current").group_type_index(0).send().await.unwrap();
        let unlucky = wrapper(&fake).timeout(Duration::from_millis(50));
        fake.add_faults([Fault { times: 0, ..Fault::drop_connection() }]).unwrap();
        assert!(unlucky.build().unwrap().groups(0).find("org:5").await.is_err());

        for entry in fake.journal() {
            let (authorization, others): (Vec<_>, Vec<_>) =
                entry.headers.iter().partition(|(name, _)| *name == "authorization");
            assert_eq!(authorization.len(), 1, "{} {}", entry.method, entry.path);
            let text = format!("{} {} {} {others:?}", entry.path, entry.query, entry.body);
            assert!(!text.contains(SECRET), "{text}");
        }
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // The attribute names of OpenTelemetry.
    for expected in [
        "http.client.request",
        "http.request.method=\"GET\"",
        "http.request.resend_count=1",
        "http.response.status_code=503",
        "http.response.status_code=200",
        "server.address=\"127.0.0.1\"",
        "url.template=\"/api/projects/{project_id}/groups/find/\"",
        "posthog.operation=\"find_group\"",
        "posthog.operation=\"list_groups\"",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    let foul = |line: &&str| line.contains(SECRET);
    assert_eq!(text.lines().find(foul), None);
    let ours = text.lines().filter(|line| line.contains("posthog_groups"));
    for private in ["private value", "org:5", "org%3A5"] {
        assert_eq!(ours.clone().find(|line| line.contains(private)), None);
    }
}
