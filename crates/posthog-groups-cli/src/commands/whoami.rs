//! `whoami`: shows the user of the key.

use posthog_groups::CurrentUser;
use serde::Serialize;

use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;

/// The user, without the project token that the server includes.
#[derive(Serialize)]
struct UserRow {
    uuid: String,
    email: String,
    first_name: Option<String>,
    organization: Option<Named<String>>,
    project: Option<Named<i64>>,
    host: String,
}

#[derive(Serialize)]
struct Named<I> {
    id: I,
    name: Option<String>,
}

impl Record for UserRow {
    const COLUMNS: &'static [&'static str] = &["email", "organization", "project_id", "project", "host"];

    fn cells(&self) -> Vec<String> {
        let organization = self.organization.as_ref().and_then(|o| o.name.clone()).unwrap_or_default();
        let id = self.project.as_ref().map_or_else(String::new, |project| project.id.to_string());
        let project = self.project.as_ref().and_then(|project| project.name.clone()).unwrap_or_default();
        vec![self.email.clone(), organization, id, project, self.host.clone()]
    }
}

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let CurrentUser { uuid, email, first_name, organization, team, .. } = client.whoami().await?;
    context.output.one(UserRow {
        uuid,
        email,
        first_name,
        organization: organization.map(|organization| Named { id: organization.id, name: organization.name }),
        project: team.map(|project| Named { id: project.id, name: project.name }),
        host: client.host().to_owned(),
    })
}
