//! `spec build`.

use std::path::Path;

use anyhow::bail;
use posthog_groups_spec::{BuildError, Document, Product, Project};

use crate::{Outcome, checks};

/// Makes the products of the spec, and writes them or says how those on disk differ.
pub(crate) fn build(root: &Path, check: bool) -> anyhow::Result<Outcome> {
    let project = Project::new(root.join("spec"));
    let products = match project.build() {
        Ok(products) => products,
        Err(BuildError::NeverApplied(stale)) => {
            stale.iter().for_each(|action| say!("{action}"));
            say!("\n{} correction(s) never applied; nothing was written", stale.len());
            return Ok(Outcome::Findings);
        }
        Err(BuildError::Input(e)) => return Err(e.into()),
        Err(e) => {
            say!("{e}");
            return Ok(Outcome::Findings);
        }
    };
    if let Some(product) = products.iter().find(|product| product.path.ends_with("openapi.yaml")) {
        let document = Document::parse(product.path.display().to_string(), &product.text)?;
        if checks::report(&checks::errors(&document)) == Outcome::Findings {
            say!("\nthe corrected spec does not pass its own lint; nothing was written");
            return Ok(Outcome::Findings);
        }
    }
    settle(&products, check, "cargo xtask spec build")
}

/// Writes products, or with `check` prints how the files differ and which command mends that.
pub(crate) fn settle(products: &[Product], check: bool, command: &str) -> anyhow::Result<Outcome> {
    let mut stale = 0;
    for product in products {
        if !check {
            let written = product.write()?;
            say!("{} {}", if written { "wrote" } else { "kept " }, product.path.display());
        } else if let Some(difference) = product.difference()? {
            say!("{}", excerpt(&difference));
            stale += 1;
        }
    }
    if stale == 0 {
        if check {
            say!("{} file(s) up to date", products.len());
        }
        return Ok(Outcome::Good);
    }
    say!("{stale} file(s) out of date; run `{command}` and commit the result");
    Ok(Outcome::Findings)
}

/// The beginning of a diff that is too long to be read.
fn excerpt(difference: &str) -> String {
    const LINES: usize = 60;
    let total = difference.lines().count();
    if total <= LINES {
        return difference.to_owned();
    }
    let head: Vec<_> = difference.lines().take(LINES).collect();
    format!("{}\n... and {} lines more", head.join("\n"), total - LINES)
}

/// The corrected spec as it is committed.
pub(crate) fn committed(root: &Path) -> anyhow::Result<Document> {
    let path = root.join("spec/openapi.yaml");
    if !path.exists() {
        bail!("{} does not exist; run `cargo xtask spec build`", path.display());
    }
    Ok(Document::read(&path)?)
}
