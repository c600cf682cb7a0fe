//! `spec check`.

use std::path::Path;

use posthog_groups_spec::lint::{
    Finding, Severity, findings_to_json, findings_to_sarif, lint, rules as all_rules,
};
use posthog_groups_spec::{Document, Place, Pointer, Project, check_examples, check_openapi};

use crate::{Outcome, spec};

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For a person at a terminal
    Text,
    /// For programs: `posthog-groups-spec/findings/1`, described at `findings_to_json` of posthog-groups-spec
    Json,
    /// SARIF 2.1.0, for code hosts that annotate lines
    Sarif,
}

/// Lints a document; the project's own also with its examples and the table of corrections.
pub(crate) fn check(root: &Path, file: Option<&Path>, format: Format) -> anyhow::Result<Outcome> {
    let document = match file {
        Some(path) => Document::read(path)?,
        None => spec::committed(root)?,
    };
    check_openapi(&document)?;
    let mut findings = lint(&document);
    let mut gaps = Vec::new();
    if file.is_none() {
        findings.extend(check_examples(&document, &root.join("spec/examples"))?);
        gaps = defects(root)?;
    }
    if format == Format::Text {
        gaps.iter().for_each(|gap| say!("{}: {}; {}", gap.id, gap.message, gap.mend));
        if report(&findings) == Outcome::Good && gaps.is_empty() {
            say!("{}: {} rules, no findings", document.name, all_rules().len());
            return Ok(Outcome::Good);
        }
        return Ok(Outcome::Findings);
    }
    let place = root.join("spec/corrections/uncorrected.toml");
    findings.extend(gaps.into_iter().map(|gap| gap.into_finding(&place)));
    match format {
        Format::Sarif => say!("{:#}", findings_to_sarif(&findings)),
        _ => say!("{:#}", findings_to_json(&document.name, &findings)),
    }
    Ok(if findings.is_empty() { Outcome::Good } else { Outcome::Findings })
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

/// A defect that nothing is said about, or an id that no list of defects knows.
struct Gap {
    id: String,
    message: &'static str,
    mend: &'static str,
}

impl Gap {
    fn into_finding(self, file: &Path) -> Finding {
        Finding {
            rule: "defect-id",
            severity: Severity::Error,
            place: Place { file: file.display().to_string(), pointer: Pointer::root(), line: None },
            message: format!("{}: {}", self.id, self.message),
            mend: self.mend.to_owned(),
        }
    }
}

fn defects(root: &Path) -> anyhow::Result<Vec<Gap>> {
    let (missing, unknown) = Project::new(root.join("spec")).defects()?.gaps();
    let missing = missing.into_iter().map(|id| Gap {
        id,
        message: "neither corrected nor listed",
        mend: "correct it in spec/corrections/, or say why not in uncorrected.toml",
    });
    let unknown = unknown.into_iter().map(|id| Gap {
        id,
        message: "no known defect",
        mend: "check the id in spec/corrections/",
    });
    Ok(missing.chain(unknown).collect())
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
