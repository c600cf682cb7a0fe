//! The endpoints, one module each. An endpoint sees a request only after all that `api` checks.

use crate::answer::Answer;
use crate::api::Context;
use crate::errors::Failure;
use crate::json::quoted;
use crate::routes::{Action, Route};
use crate::store::GroupRow;
use crate::timestamps::iso;
use crate::world::World;

mod activity;
pub(crate) mod capture;
mod create;
mod definitions;
mod fields;
mod find;
mod group_types;
mod ingestion;
mod like;
mod list;
mod lookup;
mod metrics;
mod paging;
mod projects;
mod property;
mod related;
mod users;
mod values;

/// Carries out what only looks.
pub(crate) fn read(world: &World, action: Action, context: &Context<'_>) -> Result<Answer, Failure> {
    match action {
        Action::List => list::list(world, context),
        Action::Find => find::find(world, context),
        Action::Activity => activity::activity(world, context),
        Action::Related => related::related(world, context),
        Action::PropertyDefinitions => definitions::property_definitions(world, context),
        Action::PropertyValues => values::property_values(world, context),
        Action::GroupTypes => group_types::list(world, context),
        Action::Metrics => metrics::list(world, context),
        Action::Metric => metrics::retrieve(world, context),
        Action::Projects => projects::list(world, context),
        Action::Project => projects::retrieve(world, context),
        Action::User => users::retrieve(world, context),
        Action::Create
        | Action::UpdateProperty
        | Action::DeleteProperty
        | Action::UpsertProperties
        | Action::UpdateMetadata
        | Action::CreateDetailDashboard
        | Action::SetDefaultColumns
        | Action::DeleteGroupType
        | Action::CreateMetric
        | Action::ReplaceMetric
        | Action::ChangeMetric
        | Action::DeleteMetric => Err(crate::errors::server_error()),
    }
}

/// Carries out anything.
pub(crate) fn write(world: &mut World, action: Action, context: &Context<'_>) -> Result<Answer, Failure> {
    match action {
        Action::Create => create::create(world, context),
        Action::Find => {
            find::ensure_notebook(world, context)?;
            find::find(world, context)
        }
        Action::UpdateProperty => property::update(world, context),
        Action::DeleteProperty => property::delete(world, context),
        Action::UpsertProperties => property::upsert(world, context),
        Action::UpdateMetadata => group_types::update_metadata(world, context),
        Action::CreateDetailDashboard => group_types::create_detail_dashboard(world, context),
        Action::SetDefaultColumns => group_types::set_default_columns(world, context),
        Action::DeleteGroupType => group_types::delete(world, context),
        Action::CreateMetric => metrics::create(world, context),
        Action::ReplaceMetric => metrics::update(world, context, metrics::Update::Whole),
        Action::ChangeMetric => metrics::update(world, context, metrics::Update::Parts),
        Action::DeleteMetric => metrics::delete(world, context),
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
        | Action::User => read(world, action, context),
    }
}

/// What `OPTIONS` is answered.
pub(crate) fn metadata(route: &Route) -> String {
    serde_json::json!({
        "name": "Groups",
        "description": format!("Allowed methods: {}", route.allow()),
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    })
    .to_string()
}

/// The members of a group object, without the braces (contract section 1.6).
fn push_group_members(out: &mut String, row: &GroupRow) {
    out.push_str("\"group_type_index\":");
    out.push_str(&row.index.to_string());
    out.push_str(",\"group_key\":");
    out.push_str(&quoted(&row.key));
    out.push_str(",\"group_properties\":");
    out.push_str(row.properties.as_str());
    out.push_str(",\"created_at\":\"");
    out.push_str(&iso(&row.created_at));
    out.push('"');
}

/// A group object.
fn group_object(row: &GroupRow) -> String {
    let mut out = String::with_capacity(row.properties.as_str().len() + 128);
    out.push('{');
    push_group_members(&mut out, row);
    out.push('}');
    out
}

/// `null`, or the value as JSON string.
fn quoted_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}
