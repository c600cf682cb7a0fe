//! The entry point of all requests: admin protocol, journal, faults, then the API or capture.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State as Extract};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::request::Parts;
use serde_json::Value;

use crate::admin;
use crate::answer::Answer;
use crate::api;
use crate::context::Persistence;
use crate::endpoints::capture;
use crate::faults::{self, Effect, Fault, Framing, HttpFault, Phase, StallAt, StallThen};
use crate::ingestion;
use crate::journal::{FaultHit, JournalEntry};
use crate::request::{Call, Query};
use crate::shared::{Shared, duration};
use crate::transport::{self, Abort, Aborter};

/// The maximum size of a body of the REST API (contract section 1.5).
const MAX_BODY: usize = 20 * 1024 * 1024;

/// The maximum size of any other body.
const MAX_READ: usize = 64 * 1024 * 1024;

/// The routes of the server.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/__admin/state", get(admin::state).put(admin::put_state))
        .route("/__admin/journal", get(admin::journal))
        .route("/__admin/faults", post(admin::add_faults).delete(admin::clear_faults))
        .fallback(serve)
        .with_state(shared)
}

/// The outcome of a request: what is sent, and the status in the journal.
struct Outcome {
    status: Option<u16>,
    sent: Sent,
}

enum Sent {
    Response(Response),
    Abort(Abort),
}

impl Outcome {
    fn whole(answer: Answer) -> Self {
        Self { status: Some(answer.status.as_u16()), sent: Sent::Response(transport::respond(answer)) }
    }

    fn in_pieces(answer: Answer, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        let status = Some(answer.status.as_u16());
        Self { status, sent: Sent::Response(transport::in_pieces(answer, pieces)) }
    }

    fn abort(status: Option<u16>, last_bytes: Vec<u8>, reset: bool) -> Self {
        Self { status, sent: Sent::Abort(Abort { last_bytes, reset }) }
    }
}

async fn serve(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let aborter = parts.extensions.get::<Aborter>().cloned();
    let Ok(body) = shared.read(body, MAX_READ).await else {
        return transport::respond(bad_request());
    };
    let call = call(&shared, &parts, body);

    let taken = shared.faults.lock().take(call.method.as_str(), &call.path);
    let hit =
        taken.as_ref().map(|(id, fault)| FaultHit { id: *id, kind: fault.effect.kind(), phase: fault.phase });
    let entry = JournalEntry {
        seq: 0,
        method: call.method.to_string(),
        path: call.path.clone(),
        query: call.raw_query.clone().unwrap_or_default(),
        headers: shown_headers(&call),
        body: String::from_utf8_lossy(&call.body).into_owned(),
        status: None,
        fault: hit,
        duration_ms: 0.0,
    };
    // Recorded first, because this future is dropped when the client disconnects.
    let seq = shared.journal.lock().open(entry);
    let outcome = match taken {
        Some((_, fault)) => apply(&shared, call, fault).await,
        None => Outcome::whole(execute(&shared, call, None, Persistence::Keep)),
    };
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    shared.journal.lock().close(seq, outcome.status, duration_ms);

    match (outcome.sent, aborter) {
        (Sent::Response(response), _) => response,
        (Sent::Abort(abort), Some(aborter)) => aborter.abort(abort).await,
        (Sent::Abort(_), None) => transport::respond(bad_request()),
    }
}

fn call(shared: &Shared, parts: &Parts, body: Bytes) -> Call {
    let host = parts.headers.get(http::header::HOST).and_then(|h| h.to_str().ok());
    let links_origin = shared.database.read().state.links_origin.clone();
    let origin = match (links_origin, host) {
        (Some(origin), _) => origin,
        (None, Some(host)) if !host.is_empty() => format!("http://{host}"),
        (None, _) => format!("http://{}", shared.address),
    };
    let raw_query = parts.uri.query().map(str::to_owned);
    Call {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: raw_query.as_deref().map(Query::parse).unwrap_or_default(),
        raw_query,
        headers: parts.headers.clone(),
        body,
        origin,
    }
}

fn shown_headers(call: &Call) -> BTreeMap<String, String> {
    let shown = |name: &str, value: &str| match (name, value.split_once(' ')) {
        ("authorization", Some((scheme, _))) => format!("{scheme} [redacted]"),
        ("authorization", None) => "[redacted]".to_owned(),
        _ => value.to_owned(),
    };
    let headers = call.headers.iter();
    headers.map(|(n, v)| (n.to_string(), shown(n.as_str(), &String::from_utf8_lossy(v.as_bytes())))).collect()
}

