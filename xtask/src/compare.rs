//! `spec compare`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use posthog_groups_spec::compare::{Ledger, compare};
use posthog_groups_spec::{Document, Project, read_within};

use crate::{Outcome, source, spec};

/// The output format of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// The verdict, and each finding with the ledger entry to add
    Text,
    /// Markdown for an issue: the defects of the document, with evidence
    Markdown,
    /// JSON for programs
    Json,
}

/// Files to use instead of those of the workspace.
#[derive(Clone, Copy)]
pub(crate) struct Files<'a> {
    pub(crate) spec: Option<&'a Path>,
    pub(crate) ledger: Option<&'a Path>,
}

/// The name and date of a slice to store.
#[derive(Clone, Copy)]
pub(crate) struct Store<'a> {
    pub(crate) name: &'a str,
    pub(crate) date: Option<&'a str>,
}

/// Compares a published document with the specification and its ledger.
pub(crate) fn run(
    root: &Path,
    from: &str,
    files: Files<'_>,
    format: Format,
    store: Option<Store<'_>>,
) -> anyhow::Result<Outcome> {
    let project = Project::new(root.join("spec"));
    let given = |file: Option<&Path>, name: &str| file.map_or_else(|| project.path(name), PathBuf::from);
    let ours = Document::read(&given(files.spec, "openapi.yaml"))?;
    let ledger = Ledger::from_document(&Document::read(&given(files.ledger, "defects.yaml"))?)?;
    let bytes = source::read(from)?;
    let published = read_within(from, &bytes, &ledger.scope, &ours.paths())?;
    let mut comparison = compare(&published, &ours, &ledger)?;
    if files.spec.is_none() && files.ledger.is_none() {
        let digest = posthog_groups_spec::sha256(&bytes);
        let earlier = project.comparison_before(&digest, &ours, &ledger)?;
        if let Some(earlier) = earlier {
            comparison.relative_to(&earlier);
        }
    }
    match format {
        Format::Text => say!("{}", comparison.to_text(&ledger).trim_end()),
        Format::Markdown => say!("{}", comparison.to_markdown(&ledger).trim_end()),
        Format::Json => say!("{:#}", comparison.to_json(&ledger)),
    }
    if let Some(Store { name, date }) = store {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
            bail!("`{name}` is not a valid name: use letters, digits, `.`, `-` and `_`");
        }
        let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
        let products = project.store(name, date.unwrap_or(&today), &published, &bytes)?;
        spec::settle(&products, false, "")?;
        say!("run `cargo xtask spec build` to update the table in spec/README.md");
    }
    Ok(if comparison.is_accounted_for() { Outcome::Good } else { Outcome::Findings })
}
