//! The places of a normalised operation.

use std::collections::BTreeMap;

use crate::value::Value;

use super::normalize::Operation;
use crate::diff::place;
use crate::pointer::Pointer;

/// Every schema and parameter of an operation by its place.
pub(super) struct Index<'a> {
    pub(super) operation: &'a Value,
    places: BTreeMap<String, Value>,
}

impl<'a> Index<'a> {
    pub(super) fn of(operation: &'a Operation) -> Self {
        let document = super::as_document(operation);
        let at = Pointer::root().key("paths").key(&operation.path).key(&operation.method);
        let mut places = BTreeMap::new();
        visit(&document, &operation.value, &at, true, &mut places);
        Self { operation: &operation.value, places }
    }

    pub(super) fn get(&self, place: &str) -> Option<&Value> {
        self.places.get(place)
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &String> {
        self.places.keys()
    }
}

/// Whether the node at `at` has a place of its own. A body has the place of its schema.
fn is_schema_or_parameter(at: &Pointer) -> bool {
    let tokens: Vec<_> = at.tokens().collect();
    tokens.iter().any(|token| token == "schema")
        || tokens.len().checked_sub(2).is_some_and(|n| tokens[n] == "parameters")
}

/// Fields whose members have user-defined names.
const MAPS: [&str; 4] = ["properties", "content", "responses", "headers"];

fn visit(document: &Value, value: &Value, at: &Pointer, is_node: bool, places: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            if is_node && is_schema_or_parameter(at) {
                places.insert(place(document, at), value.clone());
            }
            for (key, member) in members {
                let is_map = is_node && MAPS.contains(&key.as_str());
                visit(document, member, &at.key(key), !is_map, places);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                visit(document, item, &at.index(n), true, places);
            }
        }
        _ => {}
    }
}
