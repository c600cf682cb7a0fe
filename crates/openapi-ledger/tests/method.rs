//! All commands on another API: a published document with defects, a corrected specification, and a ledger.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its document has failed")]

use std::path::{Path, PathBuf};

use openapi_ledger::compare::{Comparison, Ledger, State, compare};
use openapi_ledger::lint::lint;
use openapi_ledger::{Document, patch, read_within, to_3_1, to_json, to_yaml};
use openapi_ledger::{Value, json};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/petstore").join(name)
}

fn document(name: &str) -> Document {
    Document::read(&path(name)).unwrap()
}

fn ledger() -> Ledger {
    Ledger::from_document(&document("ledger.yaml")).unwrap()
}

fn compared(published: &Value) -> Comparison {
    compare(&Document::from_value("published", published.clone()), &document("openapi.yaml"), &ledger())
        .unwrap()
}

fn findings(comparison: &Comparison) -> Vec<String> {
    let line = |d: &openapi_ledger::compare::Difference| {
        format!("{} {} {} {}", d.operation, d.place, d.kind, d.published)
    };
    comparison.findings.iter().map(line).collect()
}

/// Replaces references by the components.
fn inlined(value: &Value, root: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => inlined(root.pointer(&reference[1..]).unwrap(), root),
            None => members.iter().map(|(key, member)| (key.clone(), inlined(member, root))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| inlined(item, root)).collect(),
        other => other.clone(),
    }
}

#[test]
fn every_difference_of_the_published_document_is_a_known_defect() {
    let published = document("published.yaml").value;
    let mut forms = vec![published.clone(), to_3_1(&published), inlined(&published, &published)];
    forms.push(to_3_1(&forms[2]));
    for form in forms {
        let comparison = compared(&form);
        assert_eq!(findings(&comparison), Vec::<String>::new());
        assert_eq!(comparison.operations, 3);
        let states = comparison.states.values().copied().collect::<Vec<_>>();
        assert_eq!(states, [[State::Published; 5].as_slice(), &[State::NoStructure]].concat());
    }
}

#[test]
fn a_json_document_read_in_part_compares_like_the_whole() {
    let (ours, ledger) = (document("openapi.yaml"), ledger());
    let mut published = document("published.yaml").value;
    published["components"]["schemas"]["Pet"]["properties"]["born"]["format"] = "date-time".into();
    let text = to_json(&published);
    let whole = Document::parse("published", &text).unwrap();
    let part = read_within("published", text.as_bytes(), &ledger.scope, &ours.paths()).unwrap();
    let json = |document| compare(document, &ours, &ledger).unwrap().to_json(&ledger);
    assert_eq!(json(&part), json(&whole));
    let left_out = ["/paths/~1owners", "/components/schemas/Owner"];
    assert_eq!(left_out.map(|place| part.value.pointer(place)), [Some(&Value::Null); 2]);
    // The slashes of a reference may be escaped.
    let mut across = published.clone();
    across["paths"]["/pets/{id}"]["get"]["responses"]["200"] =
        json!({"$ref": "#/paths/~1owners/get/responses/200"});
    let escaped = to_json(&across).replace("#/paths/", "#\\/paths\\/");
    let read = read_within("published", escaped.as_bytes(), &ledger.scope, &ours.paths()).unwrap();
    assert_eq!(read.value, across);
    let yaml = to_yaml(&published).unwrap();
    let read = read_within("published", yaml.as_bytes(), &ledger.scope, &ours.paths()).unwrap();
    assert_eq!(read.value, published);
    let broken = text.replacen("\"openapi\"", "\"paths\": {}, \"openapi\"", 1);
    let error = read_within("published", broken.as_bytes(), &ledger.scope, &[]).unwrap_err().to_string();
    assert!(error.contains("the key `paths` occurs twice in one object"), "{error}");
}

#[test]
fn a_planted_difference_is_the_one_finding() {
    let cases = [
        (
            "/components/schemas/Pet/properties/born/format",
            json!("date-time"),
            vec!["GET /pets responses.200.items[].born.format format-changed date-time"],
        ),
        (
            "/paths/~1pets~1{id}/get/security/0/token",
            json!(["pets:admin"]),
            vec!["GET /pets/{pet_id} scopes scopes-changed pets:admin"],
        ),
        // The component is also used in a wrong request body, so the entry to paste accounts for both places.
        (
            "/components/schemas/Pet/properties/id",
            json!({"type": "string"}),
            vec!["GET /pets responses.200.items[].id.type type-changed string"],
        ),
    ];
    for (pointer, value, expected) in cases {
        let mut published = document("published.yaml").value;
        *published.pointer_mut(pointer).unwrap() = value;
        assert_eq!(findings(&compared(&published)), expected, "{pointer}");
    }
    let mut published = document("published.yaml").value;
    published["paths"]["/pets/{id}/photos"] = json!({"get": {"responses": {"200": {"description": "Fine"}}}});
    assert_eq!(
        findings(&compared(&published)),
        ["GET /pets/{id}/photos operation operation-removed present"]
    );
}

