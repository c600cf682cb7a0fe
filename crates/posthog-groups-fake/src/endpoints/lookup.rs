//! Looking up the group that a query names.

use crate::Era;
use crate::context::Context;
use crate::database::Database;
use crate::errors::{self, Failure};
use crate::request;
use crate::store::RowId;

/// Returns a required parameter of the query. Without it, 2025 fails; 2026 names it, and also rejects a blank one.
pub(crate) fn parameter<'a>(
    database: &Database,
    context: &Context<'a>,
    name: &str,
) -> Result<&'a str, Failure> {
    let query = &context.call.query;
    match database.era() {
        Era::Y2025 => query.get(name).ok_or_else(errors::server_error),
        Era::Y2026 => {
            query.filled(name).ok_or_else(|| errors::invalid(name, "This query parameter is required."))
        }
    }
}

/// Parses an integer in a query. Both eras fail on other text.
pub(crate) fn integer(text: &str) -> Result<i128, Failure> {
    request::integer(text).ok_or_else(errors::server_error)
}

/// Looks up the group of update, delete, upsert and activity. In 2025, a missing key is an unknown one.
pub(crate) fn object(database: &Database, context: &Context<'_>) -> Result<RowId, Failure> {
    let index = integer(parameter(database, context, "group_type_index")?)?;
    let key = match database.era() {
        Era::Y2025 => context.call.query.get("group_key").unwrap_or(""),
        Era::Y2026 => parameter(database, context, "group_key")?,
    };
    stored(database, context.project, index, key)
}

/// Looks up the group of find, which checks the key before the value of the index.
pub(crate) fn find(database: &Database, context: &Context<'_>) -> Result<RowId, Failure> {
    let index = parameter(database, context, "group_type_index")?;
    let key = parameter(database, context, "group_key")?;
    stored(database, context.project, integer(index)?, key)
}

fn stored(database: &Database, project: i64, index: i128, key: &str) -> Result<RowId, Failure> {
    let index = i32::try_from(index).map_err(|_| errors::no_such_thing())?;
    database.groups.find(project, index, key).ok_or_else(errors::no_such_thing)
}
