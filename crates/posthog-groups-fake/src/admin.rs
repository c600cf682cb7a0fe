//! The admin protocol under `/__admin/`: state, journal, faults. It needs no credentials and does not appear in the journal.

use std::str::FromStr as _;
use std::sync::Arc;

use axum::extract::{Request, State as Extract};
use axum::response::Response;
use serde_json::json;

use crate::answer::Answer;
use crate::database::Database;
use crate::faults::Fault;
use crate::shared::Shared;
use crate::state::State;
use crate::transport::respond;

/// The maximum size of a document, enough for about a million groups.
const MAX_DOCUMENT: usize = 256 * 1024 * 1024;

pub(crate) async fn state(Extract(shared): Extract<Arc<Shared>>) -> Response {
    respond(Answer::json(200, shared.state().to_json()))
}

pub(crate) async fn put_state(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let state =
        text(&shared, request).await.and_then(|text| State::from_str(&text).map_err(|e| e.to_string()));
    match state {
        Ok(state) => {
            shared.replace_database(Database::new(state));
            respond(Answer::no_content())
        }
        Err(why) => refuse(&why),
    }
}

pub(crate) async fn journal(Extract(shared): Extract<Arc<Shared>>) -> Response {
    let entries = shared.journal.lock().entries();
    respond(Answer::json(200, json!({"entries": entries}).to_string()))
}

pub(crate) async fn add_faults(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let faults = text(&shared, request)
        .await
        .and_then(|text| serde_json::from_str::<Vec<Fault>>(&text).map_err(|e| e.to_string()));
    let added = faults.and_then(|faults| shared.faults.lock().add(faults).map_err(|e| e.to_string()));
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
    let bytes = shared.read(request.into_body(), MAX_DOCUMENT).await?;
    String::from_utf8(bytes.into()).map_err(|e| e.to_string())
}

fn refuse(why: &str) -> Response {
    respond(Answer::json(400, json!({"error": why}).to_string()))
}
