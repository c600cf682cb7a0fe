//! `GET groups/find/` (contract section 2.5).

use serde::Serialize;

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::{Database, uuid_of};
use crate::endpoints::lookup;
use crate::endpoints::render::GroupObject;
use crate::errors::{self, Failure};
use crate::json::to_text;
use crate::state::Notebook;

#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    group: GroupObject<'a>,
    notebook: Option<&'a str>,
}

pub(crate) fn find(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let group = lookup::find(database, context)?;
    let row = database.groups.get(group).ok_or_else(errors::no_such_thing)?;
    let notebook = database.notebook_of(row).map(|notebook| notebook.short_id.as_str());
    Ok(Answer::json(200, to_text(&Found { group: row.into(), notebook })))
}

/// Creates the notebook of a group on the first find, if the flag is on.
pub(crate) fn ensure_notebook(database: &mut Database, context: &Context<'_>) -> Result<(), Failure> {
    let group = lookup::find(database, context)?;
    let row = database.groups.get(group).ok_or_else(errors::no_such_thing)?;
    let skip =
        database.era() == Era::Y2026 && context.call.query.get("skip_create_notebook").is_some_and(is_true);
    let settings = &database.state;
    if !settings.crm_enabled || settings.notebook_failure || skip || database.notebook_of(row).is_some() {
        return Ok(());
    }
    let (project_id, group_type_index) = (database.unless_main(row.project), row.index);
    let group_key = row.key.to_string();
    let serial = database.state.notebooks.len();
    let short_id = uuid_of("notebook", &format!("{group_key} {serial}")).chars().take(8).collect();
    database.state.notebooks.push(Notebook { project_id, group_type_index, group_key, short_id });
    Ok(())
}

/// The words that the server accepts as true.
fn is_true(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "y" | "yes" | "t" | "true" | "on" | "1")
}
