//! `spec build`.

use std::path::Path;

use posthog_groups_spec::{Product, Project};

use crate::{Outcome, checks};

/// Derives the files of the specification and writes them, or prints how the files on disk differ.
pub(crate) fn build(root: &Path, check: bool) -> anyhow::Result<Outcome> {
    let project = Project::new(root.join("spec"));
    if checks::report(&checks::errors(&project.spec()?)) == Outcome::Findings {
        say!("\nthe specification has lint errors; nothing was written");
        return Ok(Outcome::Findings);
    }
    settle(&project.build()?, check, "cargo xtask spec build")
}

/// Writes products. With `check`, prints how the files differ and which command updates them.
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

/// Truncates a long diff.
fn excerpt(difference: &str) -> String {
    const LINES: usize = 60;
    let total = difference.lines().count();
    if total <= LINES {
        return difference.to_owned();
    }
    let head: Vec<_> = difference.lines().take(LINES).collect();
    format!("{}\n... and {} lines more", head.join("\n"), total - LINES)
}
