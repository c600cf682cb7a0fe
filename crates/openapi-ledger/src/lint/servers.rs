//! Rules about the document as a whole: version, names, URLs, servers, tags and media types.

use std::collections::HashSet;

use url::Url;

use super::{Context, Report, Site, rules};
use crate::grammar::Kind;
use crate::template::split;
use crate::text::{brief, did_you_mean, listed, meant_or};
use crate::version::{Version, version_of};

pub(super) fn check(context: &Context, report: &mut Report) {
    version(context, report);
    component_names(context, report);
    urls(context, report);
    servers(context, report);
    tags(context, report);
    media_type_names(context, report);
}

fn version(context: &Context, report: &mut Report) {
    for (_, site) in context.of_kind(Kind::OpenApi) {
        let version = site.text("openapi").filter(|version| version_of(version) != Some(Version::V3_0));
        if let Some(version) = version {
            let message = format!("`{version}` is not a version 3.0.x");
            let help = "use `3.0.3`, and describe the API according to OpenAPI 3.0";
            report.add(&rules::OPENAPI_VERSION, &site.pointer.key("openapi"), message, help);
        }
    }
}

fn component_names(context: &Context, report: &mut Report) {
    for (_, site) in context.of_kind(Kind::Components) {
        let sections = site.object.iter().filter(|(section, _)| !section.starts_with("x-"));
        for (section, name) in
            sections.flat_map(|(section, all)| all.members().map(move |(n, _)| (section, n)))
        {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if name.is_empty() || !name.chars().all(fits) {
                let better: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
                let message = format!("`{name}` is not a valid name of a component");
                let help = format!("use only letters, digits, `.`, `-` and `_`, such as `{better}`");
                report.add(&rules::COMPONENT_NAME, &site.pointer.key(section).key(name), message, help);
            }
        }
    }
}

fn urls(context: &Context, report: &mut Report) {
    for site in &context.sites {
        let fields: &[&str] = match site.kind {
            Kind::Info => &["termsOfService"],
            Kind::Contact | Kind::License | Kind::ExternalDocs => &["url"],
            Kind::SecurityScheme => &["openIdConnectUrl"],
            Kind::OAuthFlow => &["authorizationUrl", "tokenUrl", "refreshUrl"],
            Kind::Example => &["externalValue"],
            _ => continue,
        };
        for field in fields {
            if let Some((text, problem)) = site.text(field).and_then(|t| Some((t, malformed(t)?))) {
                let message = format!("`{text}` is not a URL: {problem}");
                let help = "use an absolute URL such as `https://example.com/page`";
                report.add(&rules::BAD_URL, &site.pointer.key(field), message, help);
            }
        }
        let email = site.text("email").filter(|_| site.kind == Kind::Contact);
        if let Some(email) = email.filter(|email| !is_email(email)) {
            let message = format!("`{email}` is not an email address");
            report.add(
                &rules::BAD_URL,
                &site.pointer.key("email"),
                message,
                "write it as `name@example.com`",
            );
        }
    }
}

fn is_email(text: &str) -> bool {
    let domain = text.split_once('@').filter(|(name, _)| !name.is_empty()).map(|(_, domain)| domain);
    !text.contains(char::is_whitespace)
        && domain
            .is_some_and(|d| d.contains('.') && !d.starts_with('.') && !d.ends_with('.') && !d.contains('@'))
}

