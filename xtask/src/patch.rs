//! `spec patch`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use posthog_groups_spec::compare::Ledger;
use posthog_groups_spec::{Document, Product, Project, patch, patched_yaml, to_json};

use crate::{Outcome, source};

/// Writes a complete document whose groups operations are replaced by those of the specification.
pub(crate) fn run(
    root: &Path,
    from: &str,
    out: &Path,
    spec: Option<&Path>,
    ledger: Option<&Path>,
) -> anyhow::Result<Outcome> {
    if same_file(Path::new(from), out) {
        bail!("{from} is also the input; pass another file to --out");
    }
    let project = Project::new(root.join("spec"));
    let given = |file: Option<&Path>, name: &str| file.map_or_else(|| project.path(name), PathBuf::from);
    let ours = Document::read(&given(spec, "openapi.yaml"))?;
    let ledger = Ledger::from_document(&Document::read(&given(ledger, "defects.yaml"))?)?;
    let bytes = source::read(from)?;
    let full = Document::from_bytes(from, &bytes)?;
    let patched = patch(&full, &ours, &ledger.scope, "Groups")?;
    let is_json = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let text = if is_json {
        drop((full, bytes));
        to_json(&patched)
    } else {
        patched_yaml(&full, &String::from_utf8_lossy(&bytes), &patched)?
    };
    let written = Product { path: out.to_owned(), text }.write()?;
    say!("{} {}", if written { "wrote" } else { "kept " }, out.display());
    Ok(Outcome::Good)
}

fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}
