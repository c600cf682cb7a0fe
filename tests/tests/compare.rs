//! Compares published documents in different forms, with repaired defects and with new ones.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use posthog_groups_spec::compare::{Comparison, Ledger, State, compare};
use posthog_groups_spec::{Document, Project, to_3_1};
use posthog_groups_spec::{Map, Value, json};
use posthog_groups_tests::workspace;

const LIST: &str = "/api/projects/{project_id}/groups/";
const FIND: &str = "/api/projects/{project_id}/groups/find/";
const UPDATE: &str = "/api/projects/{project_id}/groups/update_property/";
const DOCUMENTS: [&str; 5] =
    ["posthog-2025", "posthog-2025-11-19", "posthog-2026-spring", "inlined-2026-04", "posthog-2026-09-21"];

fn project() -> Project {
    Project::new(workspace().join("spec"))
}

fn published(name: &str) -> Value {
    Document::read(&project().path(&format!("published/{name}.yaml"))).unwrap().value
}

/// Parsed once, because that is slow in unoptimized builds.
static SPEC: LazyLock<Document> = LazyLock::new(|| project().spec().unwrap());
static LEDGER: LazyLock<Ledger> = LazyLock::new(|| project().ledger().unwrap());

fn compared_with(document: Value, ledger: &Ledger) -> Comparison {
    compare(&Document::from_value("document", document), &SPEC, ledger).unwrap()
}

fn compared(document: Value) -> Comparison {
    compared_with(document, &LEDGER)
}

/// All items with `POSTHOG_GROUPS_FULL_SIZE` in the environment, otherwise every `step`-th, starting at `n % step`.
fn sample<I: IntoIterator>(items: I, n: usize, step: usize) -> impl Iterator<Item = I::Item> {
    let step = if std::env::var_os("POSTHOG_GROUPS_FULL_SIZE").is_some() { 1 } else { step };
    items.into_iter().skip(n % step).step_by(step)
}

/// The findings as `operation place kind published`.
fn findings(comparison: &Comparison) -> Vec<String> {
    let line = |d: &posthog_groups_spec::compare::Difference| {
        format!("{} {} {} {}", d.operation, d.place, d.kind, d.published)
    };
    comparison.findings.iter().map(line).collect()
}

#[test]
fn every_published_document_is_accounted_for() {
    let mut text = String::new();
    for comparison in project().comparisons().unwrap() {
        assert_eq!(findings(&comparison), Vec::<String>::new());
        let since = comparison.since.clone().unwrap_or_default();
        text += &format!("{}\n", comparison.verdict());
        text += &format!("  repaired: {}\n", since.repaired.join(" "));
        text += &format!("  newly wrong: {}\n", since.newly_wrong.join(" "));
    }
    insta::assert_snapshot!(text);
}

