//! The capture endpoints: `$groupidentify` with the project key (contract section 3.4).
//!
//! The real server processes events later. Here an accepted event has changed its group when the answer comes, unless
//! [`Builder::ingestion_delay`](crate::Builder::ingestion_delay) says when.

use std::borrow::Cow;
use std::io::Read as _;
use std::sync::{Arc, RwLock};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::Method;
use serde_json::value::RawValue;

use crate::Era;
use crate::answer::Answer;
use crate::api::Lasting;
use crate::json::{Kind, Properties, members};
use crate::limits::Limits;
use crate::poison::unpoisoned;
use crate::request::{Call, Query};
use crate::state::GroupType;
use crate::store::GroupRow;
use crate::timestamps;
use crate::world::World;

const MEGABYTE: usize = 1024 * 1024;

/// The most bytes a body may unfold to.
const LARGEST_UNPACKED: usize = 64 * MEGABYTE;

/// The most group types of a project.
const MOST_GROUP_TYPES: usize = 5;

/// Which of the capture endpoints a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// One event, or a list of them.
    Single,
    /// Many events under one key.
    Batch,
}

/// Tells capture paths from others.
pub(crate) fn endpoint(path: &str) -> Option<Endpoint> {
    match path.strip_suffix('/').unwrap_or(path) {
        "/i/v0/e" | "/capture" | "/e" | "/track" | "/engage" => Some(Endpoint::Single),
        "/batch" => Some(Endpoint::Batch),
        _ => None,
    }
}

/// Answers a capture request. Errors are plain text.
pub(crate) fn capture(world: &RwLock<World>, call: &Call, endpoint: Endpoint, lasting: Lasting) -> Answer {
    match call.method {
        Method::POST => {}
        Method::OPTIONS => return Answer::text(200, "").header("allow", "POST, OPTIONS"),
        _ => return Answer::text(405, "").header("allow", "POST, OPTIONS"),
    }
    let era = unpoisoned(world.read()).era();
    match accepted(call, endpoint, era) {
        Ok((token, events)) => {
            if lasting == Lasting::Kept {
                let mut world = unpoisoned(world.write());
                accept(&mut world, &token, events);
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

/// The project key and the events of a request that capture takes.
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

/// The body without its packing: gzip, base64, a form field `data`.
fn unpacked(call: &Call) -> Result<Vec<u8>, Refusal> {
    let gzip = |bytes: &[u8]| {
        let mut out = Vec::new();
        let limit = LARGEST_UNPACKED as u64 + 1;
        flate2::read::GzDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut out)
            .map_err(|e| (400, format!("failed to decode request: {e}")))?;
        if out.len() > LARGEST_UNPACKED {
            return Err((413, format!("maximum event size exceeded: {LARGEST_UNPACKED} bytes")));
        }
        Ok(out)
    };
    let base64 =
        |bytes: &[u8]| STANDARD.decode(bytes).map_err(|e| (400, format!("failed to decode request: {e}")));

    let mut bytes = call.body.to_vec();
    let mut packing = call.query.get("compression").unwrap_or("").to_owned();
    if call.header("content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded")) {
        let form = Query::parse(&String::from_utf8_lossy(&bytes));
        if let Some(data) = form.get("data") {
            bytes = data.as_bytes().to_vec();
            packing = form.get("compression").unwrap_or("base64").to_owned();
        }
    }
    let encoded = call.header("content-encoding").is_some_and(|e| e.eq_ignore_ascii_case("gzip"));
    if encoded || bytes.starts_with(&[0x1f, 0x8b]) || matches!(packing.as_str(), "gzip" | "gzip-js") {
        return gzip(&bytes);
    }
    match packing.as_str() {
        "base64" if !bytes.starts_with(b"{") && !bytes.starts_with(b"[") => base64(&bytes),
        _ => Ok(bytes),
    }
}

/// What matters of an event.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    token: Option<String>,
    name: String,
    distinct_id: Option<String>,
    identify: Option<Identify>,
}

/// What a `$groupidentify` says that ingestion does not drop.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identify {
    group_type: String,
    key: String,
    set: Properties,
    timestamp: Option<String>,
}

/// Members of an object. There are few, so they are searched one by one.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// `None` for what is no object.
    fn of(value: &'a RawValue) -> Option<Self> {
        members(value.get()).map(Self)
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(n, _)| n == name).map(|&(_, value)| value)
    }

    /// The text of a member that is a string.
    fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    fn token(&self) -> Option<String> {
        ["api_key", "token", "$token"].iter().find_map(|name| self.text(name))
    }
}

