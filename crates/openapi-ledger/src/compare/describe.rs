//! Describes schemas, parameters and responses in one line.
//!
//! Ledger entries contain published values in this form. It is complete: two normalised structures have the same description
//! only if they are equal.

use crate::value::{Map, Value};

use super::normalize::{READ_ONLY, REQUIRED, WRITE_ONLY};
use crate::write::sha256;

/// The maximum length of a value in a ledger entry. Longer values are replaced by a digest.
const MAX_PINNED_CHARS: usize = 160;

/// Returns the text, or its digest if it is long.
pub(super) fn pinned(text: &str) -> String {
    if text.chars().count() <= MAX_PINNED_CHARS {
        return text.to_owned();
    }
    format!("sha256:{}", &sha256(text.as_bytes())[..16])
}

/// A normalised schema, such as `{name: string, seats?: integer(minimum 0) or null}`.
pub(super) fn schema(value: &Value) -> String {
    let Some(members) = value.as_object() else { return value.to_string() };
    let (mut text, used) = kind(members);
    let rest: Vec<String> = members
        .iter()
        .filter(|(key, _)| !used.contains(&key.as_str()) && key.as_str() != REQUIRED)
        .map(|(key, value)| constraint(key, value))
        .collect();
    if !rest.is_empty() {
        let mut rest = rest;
        rest.sort();
        text = format!("{text}({})", rest.join(", "));
    }
    if members.get("nullable") == Some(&Value::Bool(true)) { format!("{text} or null") } else { text }
}

/// The part of the text that describes the possible values, and the keywords that it covers.
fn kind(members: &Map) -> (String, Vec<&'static str>) {
    let mut used = vec!["nullable"];
    if let Some(Value::Array(values)) = members.get("enum") {
        used.extend(["enum", "type"]);
        let values: Vec<_> = values.iter().map(Value::to_string).collect();
        let text = values.join(" | ");
        // The type of an enum is the type of its values, unless the schema states another one.
        let stated = members["type"].as_str();
        let strings = members["enum"].as_array().is_some_and(|all| all.iter().all(Value::is_string));
        return match stated {
            Some("string") if strings => (text, used),
            Some(stated) => (format!("{stated} {text}"), used),
            None => (format!("untyped {text}"), used),
        };
    }
    for (key, separator) in [("oneOf", " | "), ("anyOf", " |+ "), ("allOf", " & ")] {
        if let Some(Value::Array(alternatives)) = members.get(key)
            && !["type", "properties"].iter().any(|key| members.contains_key(key))
        {
            used.push(key);
            let alternatives: Vec<_> = alternatives.iter().map(schema).collect();
            return (format!("<{}>", alternatives.join(separator)), used);
        }
    }
    match members["type"].as_str() {
        Some("array") => {
            used.extend(["type", "items"]);
            (format!("[{}]", members.get("items").map_or_else(|| "...".to_owned(), schema)), used)
        }
        Some("object")
            if members.contains_key("properties") || members.contains_key("additionalProperties") =>
        {
            used.extend(["type", "properties", "additionalProperties"]);
            (object(members), used)
        }
        Some(kind) => {
            used.push("type");
            (kind.to_owned(), used)
        }
        None => ("any".to_owned(), used),
    }
}

fn object(members: &Map) -> String {
    let mut parts: Vec<String> = members["properties"]
        .members()
        .map(|(name, value)| {
            let optional = if is_required(value) { "" } else { "?" };
            format!("{name}{optional}: {}", schema(value))
        })
        .collect();
    parts.sort();
    match members.get("additionalProperties") {
        None => {}
        Some(Value::Bool(false)) => parts.push("nothing else".to_owned()),
        Some(other) => parts.push(format!("*: {}", schema(other))),
    }
    format!("{{{}}}", parts.join(", "))
}

/// The text of a property: whether it is required, and its schema.
pub(super) fn property(value: &Value) -> String {
    format!("{} {}", if is_required(value) { "required" } else { "optional" }, schema(value))
}

fn is_required(value: &Value) -> bool {
    value.get(REQUIRED) == Some(&Value::Bool(true))
}

fn constraint(key: &str, value: &Value) -> String {
    match (key, value) {
        (READ_ONLY, _) => "read-only".to_owned(),
        (WRITE_ONLY, _) => "write-only".to_owned(),
        ("format", Value::String(format)) => format.to_string(),
        (key @ ("properties" | "items" | "additionalProperties" | "not"), value) => {
            format!("{key} {}", schema(value))
        }
        (key, Value::Bool(true)) => key.to_owned(),
        (key, value) => format!("{key} {value}"),
    }
}

