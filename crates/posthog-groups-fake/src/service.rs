//! Every request passes here: admin protocol, journal, faults, and then the API or capture.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Extract};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::admin;
use crate::answer::Answer;
use crate::api::{self, Crash, Lasting};
use crate::endpoints::capture;
use crate::faults::{self, Effect, Fault, Faults, Framing, HttpFault, Phase, StallAt, StallThen};
use crate::journal::{FaultHit, Journal, JournalEntry};
use crate::poison::unpoisoned;
use crate::request::{Call, Query};
use crate::state::State;
use crate::throttle::Throttle;
use crate::transport::{self, Cut, Cutter};
use crate::world::World;

/// The largest body the REST API reads (contract section 1.5).
const LARGEST_BODY: usize = 20 * 1024 * 1024;

/// The largest body that is read at all.
const LARGEST_READ: usize = 64 * 1024 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    /// How long a client may take to send the headers or the body of a request.
    pub(crate) idle_timeout: Duration,
    pub(crate) world: RwLock<World>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) faults: Mutex<Faults>,
    /// Changes whenever faults are removed: stalled requests go on then.
    pub(crate) release: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(address: SocketAddr, idle_timeout: Duration, world: World) -> Self {
        Self {
            address,
            idle_timeout,
            world: RwLock::new(world),
            throttle: Mutex::default(),
            journal: Mutex::default(),
            faults: Mutex::default(),
            release: watch::Sender::new(0),
        }
    }

    /// The world as it is now.
    pub(crate) fn state(&self) -> State {
        capture::settle(&self.world);
        unpoisoned(self.world.read()).to_state()
    }

    /// Another world: journal, faults and rate limit counters start anew, and events that wait are forgotten.
    pub(crate) fn replace_world(&self, world: World) {
        self.clear_faults();
        {
            let mut current = unpoisoned(self.world.write());
            *current = world.behind_by(current.delays());
        }
        *unpoisoned(self.throttle.lock()) = Throttle::default();
        *unpoisoned(self.journal.lock()) = Journal::default();
    }

    pub(crate) fn clear_faults(&self) {
        unpoisoned(self.faults.lock()).clear();
        self.release.send_modify(|epoch| *epoch += 1);
    }

    /// Reads a body of at most `limit` bytes.
    pub(crate) async fn read(&self, body: Body, limit: usize) -> Result<Bytes, String> {
        match tokio::time::timeout(self.idle_timeout, axum::body::to_bytes(body, limit)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(_)) => Err(format!("the body ended early or is larger than {limit} bytes")),
            Err(_) => Err(format!("the body took longer than {:?}", self.idle_timeout)),
        }
    }

    /// Silence, unless faults are removed meanwhile.
    async fn wait(&self, seconds: f64) {
        let mut release = self.release.subscribe();
        tokio::select! {
            () = tokio::time::sleep(duration(seconds)) => {}
            _ = release.changed() => {}
        }
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// The whole server.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/__admin/state", get(admin::state).put(admin::put_state))
        .route("/__admin/journal", get(admin::journal))
        .route("/__admin/faults", post(admin::add_faults).delete(admin::clear_faults))
        .fallback(serve)
        .with_state(shared)
}

/// How a request ended: what is sent, and what the journal says of it.
struct Ending {
    status: Option<u16>,
    sent: Sent,
}

enum Sent {
    Response(Response),
    Cut(Cut),
}

impl Ending {
    fn whole(answer: Answer) -> Self {
        Self { status: Some(answer.status.as_u16()), sent: Sent::Response(transport::respond(answer)) }
    }

    fn cut(status: Option<u16>, last_words: Vec<u8>, reset: bool) -> Self {
        Self { status, sent: Sent::Cut(Cut { last_words, reset }) }
    }
}

async fn serve(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let cutter = parts.extensions.get::<Cutter>().cloned();
    let Ok(body) = shared.read(body, LARGEST_READ).await else {
        return transport::respond(bad_request());
    };
    let call = call(&shared, &parts, body);

    let taken = unpoisoned(shared.faults.lock()).take(call.method.as_str(), &call.path);
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
    // Before anything happens: a client that hangs up ends this here.
    let seq = unpoisoned(shared.journal.lock()).open(entry);
    let ending = match taken {
        Some((_, fault)) => suffer(&shared, call, fault).await,
        None => Ending::whole(carry_out(&shared, call, None, Lasting::Kept)),
    };
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    unpoisoned(shared.journal.lock()).close(seq, ending.status, duration_ms);

    match (ending.sent, cutter) {
        (Sent::Response(response), _) => response,
        (Sent::Cut(cut), Some(cutter)) => cutter.cut(cut).await,
        (Sent::Cut(_), None) => transport::respond(bad_request()),
    }
}

