//! Checks that the generated client is up to date. Snapshots contain its public API, the metadata of its operations, and the
//! request of every call.

use std::fs;

use posthog_groups_client::{Error, OPERATIONS, SPEC_SHA256, SPEC_VERSION};
use posthog_groups_codegen::{generate, outline};
use posthog_groups_spec::{Document, Product, sha256, to_json, without_examples};
use posthog_groups_tests::{Canned, Recorder, call, workspace};

fn committed() -> String {
    let path = workspace().join("crates/posthog-groups-client/src/generated.rs");
    fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

#[test]
fn the_committed_bindings_are_those_of_the_committed_spec() {
    let spec = Document::read(&workspace().join("spec/openapi.yaml")).unwrap();
    let path = workspace().join("crates/posthog-groups-client/src/generated.rs");
    let product = Product { path, text: generate(&spec).unwrap() };
    if let Some(difference) = product.difference().unwrap() {
        panic!("generated.rs is stale; run `cargo xtask generate` and commit the result\n{difference}");
    }
}

#[test]
fn the_client_has_the_version_and_digest_of_its_spec() {
    let spec = Document::read(&workspace().join("spec/openapi.json")).unwrap().value;
    assert_eq!(SPEC_SHA256, sha256(to_json(&without_examples(&spec)).as_bytes()));
    assert_eq!(spec["info"]["version"], SPEC_VERSION);
}

#[test]
fn the_public_surface_is_the_reviewed_one() {
    insta::assert_snapshot!("outline", outline(&committed()).unwrap());
}

#[test]
fn the_marks_of_every_operation_are_the_reviewed_ones() {
    let rows = OPERATIONS.iter().map(|o| {
        let until = o.until.map_or(String::new(), |until| format!(" until {until}"));
        format!(
            "{:<26} {:<6} {:<62} {:?} {:?} since {}{until}\n",
            o.id,
            o.method,
            o.path,
            o.scopes,
            o.idempotency,
            o.since.unwrap_or("?")
        )
    });
    insta::assert_snapshot!("marks", rows.collect::<String>());
}

#[tokio::test]
async fn every_call_puts_the_reviewed_request_on_the_wire() {
    for operation in &OPERATIONS {
        let answer = Canned {
            status: 404,
            content_type: "application/json".into(),
            headers: Vec::new(),
            body: "{}".into(),
        };
        let (client, recorder) = Recorder::client(answer);
        let outcome = call(&client, operation.id, "@current").await;
        assert!(matches!(outcome, Err(Error::UnexpectedResponse(_))), "{}: {outcome:?}", operation.id);
        insta::assert_snapshot!(format!("wire_{}", operation.id), recorder.request());
    }
}
