//! `--where NAME=VALUE`: filters groups by their properties locally.

use posthog_groups::{Group, JsonValue, same_value};

use crate::assignment::{split, typed};
use crate::exit::Failure;

/// The value that a property must have.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    name: String,
    /// The value as `set` reads it.
    value: JsonValue,
    /// The value as text.
    text: JsonValue,
}

pub(crate) fn conditions(pairs: &[String]) -> Result<Vec<Condition>, Failure> {
    let condition = |pair: &String| {
        let (name, text) = split(pair)?;
        Ok(Condition { name: name.to_owned(), value: typed(name, text)?, text: JsonValue::from(text) })
    };
    pairs.iter().map(condition).collect()
}

pub(crate) fn meets(group: &Group, conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| {
        let property = group.property(&condition.name);
        property.is_some_and(|p| same_value(&p, &condition.value) || same_value(&p, &condition.text))
    })
}
