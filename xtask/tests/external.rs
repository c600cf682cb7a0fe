//! The messages of `contract`, `clients` and `dist` if external tools are missing.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "workspace/copy.rs"]
mod copy;

use copy::copy;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs xtask with an empty `PATH`.
fn with_nothing(workspace: &Path, arguments: &[&str]) -> Output {
    let empty = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(workspace)
        .env_remove("CARGO_MANIFEST_DIR")
        .env("PATH", empty.path())
        .output()
        .unwrap()
}

#[test]
fn the_changelog_ends_at_the_version_of_the_spec() {
    let changelog = fs::read_to_string(root().join("spec/CHANGELOG.md")).unwrap();
    let newest = changelog.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
    let (version, date) = newest.split_once(" - ").unwrap();
    let text = fs::read_to_string(root().join("spec/openapi.json")).unwrap();
    let spec: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(spec["info"]["version"], version, "spec/CHANGELOG.md and spec/openapi.yaml differ");
    assert!(chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok(), "no date: {newest}");
}

#[test]
fn what_is_missing_is_said_by_name_with_where_to_get_it() {
    for (arguments, names) in [
        (
            &["clients"][..],
            &["typescript requires Node.js 20", "npm", "python requires Python 3.11", "go requires Go 1.25"]
                [..],
        ),
        (&["clients", "go"], &["go requires Go 1.25 or newer (`go`), which is not installed: from go.dev"]),
        (&["contract"], &["the contract test requires Python 3.11 or newer with venv (`python3`)"]),
        (&["dist", "--out", "unused"], &["the reference page requires Node.js 20"]),
    ] {
        let workspace = tempfile::tempdir().unwrap();
        copy(&root().join("spec"), &workspace.path().join("spec"));
        fs::copy(root().join("Cargo.toml"), workspace.path().join("Cargo.toml")).unwrap();
        let output = with_nothing(workspace.path(), arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        for name in names {
            assert!(text.contains(name), "{arguments:?} does not say {name}: {text}");
        }
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: "));
    }
}

#[test]
fn nothing_is_packed_when_the_changelog_lags() {
    let workspace = tempfile::tempdir().unwrap();
    copy(&root().join("spec"), &workspace.path().join("spec"));
    fs::copy(root().join("Cargo.toml"), workspace.path().join("Cargo.toml")).unwrap();
    let changelog = workspace.path().join("spec/CHANGELOG.md");
    let text = fs::read_to_string(&changelog).unwrap().replacen("\n## ", "\n## 9.9.9 - 2030-01-01\n\n## ", 1);
    fs::write(&changelog, text).unwrap();
    let output = with_nothing(workspace.path(), &["dist"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("the latest version in spec/CHANGELOG.md is 9.9.9, but info.version is"), "{text}");
    assert!(!workspace.path().join("target/dist").exists());
}
