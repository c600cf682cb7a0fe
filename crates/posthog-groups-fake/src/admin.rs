//! The admin protocol below `/__admin/`: state, journal, faults. Needs no credentials and is never journaled.

use std::str::FromStr as _;
use std::sync::Arc;

use axum::extract::{Request, State as Extract};
use axum::response::Response;
use serde_json::json;

use crate::answer::Answer;
use crate::faults::Fault;
use crate::poison::unpoisoned;
use crate::service::Shared;
use crate::state::State;
use crate::transport::respond;
use crate::world::World;

/// The largest document that is read: about a million groups.
const LARGEST_DOCUMENT: usize = 256 * 1024 * 1024;

pub(crate) async fn state(Extract(shared): Extract<Arc<Shared>>) -> Response {
    respond(Answer::json(200, shared.state().to_json()))
}

pub(crate) async fn put_state(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let state =
        text(&shared, request).await.and_then(|text| State::from_str(&text).map_err(|e| e.to_string()));
    match state {
        Ok(state) => {
            shared.replace_world(World::new(state));
            respond(Answer::no_content())
        }
        Err(why) => refuse(&why),
    }
}

pub(crate) async fn journal(Extract(shared): Extract<Arc<Shared>>) -> Response {
    let entries = unpoisoned(shared.journal.lock()).entries();
    respond(Answer::json(200, json!({"entries": entries}).to_string()))
}

pub(crate) async fn add_faults(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let faults = text(&shared, request)
        .await
        .and_then(|text| serde_json::from_str::<Vec<Fault>>(&text).map_err(|e| e.to_string()));
    let added =
        faults.and_then(|faults| unpoisoned(shared.faults.lock()).add(faults).map_err(|e| e.to_string()));
    match added {
        Ok(()) => respond(Answer::no_content()),
        Err(why) => refuse(&why),
    }
}

pub(crate) async fn clear_faults(Extract(shared): Extract<Arc<Shared>>) -> Response {
    shared.clear_faults();
    respond(Answer::no_content())
}

async fn text(shared: &Shared, request: Request) -> Result<String, String> {
    let bytes = shared.read(request.into_body(), LARGEST_DOCUMENT).await?;
    String::from_utf8(bytes.into()).map_err(|e| e.to_string())
}

fn refuse(why: &str) -> Response {
    respond(Answer::json(400, json!({"error": why}).to_string()))
}