/// The events of a body: an object with `batch`, a list, or one event. A batch has its key at the top.
fn events(body: &RawValue) -> Result<(Option<String>, Vec<Event>), Refusal> {
    let no_match = || refusal(400, "failed to parse request: data did not match any known event shape");
    let list = |list: &RawValue| {
        let items: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| no_match())?;
        items.into_iter().map(|item| event(item).ok_or_else(no_match)).collect::<Result<Vec<_>, _>>()
    };
    match Kind::of(body.get()) {
        Kind::List => Ok((None, list(body)?)),
        Kind::Object => {
            let members = Members::of(body).ok_or_else(no_match)?;
            match members.get("batch") {
                Some(batch) => Ok((Some(members.token().ok_or_else(no_match)?), list(batch)?)),
                None => Ok((None, vec![event(body).ok_or_else(no_match)?])),
            }
        }
        _ => Err(no_match()),
    }
}

/// `None` is an event without a name, or no object at all.
fn event(json: &RawValue) -> Option<Event> {
    let members = Members::of(json)?;
    let properties = members.get("properties").and_then(Members::of).unwrap_or(Members(Vec::new()));
    let scalar = |value: &RawValue| match Kind::of(value.get()) {
        Kind::String => serde_json::from_str(value.get()).ok(),
        Kind::Null => None,
        _ => Some(value.get().to_owned()),
    };
    let distinct_id = ["$distinct_id", "distinct_id"].iter().find_map(|name| members.get(name));
    let name = members.text("event")?;
    Some(Event {
        token: members.token().or_else(|| properties.text("token")),
        identify: if name == "$groupidentify" { identify(&members, &properties) } else { None },
        distinct_id: distinct_id.or_else(|| properties.get("distinct_id")).and_then(scalar),
        name,
    })
}

/// What a `$groupidentify` says; `None` when ingestion drops it without a word.
fn identify(members: &Members<'_>, properties: &Members<'_>) -> Option<Identify> {
    let text = |name: &str| {
        let value = properties.get(name)?.get();
        match Kind::of(value) {
            Kind::String => serde_json::from_str(value).ok(),
            Kind::Number => Some(value.to_owned()),
            _ => None,
        }
        .filter(|text: &String| !text.is_empty())
    };
    let kind = |value: &RawValue| Kind::of(value.get());
    if properties.get("$process_person_profile").is_some_and(|value| kind(value) == Kind::False) {
        return None;
    }
    let set = match properties.get("$group_set") {
        Some(set) if Limits::of(set.get()).is_unstorable() => return None,
        Some(set) if kind(set) == Kind::Object => Properties::from(set.to_owned()),
        Some(set) if kind(set) != Kind::Null => return None,
        _ => Properties::new(),
    };
    let (group_type, key) = (text("$group_type")?, text("$group_key")?);
    let timestamp = members.text("timestamp");
    (key.chars().count() <= 400).then_some(Identify { group_type, key, set, timestamp })
}

/// The one key of all events of a list.
fn common_token(events: &[Event]) -> Result<String, Refusal> {
    let mut tokens = events.iter().filter_map(|event| event.token.as_deref());
    let first = tokens.next().ok_or_else(|| refusal(401, "event submitted without an api_key"))?;
    if tokens.all(|token| token == first) {
        Ok(first.to_owned())
    } else {
        Err(refusal(401, "batch submitted with inconsistent api_key values"))
    }
}

/// What keeps a text from being a project key. Whether a project has it is not asked here.
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

/// An event that has yet to change its group.
#[derive(Debug)]
pub(crate) struct Accepted {
    at: Instant,
    created_at: DateTime<Utc>,
    project: i64,
    event: Identify,
}

/// Takes events on. Those that need not wait change their groups at once.
fn accept(world: &mut World, token: &str, events: Vec<Event>) {
    if world.settings().capture_quota_exceeded {
        return;
    }
    let Some(project) = world.projects.iter().find(|p| p.api_token == token).map(|p| p.id) else { return };
    let (at, now) = (Instant::now(), world.now());
    for event in events.into_iter().filter_map(|event| event.identify) {
        let sent = event.timestamp.as_deref().and_then(|text| timestamps::parse(text).ok());
        world.accepted.push_back(Accepted { at, created_at: sent.unwrap_or(now), project, event });
    }
    ingest_due(world, at);
}

