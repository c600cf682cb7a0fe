//! The capture endpoints: `$groupidentify` with the project key (contract section 3.4).

use std::io::Read as _;

use http::Method;
use parking_lot::RwLock;
use serde_json::value::RawValue;

use crate::Era;
use crate::answer::Answer;
use crate::context::Persistence;
use crate::database::Database;
use crate::identify::Identify;
use crate::ingestion;
use crate::json::{self, Kind, Members};
use crate::request::Call;

const MEGABYTE: usize = 1024 * 1024;

/// The maximum size of a decompressed body.
const MAX_UNPACKED: usize = 64 * MEGABYTE;

/// A capture endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// One event, or a list of them.
    Single,
    /// Many events with one key.
    Batch,
}

/// Returns the capture endpoint of a path.
pub(crate) fn endpoint(path: &str) -> Option<Endpoint> {
    match path.strip_suffix('/').unwrap_or(path) {
        "/i/v0/e" | "/capture" | "/e" | "/track" | "/engage" => Some(Endpoint::Single),
        "/batch" => Some(Endpoint::Batch),
        _ => None,
    }
}

/// Responds to a capture request. Errors are plain text.
pub(crate) fn capture(
    database: &RwLock<Database>,
    call: &Call,
    endpoint: Endpoint,
    persistence: Persistence,
) -> Answer {
    match call.method {
        Method::POST => {}
        Method::OPTIONS => return Answer::text(200, "").header("allow", "POST, OPTIONS"),
        _ => return Answer::text(405, "").header("allow", "POST, OPTIONS"),
    }
    let era = database.read().era();
    match accepted(call, endpoint, era) {
        Ok((token, events)) => {
            if persistence == Persistence::Keep {
                let mut database = database.write();
                ingestion::accept(
                    &mut database,
                    &token,
                    events.into_iter().filter_map(|event| event.identify),
                );
            }
            Answer::json(200, r#"{"status":"Ok"}"#)
        }
        Err((status, why)) => Answer::text(status, why),
    }
}

type Refusal = (u16, String);

fn refusal(status: u16, why: &str) -> Refusal {
    (status, why.to_owned())
}

/// Returns the project key and the events of a valid request.
fn accepted(call: &Call, endpoint: Endpoint, era: Era) -> Result<(String, Vec<Event>), Refusal> {
    let limit = match endpoint {
        Endpoint::Single => 2 * MEGABYTE,
        Endpoint::Batch => 20 * MEGABYTE,
    };
    if call.body.len() > limit {
        let status = if era == Era::Y2025 { 400 } else { 413 };
        return Err((status, format!("maximum event size exceeded: {limit} bytes")));
    }
    let body = unpacked(call)?;
    let text = String::from_utf8(body).map_err(|_| refusal(400, "failed to parse request: invalid UTF-8"))?;
    if text.trim().is_empty() {
        return Err(refusal(400, "request holds no event"));
    }
    let body: &RawValue =
        serde_json::from_str(text.trim()).map_err(|e| (400, format!("failed to parse request: {e}")))?;
    let (token, events) = events(body)?;
    if events.is_empty() {
        return Err(refusal(400, "request holds no event"));
    }
    let token = match token {
        Some(token) => token,
        None => common_token(&events)?,
    };
    if let Some(reason) = bad_token(&token) {
        return Err((401, format!("API key is not valid: {reason}")));
    }
    for event in &events {
        if event.name.is_empty() {
            return Err(refusal(400, "event submitted with an empty event name"));
        }
        match event.distinct_id.as_deref() {
            None => return Err(refusal(400, "event submitted without a distinct_id")),
            Some("") => return Err(refusal(400, "event submitted with an empty distinct_id")),
            Some(_) => {}
        }
    }
    Ok((token, events))
}

/// Decompresses a body that is gzip, as its header or its first bytes say.
fn unpacked(call: &Call) -> Result<Vec<u8>, Refusal> {
    let encoded = call.header("content-encoding").is_some_and(|e| e.eq_ignore_ascii_case("gzip"));
    if !encoded && !call.body.starts_with(&[0x1f, 0x8b]) {
        return Ok(call.body.to_vec());
    }
    let mut out = Vec::new();
    let limit = MAX_UNPACKED as u64 + 1;
    flate2::read::GzDecoder::new(&*call.body)
        .take(limit)
        .read_to_end(&mut out)
        .map_err(|e| (400, format!("failed to decode request: {e}")))?;
    if out.len() > MAX_UNPACKED {
        return Err((413, format!("maximum event size exceeded: {MAX_UNPACKED} bytes")));
    }
    Ok(out)
}

/// The parts of an event that are used.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    token: Option<String>,
    name: String,
    distinct_id: Option<String>,
    identify: Option<Identify>,
}

/// Returns the events of a body: an object with `batch` and a key, a list, or one event.
fn events(body: &RawValue) -> Result<(Option<String>, Vec<Event>), Refusal> {
    let no_match = || refusal(400, "failed to parse request: data did not match any known event shape");
    let list = |list: &RawValue| {
        let items: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| no_match())?;
        items.into_iter().map(|item| event(item).ok_or_else(no_match)).collect::<Result<Vec<_>, _>>()
    };
    match Kind::of(body.get()) {
        Kind::List => Ok((None, list(body)?)),
        Kind::Object => {
            let members = json::members(body.get()).ok_or_else(no_match)?;
            match members.get("batch") {
                Some(batch) => Ok((Some(token_of(&members).ok_or_else(no_match)?), list(batch)?)),
                None => Ok((None, vec![event(body).ok_or_else(no_match)?])),
            }
        }
        _ => Err(no_match()),
    }
}

/// The project key of an event or a batch.
fn token_of(members: &Members<'_>) -> Option<String> {
    ["api_key", "token", "$token"].iter().find_map(|name| json::string(members.get(*name)?))
}

/// Returns `None` for an event without a name and for a value that is not an object.
fn event(event: &RawValue) -> Option<Event> {
    let members = json::members(event.get())?;
    let properties = members.get("properties").and_then(|p| json::members(p.get())).unwrap_or_default();
    let scalar = |value: &&RawValue| match Kind::of(value.get()) {
        Kind::String => json::string(value),
        Kind::Null => None,
        _ => Some(value.get().to_owned()),
    };
    let distinct_id = ["$distinct_id", "distinct_id"].iter().find_map(|name| members.get(*name));
    let name = json::string(members.get("event")?)?;
    Some(Event {
        token: token_of(&members).or_else(|| json::string(properties.get("token")?)),
        identify: if name == "$groupidentify" { Identify::new(&members, &properties) } else { None },
        distinct_id: distinct_id.or_else(|| properties.get("distinct_id")).and_then(scalar),
        name,
    })
}

/// Returns the key that all events of a list share.
fn common_token(events: &[Event]) -> Result<String, Refusal> {
    let mut tokens = events.iter().filter_map(|event| event.token.as_deref());
    let first = tokens.next().ok_or_else(|| refusal(401, "event submitted without an api_key"))?;
    if tokens.all(|token| token == first) {
        Ok(first.to_owned())
    } else {
        Err(refusal(401, "batch submitted with inconsistent api_key values"))
    }
}

/// Returns why text cannot be a project key. Whether a project has the key is not checked.
fn bad_token(token: &str) -> Option<&'static str> {
    match token {
        "" => Some("empty"),
        _ if token.len() > 64 => Some("too_long"),
        _ if !token.is_ascii() => Some("not_ascii"),
        _ if token.starts_with("phx_") => Some("personal_api_key"),
        _ if token.contains('\0') => Some("null_byte"),
        _ => None,
    }
}
