//! The client's feature `build-time`: `build.rs` generates the committed bytes, accepts another specification, and reports
//! what is wrong with an invalid one.

use std::error::Error as _;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use posthog_groups_codegen::{Error, generate_from_file};
use posthog_groups_spec::Document;
use posthog_groups_spec::{Value, json};
use posthog_groups_tests::workspace;

fn committed() -> String {
    let path = workspace().join("crates/posthog-groups-client/src/generated.rs");
    fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

fn build(variables: &[(&str, &OsStr)]) -> Output {
    Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "posthog-groups-client", "--features", "build-time"])
        .args(["--message-format", "json"])
        .current_dir(workspace())
        .env_remove("POSTHOG_GROUPS_SPEC")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The output folder of the client's build script, from cargo's messages.
fn out_dir(output: &Output) -> PathBuf {
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_ours = |message: &Value| {
        message["reason"] == "build-script-executed"
            && message["package_id"].as_str().is_some_and(|id| id.contains("posthog-groups-client"))
    };
    let message =
        messages.find(is_ours).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    PathBuf::from(message["out_dir"].as_str().unwrap())
}

/// A copy of the specification in which two operations have the same id.
fn broken_spec(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("broken.yaml");
    let text = fs::read_to_string(workspace().join("spec/openapi.yaml")).unwrap();
    fs::write(&path, text.replacen("operationId: list_groups", "operationId: create_group", 1)).unwrap();
    path
}

fn assert_explains(message: &str) {
    assert!(message.contains("broken.yaml:") && message.contains("operation-id-duplicate"), "{message}");
}

#[test]
fn the_build_script_has_the_committed_bytes_and_refuses_a_broken_spec() {
    let bundled = workspace().join("crates/posthog-groups-client/openapi.json");
    assert!(generate_from_file(&bundled).unwrap() == committed(), "run `cargo xtask generate`");
    let folder = tempfile::tempdir().unwrap();
    let error = generate_from_file(&broken_spec(&folder)).unwrap_err();
    assert_explains(&format!(
        "{error}{}",
        error.source().map_or(String::new(), |cause| format!(": {cause}"))
    ));
}

/// With `POSTHOG_GROUPS_FULL_SIZE` in the environment, because it compiles most dependencies once more, which takes a minute.
#[test]
fn a_real_build_with_the_feature_compiles_the_committed_bytes_and_refuses_a_broken_spec() {
    if std::env::var_os("POSTHOG_GROUPS_FULL_SIZE").is_none() {
        println!("skipped: POSTHOG_GROUPS_FULL_SIZE is not set");
        return;
    }
    let output = build(&[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let generated = fs::read_to_string(out_dir(&output).join("generated.rs")).unwrap();
    assert!(generated == committed(), "build.rs and `cargo xtask generate` disagree");

    let folder = tempfile::tempdir().unwrap();
    let output = build(&[("POSTHOG_GROUPS_SPEC", broken_spec(&folder).as_os_str())]);
    assert!(!output.status.success());
    assert_explains(&String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_changed_copy_of_the_specification_gives_changed_bindings() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = Document::read(&workspace().join("spec/openapi.yaml")).unwrap().value;
    spec["components"]["schemas"]["Group"]["properties"]["icon"] = json!({"type": "string"});
    let path = folder.path().join("mine.json");
    fs::write(&path, spec.to_string()).unwrap();
    let text = generate_from_file(&path).unwrap();
    assert!(text.contains("pub icon: ::std::option::Option<::std::string::String>"));
}

#[test]
fn a_published_document_is_rejected_with_the_findings_of_the_linter() {
    let outcome = generate_from_file(&workspace().join("spec/published/posthog-2025.yaml"));
    assert!(matches!(&outcome, Err(Error::Unfit(findings)) if findings.len() > 10), "{outcome:?}");
}

#[test]
fn a_file_that_is_not_a_spec_is_reported_with_name_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("gone.yaml", None, "cannot read"),
        ("half.json", Some("{\"openapi\": \"3.0.3\", "), "half.json:1:"),
    ];
    for (name, text, expected) in cases {
        let path = folder.path().join(name);
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let error = generate_from_file(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}
