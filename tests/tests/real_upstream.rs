//! The vendor's real document, where the machine has it: beside the workspace in `shared/`.

use std::fs;

use posthog_groups_spec::{Document, Project};
use posthog_groups_tests::workspace;

#[test]
fn the_committed_slice_is_that_of_the_real_document_and_every_correction_applies() {
    let path = workspace().join("../shared/upstream/posthog-2025.openapi.yaml");
    let Ok(bytes) = fs::read(&path) else {
        println!(
            "skipped: the vendor's document is not on this machine; give it to `cargo xtask spec pull --check`"
        );
        return;
    };
    let document = Document::from_bytes("posthog-2025.openapi.yaml", &bytes).unwrap();
    let drift = Project::new(workspace().join("spec")).drift(&document, &bytes, "2026-11-23").unwrap();
    assert_eq!(drift.changes, []);
    assert_eq!(drift.stale, []);
}
