//! Findings for programs: JSON, and SARIF for code hosts.

use serde_json::{Value, json};
use url::Url;

use super::{Finding, Rule, Severity};

/// The program that reports findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The URL of its documentation.
    pub url: &'static str,
}

impl Tool {
    /// This crate.
    pub const OPENAPI_LEDGER: Self = Self {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        url: env!("CARGO_PKG_REPOSITORY"),
    };
}

/// Renders findings for programs. Within one `format`, fields are only added:
///
/// * `format`: `TOOL/findings/1`, with the name of the tool
/// * `document`: the name of the document
/// * `counts`: the number of `error`s and `warning`s
/// * `findings`: each with `rule`, `severity`, `file`, `pointer`, `line` (or null), `message` and `help`
///
/// ```
/// use openapi_ledger::{Document, lint::{Tool, findings_to_json, lint}};
///
/// let document = Document::parse("pets.yaml", "openapi: 3.0.3\ninfo: {title: Pets}\npaths: {}\n")?;
/// let json = findings_to_json(&Tool::OPENAPI_LEDGER, &document.name, &lint(&document));
/// assert_eq!(json["findings"][0]["rule"], "missing-field");
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
pub fn findings_to_json(tool: &Tool, document: &str, findings: &[Finding]) -> Value {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    json!({
        "format": format!("{}/findings/1", tool.name),
        "document": document,
        "counts": {"error": count(Severity::Error), "warning": count(Severity::Warning)},
        "findings": findings,
    })
}

/// Renders findings as SARIF 2.1.0 (OASIS), which code hosts show as annotations. All `rules` are listed with their
/// reasons, whether they found something or not.
///
/// ```
/// use openapi_ledger::{Document, lint::{Tool, findings_to_sarif, lint, rules}};
///
/// let document = Document::parse("pets.yaml", "openapi: 3.0.3\ninfo: {title: Pets}\npaths: {}\n")?;
/// let sarif = findings_to_sarif(&Tool::OPENAPI_LEDGER, rules(), &lint(&document));
/// assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "missing-field");
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
pub fn findings_to_sarif(tool: &Tool, rules: &[Rule], findings: &[Finding]) -> Value {
    let described: Vec<_> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.name,
                "shortDescription": {"text": rule.summary},
                "fullDescription": {"text": rule.reason},
                "help": {"text": format!("{}. {}", rule.summary, rule.reason)},
                "defaultConfiguration": {"level": rule.severity.to_string()},
                "properties": {"tags": [rule.group]},
            })
        })
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": tool.name,
                    "version": tool.version,
                    "informationUri": tool.url,
                    "rules": described,
                },
            },
            "results": findings.iter().map(|finding| result(rules, finding)).collect::<Vec<_>>(),
        }],
    })
}

fn result(rules: &[Rule], finding: &Finding) -> Value {
    let mut physical = json!({"artifactLocation": artifact(&finding.place.file)});
    if let Some(line) = finding.place.line {
        physical["region"] = json!({"startLine": line});
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.severity.to_string(),
        "message": {"text": format!("{}; help: {}", finding.message, finding.help)},
        "locations": [{
            "physicalLocation": physical,
            "logicalLocations": [{"fullyQualifiedName": finding.place.pointer.to_string()}],
        }],
    });
    if let Some(n) = rules.iter().position(|rule| rule.name == finding.rule) {
        result["ruleIndex"] = n.into();
    }
    result
}

/// The URI of a file. Relative paths are relative to the root of the sources.
fn artifact(file: &str) -> Value {
    if file.contains("://") {
        return json!({"uri": file});
    }
    if let Ok(url) = Url::from_file_path(file) {
        return json!({"uri": url.as_str()});
    }
    let uri: String = file
        .bytes()
        .map(|byte| match byte {
            b'\\' => "/".to_owned(),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect();
    json!({"uri": uri.trim_start_matches("./"), "uriBaseId": "%SRCROOT%"})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::error::Place;
    use crate::lint::{lint, rules};
    use crate::pointer::Pointer;

    fn finding(file: &str, line: Option<u32>) -> Finding {
        Finding {
            rule: "missing-field",
            severity: Severity::Error,
            place: Place { file: file.into(), pointer: Pointer::root().key("info"), line },
            message: "no version".into(),
            help: "add it".into(),
        }
    }

    #[test]
    fn sarif_has_what_the_standard_requires_and_code_hosts_need() {
        let text = "openapi: 3.0.3\ninfo: {title: Pets}\npaths:\n  /a: {get: {responses: {'200': {}}}}\n";
        let document = Document::parse("spec/pets.yaml", text).unwrap();
        let findings = lint(&document);
        let sarif = findings_to_sarif(&Tool::OPENAPI_LEDGER, rules(), &findings);
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "openapi-ledger");
        let listed = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(listed.len(), rules().len());
        for rule in listed {
            assert!(rule["shortDescription"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
            assert!(
                matches!(rule["defaultConfiguration"]["level"].as_str(), Some("error" | "warning")),
                "{rule}"
            );
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), findings.len());
        assert!(results.len() > 1, "{results:?}");
        for result in results {
            assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{result}");
            assert!(matches!(result["level"].as_str(), Some("error" | "warning")), "{result}");
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(listed[index]["id"], result["ruleId"]);
            let physical = &result["locations"][0]["physicalLocation"];
            assert_eq!(physical["artifactLocation"]["uri"], "spec/pets.yaml");
            assert!(physical["region"]["startLine"].as_u64().is_some_and(|line| line > 0), "{result}");
        }
    }

    #[test]
    fn files_become_uris_and_a_finding_without_a_line_has_no_region() {
        let place = |file, line| {
            findings_to_sarif(&Tool::OPENAPI_LEDGER, rules(), &[finding(file, line)])["runs"][0]["results"][0]
                ["locations"][0]["physicalLocation"]
                .clone()
        };
        let odd = place("./spec/my file.yaml", Some(3));
        assert_eq!(odd["artifactLocation"], json!({"uri": "spec/my%20file.yaml", "uriBaseId": "%SRCROOT%"}));
        assert_eq!(odd["region"], json!({"startLine": 3}));
        assert_eq!(
            place("https://a.example/x.yaml", None)["artifactLocation"],
            json!({"uri": "https://a.example/x.yaml"})
        );
        assert_eq!(place("a.yaml", None).get("region"), None);
    }

    #[test]
    fn json_counts_by_severity() {
        let json = findings_to_json(&Tool::OPENAPI_LEDGER, "a.yaml", &[finding("a.yaml", Some(1))]);
        assert_eq!(json["counts"], json!({"error": 1, "warning": 0}));
        assert_eq!(json["findings"][0]["line"], 1);
    }
}
