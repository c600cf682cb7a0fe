//! Small inputs that require a lot of work, and arbitrary inputs: bounded time, no panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its document has failed")]

use std::time::{Duration, Instant};

use openapi_ledger::compare::{Ledger, compare};
use openapi_ledger::diff::diff;
use openapi_ledger::lint::lint;
use openapi_ledger::{Document, Marks, read_within, slice, to_3_0, to_3_1};
use openapi_ledger::{Map, Value, json};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The maximum time for one input. Generous, for unoptimized builds on busy machines.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 1 });

fn within_limit<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < LIMIT, "took {:?}", start.elapsed());
    result
}

fn with_schemas(schemas: Value) -> Document {
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": {"operationId": "a", "responses": {
            "200": {"description": "Fine", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S20"}}}},
            "4XX": {"description": "Refused"},
        }}}},
        "components": {"schemas": schemas},
    });
    Document::from_value("hostile.json", document)
}

/// Schemas `S0` to `S20`, each of which contains the previous one twice, as defined by `make`.
fn doubling(make: impl Fn(Value) -> Value) -> Document {
    let mut schemas = Map::from_iter([("S0".to_owned(), json!({"type": "object", "example": {}}))]);
    for n in 1..=20 {
        let mut schema = make(json!({"$ref": format!("#/components/schemas/S{}", n - 1)}));
        schema["example"] = json!({});
        schemas.insert(format!("S{n}"), schema);
    }
    with_schemas(schemas.into())
}

fn ledger() -> Ledger {
    let ledger = json!({"scope": {"roots": ["/a"]}, "defects": []});
    Ledger::from_document(&Document::from_value("ledger.yaml", ledger)).unwrap()
}

#[test]
fn schemas_that_double_end_in_a_finding_or_an_error() {
    let all_of = doubling(|part| json!({"allOf": [part.clone(), part]}));
    let findings = within_limit(|| lint(&all_of));
    let sizes = findings.iter().filter(|finding| finding.rule == "schema-size").count();
    assert_eq!(sizes, 1, "{findings:?}");
    let properties = doubling(|part| json!({"type": "object", "properties": {"a": part.clone(), "b": part}}));
    within_limit(|| lint(&properties));
    for document in [all_of, properties] {
        let error = within_limit(|| compare(&document, &document, &ledger())).unwrap_err().to_string();
        assert!(error.contains("expand to more than"), "{error}");
        assert!(within_limit(|| diff(&document, &document, &Marks::default())).unwrap().changes.is_empty());
    }
}

#[test]
fn long_enums_are_compared_in_linear_time() {
    let with_values = |from: usize| {
        let values: Vec<_> = (from..from + 20_000).map(|n| format!("value {n}")).collect();
        with_schemas(json!({"S20": {"type": "string", "enum": values}}))
    };
    let (old, new) = (with_values(0), with_values(1));
    let changes = within_limit(|| diff(&old, &new, &Marks::default())).unwrap().changes;
    assert_eq!(changes.len(), 2, "one value went, one came");
    let comparison = within_limit(|| compare(&old, &new, &ledger())).unwrap();
    assert_eq!(comparison.findings.len(), 1);
    let (old, new) = (with_values(0), with_values(20_000));
    assert_eq!(within_limit(|| diff(&old, &new, &Marks::default())).unwrap().changes.len(), 40_000);
    assert_eq!(within_limit(|| compare(&old, &new, &ledger())).unwrap().findings.len(), 1);
}

#[test]
fn many_operations_are_compared_in_linear_time() {
    let with_paths = |from: usize| {
        let operation = json!({"responses": {"200": {"description": "Fine"}}});
        let paths = (from..from + 20_000).map(|n| (format!("/a/{n}"), json!({"get": operation.clone()})));
        let paths = Map::from_iter(paths);
        Document::from_value(
            "many.json",
            json!({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths}),
        )
    };
    let (old, new) = (with_paths(0), with_paths(10_000));
    let changes = within_limit(|| diff(&old, &new, &Marks::default())).unwrap().changes;
    assert_eq!(changes.len(), 20_000, "10,000 operations went, 10,000 came");
}

#[test]
fn many_unknown_operations_are_folded_in_linear_time() {
    let ours = with_schemas(json!({"S20": {"type": "string"}}));
    let mut published = ours.clone();
    for n in 0..20_000 {
        published.value["paths"][format!("/a/{n}/{n}").as_str()] = json!({"get": {"responses": {}}});
    }
    assert_eq!(within_limit(|| compare(&published, &ours, &ledger())).unwrap().findings.len(), 20_000);
}

#[test]
fn a_long_chain_of_components_is_read_in_linear_time() {
    // A quadratic reader exceeds the limit with the larger one.
    let length = if std::env::var_os("POSTHOG_GROUPS_FULL_SIZE").is_some() { 200_000 } else { 40_000 };
    let link = |n: usize| json!({"$ref": format!("#/components/schemas/S{}", n + 1)});
    let mut schemas: Map = (20..length).map(|n| (format!("S{n}"), link(n))).collect();
    schemas.insert(format!("S{length}"), json!({"type": "string"}));
    let document = with_schemas(schemas.into()).value;
    let text = document.to_string();
    let part = within_limit(|| read_within("chain", text.as_bytes(), &ledger().scope, &[])).unwrap();
    assert_eq!(part.value, document);
}

