//! `GET groups/property_values/` (contract section 2.7).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::endpoints::like::ilike;
use crate::endpoints::lookup;
use crate::errors::{self, Failure};
use crate::json::quoted;

/// The maximum number of values.
const MAX_VALUES: usize = 20;

pub(crate) fn property_values(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let query = &context.call.query;
    let era = database.era();
    let parameter = |name: &str| match era {
        Era::Y2025 => query.get(name).ok_or_else(errors::server_error),
        Era::Y2026 => query.filled(name).ok_or_else(|| lookup::required(name)),
    };
    let index = parameter("group_type_index")?;
    let key = parameter("key")?;
    let index = i32::try_from(lookup::integer(index)?).ok();
    let pattern = query.filled("value").map(|value| format!("%{value}%"));

    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in index.into_iter().flat_map(|index| database.groups.of_type(context.project, index)) {
        let members = row.properties.members();
        let Some((_, value)) = members.iter().find(|(name, _)| name == key) else { continue };
        // 2025 counts the raw text, so null counts.
        if era == Era::Y2026 && value.get() == "null" {
            continue;
        }
        let name = shown(value.get());
        if pattern.as_ref().is_none_or(|pattern| ilike(&name, pattern)) {
            *counts.entry(name).or_default() += 1;
        }
    }
    // The sort is stable, so equal counts are ordered by value.
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts.truncate(MAX_VALUES);

    let items = counts.iter().map(|(name, count)| format!(r#"{{"name":{},"count":{count}}}"#, quoted(name)));
    let items = items.collect::<Vec<_>>().join(",");
    Ok(Answer::json(
        200,
        match era {
            Era::Y2025 => format!("[{items}]"),
            Era::Y2026 => format!(r#"{{"results":[{items}],"refreshing":false}}"#),
        },
    ))
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
        for (json, wanted) in [
            ("\"finance\"", "finance"),
            ("\"\"", ""),
            ("1", "1"),
            ("1.50", "1.50"),
            ("true", "true"),
            ("{\"a\": 1}", "{\"a\":1}"),
            ("[1, \"x\"]", "[1,\"x\"]"),
            ("\"caf\\u00e9\"", "café"),
        ] {
            assert_eq!(shown(json), wanted);
        }
    }
}