/// Compares two versions of the corrected specification with an empty ledger.
fn compared_after(
    edit_published: impl Fn(&mut Value),
    edit_ours: impl Fn(&mut Value),
) -> (Comparison, Ledger) {
    let ledger = json!({"scope": {"roots": ["/pets"]}, "defects": []});
    let ledger = Ledger::from_document(&Document::from_value("ledger.yaml", ledger)).unwrap();
    let (mut published, mut ours) = (document("openapi.yaml").value, document("openapi.yaml").value);
    edit_published(&mut published);
    edit_ours(&mut ours);
    let published = Document::from_value("published", published);
    (compare(&published, &Document::from_value("ours", ours), &ledger).unwrap(), ledger)
}

fn places(comparison: &Comparison) -> Vec<&str> {
    comparison.findings.iter().map(|finding| finding.place.as_str()).collect()
}

fn add_parameter(document: &mut Value, path: &str, name: &str, required: bool) {
    let parameter = json!({"name": name, "in": "query", "required": required, "schema": {"type": "integer"}});
    document["paths"][path]["get"]["parameters"].as_array_mut().unwrap().push(parameter);
}

fn add_properties(document: &mut Value, schema: &str, names: &[&str]) {
    for name in names {
        document["components"]["schemas"][schema]["properties"][*name] = json!({"type": "string"});
    }
}

fn add_responses(document: &mut Value, statuses: &[&str]) {
    for status in statuses {
        document["paths"]["/pets"]["get"]["responses"][*status] = json!({"description": status});
    }
}

#[test]
fn differences_that_need_an_edit_each_are_findings_of_their_own() {
    let cursor =
        |document: &mut Value, required| add_parameter(document, "/pets/{pet_id}", "cursor", required);
    let (required, _) = compared_after(
        |document| {
            document["paths"]["/pets"]["get"]["parameters"][0]["required"] = true.into();
            cursor(document, true);
        },
        |document| cursor(document, false),
    );
    assert_eq!(places(&required), ["parameters.limit.required", "parameters.cursor.required"]);

    let (parameters, _) = compared_after(
        |document| document["paths"]["/pets"]["get"]["parameters"] = json!([]),
        |document| add_parameter(document, "/pets", "flag", false),
    );
    assert_eq!(places(&parameters), ["parameters.flag", "parameters.limit"]);

    let (responses, _) = compared_after(
        |document| add_responses(document, &["418"]),
        |document| add_responses(document, &["404", "409"]),
    );
    assert_eq!(places(&responses), ["responses.404", "responses.409", "responses.418"]);

    let (properties, _) = compared_after(|_| (), |document| add_properties(document, "NewPet", &["x", "z"]));
    assert_eq!(places(&properties), ["requestBody.x", "requestBody.z"]);

    let (formats, _) = compared_after(
        |document| {
            for schema in ["NewPet", "Animal"] {
                document["components"]["schemas"][schema]["properties"]["born"]["format"] =
                    "date-time".into();
            }
        },
        |_| (),
    );
    assert_eq!(
        places(&formats),
        ["responses.200.items[].born.format", "requestBody.born.format"],
        "the same defect in two components"
    );

    let move_paths = |document: &mut Value, names: [&str; 2]| {
        for name in names {
            document["paths"][format!("/pets/{name}").as_str()] =
                json!({"get": {"responses": {"200": {"description": "Fine"}}}});
        }
    };
    let (moves, _) = compared_after(
        |document| move_paths(document, ["w", "y"]),
        |document| move_paths(document, ["x", "z"]),
    );
    assert_eq!(
        moves.findings.iter().map(|finding| finding.operation.as_str()).collect::<Vec<_>>(),
        ["GET /pets/w", "GET /pets/y"],
        "two operations with other paths"
    );
}

#[test]
fn differences_that_one_edit_resolves_are_one_finding() {
    let (parameter, _) = compared_after(
        |document| document["paths"]["/pets"]["get"]["parameters"][0]["name"] = "size".into(),
        |_| (),
    );
    assert_eq!(places(&parameter), ["parameters.limit"], "a renamed parameter");

    let (status, _) = compared_after(
        |document| add_responses(document, &["404"]),
        |document| add_responses(document, &["409"]),
    );
    assert_eq!(places(&status), ["responses.404"], "another status");

    let (body, _) = compared_after(
        |document| add_properties(document, "NewPet", &["a", "b"]),
        |document| add_properties(document, "NewPet", &["x", "z"]),
    );
    assert_eq!(places(&body), ["requestBody.a"], "a replaced body");

    let (component, _) = compared_after(
        |document| document["components"]["schemas"]["Animal"]["minProperties"] = 1.into(),
        |_| (),
    );
    assert_eq!(places(&component), ["responses.200.items[].minProperties"], "a shared component");
}

