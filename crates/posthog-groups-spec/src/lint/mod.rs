//! The linter of `openapi-ledger`, with rules for our extensions and for code generators.

pub(crate) mod examples;
mod generator;
mod marks;
mod registry;

use std::sync::LazyLock;

use openapi_ledger::Document;
use openapi_ledger::lint as general;
pub use openapi_ledger::lint::{Finding, Rule, RuleGroup, Severity, check_openapi};
use serde_json::Value;

use crate::tool::TOOL;

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut all = [general::rules(), registry::ALL].concat();
    all.sort_by_key(|rule| rule.group);
    all
});

/// All rules by group: the general ones and our own.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// Checks a document against all rules. The findings are in the order of the text.
pub fn lint(document: &Document) -> Vec<Finding> {
    general::lint_with(document, &[marks::check, generator::check])
}

/// Renders findings for programs, in the format `posthog-groups-spec/findings/1`; the fields are described at
/// [`openapi_ledger::lint::findings_to_json`].
pub fn findings_to_json(document: &str, findings: &[Finding]) -> Value {
    general::findings_to_json(&TOOL, document, findings)
}

/// Renders findings as SARIF 2.1.0, with all rules.
pub fn findings_to_sarif(findings: &[Finding]) -> Value {
    general::findings_to_sarif(&TOOL, rules(), findings)
}
