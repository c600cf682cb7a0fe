//! Ready-to-paste actions for what upstream did not have before.

use serde_json::{Map, Value, json};

use crate::pointer::Pointer;
use crate::slice::METHODS;

/// An action to paste into a file of corrections, once a person has filled in what a machine cannot know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is new.
    pub title: String,
    /// The file that holds its like.
    pub file: &'static str,
    /// The action as an entry of `actions`.
    pub action: Value,
}

/// An operation with its path and method.
struct Site<'a> {
    path: &'a str,
    method: &'a str,
    operation: &'a Value,
}

fn sites(document: &Value) -> impl Iterator<Item = Site<'_>> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let fields = item.as_object().into_iter().flatten();
        fields.filter(|(method, _)| METHODS.contains(&method.as_str())).map(move |(method, operation)| Site {
            path,
            method,
            operation,
        })
    })
}

/// The operations that are called otherwise: old and new `operationId`.
pub(super) fn renamed_operations(committed: &Value, fresh: &Value) -> Vec<(String, String)> {
    let id = |operation: &Value| operation.get("operationId").and_then(Value::as_str).map(str::to_owned);
    let pairs = sites(committed).filter_map(|old| {
        let new = fresh.get("paths")?.get(old.path)?.get(old.method)?;
        Some((id(old.operation)?, id(new)?))
    });
    pairs.filter(|(old, new)| old != new).collect()
}

/// `corrected` is the fresh slice behind the corrections, as far as they apply.
pub(super) fn proposals(committed: &Value, fresh: &Value, corrected: &Value) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for site in sites(fresh) {
        match committed.pointer(&address(&site)) {
            None => new_operation(&site, &mut proposals),
            Some(old) => new_parameters(&site, old, &mut proposals),
        }
    }
    for (name, schema) in members(fresh.pointer("/components/schemas")) {
        let old = committed.pointer("/components/schemas").and_then(|schemas| schemas.get(name));
        for (property, _) in members(schema.get("properties")) {
            let known =
                old.and_then(|old| old.get("properties")).is_some_and(|known| known.get(property).is_some());
            if old.is_some() && !known {
                proposals.push(new_member(name, property, corrected));
            }
        }
    }
    proposals
}

fn address(site: &Site<'_>) -> String {
    Pointer::root().key("paths").key(site.path).key(site.method).as_str().to_owned()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn new_operation(site: &Site<'_>, proposals: &mut Vec<Proposal>) {
    let title = format!("{} {} is new", site.method.to_uppercase(), site.path);
    let path = quoted(site.path);
    let published = site.operation.get("operationId").and_then(Value::as_str);
    if let Some(published) = published {
        proposals.push(Proposal {
            title: format!("{title}: its name"),
            file: "85-operation-ids.yaml",
            action: action(
                format!("$.paths[{path}][?@.operationId == {}]", quoted(published)),
                format!("`{published}` becomes `FILL_IN`"),
                json!({"operationId": "FILL_IN"}),
                "The published name is made by a machine from path and method.",
            ),
        });
    }
    let idempotency = match site.method {
        "get" | "head" | "options" => "safe",
        "put" | "delete" => "FILL IN: idempotent, gone-is-done or look-before-repeat",
        _ => "FILL IN: idempotent or look-before-repeat",
    };
    proposals.push(Proposal {
        title: format!("{title}: what it needs, whether it may be repeated, since when it exists"),
        file: "90-marks.yaml",
        action: action(
            format!("$.paths[{path}].{}", site.method),
            format!("{} {}: FILL IN in words", site.method.to_uppercase(), site.path),
            json!({
                "x-required-scopes": ["FILL IN: object:read or object:write"],
                "x-idempotency": idempotency,
                "x-availability": {"since": "FILL IN: the first day or year on which a server was seen to have it"},
            }),
            "A client library decides by these marks what to ask a key for, what to retry and what a 404 means.",
        ),
    });
    proposals.push(Proposal {
        title: format!("{title}: its text"),
        file: "80-prose.yaml",
        action: action(
            format!("$.paths[{path}].{}", site.method),
            format!("What {} {} does", site.method.to_uppercase(), site.path),
            json!({"summary": "FILL IN", "description": "FILL IN: what it does, its errors, its side effects"}),
            "The slice has no text; all text is our own.",
        ),
    });
}

fn new_parameters(site: &Site<'_>, old: &Value, proposals: &mut Vec<Proposal>) {
    let list = |operation: &Value| {
        operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let known = list(old);
    for parameter in list(site.operation) {
        let is_same = |other: &Value| other["name"] == parameter["name"] && other["in"] == parameter["in"];
        let Some(name) = parameter["name"].as_str().filter(|_| !known.iter().any(is_same)) else { continue };
        proposals.push(Proposal {
            title: format!("parameter `{name}` of {} {} is new", site.method.to_uppercase(), site.path),
            file: "25-parameters-of-operations.yaml",
            action: action(
                format!(
                    "$.paths[{}].{}.parameters[?@.name == {}]",
                    quoted(site.path),
                    site.method,
                    quoted(name)
                ),
                format!("What `{name}` means"),
                json!({"description": "FILL IN", "example": "FILL IN"}),
                "The slice has no text; all text is our own.",
            ),
        });
    }
}

fn new_member(schema: &str, property: &str, corrected: &Value) -> Proposal {
    let kept = corrected
        .pointer("/components/schemas")
        .and_then(|schemas| schemas.get(schema)?.get("properties")?.get(property));
    let target = format!("$.components.schemas[{}].properties[{}]", quoted(schema), quoted(property));
    let title = format!("`{schema}.{property}` is new");
    let title = if kept.is_some() {
        title
    } else {
        format!("{title}, but a correction replaces or renames the schema, so adapt the target")
    };
    Proposal {
        title,
        file: "the file that corrects the schema",
        action: action(
            target,
            format!("What `{property}` means, and whether it is always there"),
            json!({"description": "FILL IN: what it means, which servers send it, whether it may be null"}),
            "FILL IN: what is wrong as published, or that the slice has no text.",
        ),
    }
}

fn action(target: String, description: String, update: Value, why: &str) -> Value {
    let mut action = Map::new();
    action.insert("target".into(), target.into());
    action.insert("description".into(), description.into());
    action.insert("update".into(), update);
    action.insert(
        "x-correction".into(),
        json!({
            "id": "D??",
            "why": why,
            "evidence": ["FILL IN: what shows it, such as a server test, a pull request, an answer with its date"],
            "expect": 1,
        }),
    );
    Value::Object(action)
}

/// A text as a name in an RFC 9535 query.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