/// Returns the problem with an absolute or relative URL, if there is one.
fn malformed(text: &str) -> Option<String> {
    let odd = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '\\' | '^' | '`' | '{' | '}' | '|')
    };
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if let Some(c) = text.chars().find(|c| odd(*c)) {
        return Some(format!("it contains {c:?}"));
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let authority =
                text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
            match authority {
                // The parser accepts `https:/host` and `https:host`, but other tools do not.
                None => Some("the scheme must be followed by `://`".to_owned()),
                Some("") => Some("it has no host".to_owned()),
                Some(host) if host.contains("..") || host.starts_with('.') => {
                    Some("its host has an empty label".to_owned())
                }
                Some(_) => None,
            }
        }
        Ok(url) if text.contains("://") => Some(format!(
            "its scheme is `{}`{}",
            url.scheme(),
            did_you_mean(url.scheme(), ["http", "https"])
                .map_or(String::new(), |s| format!(", perhaps for `{s}`"))
        )),
        Ok(url) => Some(format!("`{}:` is not a web scheme", url.scheme())),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            // `https//host` and `example.com` parse as relative references, which is not what is meant.
            let first = text.split(['/', '?', '#']).next().unwrap_or("");
            let looks_absolute = text.contains("://")
                || first.contains(':')
                || matches!(first, "http" | "https")
                || first.starts_with("www.");
            looks_absolute.then(|| "the scheme is malformed".to_owned())
        }
        Err(e) => Some(e.to_string()),
    }
}

fn servers(context: &Context, report: &mut Report) {
    for (n, site) in context.of_kind(Kind::Server) {
        if let Some(url) = site.text("url").filter(|url| !url.trim().is_empty()) {
            server(site, url, report);
        }
        for variable in context.found_below(n, "variables").map(|n| &context.sites[n]) {
            let values = variable.list("enum");
            let listed_empty = variable.has("enum") && values.is_empty();
            let default = variable.object.get("default");
            if listed_empty || default.is_some_and(|d| !values.is_empty() && !values.contains(d)) {
                let default = default.map_or_else(|| "nothing".to_owned(), brief);
                let at = variable.pointer.key(if listed_empty { "enum" } else { "default" });
                let message = format!("the default {default} is not in `enum`");
                let help = "use one of the listed values as the default";
                report.add(&rules::SERVER_VARIABLE, &at, message, help);
            }
        }
    }
    for (_, site) in context.of_kind(Kind::OpenApi) {
        if site.object["servers"].as_array().is_some_and(Vec::is_empty) {
            let help = "add the server, or omit `servers`";
            report.add(&rules::SERVER_URL, &site.pointer.key("servers"), "`servers` is empty", help);
        }
    }
}

fn server(site: &Site, url: &str, report: &mut Report) {
    let at = site.pointer.key("url");
    let variables = &site.object["variables"];
    let names = || variables.members().map(|(name, _)| name.as_str());
    let (parts, rest) = split(url);
    let mut filled = String::new();
    for (before, name) in &parts {
        filled.push_str(before);
        filled.push_str(variables[*name]["default"].as_str().unwrap_or("x"));
        if variables.get(name).is_none() {
            let help = match did_you_mean(name, names()) {
                Some(meant) => format!("did you mean `{{{meant}}}`?"),
                None => format!("declare `{name}` with a default under `variables`"),
            };
            let message = format!("the URL has the variable `{{{name}}}`, which is not declared");
            report.add(&rules::SERVER_VARIABLE, &at, message, help);
        }
    }
    filled.push_str(rest.unwrap_or_default());
    if rest.is_err() {
        let message = format!("the braces of `{url}` do not match");
        report.add(&rules::SERVER_URL, &at, message, "write variables as `{name}`");
    } else if let Some(problem) = malformed(&filled) {
        let message = format!("`{url}` is not a server URL: {problem}");
        let help = "write it as `https://host/base` or as a path such as `/base`";
        report.add(&rules::SERVER_URL, &at, message, help);
    } else if filled.contains(['?', '#']) {
        let message = format!("`{url}` has a query or fragment");
        report.add(&rules::SERVER_URL, &at, message, "remove it; parameters are declared on operations");
    } else if filled.ends_with('/') {
        let message = format!("`{url}` ends with a slash, and every path begins with one");
        let help = match url.trim_end_matches('/') {
            "" => "use the real host, or omit `servers`".to_owned(),
            better => format!("write `{better}`"),
        };
        report.add(&rules::SERVER_TRAILING_SLASH, &at, message, help);
    }
    let used: HashSet<&str> = parts.iter().map(|(_, name)| *name).collect();
    for name in names().filter(|name| !used.contains(*name)) {
        let message = format!("the variable `{name}` does not occur in the URL `{url}`");
        let help = format!("remove it, or add `{{{name}}}` to the URL");
        report.add(&rules::SERVER_VARIABLE, &site.pointer.key("variables").key(name), message, help);
    }
}

