//! `GET /api/projects/` and `GET /api/projects/{id}/` (contract section 3.2).

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::auth::Caller;
use crate::context::Context;
use crate::database::{Database, uuid_of};
use crate::endpoints::paging;
use crate::errors::{self, Failure};
use crate::state::Project;

/// Lists the projects that the caller can access.
pub(crate) fn list(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let search = context.call.query.get("search").unwrap_or_default().to_lowercase();
    let confined = match &context.caller {
        Caller::Key(key) => key.organizations.as_ref().filter(|o| !o.is_empty()),
        Caller::Session | Caller::Sharing(_) => None,
    };
    let seen = database.state.projects.iter().filter(|p| {
        database.is_member(&p.organization)
            && confined.is_none_or(|organizations| organizations.contains(&p.organization))
            && p.name.as_ref().is_some_and(|name| name.to_lowercase().contains(&search))
    });
    Ok(paging::page(context.call, seen.map(object).collect()))
}

pub(crate) fn retrieve(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let project = database.project(context.project).ok_or_else(errors::no_such_project)?;
    Ok(Answer::json(200, object(project).to_string()))
}

pub(crate) fn object(project: &Project) -> Value {
    json!({
        "id": project.id,
        "uuid": project.uuid,
        "organization": uuid_of("organization", &project.organization),
        "api_token": project.api_token,
        "name": project.name,
        "completed_snippet_onboarding": true,
        "has_completed_onboarding_for": {},
        "ingested_event": true,
        "is_demo": false,
        "timezone": "UTC",
        "access_control": false,
    })
}
