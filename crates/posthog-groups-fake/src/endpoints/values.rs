//! `GET groups/property_values/` and `property_definitions/` (contract sections 2.7 and 2.6).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::endpoints::like::ilike;
use crate::endpoints::lookup;
use crate::errors::Failure;
use crate::json::Kind;

/// The maximum number of values.
const MAX_VALUES: usize = 20;

pub(crate) fn property_values(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let era = database.era();
    let index = lookup::parameter(database, context, "group_type_index")?;
    let key = lookup::parameter(database, context, "key")?;
    let index = i32::try_from(lookup::integer(index)?).ok();
    let pattern = context.call.query.filled("value").map(|value| format!("%{value}%"));

    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in index.into_iter().flat_map(|index| database.groups.of_type(context.project, index)) {
        let Some(value) = row.properties.get(key) else { continue };
        // 2025 counts the raw text, so null counts.
        if era == Era::Y2026 && value.kind() == Kind::Null {
            continue;
        }
        let name = shown(value.as_str());
        if pattern.as_ref().is_none_or(|pattern| ilike(&name, pattern)) {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut items = by_count(counts);
    items.truncate(MAX_VALUES);
    let body = match era {
        Era::Y2025 => json!(items),
        Era::Y2026 => json!({"results": items, "refreshing": false}),
    };
    Ok(Answer::json(200, body.to_string()))
}

/// Removed on 2026-06-26.
pub(crate) fn property_definitions(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let mut types = Map::new();
    for index in database.groups.indexes(context.project) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in database.groups.of_type(context.project, index) {
            for (name, _) in row.properties.iter() {
                *counts.entry(name).or_default() += 1;
            }
        }
        if !counts.is_empty() {
            types.insert(index.to_string(), by_count(counts).into());
        }
    }
    Ok(Answer::json(200, Value::from(types).to_string()))
}

/// The greatest count first, and equal counts by name.
fn by_count(counts: BTreeMap<String, usize>) -> Vec<Value> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts.iter().map(|(name, count)| json!({"name": name, "count": count})).collect()
}

/// Formats a value as JSON without the outer quotes of a string.
fn shown(json: &str) -> String {
    let text = if json.contains('\\') || json.starts_with(['{', '[']) {
        serde_json::from_str::<Value>(json).map_or_else(|_| json.to_owned(), |value| value.to_string())
    } else {
        json.to_owned()
    };
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => inner.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_without_outer_quotes() {
        for (json, expected) in [
            ("\"finance\"", "finance"),
            ("\"\"", ""),
            ("1", "1"),
            ("1.50", "1.50"),
            ("true", "true"),
            ("{\"a\": 1}", "{\"a\":1}"),
            ("[1, \"x\"]", "[1,\"x\"]"),
            ("\"caf\\u00e9\"", "café"),
        ] {
            assert_eq!(shown(json), expected);
        }
    }
}