/// Processes a request that no fault affects.
fn execute(shared: &Shared, call: Call, crash: Option<Phase>, persistence: Persistence) -> Answer {
    if let Some(endpoint) = capture::endpoint(&call.path) {
        let answer = (crash != Some(Phase::Before))
            .then(|| capture::capture(&shared.database, &call, endpoint, persistence));
        return answer.filter(|_| crash.is_none()).unwrap_or_else(|| Answer::text(500, "internal error"));
    }
    if !call.path.starts_with("/api/") {
        return Answer::html(404, "<!doctype html><title>Not Found</title><h1>Not Found</h1>\n");
    }
    if call.body.len() > MAX_BODY {
        return bad_request();
    }
    ingestion::settle(&shared.database);
    api::answer(shared, call, crash, persistence)
}

/// The framework's response to a body that is too large.
fn bad_request() -> Answer {
    Answer::html(400, "<!doctype html><title>Bad Request (400)</title><h1>Bad Request (400)</h1>\n")
}

/// Applies a fault to a request. If the whole response is sent, the request is processed. Otherwise, the phase of the fault
/// decides.
async fn apply(shared: &Arc<Shared>, call: Call, fault: Fault) -> Outcome {
    let persistence = match fault.phase {
        Phase::Before => Persistence::Discard,
        Phase::After => Persistence::Keep,
    };
    let after = fault.phase == Phase::After;
    match fault.effect {
        Effect::Http(http) => {
            if after {
                execute(shared, call, None, Persistence::Keep);
            }
            Outcome::whole(fault_response(http))
        }
        Effect::Crash {} => Outcome::whole(execute(shared, call, Some(fault.phase), Persistence::Keep)),
        Effect::Drop { reset } => {
            if after {
                execute(shared, call, None, Persistence::Keep);
            }
            Outcome::abort(None, Vec::new(), reset)
        }
        Effect::Stall { seconds, at: StallAt::Headers, then } => {
            let early = after.then(|| execute(shared, call.clone(), None, Persistence::Keep));
            shared.wait(seconds).await;
            match then {
                StallThen::Drop => Outcome::abort(None, Vec::new(), false),
                StallThen::Finish => {
                    Outcome::whole(early.unwrap_or_else(|| execute(shared, call, None, Persistence::Keep)))
                }
            }
        }
        Effect::Stall { seconds, at: StallAt::Body, then } => {
            let persistence = if then == StallThen::Finish { Persistence::Keep } else { persistence };
            stalled_in_body(shared, execute(shared, call, None, persistence), seconds, then)
        }
        Effect::Truncate { keep, framing } => {
            let answer = execute(shared, call, None, persistence);
            let status = Some(answer.status.as_u16());
            let kept = faults::kept(keep, answer.body.len());
            match framing {
                Framing::Honest => Outcome::whole(Answer { body: answer.body.slice(..kept), ..answer }),
                _ => Outcome::abort(status, transport::truncated(&answer, kept, framing), false),
            }
        }
        Effect::Slow { delay, chunk, interval } => {
            shared.wait(delay).await;
            let answer = execute(shared, call, None, Persistence::Keep);
            if chunk == 0 { Outcome::whole(answer) } else { slow(answer, chunk, interval) }
        }
    }
}

/// Builds the response of an `http` fault.
fn fault_response(fault: HttpFault) -> Answer {
    let status = fault.status;
    let mut answer = match fault.body {
        Value::Null => {
            let reason =
                http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Error");
            let page = format!(
                "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n\
                 <center><h1>{status} {reason}</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n"
            );
            Answer::html(status, page)
        }
        Value::String(text) => Answer::text(status, text),
        json => Answer::json(status, json.to_string()),
    };
    if let Some(content_type) = &fault.content_type {
        answer = answer.header("content-type", content_type);
    }
    fault.headers.iter().fold(answer, |answer, (name, value)| answer.header(name, value))
}

/// Sends half of the body, waits, and then sends the rest or nothing.
fn stalled_in_body(shared: &Arc<Shared>, answer: Answer, seconds: f64, then: StallThen) -> Outcome {
    let mut half = answer.body.clone();
    let rest = half.split_off(half.len() / 2);
    let shared = shared.clone();
    let end = async move {
        shared.wait(seconds).await;
        match then {
            StallThen::Finish => Ok(rest),
            StallThen::Drop => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    };
    Outcome::in_pieces(answer, stream::iter([Ok(half)]).chain(stream::once(end)))
}

/// Sends the body in small pieces.
fn slow(answer: Answer, chunk: usize, interval: f64) -> Outcome {
    let body = answer.body.clone();
    let pieces = stream::iter((0..body.len()).step_by(chunk)).then(move |at| {
        let piece = body.slice(at..body.len().min(at + chunk));
        async move {
            if at > 0 {
                tokio::time::sleep(duration(interval)).await;
            }
            Ok(piece)
        }
    });
    Outcome::in_pieces(answer, pieces)
}
