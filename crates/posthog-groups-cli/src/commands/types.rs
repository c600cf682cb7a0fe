//! `types`: lists the group types of the project.

use posthog_groups::GroupType;
use serde::Serialize;

use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;

#[derive(Serialize)]
#[serde(transparent)]
struct TypeRow(GroupType);

impl Record for TypeRow {
    const COLUMNS: &'static [&'static str] =
        &["group_type_index", "group_type", "name_singular", "name_plural"];

    fn cells(&self) -> Vec<String> {
        let GroupType { group_type, group_type_index, name_singular, name_plural, .. } = &self.0;
        let text = |name: &Option<String>| name.clone().unwrap_or_default();
        vec![group_type_index.to_string(), group_type.clone(), text(name_singular), text(name_plural)]
    }
}

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let types = context.client()?.group_types().await?;
    if types.is_empty() {
        context.note("the project has no group types; they are created by events with `$group_type`");
    }
    let mut list = context.output.list();
    for group_type in types {
        list.push(TypeRow(group_type))?;
    }
    list.end()
}
