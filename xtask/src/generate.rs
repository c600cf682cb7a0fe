//! `generate`.

use std::path::Path;

use posthog_groups_spec::{Product, Project};

use crate::{Outcome, checks, spec};

/// Generates the bindings from the committed specification.
pub(crate) fn generate(root: &Path, check: bool) -> anyhow::Result<Outcome> {
    let document = Project::new(root.join("spec")).spec()?;
    if checks::report(&checks::errors(&document)) == Outcome::Findings {
        say!("\ncode cannot be generated from this specification; nothing was written");
        return Ok(Outcome::Findings);
    }
    let product = Product {
        path: root.join("crates/posthog-groups-client/src/generated.rs"),
        text: posthog_groups_codegen::generate(&document)?,
    };
    spec::settle(&[product], check, "cargo xtask generate")
}
