//! `values`: shows the most frequent values of a property.

use serde::Serialize;

use crate::arguments::Values;
use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;

#[derive(Serialize)]
struct ValueRow {
    value: String,
    count: Option<i64>,
}

impl Record for ValueRow {
    const COLUMNS: &'static [&'static str] = &["count", "value"];

    fn cells(&self) -> Vec<String> {
        vec![self.count.map_or_else(String::new, |count| count.to_string()), self.value.clone()]
    }
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
    let mut list = context.output.list();
    for value in values {
        list.push(ValueRow { value: value.value, count: value.count })?;
    }
    list.end()
}
