//! `values`: shows the most frequent values of a property.

use posthog_groups::PropertyValue;

use crate::arguments::Values;
use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;

impl Record for PropertyValue {
    const COLUMNS: &'static [&'static str] = &["count", "value"];
}

pub(crate) async fn run(context: &Context, arguments: &Values) -> Result<(), Failure> {
    let mut query = context.groups().await?.property_values(&arguments.name);
    if let Some(text) = &arguments.containing {
        query = query.containing(text);
    }
    let values = query.await?;
    match values.len() {
        0 => context.note(&match &arguments.containing {
            None => "no values; names are case-sensitive".to_owned(),
            Some(text) => format!(
                "no values of `{}` contain `{text}`; there may be others without --containing, and names are case-sensitive",
                arguments.name
            ),
        }),
        20 => context.note("the server returns at most 20 values; --containing TEXT selects others"),
        _ => {}
    }
    context.output.all(values)
}