fn call(shared: &Shared, parts: &Parts, body: Bytes) -> Call {
    let host = parts.headers.get(http::header::HOST).and_then(|h| h.to_str().ok());
    let links_origin = unpoisoned(shared.world.read()).settings().links_origin.clone();
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

/// The answer to a request that nothing goes wrong with on the way.
fn carry_out(shared: &Shared, call: Call, crash: Option<Crash>, lasting: Lasting) -> Answer {
    if let Some(endpoint) = capture::endpoint(&call.path) {
        let answer = |lasting| capture::capture(&shared.world, &call, endpoint, lasting);
        return match crash {
            Some(Crash::Before) => Answer::text(500, "internal error"),
            Some(Crash::After) => {
                answer(lasting);
                Answer::text(500, "internal error")
            }
            None => answer(lasting),
        };
    }
    if !call.path.starts_with("/api/") {
        return Answer::html(404, "<!doctype html><title>Not Found</title><h1>Not Found</h1>\n");
    }
    if call.body.len() > LARGEST_BODY {
        return bad_request();
    }
    capture::settle(&shared.world);
    api::answer(&shared.world, &shared.throttle, call, crash, lasting)
}

/// What the framework under the API says to a body that is too large.
fn bad_request() -> Answer {
    Answer::html(400, "<!doctype html><title>Bad Request (400)</title><h1>Bad Request (400)</h1>\n")
}

/// Lets a fault hit a request. An answer that arrives whole was carried out; of one that arrives in part, or not at
/// all, the fault's phase says whether it was.
async fn suffer(shared: &Arc<Shared>, call: Call, fault: Fault) -> Ending {
    let lasting = match fault.phase {
        Phase::Before => Lasting::TakenBack,
        Phase::After => Lasting::Kept,
    };
    let after = fault.phase == Phase::After;
    match fault.effect {
        Effect::Http(http) => {
            if after {
                carry_out(shared, call, None, Lasting::Kept);
            }
            Ending::whole(instead(http))
        }
        Effect::Crash => {
            let crash = if after { Crash::After } else { Crash::Before };
            Ending::whole(carry_out(shared, call, Some(crash), Lasting::Kept))
        }
        Effect::Drop { reset } => {
            if after {
                carry_out(shared, call, None, Lasting::Kept);
            }
            Ending::cut(None, Vec::new(), reset)
        }
        Effect::Stall { seconds, at: StallAt::Headers, then } => {
            let early = after.then(|| carry_out(shared, call.clone(), None, Lasting::Kept));
            shared.wait(seconds).await;
            match then {
                StallThen::Drop => Ending::cut(None, Vec::new(), false),
                StallThen::Finish => {
                    Ending::whole(early.unwrap_or_else(|| carry_out(shared, call, None, Lasting::Kept)))
                }
            }
        }
        Effect::Stall { seconds, at: StallAt::Body, then } => {
            let lasting = if then == StallThen::Finish { Lasting::Kept } else { lasting };
            stalled_in_body(shared, carry_out(shared, call, None, lasting), seconds, then)
        }
        Effect::Truncate { keep, framing } => {
            let answer = carry_out(shared, call, None, lasting);
            let status = Some(answer.status.as_u16());
            let kept = faults::kept(keep, answer.body.len());
            match framing {
                Framing::Honest => Ending::whole(Answer { body: answer.body.slice(..kept), ..answer }),
                _ => Ending::cut(status, transport::truncated(&answer, kept, framing), false),
            }
        }
        Effect::Slow { delay, chunk, interval } => {
            shared.wait(delay).await;
            let answer = carry_out(shared, call, None, Lasting::Kept);
            if chunk == 0 { Ending::whole(answer) } else { slow(answer, chunk, interval) }
        }
    }
}

/// The answer of an `http` fault.
fn instead(fault: HttpFault) -> Answer {
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

/// Half of the body, silence, and then the rest or nothing.
fn stalled_in_body(shared: &Arc<Shared>, answer: Answer, seconds: f64, then: StallThen) -> Ending {
    let status = Some(answer.status.as_u16());
    let (response, body, pieces) = transport::in_pieces(answer);
    let shared = shared.clone();
    tokio::spawn(async move {
        let half = body.len() / 2;
        if send(&pieces, body.slice(..half)).await {
            shared.wait(seconds).await;
            match then {
                StallThen::Finish => {
                    send(&pieces, body.slice(half..)).await;
                }
                StallThen::Drop => {
                    let _ = pieces.send(Err(io::ErrorKind::ConnectionAborted.into())).await;
                }
            }
        }
    });
    Ending { status, sent: Sent::Response(response) }
}

/// The body bit by bit.
fn slow(answer: Answer, chunk: usize, interval: f64) -> Ending {
    let status = Some(answer.status.as_u16());
    let (response, mut body, pieces) = transport::in_pieces(answer);
    tokio::spawn(async move {
        while !body.is_empty() {
            let piece = body.split_to(chunk.min(body.len()));
            if !send(&pieces, piece).await {
                break;
            }
            tokio::time::sleep(duration(interval)).await;
        }
    });
    Ending { status, sent: Sent::Response(response) }
}

/// False when nobody listens any more.
async fn send(pieces: &mpsc::Sender<Result<Bytes, io::Error>>, piece: Bytes) -> bool {
    piece.is_empty() || pieces.send(Ok(piece)).await.is_ok()
}
