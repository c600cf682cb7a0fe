//! The whole method on another API: a published document with defects, a corrected specification, and a ledger.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its document has failed")]

use std::path::{Path, PathBuf};

use openapi_ledger::compare::{Comparison, Ledger, State, compare};
use openapi_ledger::lint::lint;
use openapi_ledger::{Document, patch, read_within, to_3_1, to_json, to_yaml};
use serde_json::{Value, json};

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

/// Writes the components in the place of the references to them.
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
    let yaml = to_yaml(&published).unwrap();
    let read = read_within("published", yaml.as_bytes(), &ledger.scope, &ours.paths()).unwrap();
    assert_eq!(read.value, published);
    let broken = text.replacen("\"openapi\"", "\"paths\": {}, \"openapi\"", 1);
    let error = read_within("published", broken.as_bytes(), &ledger.scope, &[]).unwrap_err().to_string();
    assert!(error.contains("the key `paths` stands twice in one object"), "{error}");
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
        // A component that is also a wrong request body: the entry to paste accounts for both places.
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
    assert_eq!((code, text.as_str()), (2, "error: . is no regular file; give the path of a document\n"));
}
