//! `spec patch`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use posthog_groups_spec::{Document, Product, Project, patch, patched_yaml, to_json};

use crate::Outcome;
use crate::source::{self, Files};

/// The document to patch.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The complete document
    #[arg(value_name = "FULL")]
    document: String,
    /// Output file
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Writes a complete document whose groups operations are replaced by those of the specification.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let Arguments { document: from, out, files } = arguments;
    if same_file(Path::new(from), out) {
        bail!("{from} is also the input; pass another file to --out");
    }
    let (ours, ledger) = files.read(&Project::new(root.join("spec")))?;
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
    let written = Product { path: out.clone(), text }.write()?;
    say!("{} {}", if written { "wrote" } else { "kept " }, out.display());
    Ok(Outcome::Good)
}

fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}
