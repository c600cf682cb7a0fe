//! The input schema of a tool, derived from the parameters and the request body of its operation.

use serde_json::{Map, Value};

/// The specification as OpenAPI 3.1, whose schemas are JSON Schema, as in the protocol.
pub(super) struct Spec(Value);

/// The input of a tool, as specified.
#[derive(Debug, PartialEq)]
pub(super) struct ToolInput {
    pub(super) title: String,
    pub(super) properties: Map<String, Value>,
    pub(super) required: Vec<String>,
}

/// Parameters that are not arguments of tools: the settings determine the project, reading never creates a notebook, and all tools
/// page in the same way.
const OURS: &[&str] = &["project_id", "skip_create_notebook", "cursor", "limit", "page"];

impl Spec {
    pub(super) fn embedded() -> serde_json::Result<Self> {
        serde_json::from_str(include_str!("../../openapi-3.1.json")).map(Self)
    }

    /// The input of the tool for an operation, or `None` if the specification does not have it.
    pub(super) fn input(&self, operation_id: &str) -> Option<ToolInput> {
        let paths = self.0["paths"].as_object()?;
        let mut operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
        let operation = operations.find(|operation| operation["operationId"] == operation_id)?;
        let mut input = ToolInput {
            title: operation["summary"].as_str()?.to_owned(),
            properties: Map::new(),
            required: Vec::new(),
        };
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolved(parameter)?;
            let name = parameter["name"].as_str()?;
            if !OURS.contains(&name) {
                let mut schema = self.resolved(&parameter["schema"])?.as_object()?.clone();
                if let Some(description) = parameter.get("description") {
                    schema.insert("description".to_owned(), description.clone());
                }
                input.add(name, schema, parameter["required"] == true);
            }
        }
        let body = &operation["requestBody"];
        if !body.is_null() {
            let schema = self.resolved(&body["content"]["application/json"]["schema"])?.as_object()?;
            match schema.get("properties").and_then(Value::as_object) {
                Some(members) => {
                    let required = schema.get("required").and_then(Value::as_array);
                    for (name, member) in members {
                        let is_required =
                            required.is_some_and(|required| required.contains(&Value::from(name.as_str())));
                        input.add(name, self.resolved(member)?.as_object()?.clone(), is_required);
                    }
                }
                // The body is the properties themselves.
                None => input.add("group_properties", schema.clone(), true),
            }
        }
        Some(input)
    }

    fn resolved<'a>(&'a self, node: &'a Value) -> Option<&'a Value> {
        match node["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.strip_prefix('#')?),
            None => Some(node),
        }
    }
}

impl ToolInput {
    fn add(&mut self, name: &str, mut schema: Map<String, Value>, required: bool) {
        // Hosts reject argument names with a dollar sign.
        let name = if name == "$unset" { "key" } else { name };
        for for_readers in ["example", "examples"] {
            schema.remove(for_readers);
        }
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = without_statuses(description);
        }
        self.properties.insert(name.to_owned(), Value::Object(schema));
        if required {
            self.required.push(name.to_owned());
        }
    }
}

/// A description without the sentences about HTTP statuses, which do not concern the caller of a tool.
fn without_statuses(description: &str) -> String {
    let is_status = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()) && word != "100"
    };
    let sentences = description.trim().split_inclusive(". ");
    let kept: String = sentences.filter(|sentence| !sentence.split_whitespace().any(is_status)).collect();
    kept.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_about_statuses_are_removed() {
        for (description, kept) in [
            ("Index of the type. Missing: 500 in 2025 (list: 400), 400 in 2026.", "Index of the type."),
            ("At most 100 groups. Servers of 2026 have it.", "At most 100 groups. Servers of 2026 have it."),
            ("Answered 400.", ""),
            ("Some text", "Some text"),
        ] {
            assert_eq!(without_statuses(description), kept);
        }
    }
}