/// The same document in other forms.
fn shapes(document: &Value) -> Vec<(&'static str, Value)> {
    let mut shapes = vec![("3.1", to_3_1(document)), ("inlined", inlined(document))];
    let text = document.to_string();
    let mut renamed = text.clone();
    for name in document["components"]["schemas"].as_object().into_iter().flatten().map(|(name, _)| name) {
        renamed = renamed.replace(&format!("schemas/{name}\""), &format!("schemas/Api{name}V2\""));
        renamed = renamed.replace(&format!("\"{name}\":{{"), &format!("\"Api{name}V2\":{{"));
    }
    renamed = renamed.replace("\"operationId\":\"", "\"operationId\":\"v2_");
    shapes.push(("renamed", serde_json::from_str(&renamed).unwrap()));
    shapes
        .push(("scheme renamed", serde_json::from_str(&text.replace("PersonalAPIKeyAuth", "Key")).unwrap()));
    shapes.push((
        "other path parameters",
        serde_json::from_str(
            &text.replace("{project_id}", "{team}").replace("\"name\":\"project_id\"", "\"name\":\"team\""),
        )
        .unwrap(),
    ));
    let mut edited = document.clone();
    edited.as_object_mut().unwrap().remove("servers");
    shapes.push(("no servers", edited.clone()));
    edited["servers"] = json!([{"url": "https://posthog.example.com"}]);
    shapes.push(("a server", edited));
    let mut paths = Map::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/api/environments/") {
            paths.insert(path.trim_end_matches('/').to_owned(), item.clone());
        }
    }
    let mut without_slash = document.clone();
    without_slash["paths"] = paths.into();
    shapes.push(("no slash at the end", without_slash));
    let projects = |path: &str| path.starts_with("/api/projects/");
    let mut environments = document.clone();
    environments["paths"] = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, _)| projects(path))
        .map(|(path, item)| (path.replacen("/api/projects/", "/api/environments/", 1), item.clone()))
        .collect::<Map>()
        .into();
    shapes.push(("environments instead of projects", environments));
    let mut backwards = document.clone();
    for (_, item) in backwards["paths"].as_object_mut().unwrap() {
        for (_, operation) in item.as_object_mut().unwrap() {
            if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
                parameters.reverse();
            }
            operation["tags"] = json!(["other"]);
            operation["description"] = "Other words".into();
        }
    }
    shapes.push(("parameters in another order", backwards));
    let quoted = |media: &str| text.replace(media, &media.replacen("\":", "; charset=\\\"utf-8\\\"\":", 1));
    shapes.push(("a charset", serde_json::from_str(&quoted("\"application/json\":")).unwrap()));
    let encoded = text.replace("#/components/schemas/G", "#/components/schemas/%47");
    shapes.push(("encoded references", serde_json::from_str(&encoded).unwrap()));
    let rename_paths = |rename: &dyn Fn(&str) -> String| {
        let mut renamed = document.clone();
        let paths = document["paths"].as_object().unwrap().iter();
        let paths: Map = paths.map(|(path, item)| (rename(path), item.clone())).collect();
        renamed["paths"] = paths.into();
        renamed
    };
    let mut server = rename_paths(&|path| path.replacen("/api/", "/", 1));
    server["servers"] = json!([{"url": "https://posthog.example.com/api/"}]);
    shapes.push(("a server with a path", server));
    shapes.push(("paths with a prefix", rename_paths(&|path| format!("/posthog{path}"))));
    let mut reversed = document.clone();
    reverse_alternatives(&mut reversed);
    shapes.push(("alternatives in another order", reversed));
    shapes
}

fn reverse_alternatives(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for key in ["oneOf", "anyOf", "allOf", "enum", "required"] {
                if let Some(Value::Array(items)) = members.get_mut(key) {
                    items.reverse();
                }
            }
            members.values_mut().for_each(reverse_alternatives);
        }
        Value::Array(items) => items.iter_mut().for_each(reverse_alternatives),
        _ => {}
    }
}

/// The document with every schema reference replaced by the schema.
fn inlined(document: &Value) -> Value {
    fn inline(value: &Value, root: &Value) -> Value {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    return inline(root.pointer(reference.strip_prefix('#').unwrap()).unwrap(), root);
                }
                members.iter().map(|(key, value)| (key.clone(), inline(value, root))).collect::<Map>().into()
            }
            Value::Array(items) => items.iter().map(|item| inline(item, root)).collect::<Vec<_>>().into(),
            value => value.clone(),
        }
    }
    let mut whole = inline(document, document);
    whole["components"].as_object_mut().unwrap().remove("schemas");
    whole
}

#[test]
fn the_shape_of_a_document_makes_no_difference() {
    for (n, name) in DOCUMENTS.into_iter().enumerate() {
        let document = published(name);
        let states = compared(document.clone()).states;
        for (shape, variant) in sample(shapes(&document), n, 3) {
            let comparison = compared(variant);
            assert_eq!(findings(&comparison), Vec::<String>::new(), "{name}, {shape}");
            let mut expected = states.clone();
            // These forms have the alias in a different way.
            expected.insert("D61".into(), comparison.states["D61"]);
            assert_eq!(comparison.states, expected, "{name}, {shape}");
        }
    }
}

