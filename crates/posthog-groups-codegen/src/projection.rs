//! The projection: the part of the specification that the generator supports. It does not correct anything; everything that it
//! removes is correct and stays in the published specification.

use std::collections::BTreeSet;

use posthog_groups_spec::grammar::{for_each_object, is_sample};
use posthog_groups_spec::{METHODS, Map, Value};

/// Removes parts of a corrected specification that the generator rejects or that would make its clients worse:
///
/// * Error responses. With them, the HTML page of a proxy's 502 would become a decode error without a status. Without them, it
///   is returned as `UnexpectedResponse` with status, headers and body.
/// * Media types other than JSON, callbacks and links, which the generator ignores or panics on.
/// * `required` for nullable members, so that a member that an old server does not send is decoded as null.
/// * `nullable` on a free-form object. The member becomes optional and keeps its JSON text.
/// * `minimum` and `maximum`, so that an integer stays an `i64`.
/// * `pattern`, lengths, `format: uri` and `format: uuid`, which would become types that reject unexpected values of the server.
/// * Examples, and components that are no longer referenced.
pub(crate) fn project(spec: &Value) -> Value {
    let mut projection = spec.clone();
    if let Some(paths) = projection.get_mut("paths").and_then(Value::as_object_mut) {
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            for (_, operation) in item.iter_mut().filter(|(field, _)| METHODS.contains(&field.as_str())) {
                project_operation(operation, spec);
            }
        }
    }
    for_each_object(&mut projection, &mut |members, shape, _| {
        if !shape.is_names() {
            soften_fields(members);
        }
    });
    drop_unused_components(&mut projection);
    projection
}

fn project_operation(operation: &mut Value, spec: &Value) {
    let Some(members) = operation.as_object_mut() else { return };
    members.remove("callbacks");
    if let Some(responses) = members.get_mut("responses").and_then(Value::as_object_mut) {
        responses.retain(|status, _| status.starts_with('2'));
        for response in responses.values_mut() {
            inline(response, spec);
            if let Some(members) = response.as_object_mut() {
                members.remove("headers");
                members.remove("links");
            }
            keep_json(response);
        }
    }
    if let Some(body) = members.get_mut("requestBody") {
        inline(body, spec);
        keep_json(body);
    }
}

/// Replaces a reference to a response or a request body by the component.
fn inline(node: &mut Value, spec: &Value) {
    let target = node["$ref"].as_str().and_then(|reference| spec.pointer(reference.strip_prefix('#')?));
    if let Some(target) = target {
        *node = target.clone();
    }
}

fn keep_json(holder: &mut Value) {
    if let Some(content) = holder.get_mut("content").and_then(Value::as_object_mut)
        && content.contains_key("application/json")
    {
        content.retain(|media_type, _| media_type == "application/json");
    }
}

/// Removes examples and the constraints that the generator would enforce while decoding.
fn soften_fields(members: &mut Map) {
    members.retain(|key, _| !is_sample(key));
    for key in [
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "pattern",
    ] {
        members.remove(key);
    }
    let properties = members["properties"].as_object().cloned().unwrap_or_default();
    if let Some(Value::Array(required)) = members.get_mut("required") {
        let nullable = |name: &str| {
            properties.get(name).is_some_and(|member| member["nullable"].as_bool() == Some(true))
        };
        required.retain(|name| !name.as_str().is_some_and(nullable));
    }
    if members.get("type") == Some(&"object".into())
        && members.get("additionalProperties") == Some(&true.into())
        && members.remove("nullable").is_some()
    {
        *members = Map::from_iter([("$ref", "#/components/schemas/Properties".into())]);
    }
    if matches!(members["format"].as_str(), Some("email" | "uri" | "url" | "uuid")) {
        members.remove("format");
    }
}

fn drop_unused_components(spec: &mut Value) {
    let mut used = BTreeSet::new();
    let mut fresh = BTreeSet::new();
    references(&spec["paths"], &mut fresh);
    while let Some(reference) = fresh.pop_first() {
        if used.insert(reference.clone())
            && let Some(target) = reference.strip_prefix('#').and_then(|pointer| spec.pointer(pointer))
        {
            references(target, &mut fresh);
        }
    }
    let Some(components) = spec.get_mut("components").and_then(Value::as_object_mut) else { return };
    for (section, members) in components.iter_mut().filter(|(section, _)| *section != "securitySchemes") {
        if let Some(members) = members.as_object_mut() {
            members.retain(|name, _| used.contains(&format!("#/components/{section}/{name}")));
        }
    }
    components.retain(|_, members| members.as_object().is_some_and(|members| !members.is_empty()));
}

fn references(node: &Value, found: &mut BTreeSet<String>) {
    match node {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.to_string());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use posthog_groups_spec::json;

    use super::*;

    #[test]
    fn the_json_success_and_its_components_are_kept() {
        let spec = json!({
            "paths": {"/a/": {"post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}},
                    "multipart/form-data": {"schema": {"$ref": "#/components/schemas/Form"}}}},
                "responses": {
                    "200": {"$ref": "#/components/responses/Fine"},
                    "4XX": {"$ref": "#/components/responses/Bad"},
                },
            }}},
            "components": {
                "responses": {
                    "Fine": {"description": "Fine", "headers": {"X": {}}, "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Out"}}, "text/csv": {}}},
                    "Bad": {"description": "Bad", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
                },
                "schemas": {
                    "In": {"type": "string", "pattern": "x", "maxLength": 4, "example": "x"},
                    "Out": {"type": "object", "required": ["pattern", "n", "p"], "properties": {
                        "pattern": {"type": "string", "format": "uuid"},
                        "n": {"type": "integer", "nullable": true, "minimum": 0},
                        "p": {"type": "object", "additionalProperties": true, "nullable": true},
                    }},
                    "Properties": {"type": "object", "additionalProperties": true},
                    "Error": {"type": "object"}, "Form": {"type": "object"},
                },
                "securitySchemes": {"Key": {"type": "http", "scheme": "bearer"}},
            },
        });
        let schema = |name: &str| json!({"schema": {"$ref": format!("#/components/schemas/{name}")}});
        let expected = json!({
            "paths": {"/a/": {"post": {
                "requestBody": {"content": {"application/json": schema("In")}},
                "responses": {"200": {"description": "Fine", "content": {"application/json": schema("Out")}}},
            }}},
            "components": {
                "schemas": {
                    "In": {"type": "string"},
                    "Out": {"type": "object", "required": ["pattern"], "properties": {
                        "pattern": {"type": "string"},
                        "n": {"type": "integer", "nullable": true},
                        "p": {"$ref": "#/components/schemas/Properties"},
                    }},
                    "Properties": {"type": "object", "additionalProperties": true},
                },
                "securitySchemes": {"Key": {"type": "http", "scheme": "bearer"}},
            },
        });
        assert_eq!(project(&spec), expected);
    }
}
