//! Rules about our own extensions, from which the client's table of operations is generated.

use crate::lint::registry as rules;
use openapi_ledger::Value;
use openapi_ledger::lint::{Context, Kind, Report, Site};
use openapi_ledger::text::{brief, json_type, listed, meant_or};

/// The values of `x-idempotency`.
const IDEMPOTENCY: [&str; 4] = ["safe", "idempotent", "read-before-retry", "not-found-is-success"];

pub(crate) fn check(context: &Context, report: &mut Report) {
    for site in &context.sites {
        if let Some(value) = site.object.get("x-required-scopes") {
            scopes(site, value, report);
        }
        if let Some(value) = site.object.get("x-idempotency") {
            idempotency(site, value, report);
        }
        if let Some(value) = site.object.get("x-availability") {
            availability(site, value, report);
        }
    }
}

fn scopes(site: &Site, value: &Value, report: &mut Report) {
    let at = site.pointer.key("x-required-scopes");
    let fits = value.as_array().is_some_and(|scopes| {
        scopes.iter().all(|scope| scope.as_str().is_some_and(|s| !s.trim().is_empty()))
    });
    if !fits {
        let message =
            format!("`x-required-scopes` is {} ({}), not a list of strings", json_type(value), brief(value));
        report.add(&rules::EXTENSION_MARK, &at, message, "write it as `[\"group:read\"]`");
    }
}

fn idempotency(site: &Site, value: &Value, report: &mut Report) {
    let at = site.pointer.key("x-idempotency");
    match value.as_str() {
        Some("safe") if site.kind == Kind::Operation && !matches!(site.edge, "get" | "head" | "options") => {
            let message =
                format!("{} is never `safe`, because it changes something", site.edge.to_ascii_uppercase());
            let help = format!("write one of {}", listed(IDEMPOTENCY[1..].iter().copied()));
            report.add(&rules::EXTENSION_MARK, &at, message, help);
        }
        Some(word) if IDEMPOTENCY.contains(&word) => {}
        other => {
            let otherwise = format!("write one of {}", listed(IDEMPOTENCY));
            let help = meant_or(other.unwrap_or_default(), IDEMPOTENCY, otherwise);
            report.add(&rules::EXTENSION_MARK, &at, format!("`x-idempotency` is {}", brief(value)), help);
        }
    }
}

fn availability(site: &Site, value: &Value, report: &mut Report) {
    let at = site.pointer.key("x-availability");
    let Some(members) = value.as_object() else {
        let message = format!("`x-availability` is {}, not an object", json_type(value));
        let help = "write `{since: \"2025-08-29\", until: \"2025-09-10\"}`";
        return report.add(&rules::EXTENSION_MARK, &at, message, help);
    };
    if members.is_empty() {
        let help = "add `since` or `until`, or remove it";
        report.add(&rules::EXTENSION_MARK, &at, "`x-availability` is empty", help);
    }
    for (name, value) in members {
        if !matches!(name.as_str(), "since" | "until") {
            let help = meant_or(name, ["since", "until"], "it has only `since` and `until`");
            let message = format!("`{name}` is not a field of `x-availability`");
            report.add(&rules::EXTENSION_MARK, &at.key(name), message, help);
        } else if !value.is_string() {
            let message = format!("`{name}` is {}, not a string", json_type(value));
            report.add(&rules::EXTENSION_MARK, &at.key(name), message, "put the date in quotes");
        }
    }
}
