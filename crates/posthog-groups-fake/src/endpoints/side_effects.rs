//! Side effects of REST writes: events for ingestion and activity entries.

use serde_json::json;

use crate::Era;
use crate::database::Database;
use crate::errors::{self, Failure};
use crate::json::{Json, Properties, quoted};
use crate::state::{Activity, Actor, CaptureFailure, CapturedEvent};
use crate::store::RowId;

/// Sends `$groupidentify`. The group type is looked up after the group was stored; a missing one is a 404.
pub(crate) fn identify(
    database: &mut Database,
    group: RowId,
    operation: &str,
    set: &str,
) -> Result<(), Failure> {
    let (group_type, key) = named(database, group)?;
    let properties = format!(
        r#"{{"$group_type":{},"$group_key":{},"$group_set":{set}}}"#,
        quoted(&group_type),
        quoted(&key)
    );
    let code = format!("Failed to submit {operation} event.");
    send(database, group, "$groupidentify", &properties)?.map_err(|(status, kind)| Failure::Bare {
        status,
        body: json!({"code": code, "detail": kind, "type": kind}).to_string(),
    })
}

/// Sends `$delete_group_property`, which ingestion ignores.
pub(crate) fn unset(database: &mut Database, group: RowId, name: &str) -> Result<(), Failure> {
    let (group_type, key) = named(database, group)?;
    let properties = format!(
        r#"{{"$group_type":{},"$group_key":{},"$group_unset":[{}]}}"#,
        quoted(&group_type),
        quoted(&key),
        quoted(name)
    );
    let code = "Failed to submit group property deletion event.";
    send(database, group, "$delete_group_property", &properties)?.map_err(|(status, kind)| Failure::Bare {
        status,
        body: json!({"attr": "$unset", "code": code, "detail": kind, "type": kind}).to_string(),
    })
}

/// Returns the name of the group's type and the group key.
pub(crate) fn named(database: &Database, group: RowId) -> Result<(String, String), Failure> {
    let row = database.groups.get(group).ok_or_else(errors::no_such_thing)?;
    let group_type = database.group_type(row.project, row.index).ok_or_else(errors::no_such_thing)?;
    Ok((group_type.group_type.clone(), row.key.to_string()))
}

/// Calls capture. The inner error is the status of the response and the kind of failure.
fn send(
    database: &mut Database,
    group: RowId,
    event: &str,
    properties: &str,
) -> Result<Result<(), (u16, &'static str)>, Failure> {
    match (database.settings().capture_failure, database.era()) {
        (Some(CaptureFailure::Status(Some(status))), _) => return Ok(Err((status, "capture_http_error"))),
        (Some(CaptureFailure::Status(None)), Era::Y2026) => return Ok(Err((502, "capture_http_error"))),
        // 2025 reads the status of a response that does not exist.
        (Some(CaptureFailure::Status(None)), Era::Y2025) => return Err(errors::server_error()),
        (Some(CaptureFailure::NoAnswer), _) => return Ok(Err((400, "capture_error"))),
        (None, _) => {}
    }
    let row = database.groups.get(group).ok_or_else(errors::server_error)?;
    let project = database.project(row.project).ok_or_else(errors::server_error)?;
    let event = CapturedEvent {
        event: event.to_owned(),
        distinct_id: project.uuid.clone(),
        token: project.api_token.clone(),
        properties: Properties::parse(properties).unwrap_or_default(),
        process_person_profile: database.era() == Era::Y2026,
    };
    database.captured_events.push(event);
    Ok(Ok(()))
}

/// A change of a property for the activity log.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) activity: &'a str,
    pub(crate) name: &'a str,
    pub(crate) action: &'a str,
    pub(crate) before: Json,
    pub(crate) after: Json,
}

/// Writes an activity entry.
pub(crate) fn log(database: &mut Database, group: RowId, change: Change<'_>) {
    let Some(row) = database.groups.get(group) else { return };
    let entry = Activity {
        project_id: database.unless_main(row.project),
        group_type_index: row.index,
        group_key: row.key.to_string(),
        activity: change.activity.to_owned(),
        name: Some(change.name.to_owned()),
        action: change.action.to_owned(),
        before: change.before,
        after: change.after,
        user: Actor::User,
        created_at: Some(database.now()),
    };
    database.log(group, entry);
}
