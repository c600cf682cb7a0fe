//! A canonical order of members, so that equal documents have the same text.

use crate::value::{Map, Value};

use crate::grammar::Shape;

/// The fields of OpenAPI objects in the usual order.
#[rustfmt::skip]
const FIELDS: [&str; 72] = [
    "openapi", "overlay", "$ref", "info", "servers", "operationId", "title", "name", "in", "summary",
    "description", "version", "license", "tags", "externalDocs", "url", "deprecated", "required", "type",
    "format", "nullable", "enum", "default", "discriminator", "propertyName", "mapping", "minimum",
    "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "properties",
    "additionalProperties", "items", "allOf", "oneOf", "anyOf", "not", "style", "explode", "schema",
    "parameters", "get", "put", "post", "delete", "options", "head", "patch", "trace", "requestBody", "headers",
    "content", "paths", "responses", "callbacks", "security", "components", "schemas", "requestBodies",
    "securitySchemes", "links", "example", "examples",
];

fn rank(key: &str) -> usize {
    let extension = key.starts_with("x-");
    let known = FIELDS.iter().position(|field| *field == key);
    known.unwrap_or(FIELDS.len() + usize::from(extension))
}

/// Sorts the fields of every OpenAPI object, and paths, responses and components by name. Lists and the members of `properties`
/// keep their order.
pub(crate) fn order_fields(value: &mut Value) {
    order(value, Shape::DOCUMENT, "");
}

fn order(value: &mut Value, shape: Shape, name: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| order(item, shape.item(), "")),
        Value::Object(members) if shape != Shape::Anything => {
            for (key, member) in members.iter_mut() {
                order(member, shape.member(key), key);
            }
            if !shape.is_names() {
                sort_by(members, |a, b| (rank(a), a).cmp(&(rank(b), b)));
            } else if !matches!(name, "properties" | "mapping" | "variables") {
                sort_by(members, Ord::cmp);
            }
        }
        _ => {}
    }
}

fn sort_by(members: &mut Map, compare: impl Fn(&str, &str) -> std::cmp::Ordering) {
    let mut entries: Vec<_> = std::mem::take(members).into_iter().collect();
    entries.sort_by(|(a, _), (b, _)| compare(a, b));
    members.extend(entries);
}

/// Like [`order_fields`], and also sorts everything else whose order does not matter: the members of `properties`, parameters, and
/// `required`. Equivalent documents become equal.
pub(crate) fn normalize(value: &mut Value) {
    order_fields(value);
    sort_meaningless(value, Shape::DOCUMENT, "");
}

fn sort_meaningless(value: &mut Value, shape: Shape, name: &str) {
    match value {
        Value::Object(members) if shape != Shape::Anything => {
            for (key, member) in members.iter_mut() {
                sort_meaningless(member, shape.member(key), key);
            }
            if shape.is_names() {
                sort_by(members, Ord::cmp);
            }
        }
        Value::Array(items) if shape != Shape::Anything => {
            items.iter_mut().for_each(|item| sort_meaningless(item, shape.item(), ""));
            match name {
                "parameters" => items.sort_by_cached_key(parameter_key),
                "required" => items.sort_by_cached_key(|item| item.as_str().map(str::to_owned)),
                _ => {}
            }
        }
        _ => {}
    }
}

fn parameter_key(parameter: &Value) -> (bool, String, String) {
    let text = |key| parameter.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("in") != "path", text("name"), text("$ref"))
}

#[cfg(test)]
mod tests {
    use crate::json;

    use super::*;

    #[test]
    fn fields_follow_the_reading_order_and_names_the_alphabet() {
        let mut value = json!({
            "components": {"schemas": {"B": {"type": "object"}, "A": {"enum": ["z", "a"], "type": "string"}}},
            "openapi": "3.0.3",
            "paths": {"/b": {}, "/a": {"post": {"x-mark": 1, "responses": {}, "operationId": "o"}, "get": {}}},
        });
        order_fields(&mut value);
        assert_eq!(
            value.to_string(),
            r#"{"openapi":"3.0.3","paths":{"/a":{"get":{},"post":{"operationId":"o","responses":{},"x-mark":1}},"/b":{}},"components":{"schemas":{"A":{"type":"string","enum":["z","a"]},"B":{"type":"object"}}}}"#
        );
    }

    #[test]
    fn a_property_called_like_a_field_is_a_name() {
        let mut value =
            json!({"properties": {"type": {"type": "string"}, "description": {"type": "string"}}});
        normalize(&mut value);
        assert_eq!(
            value.to_string(),
            r#"{"properties":{"description":{"type":"string"},"type":{"type":"string"}}}"#
        );
    }

    #[test]
    fn normalizing_makes_reordered_documents_equal() {
        let one = json!({"get": {"parameters": [{"name": "b", "in": "query"}, {"name": "a", "in": "query"},
            {"name": "z", "in": "path"}]}, "schema": {"required": ["b", "a"], "properties": {"b": {}, "a": {}}}});
        let two = json!({"schema": {"properties": {"a": {}, "b": {}}, "required": ["a", "b"]},
            "get": {"parameters": [{"in": "path", "name": "z"}, {"in": "query", "name": "a"},
            {"in": "query", "name": "b"}]}});
        let normal = |mut value: Value| {
            normalize(&mut value);
            value.to_string()
        };
        assert_eq!(normal(one), normal(two));
    }
}
