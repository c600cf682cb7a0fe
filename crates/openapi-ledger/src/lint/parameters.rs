//! Rules about parameters and headers.

use std::collections::HashSet;

use super::{Context, Report, Site, rules};
use crate::grammar::Kind;
use crate::pointer::Pointer;
use crate::text::meant_or;

pub(super) fn check(context: &Context, report: &mut Report) {
    duplicates(context, report);
    for (_, site) in context.of_kind(Kind::Parameter) {
        place(site, report);
        schema_or_content(site, report);
        style(site, report);
        if site.text("in") == Some("header") {
            header_name(site.text("name").unwrap_or_default(), &site.pointer, "parameter", report);
        }
    }
    for (_, site) in context.of_kind(Kind::Header) {
        schema_or_content(site, report);
        style(site, report);
        let of_response = site.parent.is_some_and(|n| context.sites[n].kind == Kind::Response);
        if of_response && site.key.eq_ignore_ascii_case("content-type") {
            header_name(site.key, &site.pointer, "response header", report);
        }
    }
}

fn duplicates(context: &Context, report: &mut Report) {
    for (n, site) in context.sites.iter().enumerate() {
        if !matches!(site.kind, Kind::PathItem | Kind::Operation) {
            continue;
        }
        let mut seen = HashSet::new();
        for node in context.below(n, "parameters") {
            let Some(parameter) = context.site(node) else { continue };
            let (Some(name), Some(place)) = (parameter.text("name"), parameter.text("in")) else { continue };
            // Header names are case-insensitive.
            let identity = if place == "header" { name.to_ascii_lowercase() } else { name.to_owned() };
            if !seen.insert((identity, place)) {
                let message = format!("the {place} parameter `{name}` is listed twice");
                let at = context.pointer(node);
                report.add(&rules::PARAMETER_DUPLICATE, at, message, "remove one of the two");
            }
        }
    }
}

fn place(site: &Site, report: &mut Report) {
    const PLACES: [&str; 4] = ["path", "query", "header", "cookie"];
    let Some(place) = site.text("in").filter(|place| !PLACES.contains(place)) else { return };
    let help = match place {
        "body" | "formData" => "describe the body under `requestBody`".to_owned(),
        _ => meant_or(place, PLACES, "write `path`, `query`, `header` or `cookie`"),
    };
    let message = format!("`{place}` is not a location of parameters");
    report.add(&rules::PARAMETER_IN, &site.pointer.key("in"), message, help);
}

fn schema_or_content(site: &Site, report: &mut Report) {
    let what = if site.kind == Kind::Header { "header" } else { "parameter" };
    let (message, help) = match (site.has("schema"), site.map("content")) {
        (true, Some(_)) => (format!("the {what} has both `schema` and `content`"), "keep one of them"),
        (false, None) if !site.has("content") => {
            (format!("the {what} has neither `schema` nor `content`"), "add `schema:` with its type")
        }
        (false, Some(content)) if content.len() != 1 => (
            format!("`content` of a {what} must have exactly one media type, not {}", content.len()),
            "keep the one that is sent, or use `schema`",
        ),
        _ => return,
    };
    report.add(&rules::PARAMETER_SHAPE, &site.pointer, message, help);
}

fn style(site: &Site, report: &mut Report) {
    let Some(style) = site.text("style") else { return };
    let allowed: &[&str] = match site.text("in") {
        Some("path") => &["simple", "label", "matrix"],
        Some("query") => &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
        Some("header") => &["simple"],
        Some("cookie") => &["form"],
        _ if site.kind == Kind::Header => &["simple"],
        _ => return,
    };
    if !allowed.contains(&style) {
        let place = site.text("in").unwrap_or("header");
        let otherwise = format!("use `{}`, or omit `style`", allowed.join("` or `"));
        let help = meant_or(style, allowed.iter().copied(), otherwise);
        let message = format!("`{style}` is not a style for {place} parameters");
        report.add(&rules::PARAMETER_STYLE, &site.pointer.key("style"), message, help);
    }
}

fn header_name(name: &str, at: &Pointer, what: &str, report: &mut Report) {
    let instead = match name.to_ascii_lowercase().as_str() {
        "accept" => "use the media types under `responses` instead",
        "content-type" => "use the media types under `content` instead",
        "authorization" => "describe it as a security scheme",
        _ => return,
    };
    let message = format!("OpenAPI ignores a {what} named `{name}`");
    report.add(&rules::PARAMETER_HEADER_NAME, at, message, format!("remove it; {instead}"));
}
