//! Converts between OpenAPI 3.0 and 3.1.

use crate::json;
use crate::value::{Map, Value};

use crate::document::Document;
use crate::error::Error;
use crate::grammar::{Kind, for_each_object};

/// Converts a 3.0 document to an equivalent 3.1.0 document: `nullable` becomes the type `null`, boolean exclusive bounds
/// become numbers, and a schema's `example` becomes `examples`.
///
/// ```
/// use openapi_ledger::to_3_1;
/// use openapi_ledger::json;
///
/// let spec = json!({"openapi": "3.0.3", "components": {"schemas": {"S": {"type": "string", "nullable": true}}}});
/// assert_eq!(to_3_1(&spec)["components"]["schemas"]["S"], json!({"type": ["string", "null"]}));
/// ```
pub fn to_3_1(spec: &Value) -> Value {
    let mut converted = spec.clone();
    set_version(&mut converted, "3.1.0");
    for_each_object(&mut converted, &mut |members, shape, _| {
        if shape.kind() == Some(Kind::Schema) {
            schema_to_3_1(members);
        }
    });
    converted
}

/// Sets the version, if the root of the document is an object.
fn set_version(document: &mut Value, version: &str) {
    if let Some(members) = document.as_object_mut() {
        members.insert("openapi", version.into());
    }
}

/// Converts one schema of 3.0, without nested schemas, to JSON Schema 2020-12.
fn schema_to_3_1(schema: &mut Map) {
    let nullable = schema.remove("nullable") == Some(Value::Bool(true));
    if let Some(example) = schema.remove("example") {
        schema.insert("examples", json!([example]));
    }
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        match schema.get(exclusive) {
            Some(Value::Bool(true)) => {
                schema.remove(exclusive);
                if let Some(value) = schema.remove(bound) {
                    schema.insert(exclusive, value);
                }
            }
            Some(Value::Bool(false)) => {
                schema.remove(exclusive);
            }
            _ => {}
        }
    }
    if !nullable {
        return;
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    // In 3.0, `nullable` next to `allOf: [$ref]` means "the referenced schema, or null".
    if let Some(all) = schema.remove("allOf") {
        let subject = match all {
            Value::Array(mut one) if one.len() == 1 => one.remove(0),
            all => json!({ "allOf": all }),
        };
        schema.insert("anyOf", json!([subject, {"type": "null"}]));
    }
}

/// Converts a 3.1 document to an equivalent 3.0.3 document.
///
/// # Errors
/// [`Error::Unsuitable`], with its place, for something that 3.0 cannot express: a keyword of JSON Schema that 3.0 lacks, or
/// several types together with other constraints.
pub fn to_3_0(document: &Document) -> Result<Value, Error> {
    let mut converted = document.value.clone();
    set_version(&mut converted, "3.0.3");
    if let Some(members) = converted.as_object_mut() {
        members.remove("jsonSchemaDialect");
        members.remove("webhooks");
    }
    let mut converting = Ok(());
    for_each_object(&mut converted, &mut |members, shape, at| {
        if converting.is_ok() && shape.kind() == Some(Kind::Schema) {
            converting =
                schema_to_3_0(members).map_err(|(key, reason)| document.unsuitable(&at.key(key), reason));
        }
    });
    converting.map(|()| converted)
}

/// Keywords of JSON Schema 2020-12 that OpenAPI 3.0 lacks and that affect which values are valid.
#[rustfmt::skip]
const WITHOUT_3_0_FORM: [&str; 16] = [
    "$anchor", "$defs", "$dynamicAnchor", "$dynamicRef", "contains", "dependentRequired", "dependentSchemas",
    "else", "if", "maxContains", "minContains", "patternProperties", "prefixItems", "propertyNames", "then",
    "unevaluatedProperties",
];

/// Keywords that do not affect which values are valid.
const ANNOTATIONS: [&str; 6] =
    ["$comment", "$id", "$schema", "contentEncoding", "contentMediaType", "contentSchema"];

fn schema_to_3_0(schema: &mut Map) -> Result<(), (&'static str, String)> {
    if let Some(key) = WITHOUT_3_0_FORM.into_iter().find(|key| schema.contains_key(key)) {
        return Err((key, format!("OpenAPI 3.0 has no `{key}`; express it with other keywords")));
    }
    for key in ANNOTATIONS {
        schema.remove(key);
    }
    if let Some(Value::Array(examples)) = schema.remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        schema.insert("example", first);
    }
    if let Some(value) = schema.remove("const") {
        schema.insert("enum", json!([value]));
    }
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if schema.get(exclusive).is_some_and(Value::is_number)
            && let Some(value) = schema.remove(exclusive)
        {
            schema.insert(bound, value);
            schema.insert(exclusive, true.into());
        }
    }
    if schema.contains_key("$ref") && schema.len() > 1 {
        // In 3.0, siblings of `$ref` are ignored; `allOf` keeps them.
        if let Some(reference) = schema.remove("$ref") {
            schema.insert("allOf", json!([{ "$ref": reference }]));
        }
    }
    types_to_3_0(schema)?;
    for key in ["anyOf", "oneOf"] {
        union_to_3_0(schema, key);
    }
    Ok(())
}

