//! `spec compare`.

use std::path::Path;

use anyhow::bail;
use posthog_groups_spec::compare::compare;
use posthog_groups_spec::{Project, read_within};

use crate::source::{self, Files};
use crate::{Outcome, spec};

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

/// The document to compare, and what to do with the result.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The published document
    #[arg(value_name = "FILE|URL")]
    document: String,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    pub(crate) files: Files,
    /// Store the groups part of the document as spec/published/NAME.yaml
    #[arg(long, value_name = "NAME", conflicts_with_all = ["spec", "ledger"])]
    write: Option<String>,
    /// With --write: when the document was published, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", requires = "write")]
    date: Option<String>,
}

/// Compares a published document with the specification and its ledger.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let Arguments { document: from, format, files, write, date } = arguments;
    let project = Project::new(root.join("spec"));
    let (ours, ledger) = files.read(&project)?;
    let bytes = source::read(from)?;
    let published = read_within(from, &bytes, &ledger.scope, &ours.paths())?;
    let mut comparison = compare(&published, &ours, &ledger)?;
    if files.are_ours() {
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
    if let Some(name) = write {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
            bail!("`{name}` is not a valid name: use letters, digits, `.`, `-` and `_`");
        }
        let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
        let products = project.store(name, date.as_ref().unwrap_or(&today), &published, &bytes)?;
        spec::settle(&products, false, "")?;
        say!("run `cargo xtask spec build` to update the table in spec/README.md");
    }
    Ok(if comparison.is_accounted_for() { Outcome::Good } else { Outcome::Findings })
}
