//! The client's feature `build-time`: `build.rs` makes the same bytes as are committed, from the bundled spec
//! and from an instance's own document, and says what is wrong with a spec that it cannot use.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use posthog_groups_codegen::{Error, generate_from_files};
use posthog_groups_spec::Document;
use posthog_groups_tests::workspace;
use serde_json::{Value, json};

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
        .env_remove("POSTHOG_GROUPS_OVERLAYS")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The folder that the client's build script wrote to, as cargo's messages tell.
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

#[test]
fn a_real_build_with_the_feature_compiles_the_committed_bytes_and_refuses_a_broken_spec() {
    let output = build(&[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let generated = fs::read_to_string(out_dir(&output).join("generated.rs")).unwrap();
    assert!(generated == committed(), "build.rs and `cargo xtask generate` disagree");

    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    let text = fs::read_to_string(workspace().join("spec/openapi.yaml")).unwrap();
    fs::write(&broken, text.replacen("operationId: list_groups", "operationId: create_group", 1)).unwrap();
    let output = build(&[("POSTHOG_GROUPS_SPEC", broken.as_os_str())]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("broken.yaml:") && message.contains("operation-id-duplicate"), "{message}");
}

/// A complete document of an instance: the vendor's slice among other paths.
fn instance(folder: &Path) -> PathBuf {
    let mut document = Document::read(&workspace().join("spec/upstream.yaml")).unwrap().value;
    document["paths"]["/api/projects/{project_id}/insights/"] = json!({"get": {"responses": {}}});
    let path = folder.join("instance.json");
    fs::write(&path, document.to_string()).unwrap();
    path
}

#[test]
fn a_complete_document_with_our_corrections_gives_the_committed_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let overlays = [workspace().join("spec/corrections")];
    let text = generate_from_files(&instance(folder.path()), &overlays).unwrap();
    assert!(text == committed(), "the slice of a complete document is not the committed one");
}

#[test]
fn overlays_of_a_users_own_come_on_top_and_must_bite() {
    let folder = tempfile::tempdir().unwrap();
    let overlay = folder.path().join("mine.yaml");
    let head = "overlay: 1.0.0\ninfo: {title: Mine, version: 1.0.0}\nactions:\n";
    let add = "- {target: $.components.schemas.Group.properties, update: {icon: {type: string}}}\n";
    fs::write(&overlay, format!("{head}{add}")).unwrap();
    let spec = workspace().join("spec/openapi.yaml");
    let text = generate_from_files(&spec, std::slice::from_ref(&overlay)).unwrap();
    assert!(text.contains("pub icon: ::std::option::Option<::std::string::String>"));

    fs::write(&overlay, format!("{head}- {{target: $.components.schemas.Gone, remove: true}}\n")).unwrap();
    let outcome = generate_from_files(&spec, &[overlay]);
    assert!(matches!(outcome, Err(Error::NeverApplied(_))), "{outcome:?}");
}

#[test]
fn what_is_no_spec_is_told_by_name_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("gone.yaml", None, "cannot read"),
        ("half.json", Some("{\"openapi\": \"3.0.3\", "), "half.json:1:"),
        (
            "other.yaml",
            Some("openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/pets/: {}}\n"),
            "no path begins with",
        ),
    ];
    for (name, text, expected) in cases {
        let path = folder.path().join(name);
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let error = generate_from_files(&path, &[]).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}
