//! `groups_types/` and its actions (contract section 3.1).

use serde_json::{Value, json};

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::endpoints::fields;
use crate::errors::{self, Failure};
use crate::json::{self, Json, Kind};
use crate::request;
use crate::state::{GroupType, Role};
use crate::timestamps::iso;

pub(crate) fn list(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let rows: Vec<Value> = match (&database.state.group_types_cache, database.era()) {
        (Some(cache), Era::Y2026) => {
            cache.iter().filter(|row| row.project_id == Some(context.project)).map(object).collect()
        }
        _ => database.group_types_of(context.project).into_iter().map(object).collect(),
    };
    Ok(Answer::json(200, Value::from(rows).to_string()))
}

fn object(row: &GroupType) -> Value {
    json!({
        "group_type": row.group_type,
        "group_type_index": row.group_type_index,
        "name_singular": row.name_singular,
        "name_plural": row.name_plural,
        "detail_dashboard": row.detail_dashboard,
        "default_columns": row.default_columns,
        "created_at": row.created_at.as_ref().map(iso),
    })
}

/// Accepts a list of rows and stores each before it checks the next.
pub(crate) fn update_metadata(database: &mut Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let rows: Vec<Json> = match context.data.value().kind() {
        Kind::List => {
            serde_json::from_str(context.data.value().as_str()).map_err(|_| errors::server_error())?
        }
        // Iterating over an object yields its names, which are not rows. An empty object changes nothing.
        Kind::Object if context.data.value().is_falsy() => Vec::new(),
        _ => return Err(errors::server_error()),
    };
    let settings = &database.state;
    let protected =
        database.era() == Era::Y2026 && settings.access_control && settings.user.role == Role::Member;
    for row in rows {
        let members = json::members(row.as_str()).ok_or_else(errors::server_error)?;
        let member = |name: &str| members.get(name).map(|&value| Json::from(value));
        let index = row_index(member("group_type_index"))?;
        if database.group_type(context.project, index).is_none() {
            return Err(errors::server_error());
        }
        let name = |field: &str| match member(field) {
            None => Ok(None),
            Some(value) if value.kind() == Kind::Null => Ok(Some(None)),
            Some(value) => fields::text(field, &value).map(|text| Some(Some(text))),
        };
        let (singular, plural) = (name("name_singular")?, name("name_plural")?);
        if protected
            && let Some(field) =
                singular.as_ref().map(|_| "name_singular").or(plural.as_ref().map(|_| "name_plural"))
        {
            return Err(errors::invalid(field, "You do not have permission to change this field."));
        }
        if let Some(group_type) = database.group_type_mut(context.project, index) {
            if let Some(singular) = singular {
                group_type.name_singular = singular;
            }
            if let Some(plural) = plural {
                group_type.name_plural = plural;
            }
        }
    }
    database.state.group_types_cache = None;
    list(database, context)
}

/// Parses an index in a body: a number, or the text of one. Without it the server fails.
fn row_index(value: Option<Json>) -> Result<i32, Failure> {
    let value = value.ok_or_else(errors::server_error)?;
    let text = value.text().unwrap_or_else(|| value.as_str().to_owned());
    request::integer(&text).and_then(|index| i32::try_from(index).ok()).ok_or_else(errors::server_error)
}

/// Returns the group type that the body names.
fn named<'w>(database: &'w mut Database, context: &Context<'_>) -> Result<&'w mut GroupType, Failure> {
    let index = row_index(context.data.get("group_type_index"))?;
    database.group_type_mut(context.project, index).ok_or_else(|| errors::not_found("Group type not found"))
}

pub(crate) fn create_detail_dashboard(
    database: &mut Database,
    context: &Context<'_>,
) -> Result<Answer, Failure> {
    let taken = database.state.group_types.iter().filter_map(|t| t.detail_dashboard).max().unwrap_or(0);
    let group_type = named(database, context)?;
    if group_type.detail_dashboard.is_some_and(|id| id != 0) {
        let body = json!({"detail": "Dashboard already exists for this group type."});
        return Err(Failure::bare(400, body));
    }
    group_type.detail_dashboard = Some(taken + 1);
    let body = object(group_type).to_string();
    database.state.group_types_cache = None;
    Ok(Answer::json(200, body))
}

pub(crate) fn set_default_columns(database: &mut Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let group_type = named(database, context)?;
    let columns = context.data.get("default_columns").ok_or_else(errors::server_error)?;
    group_type.default_columns = match columns.kind() {
        Kind::Null => None,
        _ => Some(serde_json::from_str(columns.as_str()).map_err(|_| errors::server_error())?),
    };
    let body = object(group_type).to_string();
    database.state.group_types_cache = None;
    Ok(Answer::json(200, body))
}

pub(crate) fn delete(database: &mut Database, context: &Context<'_>) -> Result<Answer, Failure> {
    // 2025 looks the row up by the framework's rules; 2026 parses the number itself and fails on other text.
    let missing = || match database.era() {
        Era::Y2025 => errors::no_such_thing(),
        Era::Y2026 => errors::not_found("Group type not found"),
    };
    let index = match (request::integer(&context.route.item), database.era()) {
        (Some(index), _) => index,
        (None, Era::Y2025) => return Err(missing()),
        (None, Era::Y2026) => return Err(errors::server_error()),
    };
    let at = database
        .state
        .group_types
        .iter()
        .position(|t| t.project_id == Some(context.project) && i128::from(t.group_type_index) == index);
    let at = at.ok_or_else(missing)?;
    database.state.group_types.remove(at);
    database.state.group_types_cache = None;
    Ok(Answer::no_content())
}