#[cfg(target_os = "linux")]
#[test]
fn a_document_with_too_many_values_is_refused_before_they_take_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zeros.json");
    // The values would need 256 MB, and more while their list grows.
    std::fs::write(&file, format!("[{}0]", "0,".repeat(8_000_000))).unwrap();
    // 400 MB of address space.
    let limited = "ulimit -v 400000 && exec \"$0\" check --spec \"$1\"";
    let output = std::process::Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_openapi-ledger")])
        .arg(&file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("the document has more than 2000000 values"), "{text}");
}

#[test]
fn a_server_url_whose_first_segment_has_a_colon_is_malformed() {
    for (url, good) in [("ht!tp:/nowhere", false), ("1a:/b", false), ("/base:1", true), ("./a:b", true)] {
        let mut document = with_schemas(json!({"S20": {"type": "string"}}));
        document.value["servers"] = json!([{ "url": url }]);
        let found = lint(&document).iter().any(|finding| finding.rule == "server-url");
        assert_eq!(found, !good, "{url}");
    }
}

/// A runner with `PROPTEST_CASES` inputs, or a few by default. The seed is fixed.
fn runner(few: u32) -> TestRunner {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(few);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]))
}

/// Words of OpenAPI, so that random inputs are meaningful.
fn word() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "openapi",
        "info",
        "paths",
        "/a",
        "/a/{b}",
        "get",
        "post",
        "parameters",
        "requestBody",
        "responses",
        "200",
        "4XX",
        "default",
        "content",
        "application/json",
        "schema",
        "schemas",
        "components",
        "type",
        "object",
        "array",
        "string",
        "null",
        "properties",
        "items",
        "required",
        "enum",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "nullable",
        "example",
        "examples",
        "additionalProperties",
        "discriminator",
        "mapping",
        "propertyName",
        "$ref",
        "#/components/schemas/A",
        "#/components/schemas/B",
        "#",
        "A",
        "B",
        "name",
        "in",
        "query",
        "path",
        "security",
        "securitySchemes",
        "servers",
        "url",
        "x-mark",
        "callbacks",
        "links",
        "headers",
        "minimum",
        "exclusiveMinimum",
        "const",
        "pattern",
        "format",
        "description",
        "title",
        "version",
        "3.0.3",
        "3.1.0",
        "",
    ];
    prop_oneof![9 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f32>().prop_map(|number| json!(number)),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => prop::collection::vec((word(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Any value, or an OpenAPI document with any values in place of schemas, operations and components.
fn document() -> impl Strategy<Value = Value> {
    let shaped =
        (value(), value(), value(), value(), any::<bool>()).prop_map(|(operation, schema, a, b, newer)| {
            json!({
                "openapi": if newer { "3.1.0" } else { "3.0.3" },
                "info": {"title": "T", "version": "1"},
                "paths": {"/a": {"get": operation, "post": {"responses": {"200": {"description": "Fine",
                    "content": {"application/json": {"schema": schema}}}}}}},
                "components": {"schemas": {"A": a, "B": b}},
            })
        });
    prop_oneof![1 => value(), 4 => shaped]
}

#[test]
fn any_text_is_read_or_refused() {
    let text = prop_oneof![
        "\\PC{0,200}",
        "[-a-c:{}\\[\\],#&*!|>'\"%@ \n\t0-9]{0,120}",
        document().prop_map(|document| document.to_string()),
    ];
    runner(500)
        .run(&text, |text| {
            within_limit(|| {
                if let Ok(document) = Document::parse("any", &text) {
                    prop_assert!(document.line(&openapi_ledger::Pointer::root()).is_some());
                }
                Ok(())
            })
        })
        .unwrap();
}

#[test]
fn any_bytes_are_read_or_refused() {
    runner(200)
        .run(&prop::collection::vec(any::<u8>(), 0..200), |bytes| {
            within_limit(|| Document::from_bytes("any", &bytes).map(drop).ok());
            Ok(())
        })
        .unwrap();
}

#[test]
fn lint_slice_and_conversion_take_any_document() {
    let ledger = ledger();
    runner(300)
        .run(&document(), |value| {
            within_limit(|| {
                let document = Document::from_value("any", value);
                lint(&document);
                let _ = slice(&document, &ledger.scope, &[]);
                let _ = to_3_0(&document);
                to_3_1(&document.value);
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn compare_and_diff_take_any_two_documents() {
    let ledger = ledger();
    runner(300)
        .run(&(document(), document()), |(old, new)| {
            let (old, new) = (Document::from_value("old", old), Document::from_value("new", new));
            within_limit(|| {
                let _ = compare(&old, &new, &ledger);
                let _ = diff(&old, &new, &Marks::default());
            });
            if let Ok(same) = diff(&old, &old, &Marks::default()) {
                prop_assert_eq!(same.changes.len(), 0);
            }
            if let Ok(same) = compare(&old, &old, &ledger) {
                prop_assert!(same.findings.is_empty(), "{:?}", same.findings);
            }
            Ok(())
        })
        .unwrap();
}
