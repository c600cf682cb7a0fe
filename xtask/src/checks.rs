//! `spec check`.

use std::path::Path;

use posthog_groups_spec::lint::{
    Finding, Severity, findings_to_json, findings_to_sarif, lint, rules as all_rules,
};
use posthog_groups_spec::{Document, Project, check_examples, check_openapi};

use crate::Outcome;

/// The output format of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal
    Text,
    /// JSON for programs, in the format `posthog-groups-spec/findings/1` (see `findings_to_json` of posthog-groups-spec)
    Json,
    /// SARIF 2.1.0 for code hosts, which show the findings as annotations
    Sarif,
}

/// Lints a document. For the document of the workspace, also checks the examples and the ledger.
pub(crate) fn check(root: &Path, file: Option<&Path>, format: Format) -> anyhow::Result<Outcome> {
    let project = Project::new(root.join("spec"));
    let document = match file {
        Some(path) => Document::read(path)?,
        None => project.spec()?,
    };
    check_openapi(&document)?;
    let mut findings = lint(&document);
    if file.is_none() {
        findings.extend(check_examples(&document, &project.path("examples"))?);
        findings.extend(project.check_ledger()?);
    }
    match format {
        Format::Text => {
            if report(&findings) == Outcome::Good {
                say!("{}: {} rules, no findings", document.name, all_rules().len());
            }
        }
        Format::Sarif => say!("{:#}", findings_to_sarif(&findings)),
        Format::Json => say!("{:#}", findings_to_json(&document.name, &findings)),
    }
    Ok(if findings.is_empty() { Outcome::Good } else { Outcome::Findings })
}

/// Returns the findings that prevent building the specification or generating code from it.
pub(crate) fn errors(document: &Document) -> Vec<Finding> {
    lint(document).into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

/// Prints findings.
pub(crate) fn report(findings: &[Finding]) -> Outcome {
    if findings.is_empty() {
        return Outcome::Good;
    }
    findings.iter().for_each(|finding| say!("{finding}"));
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    say!("\n{} error(s), {} warning(s)", errors, findings.len() - errors);
    Outcome::Findings
}

/// Prints every rule with its reason.
pub(crate) fn rules() -> Outcome {
    for rule in all_rules() {
        say!(
            "{:<36} {:?}, {:?}: {}\n{:<36} {}",
            rule.name,
            rule.severity,
            rule.group,
            rule.summary,
            "",
            rule.reason
        );
    }
    Outcome::Good
}
