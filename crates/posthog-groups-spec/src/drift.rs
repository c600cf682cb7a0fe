//! What changed between two slices, in the words of the API.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::pointer::Pointer;
use crate::slice::METHODS;

/// One difference between the committed slice and a fresh one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether the subject is new, gone or different.
    pub kind: ChangeKind,
    /// What it is about, such as ``parameter `search` (query) of GET /api/...``.
    pub subject: String,
    /// For a changed subject: what became what.
    pub details: Vec<String>,
}

/// What happened to the subject of a [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is in the new slice only.
    Appeared,
    /// It is in the old slice only.
    Went,
    /// It is in both and differs.
    Changed,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            ChangeKind::Appeared => "+ appeared",
            ChangeKind::Went => "- went",
            ChangeKind::Changed => "~ changed",
        };
        write!(f, "{sign}: {}", self.subject)?;
        self.details.iter().try_for_each(|detail| write!(f, "\n    {detail}"))
    }
}

/// Compares two slices: operations, their parameters, components, and the rest of the document.
///
/// ```
/// use posthog_groups_spec::compare;
/// use serde_json::json;
///
/// let old = json!({"paths": {"/a/": {"get": {"operationId": "a"}}}});
/// let new = json!({"paths": {"/a/": {"get": {"operationId": "b"}}}});
/// let changes = compare(&old, &new);
/// assert_eq!(changes[0].to_string(), "~ changed: operation GET /a/\n    #/operationId: \"a\" became \"b\"");
/// ```
pub fn compare(old: &Value, new: &Value) -> Vec<Change> {
    let (old, new) = (Subjects::of(old), Subjects::of(new));
    let mut changes = Vec::new();
    let names: std::collections::BTreeSet<_> = old.0.keys().chain(new.0.keys()).collect();
    for subject in names {
        let (kind, details) = match (old.0.get(subject), new.0.get(subject)) {
            (None, Some(_)) => (ChangeKind::Appeared, Vec::new()),
            (Some(_), None) => (ChangeKind::Went, Vec::new()),
            (Some(old), Some(new)) if old != new => {
                let mut details = Vec::new();
                differences(old, new, &Pointer::root(), &mut details);
                (ChangeKind::Changed, details)
            }
            _ => continue,
        };
        changes.push(Change { kind, subject: subject.clone(), details });
    }
    changes
}

/// The parts of a document that are compared each as a whole, by name.
struct Subjects(BTreeMap<String, Value>);

impl Subjects {
    fn of(document: &Value) -> Self {
        let mut subjects = Self(BTreeMap::new());
        let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
        for (path, item) in members(&document["paths"]) {
            for (field, value) in members(&item) {
                if METHODS.contains(&field.as_str()) {
                    subjects.add_operation(&format!("{} {path}", field.to_uppercase()), value);
                } else {
                    subjects.0.insert(format!("`{field}` of path {path}"), value);
                }
            }
        }
        for (section, components) in members(&document["components"]) {
            for (name, component) in members(&components) {
                subjects.0.insert(format!("{} `{name}`", singular(&section)), component);
            }
        }
        for (field, value) in members(document) {
            if field != "paths" && field != "components" {
                subjects.0.insert(format!("`{field}` of the document"), value);
            }
        }
        subjects
    }

    fn add_operation(&mut self, operation: &str, mut value: Value) {
        let parameters = value.as_object_mut().and_then(|members| members.shift_remove("parameters"));
        for parameter in parameters.as_ref().and_then(Value::as_array).into_iter().flatten() {
            let text = |key| parameter[key].as_str().unwrap_or("?");
            let subject = match parameter.get("$ref").and_then(Value::as_str) {
                Some(reference) => format!("parameter {reference} of {operation}"),
                None => format!("parameter `{}` ({}) of {operation}", text("name"), text("in")),
            };
            self.0.insert(subject, parameter.clone());
        }
        self.0.insert(format!("operation {operation}"), value);
    }
}

fn singular(section: &str) -> &str {
    match section {
        "requestBodies" => "request body",
        "securitySchemes" => "security scheme",
        section => section.strip_suffix('s').unwrap_or(section),
    }
}

fn differences(old: &Value, new: &Value, at: &Pointer, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, old) in a {
                match b.get(key) {
                    Some(new) => differences(old, new, &at.key(key), found),
                    None => found.push(format!("{}: {} went", at.key(key), excerpt(old))),
                }
            }
            let added = b.iter().filter(|(key, _)| !a.contains_key(*key));
            found.extend(added.map(|(key, new)| format!("{}: {} appeared", at.key(key), excerpt(new))));
        }
        (old, new) if old == new => {}
        (old, new) => found.push(format!("{at}: {} became {}", excerpt(old), excerpt(new))),
    }
}

fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_operations_parameters_schemas_and_what_became_what() {
        let old = json!({
            "openapi": "3.0.3",
            "paths": {
                "/a/": {"get": {"operationId": "a", "parameters": [
                    {"name": "search", "in": "query", "required": true}, {"name": "id", "in": "query"}]}},
                "/gone/": {"get": {}},
            },
            "components": {"schemas": {"A": {"type": "string"}}},
        });
        let new = json!({
            "openapi": "3.0.3",
            "paths": {
                "/a/": {"get": {"operationId": "a", "parameters": [
                    {"name": "search", "in": "query"}, {"name": "key", "in": "query"}]}},
                "/new/": {"post": {}},
            },
            "components": {"schemas": {"A": {"type": "string", "nullable": true}}, "securitySchemes": {"K": {}}},
        });
        let changes: Vec<_> = compare(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(
            changes,
            [
                "- went: operation GET /gone/",
                "+ appeared: operation POST /new/",
                "- went: parameter `id` (query) of GET /a/",
                "+ appeared: parameter `key` (query) of GET /a/",
                "~ changed: parameter `search` (query) of GET /a/\n    #/required: true went",
                "~ changed: schema `A`\n    #/nullable: true appeared",
                "+ appeared: security scheme `K`",
            ]
        );
        assert_eq!(compare(&old, &old), []);
    }
}