/// Our specification with inlined references, for repairing a document.
static OURS: LazyLock<Value> = LazyLock::new(|| inlined(&SPEC.value));

fn operation<'v>(document: &'v mut Value, path: &str, method: &str) -> &'v mut Value {
    &mut document["paths"][path][method]
}

fn parameter<'v>(operation: &'v mut Value, name: &str) -> &'v mut Value {
    let parameters = operation["parameters"].as_array_mut().unwrap();
    parameters.iter_mut().find(|parameter| parameter["name"] == name).unwrap()
}

type Repair = Box<dyn Fn(&mut Value)>;

/// Repairs of a document from 2025, by the id of the defect.
fn repairs() -> Vec<(&'static str, Repair)> {
    let body = |path: &'static str| {
        move |document: &mut Value| {
            let body = OURS["paths"][path]["post"]["requestBody"].clone();
            document["paths"][path]["post"]["requestBody"]["content"]["application/json"] =
                body["content"]["application/json"].clone();
        }
    };
    let answer = |path: &'static str, method: &'static str| {
        move |document: &mut Value| {
            let answer = OURS["paths"][path][method]["responses"]["200"].clone();
            operation(document, path, method)["responses"]["200"] = answer;
        }
    };
    vec![
        ("D01", Box::new(body(UPDATE))),
        ("D02", Box::new(body("/api/projects/{project_id}/groups/delete_property/"))),
        (
            "D13",
            Box::new(|d| {
                parameter(operation(d, LIST, "get"), "search")["required"] = false.into();
            }),
        ),
        ("D14", Box::new(answer(FIND, "get"))),
        ("D15", Box::new(answer(UPDATE, "post"))),
        ("D18", Box::new(answer("/api/projects/{project_id}/groups/activity/", "get"))),
        ("D19", Box::new(answer("/api/projects/{project_id}/groups/related/", "get"))),
        ("D21", Box::new(answer("/api/projects/{project_id}/groups/property_values/", "get"))),
        (
            "D24",
            Box::new(|d| {
                let group = &mut d["components"]["schemas"]["Group"];
                group["properties"]["group_properties"] =
                    json!({"type": "object", "additionalProperties": {}});
                group["required"].as_array_mut().unwrap().push("group_properties".into());
            }),
        ),
        (
            "D32",
            Box::new(|d| {
                let parameters = operation(d, LIST, "get")["parameters"].as_array_mut().unwrap();
                parameters.push(json!({"name": "group_key", "in": "query", "schema": {"type": "string"}}));
            }),
        ),
        (
            "D42",
            Box::new(|d| {
                let parameters = operation(d, FIND, "get")["parameters"].as_array_mut().unwrap();
                parameters.push(
                    json!({"name": "skip_create_notebook", "in": "query", "schema": {"type": "boolean"}}),
                );
            }),
        ),
    ]
}

#[test]
fn any_subset_of_repaired_defects_is_accounted_for() {
    let mut document = published("posthog-2025");
    document["paths"].as_object_mut().unwrap().retain(|path, _| !path.starts_with("/api/environments/"));
    let repairs = repairs();
    for mask in 0..1_u32 << repairs.len() {
        // Each repair alone, all except one, and a sample of other combinations.
        let others = repairs.len() as u32 - mask.count_ones();
        if mask.count_ones() > 1 && others > 1 && mask % 97 != 0 {
            continue;
        }
        let mut variant = document.clone();
        let chosen: Vec<_> = (0..repairs.len()).filter(|n| mask & 1 << n != 0).map(|n| &repairs[n]).collect();
        chosen.iter().for_each(|(_, repair)| repair(&mut variant));
        let comparison = compared(variant);
        let ids: Vec<_> = chosen.iter().map(|(id, _)| *id).collect();
        assert_eq!(findings(&comparison), Vec::<String>::new(), "{ids:?}");
        for (id, _) in &repairs {
            let expected = if ids.contains(id) { State::Agrees } else { State::Published };
            let state = comparison.states[*id];
            // Responses that were added from our specification make more places correct.
            let partly = state == State::Partly && expected == State::Published;
            assert!(state == expected || partly, "{id} is {state} with {ids:?} repaired");
        }
    }
}

