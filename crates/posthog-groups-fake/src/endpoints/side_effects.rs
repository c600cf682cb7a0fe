//! Side effects of REST writes: events for ingestion and activity entries.

use serde_json::{Value, json};

use crate::Era;
use crate::database::Database;
use crate::errors::{self, Failure};
use crate::json::{Json, Properties, to_text};
use crate::state::{Activity, Actor, CaptureFailure, CapturedEvent};
use crate::store::RowId;

/// Sends `$groupidentify`. The group type is looked up after the group was stored; a missing one is a 404.
pub(crate) fn identify(
    database: &mut Database,
    group: RowId,
    operation: &str,
    set: &str,
) -> Result<(), Failure> {
    let failed = json!({"code": format!("Failed to submit {operation} event.")});
    send(database, group, "$groupidentify", ("$group_set", set), failed)
}

/// Sends `$delete_group_property`, which ingestion ignores.
pub(crate) fn unset(database: &mut Database, group: RowId, name: &str) -> Result<(), Failure> {
    let failed = json!({"attr": "$unset", "code": "Failed to submit group property deletion event."});
    send(database, group, "$delete_group_property", ("$group_unset", &to_text(&[name])), failed)
}

/// Returns the name of the group's type and the group key.
pub(crate) fn named(database: &Database, group: RowId) -> Result<(String, String), Failure> {
    let row = database.groups.get(group).ok_or_else(errors::no_such_thing)?;
    let group_type = database.group_type(row.project, row.index).ok_or_else(errors::no_such_thing)?;
    Ok((group_type.group_type.clone(), row.key.to_string()))
}

/// Calls capture. `failed` is the error body without the kind of the failure.
fn send(
    database: &mut Database,
    group: RowId,
    event: &str,
    (member, value): (&str, &str),
    mut failed: Value,
) -> Result<(), Failure> {
    let (group_type, key) = named(database, group)?;
    let failure = match (database.state.capture_failure, database.era()) {
        (Some(CaptureFailure::Status(Some(status))), _) => Some((status, "capture_http_error")),
        (Some(CaptureFailure::Status(None)), Era::Y2026) => Some((502, "capture_http_error")),
        // 2025 reads the status of a response that does not exist.
        (Some(CaptureFailure::Status(None)), Era::Y2025) => return Err(errors::server_error()),
        (Some(CaptureFailure::NoAnswer), _) => Some((400, "capture_error")),
        (None, _) => None,
    };
    if let Some((status, kind)) = failure {
        failed["detail"] = kind.into();
        failed["type"] = kind.into();
        return Err(Failure::bare(status, failed));
    }
    let row = database.groups.get(group).ok_or_else(errors::server_error)?;
    let project = database.project(row.project).ok_or_else(errors::server_error)?;
    let properties = format!(
        r#"{{"$group_type":{},"$group_key":{},"{member}":{value}}}"#,
        to_text(&group_type),
        to_text(&key)
    );
    let event = CapturedEvent {
        event: event.to_owned(),
        distinct_id: project.uuid.clone().unwrap_or_default(),
        token: project.api_token.clone().unwrap_or_default(),
        properties: Properties::parse(&properties).unwrap_or_default(),
        process_person_profile: database.era() == Era::Y2026,
    };
    database.state.captured_events.push(event);
    Ok(())
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
