//! `spec check`.

use std::path::Path;

use posthog_groups_spec::lint::{Finding, Severity, lint, rules as all_rules};
use posthog_groups_spec::{Document, Project, check_examples, check_openapi};

use crate::{Outcome, spec};

/// Lints a document; the project's own also with its examples and the table of corrections.
pub(crate) fn check(root: &Path, file: Option<&Path>) -> anyhow::Result<Outcome> {
    let document = match file {
        Some(path) => Document::read(path)?,
        None => spec::committed(root)?,
    };
    check_openapi(&document)?;
    let mut findings = lint(&document);
    let mut gaps = Outcome::Good;
    if file.is_none() {
        findings.extend(check_examples(&document, &root.join("spec/examples"))?);
        gaps = defects(root)?;
    }
    let outcome = report(&findings);
    if outcome == Outcome::Good && gaps == Outcome::Good {
        say!("{}: {} rules, no findings", document.name, all_rules().len());
        return Ok(Outcome::Good);
    }
    Ok(Outcome::Findings)
}

/// The findings that make a spec unfit to build or to generate from.
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

fn defects(root: &Path) -> anyhow::Result<Outcome> {
    let (missing, unknown) = Project::new(root.join("spec")).defects()?.gaps();
    for id in &missing {
        say!(
            "{id}: neither corrected nor listed; correct it in spec/corrections/, or say why not in uncorrected.toml"
        );
    }
    for id in &unknown {
        say!("{id}: no known defect; check the id in spec/corrections/");
    }
    Ok(if missing.is_empty() && unknown.is_empty() { Outcome::Good } else { Outcome::Findings })
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
