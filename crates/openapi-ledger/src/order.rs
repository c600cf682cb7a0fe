//! A canonical order of members, so that equal documents have the same text.

use crate::grammar::for_each_object;
use crate::value::Value;

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

/// Sorts everything whose order does not matter: fields in the usual order, names alphabetically, parameters, and `required`.
/// Equivalent documents become equal.
pub(crate) fn normalize(document: &mut Value) {
    for_each_object(document, &mut |members, shape, _| {
        if shape.is_names() {
            return members.sort_by(Ord::cmp);
        }
        members.sort_by(|a, b| (rank(a), a).cmp(&(rank(b), b)));
        if let Some(Value::Array(parameters)) = members.get_mut("parameters") {
            parameters.sort_by_cached_key(parameter_key);
        }
        if let Some(Value::Array(names)) = members.get_mut("required") {
            names.sort_by_cached_key(|name| name.as_str().map(str::to_owned));
        }
    });
}

fn parameter_key(parameter: &Value) -> (bool, String, String) {
    let text = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
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
        normalize(&mut value);
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
