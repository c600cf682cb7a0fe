//! `GET groups/property_definitions/`, removed on 2026-06-26 (contract section 2.6).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::errors::Failure;
use crate::json::quoted;

pub(crate) fn property_definitions(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let mut types = Vec::new();
    for index in database.groups.indexes(context.project) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in database.groups.of_type(context.project, index) {
            for (name, _) in row.properties.members() {
                *counts.entry(name.into_owned()).or_default() += 1;
            }
        }
        if counts.is_empty() {
            continue;
        }
        // The sort is stable, so equal counts are ordered by name.
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        let items =
            counts.iter().map(|(name, count)| format!(r#"{{"name":{},"count":{count}}}"#, quoted(name)));
        types.push(format!("\"{index}\":[{}]", items.collect::<Vec<_>>().join(",")));
    }
    Ok(Answer::json(200, format!("{{{}}}", types.join(","))))
}
