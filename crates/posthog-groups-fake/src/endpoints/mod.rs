//! The endpoints, one module each. They run after the checks in `api`.

use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::errors::{self, Failure};
use crate::routes::{Action, Route};

mod activity;
pub(crate) mod capture;
mod create;
mod fields;
mod find;
mod group_types;
mod like;
mod list;
mod lookup;
mod paging;
mod projects;
mod property;
mod related;
mod render;
mod side_effects;
mod users;
mod values;

/// The access that a request has to the database.
pub(crate) enum Access<'w> {
    Read(&'w Database),
    Write(&'w mut Database),
}

impl Access<'_> {
    pub(crate) fn read(&self) -> &Database {
        match self {
            Access::Read(database) => database,
            Access::Write(database) => database,
        }
    }

    /// Fails if the method of the request does not permit changes.
    fn write(&mut self) -> Result<&mut Database, Failure> {
        match self {
            Access::Read(_) => Err(errors::server_error()),
            Access::Write(database) => Ok(database),
        }
    }
}

/// Runs an action.
pub(crate) fn run(access: &mut Access<'_>, action: Action, context: &Context<'_>) -> Result<Answer, Failure> {
    match action {
        Action::List => list::list(access.read(), context),
        Action::Create => create::create(access.write()?, context),
        Action::Find => {
            if let Access::Write(database) = access {
                find::ensure_notebook(database, context)?;
            }
            find::find(access.read(), context)
        }
        Action::UpdateProperty => property::update(access.write()?, context),
        Action::DeleteProperty => property::delete(access.write()?, context),
        Action::UpsertProperties => property::upsert(access.write()?, context),
        Action::Activity => activity::activity(access.read(), context),
        Action::Related => related::related(access.read(), context),
        Action::PropertyDefinitions => values::property_definitions(access.read(), context),
        Action::PropertyValues => values::property_values(access.read(), context),
        Action::GroupTypes => group_types::list(access.read(), context),
        Action::UpdateMetadata => group_types::update_metadata(access.write()?, context),
        Action::CreateDetailDashboard => group_types::create_detail_dashboard(access.write()?, context),
        Action::SetDefaultColumns => group_types::set_default_columns(access.write()?, context),
        Action::DeleteGroupType => group_types::delete(access.write()?, context),
        // Of usage metrics, only access is modeled: no group type has any, and none can be created.
        Action::Metrics => Ok(paging::page(context.call, Vec::new())),
        Action::CreateMetric => Ok(Answer::text(501, "the stand-in server does not store usage metrics\n")),
        Action::Metric | Action::ChangeMetric => Err(errors::no_such_thing()),
        Action::Projects => projects::list(access.read(), context),
        Action::Project => projects::retrieve(access.read(), context),
        Action::User => users::retrieve(access.read(), context),
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