/// Lets the events that have waited long enough change their groups. Called before anybody looks at the groups, so
/// that nothing has to wake up for them.
pub(crate) fn settle(world: &RwLock<World>) {
    let now = Instant::now();
    let due = {
        let world = unpoisoned(world.read());
        next_due(&world, now).is_some()
    };
    if due {
        let mut world = unpoisoned(world.write());
        ingest_due(&mut world, now);
    }
}

fn next_due(world: &World, now: Instant) -> Option<&Accepted> {
    let waited =
        |accepted: &&Accepted| now.saturating_duration_since(accepted.at) >= world.delays().ingestion;
    world.accepted.front().filter(waited)
}

fn ingest_due(world: &mut World, now: Instant) {
    while next_due(world, now).is_some()
        && let Some(accepted) = world.accepted.pop_front()
    {
        ingest(world, accepted);
    }
}

/// Merges an event into its group, which it creates if need be, as it does up to five group types. `None` is an
/// event that is dropped. An event that comes twice changes nothing the second time.
fn ingest(world: &mut World, accepted: Accepted) -> Option<()> {
    let Accepted { project, created_at, event, .. } = accepted;
    let index = type_index(world, project, &event.group_type)?;
    match world.groups.find(project, index, &event.key) {
        Some(group) => {
            let mut properties = world.groups.get(group)?.properties.clone();
            properties.merge(&event.set);
            world.set_properties(group, properties);
        }
        None => {
            let key = Arc::from(event.key);
            world.insert_group(GroupRow { project, index, key, properties: event.set, created_at });
        }
    }
    Some(())
}

/// The index of a group type, a new one if there is room.
fn type_index(world: &mut World, project: i64, name: &str) -> Option<i32> {
    let known = world.group_types_of(project);
    if let Some(group_type) = known.iter().find(|t| t.group_type == name) {
        return Some(group_type.group_type_index);
    }
    if known.len() >= MOST_GROUP_TYPES {
        return None;
    }
    let index = (0..).find(|index| known.iter().all(|t| t.group_type_index != *index))?;
    let created_at = Some(world.now());
    world.group_types.push(GroupType {
        project_id: Some(project),
        created_at,
        ..GroupType::new(index, name)
    });
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_capture_endpoint_with_and_without_slash() {
        for (path, wanted) in [
            ("/i/v0/e/", Some(Endpoint::Single)),
            ("/i/v0/e", Some(Endpoint::Single)),
            ("/capture", Some(Endpoint::Single)),
            ("/engage/", Some(Endpoint::Single)),
            ("/batch/", Some(Endpoint::Batch)),
            ("/batch/x", None),
            ("/api/e", None),
        ] {
            assert_eq!(endpoint(path), wanted, "{path}");
        }
    }

    #[test]
    fn keys_are_told_to_be_bad_by_their_form() {
        for (token, wanted) in [
            ("phc_abc", None),
            ("", Some("empty")),
            ("phx_abc", Some("personal_api_key")),
            ("phc_ä", Some("not_ascii")),
            ("phc_\0", Some("null_byte")),
            (&"x".repeat(65), Some("too_long")),
        ] {
            assert_eq!(bad_token(token), wanted, "{token}");
        }
    }

    #[test]
    fn the_key_stands_on_the_batch_or_on_every_event() {
        let parsed = |text: &str| {
            let (token, events) = events(serde_json::from_str(text).unwrap())?;
            token.map_or_else(|| common_token(&events), Ok)
        };
        let inconsistent = Err((401, "batch submitted with inconsistent api_key values".to_owned()));
        for (text, wanted) in [
            (r#"{"event":"e","api_key":"a"}"#, Ok("a".to_owned())),
            (r#"{"event":"e","properties":{"token":"a"}}"#, Ok("a".to_owned())),
            (r#"{"event":"e"}"#, Err((401, "event submitted without an api_key".to_owned()))),
            (r#"[{"event":"e","api_key":"a"},{"event":"e","api_key":"a"}]"#, Ok("a".to_owned())),
            (r#"[{"event":"e","api_key":"a"},{"event":"e","api_key":"b"}]"#, inconsistent),
            (r#"{"api_key":"a","batch":[{"event":"e"}]}"#, Ok("a".to_owned())),
        ] {
            assert_eq!(parsed(text), wanted, "{text}");
        }
        for text in [r#"{"batch":[{"event":"e","api_key":"a"}]}"#, r#"{"api_key":"a"}"#, "1"] {
            assert_eq!(parsed(text).map_err(|(status, _)| status), Err(400), "{text}");
        }
    }
}