fn types_to_3_0(schema: &mut Map) -> Result<(), (&'static str, String)> {
    let Some(Value::Array(types)) = schema.get("type") else {
        if schema.get("type") == Some(&Value::String("null".into())) {
            return Err((
                "type",
                "OpenAPI 3.0 has no type `null`; make the other alternative nullable".into(),
            ));
        }
        return Ok(());
    };
    let nullable = types.iter().any(|kind| kind == "null");
    let others: Vec<Value> = types.iter().filter(|kind| *kind != "null").cloned().collect();
    match others.as_slice() {
        [one] => {
            schema.insert("type", one.clone());
        }
        [] => return Err(("type", "OpenAPI 3.0 cannot express that a value is always null".into())),
        several => {
            let alternatives: Vec<_> = several.iter().map(|kind| json!({ "type": kind })).collect();
            if ["anyOf", "items", "properties"].iter().any(|key| schema.contains_key(key)) {
                return Err((
                    "type",
                    "several types together with other constraints cannot be expressed in OpenAPI 3.0".into(),
                ));
            }
            schema.remove("type");
            schema.insert("anyOf", alternatives.into());
        }
    }
    if nullable {
        schema.insert("nullable", true.into());
        if let Some(Value::Array(values)) = schema.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
    }
    Ok(())
}

/// `anyOf: [X, {type: null}]` becomes X, nullable.
fn union_to_3_0(schema: &mut Map, key: &str) {
    let Some(Value::Array(alternatives)) = schema.get_mut(key) else { return };
    let before = alternatives.len();
    alternatives.retain(|alternative| *alternative != json!({"type": "null"}));
    if alternatives.len() == before {
        return;
    }
    if let [_] = alternatives.as_slice() {
        let only = alternatives.remove(0);
        schema.remove(key);
        match only {
            Value::Object(members) if !members.contains_key("$ref") => {
                schema.extend(members);
            }
            reference => {
                schema.insert("allOf", json!([reference]));
            }
        }
    }
    schema.insert("nullable", true.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(version: &str, schema: Value) -> Value {
        json!({"openapi": version, "info": {"title": "T", "version": "1"}, "paths": {},
            "components": {"schemas": {"S": schema}}})
    }

    fn down(schema: Value) -> Result<Value, String> {
        let document = Document::from_value("d.yaml", spec("3.1.0", schema));
        to_3_0(&document).map(|spec| spec["components"]["schemas"]["S"].clone()).map_err(|e| e.to_string())
    }

    #[test]
    fn what_both_versions_can_say_survives_there_and_back() {
        let schemas = [
            json!({"type": "string", "nullable": true, "enum": ["a", null]}),
            json!({"type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": 4}),
            json!({"allOf": [{"$ref": "#/components/schemas/T"}], "nullable": true, "description": "D"}),
            json!({"type": "object", "properties": {"nullable": {"type": "string", "nullable": true, "example": "e"}}}),
            json!({"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object"}]}),
        ];
        for schema in schemas {
            let up = to_3_1(&spec("3.0.3", schema.clone()));
            assert_eq!(up["openapi"], "3.1.0");
            assert!(!up["components"]["schemas"]["S"].to_string().contains("\"nullable\":true"));
            assert_eq!(down(up["components"]["schemas"]["S"].clone()), Ok(schema));
        }
    }

    #[test]
    fn forms_of_3_1_become_those_of_3_0() {
        let cases = [
            (json!({"const": "person"}), json!({"enum": ["person"]})),
            (
                json!({"type": ["integer", "string"]}),
                json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
                json!({"type": "string", "nullable": true}),
            ),
            (
                json!({"$ref": "#/components/schemas/T", "description": "D"}),
                json!({"description": "D", "allOf": [{"$ref": "#/components/schemas/T"}]}),
            ),
            (json!({"$comment": "C", "type": "string"}), json!({"type": "string"})),
        ];
        for (from, to) in cases {
            assert_eq!(down(from.clone()), Ok(to), "{from}");
        }
    }

    #[test]
    fn what_3_0_cannot_say_is_refused_with_the_place() {
        let cases = [
            (json!({"if": {}}), "d.yaml #/components/schemas/S/if: OpenAPI 3.0 has no `if`"),
            (
                json!({"items": {"type": "null"}}),
                "d.yaml #/components/schemas/S/items/type: OpenAPI 3.0 has no type `null`",
            ),
            (json!({"type": ["null"]}), "d.yaml #/components/schemas/S/type: OpenAPI 3.0 cannot express"),
            (
                json!({"type": ["array", "object"], "items": {}}),
                "d.yaml #/components/schemas/S/type: several types",
            ),
        ];
        for (schema, beginning) in cases {
            let refusal = down(schema).unwrap_err();
            assert!(refusal.starts_with(beginning), "{refusal}");
        }
    }

    #[test]
    fn a_root_that_is_no_object_stays_as_it_is() {
        for root in [json!(null), json!([1]), json!("text"), json!(3)] {
            assert_eq!(to_3_1(&root), root);
            assert_eq!(to_3_0(&Document::from_value("d", root.clone())).ok(), Some(root));
        }
    }

    #[test]
    fn a_value_that_looks_like_a_schema_stays() {
        let schema = json!({"type": "object", "default": {"schema": {"nullable": true}}});
        assert_eq!(to_3_1(&spec("3.0.3", schema.clone()))["components"]["schemas"]["S"], schema);
    }
}
