//! Looking up the group that a query names.

use crate::Era;
use crate::context::Context;
use crate::database::Database;
use crate::errors::{self, Failure};
use crate::request::python_int;
use crate::store::RowId;

/// The error for a query parameter that is missing or blank (2026).
pub(crate) fn required(name: &str) -> Failure {
    errors::invalid(name, "This query parameter is required.")
}

/// Parses an integer in a query. Both eras fail on other text.
pub(crate) fn integer(text: &str) -> Result<i128, Failure> {
    python_int(text).ok_or_else(errors::server_error)
}

/// Looks up the group of update, delete, upsert and activity.
pub(crate) fn object(database: &Database, context: &Context<'_>) -> Result<RowId, Failure> {
    let query = &context.call.query;
    let (index, key) = match database.era() {
        Era::Y2025 => {
            let index = integer(query.get("group_type_index").ok_or_else(errors::server_error)?)?;
            (index, query.get("group_key").unwrap_or(""))
        }
        Era::Y2026 => {
            let index =
                integer(query.filled("group_type_index").ok_or_else(|| required("group_type_index"))?)?;
            (index, query.filled("group_key").ok_or_else(|| required("group_key"))?)
        }
    };
    stored(database, context.project, index, key)
}

/// Looks up the group of find, which checks the key in 2025 too, and before the value of the index in 2026.
pub(crate) fn find(database: &Database, context: &Context<'_>) -> Result<RowId, Failure> {
    let query = &context.call.query;
    let (index, key) = match database.era() {
        Era::Y2025 => {
            let index = query.get("group_type_index").ok_or_else(errors::server_error)?;
            (index, query.get("group_key").ok_or_else(errors::server_error)?)
        }
        Era::Y2026 => {
            let index = query.filled("group_type_index").ok_or_else(|| required("group_type_index"))?;
            (index, query.filled("group_key").ok_or_else(|| required("group_key"))?)
        }
    };
    stored(database, context.project, integer(index)?, key)
}

fn stored(database: &Database, project: i64, index: i128, key: &str) -> Result<RowId, Failure> {
    let index = i32::try_from(index).map_err(|_| errors::no_such_thing())?;
    database.groups.find(project, index, key).ok_or_else(errors::no_such_thing)
}
