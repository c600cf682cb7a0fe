//! Names in the documents of the repository resolve.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All files with this extension in a folder, except build output.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') && name != "node_modules" {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

#[test]
fn every_test_that_the_security_policy_names_exists() {
    let policy = fs::read_to_string(workspace().join("SECURITY.md")).unwrap();
    let named: BTreeSet<&str> = policy
        .split('`')
        .filter(|word| word.contains('_') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect();
    assert!(named.len() >= 15, "only {} tests are named", named.len());
    let mut sources = Vec::new();
    files(&workspace(), "rs", &mut sources);
    let sources: String = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "SECURITY.md names `{name}`, which is no test");
    }
}

#[test]
fn every_published_crate_has_a_changelog_and_a_readme() {
    for entry in fs::read_dir(workspace().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        for name in ["CHANGELOG.md", "README.md"] {
            assert!(folder.join(name).is_file(), "{} has no {name}", folder.display());
        }
        let changelog = fs::read_to_string(folder.join("CHANGELOG.md")).unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(changelog.starts_with(&format!("# Changelog of {name}\n")), "{name}");
    }
}

#[test]
fn actions_are_pinned_by_commit() {
    let mut workflows = Vec::new();
    files(&workspace().join(".github/workflows"), "yml", &mut workflows);
    assert!(workflows.len() >= 2);
    for path in workflows {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            let commit = action.split_once('@').map(|(_, rest)| rest.split(' ').next().unwrap());
            let is_pinned = commit.is_some_and(|c| c.len() == 40 && c.bytes().all(|b| b.is_ascii_hexdigit()));
            assert!(is_pinned && action.contains(" # v"), "{}: {action}", path.display());
        }
    }
}
