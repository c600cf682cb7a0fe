//! The requests of the client, observed through its spans: one line for each with `--verbose`, and a note when nothing has
//! happened for some time. The key is never in them.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use posthog_groups::Client;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::key_source::without_keys;
use crate::transfer::progress::rough;
use crate::visible::visible;

pub(crate) fn observe(verbose: bool) -> Requests {
    let requests = Requests { verbose, open: Arc::default() };
    // Fails only if a subscriber is set already, and this is the only one.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(requests.clone()));
    requests
}

/// The requests under way.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    verbose: bool,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    since: HashMap<u64, Instant>,
    /// When the last request failed, and how.
    failed: Option<(Instant, String)>,
}

/// The fields of the span of a request.
#[derive(Debug, Default)]
struct Request {
    method: String,
    path: String,
    query: String,
    status: Option<u64>,
    resend: u64,
    error: String,
}

impl Visit for Request {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "http.response.status_code" => self.status = Some(value),
            "http.request.resend_count" => self.resend = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "http.request.method" => value.clone_into(&mut self.method),
            "url.path" => value.clone_into(&mut self.path),
            "url.query" => self.query = format!("?{value}"),
            "error.type" => value.clone_into(&mut self.error),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// The text of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Request {
    fn line(&self, took: Duration) -> String {
        let Self { method, path, query, status, resend, error, .. } = self;
        let outcome = match status {
            Some(status) => status.to_string(),
            None if error.is_empty() => "cancelled".to_owned(),
            None => error.clone(),
        };
        let attempt = if *resend > 0 { format!(", attempt {}", resend + 1) } else { String::new() };
        without_keys(&format!("{method} {path}{query}: {outcome}, {} ms{attempt}", took.as_millis()))
    }
}

impl Requests {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports waits of the command on standard error.
    pub(crate) fn report_waits(&self, client: Arc<OnceLock<Client>>) {
        let requests = self.clone();
        tokio::spawn(async move {
            let mut next = Instant::now();
            loop {
                tokio::time::sleep(Duration::from_millis(500)).await;
                let throttled = client.get().and_then(Client::throttled_for);
                let wait = requests.open().wait(Instant::now(), throttled);
                if let Some(wait) = wait.filter(|_| next <= Instant::now()) {
                    say(&wait);
                    next = Instant::now() + REPORT_INTERVAL;
                }
            }
        });
    }
}

const LONG_WAIT: Duration = Duration::from_secs(3);
/// A response may take this long without a line.
const SLOW_ANSWER: Duration = Duration::from_secs(10);
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

impl Open {
    /// What the command waits for, if it waits long.
    fn wait(&self, now: Instant, throttled: Option<Duration>) -> Option<String> {
        if let Some(wait) = throttled.filter(|wait| *wait >= LONG_WAIT) {
            return Some(format!("rate limit: waiting {}", rough(wait)));
        }
        let waited = |since: Instant| now.saturating_duration_since(since);
        if let Some(waited) = self.since.values().copied().map(waited).max() {
            return (waited >= SLOW_ANSWER)
                .then(|| format!("no response from the server for {}; still waiting", rough(waited)));
        }
        let (since, how) = self.failed.as_ref()?;
        (waited(*since) >= LONG_WAIT)
            .then(|| format!("waiting before the next attempt (the last one failed: {how})"))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Requests {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == "posthog_groups"
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut request = Request::default();
        attributes.record(&mut request);
        self.open().since.insert(id.into_u64(), Instant::now());
        span.extensions_mut().insert(request);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(request) = span.extensions_mut().get_mut::<Request>() {
            values.record(request);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if self.verbose {
            let mut message = Message::default();
            event.record(&mut message);
            say(&format!("note: {}", message.0));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        let Some(request) = extensions.get::<Request>() else { return };
        let mut open = self.open();
        let started = open.since.remove(&id.into_u64());
        open.failed = (!request.error.is_empty()).then(|| (Instant::now(), request.error.clone()));
        drop(open);
        if let Some(started) = started.filter(|_| self.verbose) {
            say(&request.line(started.elapsed()));
        }
    }
}

fn say(line: &str) {
    // If standard error is closed, the failure cannot be reported.
    let _ = writeln!(io::stderr(), "{}", visible(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_request_and_its_outcome() {
        let request = |query: &str, status, resend, error: &str| Request {
            method: "GET".to_owned(),
            path: "/api/users/@me/".to_owned(),
            query: query.to_owned(),
            status,
            resend,
            error: error.to_owned(),
        };
        let took = Duration::from_millis(12);
        assert_eq!(
            request("?a=phx_b%20c", Some(200), 0, "").line(took),
            "GET /api/users/@me/?a=phx_...%20c: 200, 12 ms"
        );
        assert_eq!(request("", Some(503), 2, "503").line(took), "GET /api/users/@me/: 503, 12 ms, attempt 3");
        assert_eq!(request("", None, 0, "timeout").line(took), "GET /api/users/@me/: timeout, 12 ms");
        assert_eq!(request("", None, 0, "").line(took), "GET /api/users/@me/: cancelled, 12 ms");
    }

    #[test]
    fn only_long_waits_are_reported() {
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let open = |count: u64| (0..count).map(|id| (id, start)).collect::<HashMap<_, _>>();
        let failed = || Some((start, "503".to_owned()));
        for (requests, failed, throttled, at, expected) in [
            (0, None, None, 600, None),
            (0, None, Some(2), 600, None),
            (0, None, Some(75), 0, Some("rate limit: waiting 75 s")),
            (2, None, None, 9, None),
            (2, None, None, 12, Some("no response from the server for 12 s; still waiting")),
            (0, failed(), None, 2, None),
            (0, failed(), None, 4, Some("waiting before the next attempt (the last one failed: 503)")),
            (1, failed(), None, 4, None),
        ] {
            let open = Open { since: open(requests), failed };
            assert_eq!(open.wait(start + seconds(at), throttled.map(seconds)).as_deref(), expected);
        }
    }
}
