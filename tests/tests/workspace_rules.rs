//! Rules for the whole workspace.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use posthog_groups_tests::workspace;
use serde_json::Value;

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().unwrap()).chain([0, 0]).take(3).collect()
}

/// The packages that users of the published crates build: everything but dev-dependencies.
fn built_by_users(metadata: &Value) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().unwrap();
    let published = packages.iter().filter(|p| p["source"].is_null() && p["publish"].is_null());
    let mut open: Vec<String> = published.map(|p| p["id"].as_str().unwrap().to_owned()).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
        let node = nodes.iter().find(|node| node["id"] == id.as_str()).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            if dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev") {
                open.push(dependency["pkg"].as_str().unwrap().to_owned());
            }
        }
    }
    seen
}

#[test]
fn no_dependency_of_a_published_crate_needs_a_newer_rust_than_the_stated_one() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let ours = packages.iter().find(|p| p["name"] == "posthog-groups-client").unwrap();
    let stated = ours["rust_version"].as_str().unwrap();
    let users = built_by_users(&metadata);
    assert!(users.len() > 50, "only {} packages: is the graph read rightly?", users.len());
    for package in packages.iter().filter(|package| users.contains(package["id"].as_str().unwrap())) {
        if let Some(needed) = package["rust_version"].as_str() {
            let name = package["name"].as_str().unwrap();
            assert!(version(needed) <= version(stated), "{name} needs Rust {needed}, and {stated} is stated");
        }
    }
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    assert!(readme.contains(&format!("Rust {stated}")), "README.md does not state Rust {stated}");
}

#[test]
fn every_package_shares_version_edition_licence_and_lints() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let client = packages.iter().find(|p| p["name"] == "posthog-groups-client").unwrap();
    for package in packages.iter().filter(|package| package["source"].is_null()) {
        let name = package["name"].as_str().unwrap();
        for field in ["version", "edition", "license", "rust_version"] {
            assert_eq!(package[field], client[field], "{name}: {field}");
        }
        let manifest = fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        let lints = if name == "posthog-groups-tests" { "[lints.rust]" } else { "[lints]\nworkspace = true" };
        assert!(manifest.contains(lints), "{name} does not have the workspace's lints");
        if package["publish"].is_null() {
            assert!(package["description"].is_string(), "{name} is published without a description");
        }
    }
}

#[test]
fn nothing_in_the_repository_names_a_folder_of_one_machine() {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(workspace()).output();
    let files = match output {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        _ => {
            println!("skipped: this is no git checkout");
            return;
        }
    };
    // Assembled from parts, so that the test does not find this file.
    let forbidden = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat(), ["/ho", "me/"].concat()];
    let mut found = Vec::new();
    for name in files.split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = fs::read_to_string(workspace().join(name)) else { continue };
        for (n, line) in text.lines().enumerate() {
            if forbidden.iter().any(|path| line.contains(path.as_str())) {
                found.push(format!("{name}:{}: {line}", n + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_test_and_no_doctest_is_ignored() {
    let output =
        Command::new("git").args(["ls-files", "-z", "*.rs", "*.md"]).current_dir(workspace()).output();
    let Ok(output) = output else {
        println!("skipped: git is not on this machine");
        return;
    };
    let ignored = [["#[ig", "nore"].concat(), ["```ig", "nore"].concat(), ["```rust,ig", "nore"].concat()];
    for name in String::from_utf8(output.stdout).unwrap().split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = fs::read_to_string(workspace().join(name)) else { continue };
        for mark in &ignored {
            // Generator output that our code removes contains this word.
            let allowed = name.ends_with("codegen/src/generate.rs");
            assert!(allowed || !text.contains(mark.as_str()), "{name} contains {mark}");
        }
    }
}
