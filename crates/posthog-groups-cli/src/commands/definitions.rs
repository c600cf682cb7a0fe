//! `definitions`: shows the names of properties, with the number of groups that have them.

use posthog_groups::{PropertyDefinition, PropertyDefinitions};
use serde::Serialize;

use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;

#[derive(Serialize)]
pub(crate) struct DefinitionRow {
    group_type_index: u8,
    #[serde(flatten)]
    definition: PropertyDefinition,
}

impl DefinitionRow {
    pub(crate) fn all(definitions: &PropertyDefinitions) -> impl Iterator<Item = Self> {
        definitions.iter().flat_map(|(group_type_index, rows)| {
            rows.iter().map(move |row| Self { group_type_index, definition: row.clone() })
        })
    }
}

impl Record for DefinitionRow {
    const COLUMNS: &'static [&'static str] = &["group_type_index", "name", "count"];
}

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let definitions = client.property_definitions().await?;
    // All types, unless one is selected.
    let only = match context.settings.group_type {
        Some(_) => Some(context.groups().await?.type_index().await?),
        None => None,
    };
    let rows = DefinitionRow::all(&definitions);
    context.output.all(rows.filter(|row| only.is_none_or(|only| only == row.group_type_index)))
}
