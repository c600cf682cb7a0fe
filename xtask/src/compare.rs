//! `spec compare`.

use std::path::Path;

use posthog_groups_spec::Document;
use posthog_groups_spec::compare::{Ledger, compare};

use crate::{Outcome, source};

/// How a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// The verdict, and each finding with the ledger entry to add
    Text,
    /// What the document gets wrong, with evidence, ready to be an issue
    Markdown,
    /// For programs
    Json,
}

/// Holds a published document against the specification and its ledger.
pub(crate) fn run(from: &str, spec: &Path, ledger: &Path, format: Format) -> anyhow::Result<Outcome> {
    let (published, _) = source::read(from)?;
    let ours = Document::read(spec)?;
    let ledger = Ledger::from_document(&Document::read(ledger)?)?;
    let comparison = compare(&published, &ours, &ledger)?;
    match format {
        Format::Text => say!("{}", comparison.to_text(&ledger).trim_end()),
        Format::Markdown => say!("{}", comparison.to_markdown(&ledger).trim_end()),
        Format::Json => say!("{:#}", comparison.to_json(&ledger)),
    }
    Ok(if comparison.is_accounted_for() { Outcome::Good } else { Outcome::Findings })
}
