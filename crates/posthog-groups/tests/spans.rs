//! What stands in spans, and what does not. A program of its own: a subscriber of one thread among many tests
//! loses spans now and then.

#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use posthog_groups_fake::{ApiKey, Era, Fault, State};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::stage::{client, one_group, serve};

#[path = "stand_in/stage.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod stage;

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

#[tokio::test]
async fn spans_have_the_names_of_open_telemetry_and_no_secrets() {
    let api_keys = vec![ApiKey {
        key: "phx_very_secret".to_owned(),
        scopes: vec!["*".to_owned()],
        projects: None,
        organizations: None,
        active: true,
    }];
    let fake = serve(Era::Y2026, State { api_keys, ..one_group() }).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    fake.add_faults([Fault::http(503)]).unwrap();
    let posthog = client(&fake);
    posthog.groups(0).find("org:5").await.unwrap();
    posthog.groups(0).group("org:5").set("plan", "private value").await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for wanted in [
        "http.client.request",
        "http.request.method=\"GET\"",
        "http.request.resend_count=1",
        "http.response.status_code=503",
        "http.response.status_code=200",
        "server.address=\"127.0.0.1\"",
        "url.template=\"/api/projects/{project_id}/groups/find/\"",
        "posthog.operation=\"find_group\"",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    let ours: String = text.lines().filter(|line| line.contains("posthog_groups")).collect();
    for secret in ["very_secret", "private value", "org:5", "org%3A5"] {
        assert!(!ours.contains(secret), "{secret} in {ours}");
    }
    assert!(!text.contains("very_secret"));
}
