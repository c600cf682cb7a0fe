//! `definitions`: shows the names of properties, with the number of groups that have them.

use serde::Serialize;

use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;

#[derive(Serialize)]
struct DefinitionRow {
    group_type_index: u8,
    name: String,
    count: i64,
}

impl Record for DefinitionRow {
    const COLUMNS: &'static [&'static str] = &["group_type_index", "name", "count"];

    fn cells(&self) -> Vec<String> {
        vec![self.group_type_index.to_string(), self.name.clone(), self.count.to_string()]
    }
}

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let definitions = client.property_definitions().await?;
    // All types, unless one is selected.
    let only = match context.settings.group_type {
        Some(_) => Some(context.groups().await?.type_index().await?),
        None => None,
    };
    let mut list = context.output.list();
    for (group_type_index, rows) in
        definitions.iter().filter(|(index, _)| only.is_none_or(|only| only == *index))
    {
        for row in rows {
            list.push(DefinitionRow { group_type_index, name: row.name.clone(), count: row.count })?;
        }
    }
    list.end()
}
