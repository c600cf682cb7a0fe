//! The public API of each published library, as signatures: a change of it is a change of a snapshot, for reviewers to see.
//!
//! `cargo public-api` needs a nightly compiler. This reads the sources instead, so that trait implementations are left out.
//! What is `pub` in them is reachable: the lint `unreachable_pub` is denied.

use std::path::Path;

use posthog_groups_codegen::outline;
use posthog_groups_tests::workspace;

/// The public items of a crate, file by file. Headings are left out, so that moving a file changes no more than the order.
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
fn the_public_api_of_the_wrapper_is_known() {
    insta::assert_snapshot!("posthog_groups", public_api("posthog-groups"));
}

#[test]
fn the_public_api_of_the_raw_client_is_known() {
    insta::assert_snapshot!("posthog_groups_client", public_api("posthog-groups-client"));
}
