//! Ingestion: accepted events change groups (contract section 3.4).
//!
//! The real server processes events later. Here they are processed before the response is sent, unless
//! [`Builder::ingestion_delay`](crate::Builder::ingestion_delay) is set.

use std::time::Instant;

use parking_lot::RwLock;

use crate::database::Database;
use crate::identify::{Accepted, Identify};
use crate::state::GroupType;
use crate::store::GroupRow;
use crate::timestamps;

/// The maximum number of group types in a project.
const MAX_GROUP_TYPES: usize = 5;

/// Accepts events, and processes those that are due.
pub(crate) fn accept(database: &mut Database, token: &str, events: impl IntoIterator<Item = Identify>) {
    if database.state.capture_quota_exceeded {
        return;
    }
    let Some(project) = database.project_with_token(token).map(|p| p.id) else { return };
    let (at, now) = (Instant::now(), database.now());
    for event in events {
        let sent = event.timestamp.as_deref().and_then(|text| timestamps::parse(text).ok());
        database.accepted.push_back(Accepted { at, created_at: sent.unwrap_or(now), project, event });
    }
    ingest_due(database, at);
}

/// Processes the events that are due. It is called before every access to the groups, so no timer is needed.
pub(crate) fn settle(database: &RwLock<Database>) {
    let now = Instant::now();
    let due = {
        let database = database.read();
        next_due(&database, now).is_some()
    };
    if due {
        let mut database = database.write();
        ingest_due(&mut database, now);
    }
}

fn next_due(database: &Database, now: Instant) -> Option<&Accepted> {
    let waited =
        |accepted: &&Accepted| now.saturating_duration_since(accepted.at) >= database.delays().ingestion;
    database.accepted.front().filter(waited)
}

fn ingest_due(database: &mut Database, now: Instant) {
    while next_due(database, now).is_some()
        && let Some(accepted) = database.accepted.pop_front()
    {
        ingest(database, accepted);
    }
}

/// Merges an event into its group. Creates the group, and up to five group types. Returns `None` if the event is
/// dropped. Processing an event twice changes nothing the second time.
fn ingest(database: &mut Database, accepted: Accepted) -> Option<()> {
    let Accepted { project, created_at, event, .. } = accepted;
    let index = type_index(database, project, &event.group_type)?;
    match database.groups.find(project, index, &event.key) {
        Some(group) => {
            let mut properties = database.groups.get(group)?.properties.clone();
            properties.merge(&event.set);
            database.set_properties(group, properties);
        }
        None => {
            database.insert_group(GroupRow::new(project, index, &event.key, event.set, created_at));
        }
    }
    Some(())
}

/// Returns the index of a group type, which is created if the project has fewer than five.
fn type_index(database: &mut Database, project: i64, name: &str) -> Option<i32> {
    let known = database.group_types_of(project);
    if let Some(group_type) = known.iter().find(|t| t.group_type == name) {
        return Some(group_type.group_type_index);
    }
    if known.len() >= MAX_GROUP_TYPES {
        return None;
    }
    let index = (0..).find(|index| known.iter().all(|t| t.group_type_index != *index))?;
    let created_at = Some(database.now());
    database.state.group_types.push(GroupType {
        project_id: Some(project),
        created_at,
        ..GroupType::new(index, name)
    });
    Some(index)
}