fn tags(context: &Context, report: &mut Report) {
    let mut declared = HashSet::new();
    for (_, site) in context.of_kind(Kind::Tag) {
        if let Some(name) = site.text("name").filter(|name| !declared.insert(*name)) {
            let help = "remove one of the two";
            let at = site.pointer.key("name");
            report.add(&rules::DUPLICATE_TAG, &at, format!("the tag `{name}` is declared twice"), help);
        }
    }
    for (_, site) in context.of_kind(Kind::Operation) {
        let mut seen = HashSet::new();
        for (n, name) in site.list("tags").iter().enumerate() {
            let Some(name) = name.as_str() else { continue };
            let at = site.pointer.key("tags").index(n);
            if !seen.insert(name) {
                let message = format!("the operation has the tag `{name}` twice");
                report.add(&rules::DUPLICATE_TAG, &at, message, "remove one of the two");
            }
            // Without top-level tags, the tags of the operations do not have to be declared.
            if !declared.is_empty() && !declared.contains(name) {
                let mut known: Vec<_> = declared.iter().copied().collect();
                known.sort_unstable();
                let otherwise =
                    format!("declare it under `tags`, or use one of {}", listed(known.iter().copied()));
                let help = meant_or(name, known, otherwise);
                report.add(&rules::UNDECLARED_TAG, &at, format!("the tag `{name}` is not declared"), help);
            }
        }
    }
}

/// Media types that are similar to `application/json` but not misspellings of it.
const RELATED: [&str; 7] = [
    "application/bson",
    "application/hjson",
    "application/json5",
    "application/jsonl",
    "application/ndjson",
    "application/rjson",
    "application/ubjson",
];

fn media_type_names(context: &Context, report: &mut Report) {
    for (_, site) in context.of_kind(Kind::MediaType) {
        let name = site.key;
        if !is_media_type(name) {
            let known = [
                "application/json",
                "application/xml",
                "text/plain",
                "text/csv",
                "multipart/form-data",
                "application/x-www-form-urlencoded",
                "application/octet-stream",
                "application/problem+json",
            ];
            let help = meant_or(name, known, "write type/subtype, such as `application/json`");
            report.add(&rules::MEDIA_TYPE_NAME, &site.pointer, format!("`{name}` is not a media type"), help);
        } else if did_you_mean(name, ["application/json"]).is_some_and(|meant| meant != name)
            && !RELATED.contains(&name)
        {
            let message = format!("`{name}` is not a known media type");
            report.add(&rules::MEDIA_TYPE_NAME, &site.pointer, message, "did you mean `application/json`?");
        }
    }
}

#[rustfmt::skip]
const TOP_LEVEL: [&str; 12] = [
    "*", "application", "audio", "chemical", "example", "font", "image", "message", "model", "multipart", "text",
    "video",
];

fn is_media_type(name: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+*".contains(c);
    let mut parts = name.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    let parameters = parts.all(|parameter| {
        parameter
            .trim()
            .split_once('=')
            .is_some_and(|(k, v)| !k.is_empty() && k.chars().all(token) && !v.is_empty())
    });
    essence.split_once('/').is_some_and(|(top, sub)| {
        let top = top.to_ascii_lowercase();
        let is_known = TOP_LEVEL.contains(&top.as_str()) || top.starts_with("x-");
        is_known && !sub.is_empty() && sub.chars().all(token)
    }) && parameters
}