/// A planted difference: path, method, the change of the operation, and the place that must be reported.
type Planted = (&'static str, &'static str, fn(&mut Value), &'static str);

fn planted() -> Vec<Planted> {
    fn schema(operation: &mut Value) -> &mut Value {
        &mut operation["requestBody"]["content"]["application/json"]["schema"]
    }
    vec![
        (LIST, "get", |o| parameter(o, "cursor")["required"] = true.into(), "parameters.cursor.required"),
        (
            LIST,
            "get",
            |o| parameter(o, "group_type_index")["schema"]["type"] = "string".into(),
            "parameters.group_type_index.type",
        ),
        (
            LIST,
            "get",
            |o| parameter(o, "search")["schema"]["maxLength"] = 5.into(),
            "parameters.search.maxLength",
        ),
        (
            LIST,
            "get",
            |o| {
                parameter(o, "search")["schema"] = json!({"oneOf": [{"type": "string"}, {"type": "integer"}]})
            },
            "parameters.search.type",
        ),
        (
            LIST,
            "get",
            |o| {
                o["parameters"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"name": "limit", "in": "query", "schema": {"type": "integer"}}))
            },
            "parameters.limit",
        ),
        (LIST, "get", |o| o["responses"]["202"] = json!({"description": ""}), "responses.202"),
        (
            LIST,
            "get",
            |o| o["responses"]["200"]["headers"] = json!({"X-A": {"schema": {"type": "string"}}}),
            "responses.200.headers.x-a",
        ),
        (LIST, "get", |o| o["security"] = json!([{"PersonalAPIKeyAuth": ["group:write"]}]), "scopes"),
        (
            LIST,
            "get",
            |o| o["security"] = json!([{"PersonalAPIKeyAuth": ["group:read"]}, {"Other": []}]),
            "security",
        ),
        (LIST, "get", |o| o["deprecated"] = true.into(), "deprecated"),
        (
            LIST,
            "get",
            |o| o["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object"}}}}),
            "requestBody",
        ),
        (
            FIND,
            "get",
            |o| o["responses"]["200"] = json!({"description": "", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}}),
            "responses.200.type",
        ),
        (
            UPDATE,
            "post",
            |o| schema(o)["properties"]["group_key"]["maxLength"] = 401.into(),
            "requestBody.group_key",
        ),
        (
            UPDATE,
            "post",
            |o| schema(o)["properties"]["extra"] = json!({"type": "string"}),
            "requestBody.extra",
        ),
        (
            UPDATE,
            "post",
            |o| *schema(o) = json!({"type": "array", "items": {"type": "string"}}),
            "requestBody.type",
        ),
        (UPDATE, "post", |o| o["requestBody"]["required"] = false.into(), "requestBody.required"),
        (
            UPDATE,
            "post",
            |o| o["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]["x"] = json!({}),
            "requestBody(multipart/form-data)",
        ),
        (
            "/api/projects/{project_id}/groups_types/update_metadata/",
            "patch",
            |o| schema(o)["properties"]["extra"] = json!({}),
            "requestBody.type",
        ),
    ]
}

