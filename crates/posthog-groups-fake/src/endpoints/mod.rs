//! The endpoints, one module each. They run after the checks in `api`.

use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::errors::Failure;
use crate::routes::{Action, Route};

mod activity;
pub(crate) mod capture;
mod create;
mod definitions;
mod fields;
mod find;
mod group_types;
mod like;
mod list;
mod lookup;
mod metrics;
mod paging;
mod projects;
mod property;
mod related;
mod render;
mod side_effects;
mod users;
mod values;

/// Runs an action that only reads.
pub(crate) fn read(database: &Database, action: Action, context: &Context<'_>) -> Result<Answer, Failure> {
    match action {
        Action::List => list::list(database, context),
        Action::Find => find::find(database, context),
        Action::Activity => activity::activity(database, context),
        Action::Related => related::related(database, context),
        Action::PropertyDefinitions => definitions::property_definitions(database, context),
        Action::PropertyValues => values::property_values(database, context),
        Action::GroupTypes => group_types::list(database, context),
        Action::Metrics => Ok(metrics::list(context)),
        Action::Metric => Err(metrics::find()),
        Action::Projects => projects::list(database, context),
        Action::Project => projects::retrieve(database, context),
        Action::User => users::retrieve(database, context),
        Action::Create
        | Action::UpdateProperty
        | Action::DeleteProperty
        | Action::UpsertProperties
        | Action::UpdateMetadata
        | Action::CreateDetailDashboard
        | Action::SetDefaultColumns
        | Action::DeleteGroupType
        | Action::CreateMetric
        | Action::ChangeMetric => Err(crate::errors::server_error()),
    }
}

/// Runs any action.
pub(crate) fn write(
    database: &mut Database,
    action: Action,
    context: &Context<'_>,
) -> Result<Answer, Failure> {
    match action {
        Action::Create => create::create(database, context),
        Action::Find => {
            find::ensure_notebook(database, context)?;
            find::find(database, context)
        }
        Action::UpdateProperty => property::update(database, context),
        Action::DeleteProperty => property::delete(database, context),
        Action::UpsertProperties => property::upsert(database, context),
        Action::UpdateMetadata => group_types::update_metadata(database, context),
        Action::CreateDetailDashboard => group_types::create_detail_dashboard(database, context),
        Action::SetDefaultColumns => group_types::set_default_columns(database, context),
        Action::DeleteGroupType => group_types::delete(database, context),
        Action::CreateMetric => Ok(metrics::create()),
        Action::ChangeMetric => Err(metrics::find()),
        Action::List
        | Action::Activity
        | Action::Related
        | Action::PropertyDefinitions
        | Action::PropertyValues
        | Action::GroupTypes
        | Action::Metrics
        | Action::Metric
        | Action::Projects
        | Action::Project
        | Action::User => read(database, action, context),
    }
}

/// The response to `OPTIONS`.
pub(crate) fn metadata(route: &Route) -> String {
    serde_json::json!({
        "name": "Groups",
        "description": format!("Allowed methods: {}", route.allow()),
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    })
    .to_string()
}
