//! `types`: lists the group types of the project.

use posthog_groups::GroupType;

use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;

impl Record for GroupType {
    const COLUMNS: &'static [&'static str] =
        &["group_type_index", "group_type", "name_singular", "name_plural"];
}

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let types = context.client()?.group_types().await?;
    if types.is_empty() {
        context.note("the project has no group types; they are created by events with `$group_type`");
    }
    context.output.all(types)
}
