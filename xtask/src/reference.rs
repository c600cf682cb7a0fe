//! The document from which the reference page is generated: the specification with examples, and for every operation a curl
//! command and its availability in words.

use posthog_groups_spec::METHODS;
use serde_json::{Map, Value, json};

/// Converts `openapi.json` to the document for the reference page.
pub(crate) fn document(mut spec: Value) -> Value {
    let whole = spec.clone();
    for (path, item) in spec["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            let Some(Value::Object(operation)) = item.get_mut(method) else { continue };
            let sample = json!([{"lang": "cURL", "source": curl(&whole, method, path, operation)}]);
            operation.insert("x-codeSamples".into(), sample);
            if let Some(availability) = operation.shift_remove("x-availability") {
                let text = operation.get("description").and_then(Value::as_str).unwrap_or_default();
                let text = format!("*{}*\n\n{text}", in_words(&availability));
                operation.insert("description".into(), text.into());
            }
        }
    }
    spec
}

/// Describes which servers have an operation.
fn in_words(availability: &Value) -> String {
    let date = |key: &str| availability.get(key).and_then(Value::as_str);
    match (date("since"), date("until")) {
        (Some(since), Some(until)) => {
            format!("Only on servers from {since} to {until}. All others return 404 `Endpoint not found.`.")
        }
        (Some(since), None) => format!("On servers since {since}."),
        (None, Some(until)) => {
            format!("On servers until {until}. Newer servers return 404 `Endpoint not found.`.")
        }
        (None, None) => "On all servers.".to_owned(),
    }
}

/// Returns a curl command for the operation, which works once the key and the project are set.
fn curl(spec: &Value, method: &str, path: &str, operation: &Map<String, Value>) -> String {
    let mut url = path.replace("{project_id}", "@current");
    let mut query = Vec::new();
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    for parameter in parameters.map(|parameter| resolved(spec, parameter)) {
        let name = parameter["name"].as_str().unwrap_or_default();
        let example = match &parameter["example"] {
            Value::String(text) => text.clone(),
            Value::Null => continue,
            value => value.to_string(),
        };
        match parameter["in"].as_str() {
            Some("path") => url = url.replace(&format!("{{{name}}}"), &example),
            // Optional parameters are omitted, because they restrict the result.
            Some("query") if parameter["required"] == true || name == "skip_create_notebook" => {
                query.push(format!("{name}={example}"));
            }
            _ => {}
        }
    }
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let mut lines = vec![format!("curl \"https://us.posthog.com{url}{query}\"")];
    if method != "get" {
        lines.push(format!("-X {}", method.to_uppercase()));
    }
    let session_only = operation
        .get("security")
        .and_then(Value::as_array)
        .is_some_and(|ways| ways.iter().all(|way| way.get("SessionCookie").is_some()));
    lines.push(if session_only {
        "-b \"sessionid=$POSTHOG_SESSION\"".to_owned()
    } else {
        "-H \"Authorization: Bearer $POSTHOG_PERSONAL_API_KEY\"".to_owned()
    });
    let body = operation.get("requestBody").map(|body| resolved(spec, body));
    if let Some(media) = body.and_then(|body| body.pointer("/content/application~1json")) {
        let shown = resolved(spec, &media["schema"]).get("example");
        let named = || media.get("examples").and_then(Value::as_object)?.values().next()?.get("value");
        let example = shown.or_else(named);
        if let Some(example) = example {
            lines.push("-H \"Content-Type: application/json\"".to_owned());
            lines.push(format!("-d '{}'", example.to_string().replace('\'', "'\\''")));
        }
    }
    lines.join(" \\\n  ")
}

fn resolved<'a>(spec: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
    reference.and_then(|at| spec.pointer(at)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Value {
        let text =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/openapi.json")).unwrap();
        document(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn every_operation_has_a_call_and_says_in_words_where_it_exists() {
        let page = page();
        for (path, item) in page["paths"].as_object().unwrap() {
            for operation in METHODS.iter().filter_map(|method| item.get(*method)) {
                let call = operation["x-codeSamples"][0]["source"].as_str().unwrap();
                assert!(
                    call.starts_with("curl \"https://us.posthog.com/api/") && !call.contains('{')
                        || call.contains("-d '"),
                    "{path}: {call}"
                );
                assert!(!call.lines().next().unwrap().contains('{'), "{path}: {call}");
                assert!(operation["description"].as_str().unwrap().contains(" servers "), "{path}");
                assert!(operation.get("x-availability").is_none());
            }
        }
    }

    #[test]
    fn a_call_has_what_the_server_requires() {
        let page = page();
        let update = &page["paths"]["/api/projects/{project_id}/groups/update_property/"]["post"];
        assert_eq!(
            update["x-codeSamples"][0]["source"],
            "curl \"https://us.posthog.com/api/projects/@current/groups/update_property/?group_type_index=0&group_key=acct_1042\" \\\n  \
             -X POST \\\n  -H \"Authorization: Bearer $POSTHOG_PERSONAL_API_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  \
             -d '{\"key\":\"seats\",\"value\":57}'"
        );
    }
}
