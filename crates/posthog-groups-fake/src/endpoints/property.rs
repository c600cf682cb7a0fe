//! `POST groups/update_property/`, `delete_property/`, `upsert_properties/` (contract sections 2.4, 2.9, 2.10).

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::endpoints::lookup;
use crate::endpoints::render::GroupObject;
use crate::endpoints::side_effects::{self, Change};
use crate::errors::{self, Failure};
use crate::json::{Json, Kind, Properties, to_text};
use crate::limits::Limits;
use crate::request::Data;
use crate::store::RowId;

pub(crate) fn update(database: &mut Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let era = database.era();
    let group = lookup::object(database, context)?;
    let (name, value) = match era {
        Era::Y2025 => named_value_2025(&context.data)?,
        Era::Y2026 => named_value_2026(&context.data)?,
    };
    if name.contains('\0') || Limits::of(value.as_str()).is_unstorable() {
        return Err(errors::server_error());
    }
    let mut properties = properties_of(database, group)?;
    let before = properties.get(&name);
    let new = match era {
        Era::Y2025 => before.as_ref().is_none_or(|value| value.kind() == Kind::Null),
        Era::Y2026 => before.is_none(),
    };
    properties.set(&name, &value);
    database.set_properties(group, properties);

    let (operation, activity) = match (era, new) {
        (Era::Y2025, _) | (Era::Y2026, false) => ("group property update", "update_property"),
        (Era::Y2026, true) => ("group property create", "create_property"),
    };
    if era == Era::Y2026 {
        let index = database.groups.get(group).map_or(0, |row| row.index);
        database.define_property(context.project, index, &name, &value);
    }
    side_effects::identify(
        database,
        group,
        operation,
        Properties::from_iter([(&name, value.clone())]).as_str(),
    )?;
    let action = if new { "created" } else { "changed" };
    let change =
        Change { activity, name: &name, action, before: before.unwrap_or_else(Json::null), after: value };
    side_effects::log(database, group, change);
    whole(database, group)
}

/// 2025 checks the value first, rejects only null, and swaps code and detail.
fn named_value_2025(data: &Data) -> Result<(String, Json), Failure> {
    mapping(data)?;
    let value = data.set("value").ok_or_else(|| errors::swapped_required("value"))?;
    let key = data.set("key").ok_or_else(|| errors::swapped_required("key"))?;
    Ok((property_name(&key)?, value))
}

/// 2026 checks the key first, and also rejects an empty one.
fn named_value_2026(data: &Data) -> Result<(String, Json), Failure> {
    mapping(data)?;
    let required = |field| errors::invalid(field, "This field is required.");
    let key = data.get("key").filter(|key| !key.is_falsy()).ok_or_else(|| required("key"))?;
    let value = data.set("value").ok_or_else(|| required("value"))?;
    Ok((property_name(&key)?, value))
}

/// The server fails on a body that is not an object.
fn mapping(data: &Data) -> Result<(), Failure> {
    if data.value().kind() == Kind::Object { Ok(()) } else { Err(errors::server_error()) }
}

/// Scalars become text when they are stored as names. Other values cannot be names.
fn property_name(key: &Json) -> Result<String, Failure> {
    match key.kind() {
        Kind::String => key.text().ok_or_else(errors::server_error),
        Kind::Number | Kind::True | Kind::False | Kind::Null => Ok(key.as_str().to_owned()),
        Kind::List | Kind::Object => Err(errors::server_error()),
    }
}

pub(crate) fn delete(database: &mut Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let group = lookup::object(database, context)?;
    mapping(&context.data)?;
    let mut properties = properties_of(database, group)?;
    let name = match database.era() {
        Era::Y2025 => {
            let name = context.data.set("$unset").ok_or_else(|| errors::swapped_required("$unset"))?;
            side_effects::named(database, group)?;
            let name = name.text().filter(|name| properties.get(name).is_some());
            name.ok_or_else(errors::server_error)?
        }
        Era::Y2026 => {
            let detail = "This field is required and must be a string (the property name to delete).";
            let name = context.data.get("$unset").filter(|name| name.kind() == Kind::String);
            let name = name.and_then(|name| name.text()).ok_or_else(|| errors::invalid("$unset", detail))?;
            if properties.get(&name).is_none() {
                let detail = format!("Property '{name}' does not exist on this group.");
                return Err(errors::invalid("$unset", &detail));
            }
            side_effects::named(database, group)?;
            name
        }
    };
    let before = properties.remove(&name).unwrap_or_else(Json::null);
    database.set_properties(group, properties);
    side_effects::unset(database, group, &name)?;
    let change =
        Change { activity: "update_property", name: &name, action: "deleted", before, after: Json::null() };
    side_effects::log(database, group, change);
    whole(database, group)
}

/// The endpoint existed for two weeks, and its source is not known. Where its tests do not define the behavior, this is a simple merge:
/// null is a value, an empty body changes nothing, and the server fails if the body is not an object.
pub(crate) fn upsert(database: &mut Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let group = lookup::object(database, context)?;
    mapping(&context.data)?;
    if Limits::of(context.data.value().as_str()).is_unstorable() {
        return Err(errors::server_error());
    }
    let mut properties = properties_of(database, group)?;
    let set = Properties::from(context.data.value().clone());
    let mut changes = Vec::new();
    for (name, after) in set.iter() {
        let before = properties.get(&name).unwrap_or_else(Json::null);
        properties.set(&name, &after);
        changes.push((name, before, after));
    }
    let sent = if changes.is_empty() { properties.as_str().to_owned() } else { set.as_str().to_owned() };
    database.set_properties(group, properties);
    side_effects::identify(database, group, "group property update", &sent)?;
    for (name, before, after) in changes {
        let action = if before.kind() == Kind::Null { "created" } else { "changed" };
        side_effects::log(
            database,
            group,
            Change { activity: "upsert_properties", name: &name, action, before, after },
        );
    }
    whole(database, group)
}

/// Returns the properties of a group. The server fails if they are not an object.
fn properties_of(database: &Database, group: RowId) -> Result<Properties, Failure> {
    let row = database.groups.get(group).ok_or_else(errors::no_such_thing)?;
    if row.properties.is_object() { Ok(row.properties.clone()) } else { Err(errors::server_error()) }
}

fn whole(database: &Database, group: RowId) -> Result<Answer, Failure> {
    let row = database.groups.get(group).ok_or_else(errors::no_such_thing)?;
    Ok(Answer::json(200, to_text(&GroupObject::from(row))))
}
