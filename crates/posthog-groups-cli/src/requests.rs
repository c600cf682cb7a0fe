//! `--verbose`: every request on standard error, taken from the spans of the client. Neither key nor values are in them.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Shows all requests from now on.
pub(crate) fn show() {
    // Fails only where a subscriber is set already, and this is the only one.
    let _ = tracing::subscriber::set_global_default(Requests::default());
}

#[derive(Default)]
struct Requests {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Request>>,
}

/// A request under way.
struct Request {
    started: Instant,
    references: usize,
    fields: Fields,
}

/// What its span says.
#[derive(Default)]
struct Fields {
    method: String,
    path: String,
    status: Option<u64>,
    resend: u64,
    error: String,
    message: String,
}

impl Visit for Fields {
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
            "url.template" => value.clone_into(&mut self.path),
            "error.type" => value.clone_into(&mut self.error),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

impl Fields {
    fn line(&self, took: Duration) -> String {
        let Self { method, path, status, resend, error, .. } = self;
        let outcome = match status {
            Some(status) => status.to_string(),
            None if error.is_empty() => "given up".to_owned(),
            None => error.clone(),
        };
        let attempt = if *resend > 0 { format!(", attempt {}", resend + 1) } else { String::new() };
        format!("{method} {path}: {outcome}, {} ms{attempt}", took.as_millis())
    }
}

impl Requests {
    fn with<T>(&self, id: &Id, change: impl FnOnce(&mut Request) -> T) -> Option<T> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get_mut(&id.into_u64()).map(change)
    }
}

impl Subscriber for Requests {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "posthog_groups"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut fields = Fields::default();
        span.record(&mut fields);
        let request = Request { started: Instant::now(), references: 1, fields };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, request);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.with(span, |request| values.record(&mut request.fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        say(&format!("note: {}", fields.message));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn clone_span(&self, id: &Id) -> Id {
        self.with(id, |request| request.references += 1);
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let left = self.with(&id, |request| {
            request.references -= 1;
            request.references
        });
        if left != Some(0) {
            return false;
        }
        let closed = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id.into_u64());
        if let Some(request) = closed {
            say(&request.fields.line(request.started.elapsed()));
        }
        true
    }
}

fn say(line: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(io::stderr(), "{}", crate::visible::visible(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_asked_and_how_it_went() {
        let fields = |status, resend, error: &str| Fields {
            method: "GET".to_owned(),
            path: "/api/users/@me/".to_owned(),
            status,
            resend,
            error: error.to_owned(),
            message: String::new(),
        };
        let took = Duration::from_millis(12);
        assert_eq!(fields(Some(200), 0, "").line(took), "GET /api/users/@me/: 200, 12 ms");
        assert_eq!(fields(Some(503), 2, "503").line(took), "GET /api/users/@me/: 503, 12 ms, attempt 3");
        assert_eq!(fields(None, 0, "timeout").line(took), "GET /api/users/@me/: timeout, 12 ms");
    }
}
