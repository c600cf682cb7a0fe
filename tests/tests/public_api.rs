//! The public API of each published library as signatures, so that reviewers see every change of it in a snapshot.
//!
//! `cargo public-api` needs a nightly compiler. These tests read the sources instead, without trait implementations.
//! What is `pub` in them is reachable: the lint `unreachable_pub` is denied.

use std::path::Path;

use posthog_groups_codegen::outline;
use posthog_groups_tests::workspace;

/// The public items of a crate, ordered by file. File names are left out, so that moving a file changes only the order.
fn public_api(name: &str) -> String {
    let src = workspace().join("crates").join(name).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files.sort();
    let outlines = files.iter().filter(|file| !file.ends_with("generated.rs")).map(|file| {
        let source = std::fs::read_to_string(file).unwrap();
        outline(&source).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
    });
    outlines.filter(|outline| !outline.trim().is_empty()).collect::<Vec<_>>().join("\n")
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn the_public_api_of_each_published_library_is_known() {
    let mut libraries = Vec::new();
    for folder in std::fs::read_dir(workspace().join("crates")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.join("src/lib.rs").exists() {
            libraries.push(folder.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    libraries.sort();
    for name in libraries {
        insta::assert_snapshot!(name.replace('-', "_"), public_api(&name));
    }
}