#[test]
fn a_report_counts_and_lists_every_difference() {
    let (comparison, ledger) = compared_after(
        |document| document["paths"]["/pets"]["get"]["parameters"][0]["name"] = "size".into(),
        |_| (),
    );
    let markdown = comparison.to_markdown(&ledger);
    assert!(
        markdown.starts_with("## published: 2 of 2 differences in 3 operations are not accounted for\n"),
        "{markdown}"
    );
    for place in ["limit", "size"] {
        assert!(
            markdown.contains(&format!("| `GET /pets` | `parameters.{place}` | parameter-")),
            "{markdown}"
        );
    }
}

#[test]
fn without_its_entry_a_difference_is_a_finding_and_a_repaired_defect_is_reported() {
    let mut without = ledger();
    without.defects.retain(|defect| defect.id != "D05");
    let comparison = compare(&document("published.yaml"), &document("openapi.yaml"), &without).unwrap();
    assert_eq!(findings(&comparison), ["POST /pets scopes scopes-changed pets:read"]);

    let mut repaired = document("published.yaml").value;
    repaired["paths"]["/pets"]["get"]["parameters"][0]["required"] = false.into();
    let mut later = compared(&repaired);
    later.relative_to(&compared(&document("published.yaml").value));
    assert_eq!(later.states["D01"], State::Agrees);
    assert_eq!(later.since.unwrap().repaired, ["D01"]);
}

#[test]
fn a_patched_document_has_no_difference_and_keeps_everything_else() {
    let (published, spec) = (document("published.yaml"), document("openapi.yaml"));
    let patched = patch(&published, &spec, &ledger().scope, "Store").unwrap();
    let comparison = compared(&patched);
    assert_eq!((findings(&comparison), comparison.accounted.len()), (Vec::new(), 0));
    assert_eq!(patched["paths"]["/owners"], published.value["paths"]["/owners"]);
    assert_eq!(lint(&spec), []);
}

fn program(arguments: &[&str]) -> (i32, String) {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_openapi-ledger"));
    let output = command.current_dir(path("")).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn the_program_says_by_its_exit_code_whether_it_found_something() {
    let files = ["--spec", "openapi.yaml", "--ledger", "ledger.yaml"];
    let (code, text) = program(&[&["compare", "published.yaml"], &files[..]].concat());
    assert_eq!(code, 0, "{text}");
    assert!(
        text.starts_with("published.yaml: 3 operations, 12 differences, all accounted for by 5 defects\n"),
        "{text}"
    );

    let folder = tempfile::tempdir().unwrap();
    let planted = folder.path().join("planted.yaml");
    let mut published = document("published.yaml").value;
    published["components"]["schemas"]["Pet"]["properties"]["name"]["type"] = "integer".into();
    std::fs::write(&planted, to_yaml(&published).unwrap()).unwrap();
    let planted = planted.to_str().unwrap();
    let (code, text) = program(&[&["compare", planted], &files[..]].concat());
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("at `responses.200.items[].name.type` (type-changed)"), "{text}");

    let patched = folder.path().join("patched.yaml");
    let patched = patched.to_str().unwrap();
    let (code, text) =
        program(&[&["patch", planted, "--prefix", "Store", "-o", patched], &files[..]].concat());
    assert_eq!(code, 0, "{text}");
    let (code, text) = program(&[&["compare", patched], &files[..]].concat());
    assert_eq!((code, text.contains("no difference")), (0, true), "{text}");

    let (code, text) = program(&[&["slice", "published.yaml"], &files[..]].concat());
    assert_eq!((code, text.contains("/owners")), (0, false), "{text}");
    assert_eq!(program(&["check", "--spec", "openapi.yaml", "--ledger", "ledger.yaml"]).0, 0);
    assert_eq!(program(&["check", "--spec", "published.yaml"]).0, 1);
    assert_eq!(program(&["diff", "openapi.yaml", "openapi.yaml"]).0, 0);
    let (code, text) = program(&["check", "--spec", "none.yaml"]);
    assert_eq!((code, text.starts_with("error: cannot read none.yaml: ")), (2, true), "{text}");
    let (code, text) = program(&["diff", "openapi.yaml", "."]);
    assert_eq!((code, text.as_str()), (2, "error: . is not a regular file; pass the path of a document\n"));
}