/// A parameter: `required integer`.
pub(super) fn parameter(value: &Value) -> String {
    let required = value.get("required") == Some(&Value::Bool(true)) || value["in"] == "path";
    let text = match value.get("schema") {
        Some(value) => schema(value),
        None => content(value),
    };
    let mut rest: Vec<_> = value
        .members()
        .filter(|(key, _)| !["name", "in", "required", "schema", "content"].contains(&key.as_str()))
        .map(|(key, value)| format!(", {key} {value}"))
        .collect();
    rest.sort();
    format!("{} {text}{}", if required { "required" } else { "optional" }, rest.concat())
}

/// A response or a request body: its content by media type, or `no body`.
pub(super) fn content(value: &Value) -> String {
    let media = value["content"].as_object().filter(|media| !media.is_empty());
    let Some(media) = media else { return "no body".to_owned() };
    let mut parts: Vec<_> = media.iter().map(|(name, media)| of_media_type(name, media)).collect();
    parts.sort();
    parts.join("; ")
}

fn of_media_type(name: &str, media: &Value) -> String {
    let text = media.get("schema").map_or_else(|| "any".to_owned(), schema);
    let encoding =
        media.get("encoding").map_or_else(String::new, |encoding| format!(" encoded as {encoding}"));
    if name == "application/json" { text + &encoding } else { format!("{name} {text}{encoding}") }
}

/// The ways to authenticate.
pub(super) fn security(value: &Value) -> String {
    let ways = value.items().iter().filter_map(Value::as_object);
    let ways: Vec<_> = ways
        .map(|way| {
            let schemes: Vec<_> = way
                .iter()
                .map(|(scheme, scopes)| match scopes.as_array() {
                    Some(scopes) if !scopes.is_empty() => format!("{scheme} {}", list(scopes)),
                    _ => scheme.to_string(),
                })
                .collect();
            if schemes.is_empty() { "nothing".to_owned() } else { schemes.join(" with ") }
        })
        .collect();
    if ways.is_empty() { "none".to_owned() } else { ways.join(" or ") }
}

/// A list of values: `group:read, group:write`.
pub(super) fn values(value: &Value) -> String {
    list(value.items())
}

/// A schema whose type is not the expected one, without the keywords that are compared anyway.
pub(super) fn below_type(value: &Value) -> String {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        for key in ["nullable", "default", READ_ONLY, WRITE_ONLY] {
            members.remove(key);
        }
    }
    schema(&value)
}

/// A list that is bare or in an envelope, without its items, which are compared.
pub(super) fn envelope(value: &Value) -> String {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.remove("items");
        for property in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            if let Some(list) = property.1.as_object_mut() {
                list.remove("items");
            }
        }
    }
    below_type(&value)
}

fn list(values: &[Value]) -> String {
    let texts: Vec<_> =
        values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

#[cfg(test)]
mod tests {
    use crate::json;

    use super::*;

    #[test]
    fn a_schema_is_one_line_that_leaves_nothing_out() {
        let cases = [
            (json!({}), "any"),
            (json!({"type": "string"}), "string"),
            (json!({"type": "string", "format": "date-time", "nullable": true}), "string(date-time) or null"),
            (json!({"type": "integer", "minimum": 0, "maximum": 4}), "integer(maximum 4, minimum 0)"),
            (json!({"type": "array", "items": {"type": "string"}, "maxItems": 3}), "[string](maxItems 3)"),
            (json!({"type": "string", "enum": ["a", "b"]}), "\"a\" | \"b\""),
            (json!({"enum": ["a"]}), "untyped \"a\""),
            (json!({"type": "object"}), "object"),
            (
                json!({"type": "object", "properties": {
                    "b": {"type": "string", "x-required": true}, "a": {"x-readOnly": true}}}),
                "{a?: any(read-only), b: string}",
            ),
            (json!({"type": "object", "additionalProperties": {"type": "string"}}), "{*: string}"),
            (json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}), "<string | integer>"),
            (json!({"type": "string", "x-odd": {"a": 1}}), "string(x-odd {\"a\":1})"),
        ];
        for (value, text) in cases {
            assert_eq!(schema(&value), text, "{value}");
        }
    }

    #[test]
    fn a_long_text_is_pinned_by_a_digest() {
        assert_eq!(pinned("required string"), "required string");
        assert_eq!(pinned(&"x".repeat(161)).len(), "sha256:".len() + 16);
    }
}