#[test]
fn a_planted_difference_is_the_only_finding_even_next_to_a_known_defect() {
    let document = inlined(&published("posthog-2025"));
    for (path, method, plant, place) in planted() {
        let mut variant = document.clone();
        plant(operation(&mut variant, path, method));
        // The alias must have the same operation.
        variant["paths"][path.replacen("projects", "environments", 1).as_str()][method] =
            variant["paths"][path][method].clone();
        let comparison = compared(variant);
        let found: Vec<_> =
            comparison.findings.iter().map(|d| (d.operation.as_str(), d.place.as_str())).collect();
        let operation = format!("{} {path}", method.to_uppercase());
        assert_eq!(found, [(operation.as_str(), place)], "{:?}", findings(&comparison));
    }
}

#[test]
fn a_difference_in_the_alias_alone_is_found_there() {
    let mut document = inlined(&published("posthog-2025"));
    let alias = "/api/environments/{project_id}/groups/find/";
    parameter(operation(&mut document, alias, "get"), "group_key")["schema"]["maxLength"] = 3.into();
    let comparison = compared(document);
    assert_eq!(findings(&comparison), [format!("GET {FIND} parameters.group_key.maxLength range-changed 3")]);
    assert_eq!(comparison.findings[0].published_path.as_deref(), Some(alias));
}

#[test]
fn added_and_removed_operations_are_findings_unless_they_are_in_the_ledger() {
    let mut document = published("posthog-2025");
    let paths = document["paths"].as_object_mut().unwrap();
    paths.remove(FIND);
    paths.remove("/api/environments/{project_id}/groups/find/");
    paths.remove("/api/projects/{project_id}/groups/property_definitions/");
    paths.remove("/api/environments/{project_id}/groups/property_definitions/");
    paths.insert("/api/projects/{project_id}/groups/merge/", json!({"post": {"responses": {}}}));
    paths.insert(
        "/api/projects/{project_id}/groups_types/{group_type_index}/metrics/",
        json!({"get": {"responses": {}}}),
    );
    let comparison = compared(document);
    assert_eq!(
        findings(&comparison),
        [
            format!("GET {FIND} operation operation-added absent"),
            "POST /api/projects/{project_id}/groups/merge/ operation operation-removed present".to_owned(),
        ]
    );
    assert_eq!(comparison.states["D20"], State::OperationAbsent);
    assert_eq!(comparison.left_out.len(), 1);
}

#[test]
fn removing_an_entry_makes_exactly_its_differences_findings() {
    let whole = &*LEDGER;
    let document = published("posthog-2026-09-21");
    let accounted = compared(document.clone()).accounted;
    for (id, differences) in sample(&accounted, 0, 3) {
        let mut ledger = whole.clone();
        ledger.defects.retain(|defect| defect.id != *id);
        let found: BTreeSet<_> = compared_with(document.clone(), &ledger)
            .findings
            .into_iter()
            .flat_map(|d| {
                // A finding also lists the other places with the same difference.
                let also = d.also.into_iter().map(|d| (d.operation, d.place));
                also.chain([(d.operation, d.place)]).collect::<Vec<_>>()
            })
            .collect();
        let expected: BTreeSet<_> =
            differences.iter().map(|d| (d.operation.clone(), d.place.clone())).collect();
        assert_eq!(found, expected, "{id}");
    }
}

#[test]
fn two_entries_for_one_difference_are_an_error() {
    let mut ledger = LEDGER.clone();
    let mut twin = ledger.defect("D13").unwrap().clone();
    twin.id = "D99".into();
    ledger.defects.push(twin);
    let document = Document::from_value("document", published("posthog-2025"));
    let error = compare(&document, &SPEC, &ledger).unwrap_err().to_string();
    assert!(error.contains("D13 and D99 both account for"), "{error}");
}

#[test]
fn a_finding_comes_with_the_entry_to_paste_and_the_edit_to_make() {
    let mut document = published("posthog-2026-09-21");
    document["components"]["schemas"]["FindGroup"]["properties"]["archived"] = json!({"type": "boolean"});
    insta::assert_snapshot!("finding", compared(document).to_text(&LEDGER));
}
