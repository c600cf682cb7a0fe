//! Rules about paths, operations, requests and responses.

use std::collections::{HashMap, HashSet};

use super::{Context, Report, rules};
use crate::grammar::Kind;
use crate::text::{did_you_mean, listed};

pub(super) fn check(context: &Context, report: &mut Report) {
    paths(context, report);
    path_parameters(context, report);
    operation_ids(context, report);
    responses(context, report);
    bodies(context, report);
    links(context, report);
    callbacks(context, report);
}

/// Returns the names in the braces of a path, or the problem with it.
fn template_names(path: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some(n) = rest.find(['{', '}']) {
        let inside = rest[n..].strip_prefix('{').ok_or("a closing brace has no opening brace")?;
        let end = inside.find('}').ok_or("a brace is not closed")?;
        let name = &inside[..end];
        if name.is_empty() {
            return Err("a parameter name is empty".to_owned());
        }
        if name.contains(['{', '/']) {
            return Err("a brace is not closed".to_owned());
        }
        if names.contains(&name) {
            return Err(format!("it contains `{{{name}}}` twice"));
        }
        names.push(name);
        rest = &inside[end + 1..];
    }
    Ok(names)
}

/// Returns a path without the names of its parameters.
fn without_names(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        out.push(c);
    }
    out
}

fn paths(context: &Context, report: &mut Report) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (_, site) in context.paths() {
        let path = site.key;
        let at = &site.pointer;
        if !path.starts_with('/') {
            let message = format!("the path `{path}` does not begin with a slash");
            report.add(&rules::PATH_SLASH, at, message, format!("write `/{path}`"));
        }
        if let Some(n) = path.find(['?', '#']) {
            report.add(
                &rules::PATH_QUERY,
                at,
                format!("the path `{path}` has a query or fragment"),
                format!("use `{}` and declare the rest as query parameters", &path[..n]),
            );
        }
        if let Err(problem) = template_names(path) {
            let help = "write each parameter once, as `{name}`";
            report.add(&rules::PATH_TEMPLATE, at, format!("the path `{path}` is malformed: {problem}"), help);
        }
        if let Some(first) = seen.insert(without_names(path), path) {
            report.add(
                &rules::PATH_DUPLICATE,
                at,
                format!("`{path}` and `{first}` are the same path with different parameter names"),
                "merge the operations into one path item",
            );
        }
    }
}

fn path_parameters(context: &Context, report: &mut Report) {
    for (item, site) in context.paths() {
        let path = site.key;
        let Ok(names) = template_names(path) else { continue };
        for operation in context.operations_of(item) {
            let parameters = context.parameters_of(operation);
            let is_declared = |name: &str| {
                parameters.iter().map(|n| &context.sites[*n]).any(|parameter| {
                    parameter.text("name") == Some(name) && parameter.text("in") == Some("path")
                })
            };
            for name in names.iter().filter(|name| !is_declared(name)) {
                let elsewhere =
                    parameters.iter().map(|n| &context.sites[*n]).find(|p| p.text("name") == Some(name));
                let unused = parameters.iter().map(|n| &context.sites[*n]).filter_map(|parameter| {
                    let declared = parameter.text("name").filter(|_| parameter.text("in") == Some("path"))?;
                    (!names.contains(&declared)).then_some(declared)
                });
                let help = match (elsewhere, did_you_mean(name, unused)) {
                    (Some(parameter), _) => match parameter.text("in") {
                        Some(place) => format!("`{name}` is declared with `in: {place}`; write `in: path`"),
                        None => format!("`{name}` is declared without `in`; add `in: path`"),
                    },
                    (None, Some(meant)) => format!("did you mean `{{{meant}}}`?"),
                    (None, None) => format!("add `{{name: {name}, in: path, required: true, schema: ...}}`"),
                };
                report.add(
                    &rules::PATH_PARAMETER_UNDECLARED,
                    &context.sites[operation].pointer,
                    format!("the path `{path}` contains `{{{name}}}`, which is not declared as a parameter"),
                    help,
                );
            }
        }
        let declaring = std::iter::once(item).chain(context.operations_of(item));
        for node in declaring.flat_map(|n| context.below(n, "parameters")) {
            let Some(parameter) = context.follow(node).map(|n| &context.sites[n]) else { continue };
            let name = parameter.text("name").filter(|_| parameter.text("in") == Some("path"));
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                let help = match did_you_mean(name, names.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("remove it, or add `{{{name}}}` to the path"),
                };
                report.add(
                    &rules::PATH_PARAMETER_UNUSED,
                    context.pointer(node),
                    format!("the path `{path}` does not contain `{{{name}}}`"),
                    help,
                );
            }
        }
    }
    for (_, site) in context.of_kind(Kind::Parameter) {
        if site.text("in") == Some("path") && !site.flag("required") {
            let name = site.text("name").unwrap_or("?");
            report.add(
                &rules::PATH_PARAMETER_REQUIRED,
                &site.pointer,
                format!("the path parameter `{name}` is not required"),
                "write `required: true`",
            );
        }
    }
}

fn operation_ids(context: &Context, report: &mut Report) {
    let mut seen: HashMap<&str, String> = HashMap::new();
    for (_, site) in context.of_kind(Kind::Operation) {
        let at = site.pointer.key("operationId");
        let Some(id) = site.text("operationId") else {
            // A wrong type is a separate finding. Callbacks do not have generated methods.
            if !site.has("operationId") && !site.in_callback {
                let message = "the operation has no operationId";
                report.add(&rules::OPERATION_ID_MISSING, &site.pointer, message, "add a short unique name");
            }
            continue;
        };
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if id.is_empty() || id.starts_with(|c: char| c.is_ascii_digit()) || !id.chars().all(word) {
            let mut better: String = id.chars().map(|c| if word(c) { c } else { '_' }).collect();
            if better.is_empty() || better.starts_with(|c: char| c.is_ascii_digit()) {
                better.insert(0, '_');
            }
            let help =
                format!("use letters, digits and `_`, and do not begin with a digit, such as `{better}`");
            report.add(&rules::OPERATION_ID_INVALID, &at, format!("`{id}` is not an identifier"), help);
        }
        if let Some(first) = seen.insert(id, site.pointer.to_string()) {
            let message = format!("the operationId `{id}` is already used by {first}");
            report.add(
                &rules::OPERATION_ID_DUPLICATE,
                &at,
                message,
                "use a unique operationId for each operation",
            );
        }
    }
}

/// The statuses that a key of `responses` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `default`.
    Default,
    /// The first digit of a code or range.
    Class(u8),
    /// No status.
    Invalid,
}

/// What a key of `responses` stands for.
pub fn status(key: &str) -> Status {
    match key.as_bytes() {
        b"default" => Status::Default,
        [first @ b'1'..=b'5', b'X', b'X'] => Status::Class(first - b'0'),
        [first @ b'1'..=b'5', a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
            Status::Class(first - b'0')
        }
        _ => Status::Invalid,
    }
}

fn responses(context: &Context, report: &mut Report) {
    for (n, site) in context.of_kind(Kind::Operation) {
        let responses = context.responses_of(n);
        let at = site.pointer.key("responses");
        for (key, node) in responses.iter().filter(|(key, _)| status(key) == Status::Invalid) {
            let help = if status(&key.to_ascii_uppercase()) != Status::Invalid {
                format!("write `{}`", key.to_ascii_uppercase())
            } else if key.eq_ignore_ascii_case("default") || did_you_mean(key, ["default"]).is_some() {
                "write `default`".to_owned()
            } else {
                "write a code such as `404`, a range such as `4XX`, or `default`".to_owned()
            };
            let message = format!("`{key}` is not a status code");
            report.add(&rules::STATUS_CODE, context.pointer(*node), message, help);
        }
        if site.object.get("responses").is_some_and(|r| r.is_object()) {
            let keys: Vec<_> = responses.iter().map(|(key, _)| *key).collect();
            let any = |wanted: fn(Status) -> bool| keys.iter().any(|key| wanted(status(key)));
            let has = format!("it has {}", listed(keys.iter().copied()));
            if !any(|s| matches!(s, Status::Class(2 | 3))) && !keys.contains(&"101") {
                let message = format!("the operation has no success response; {has}");
                report.add(
                    &rules::NO_SUCCESS_RESPONSE,
                    &at,
                    message,
                    "add the `200` (or `201`, `204` ...) response",
                );
            }
            if !site.in_callback && !any(|s| matches!(s, Status::Class(4 | 5) | Status::Default)) {
                let message = format!("the operation has no error response; {has}");
                report.add(
                    &rules::NO_ERROR_RESPONSE,
                    &at,
                    message,
                    "add `4XX` and `5XX` with the body of errors",
                );
            }
        }
        for (key, node) in responses {
            let bodiless = matches!(key, "204" | "205" | "304") || status(key) == Status::Class(1);
            let Some(response) = context.follow(node).map(|n| &context.sites[n]) else { continue };
            if bodiless && response.map("content").is_some_and(|content| !content.is_empty()) {
                report.add(
                    &rules::NO_CONTENT_WITH_BODY,
                    context.pointer(node),
                    format!("a {key} response has no body, but this one describes content"),
                    "remove `content`, or use the status that the server really returns",
                );
            }
        }
    }
}

/// Whether a media type is JSON.
pub(super) fn is_json(name: &str) -> bool {
    let essence = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}

fn bodies(context: &Context, report: &mut Report) {
    for (_, site) in context.of_kind(Kind::MediaType) {
        let holder = site.parent.map(|n| context.sites[n].kind);
        let of_message = matches!(holder, Some(Kind::Response | Kind::RequestBody));
        if of_message && is_json(site.key) && !site.has("schema") {
            report.add(
                &rules::JSON_WITHOUT_SCHEMA,
                &site.pointer,
                "this JSON body has no schema",
                "add `schema:`, or `schema: {}` for any JSON value",
            );
        }
    }
    for (_, site) in context.of_kind(Kind::RequestBody) {
        if site.map("content").is_some_and(|content| content.is_empty()) {
            let help = "add `application/json` with a schema, or remove the request body";
            report.add(&rules::EMPTY_CONTENT, &site.pointer.key("content"), "`content` is empty", help);
        }
    }
    for (_, site) in context.of_kind(Kind::Operation).filter(|(_, site)| site.has("requestBody")) {
        let at = site.pointer.key("requestBody");
        let method = site.edge.to_ascii_uppercase();
        match site.edge {
            "get" | "head" | "trace" => {
                let message = format!("{method} requests have no body");
                report.add(&rules::BODY_ON_GET, &at, message, "use query parameters, or POST");
            }
            "delete" => {
                let message = "HTTP does not define a body for DELETE";
                report.add(&rules::BODY_ON_DELETE, &at, message, "use query parameters, or POST");
            }
            _ => {}
        }
    }
}

fn links(context: &Context, report: &mut Report) {
    let ids: HashSet<_> =
        context.of_kind(Kind::Operation).filter_map(|(_, site)| site.text("operationId")).collect();
    for (_, site) in context.of_kind(Kind::Link) {
        match (site.text("operationId"), site.text("operationRef")) {
            (Some(_), Some(_)) => {
                let message = "the link has both `operationId` and `operationRef`";
                report.add(&rules::LINK_TARGET, &site.pointer, message, "keep one of them");
            }
            (None, None) if !site.has("operationId") && !site.has("operationRef") => {
                let message = "the link does not name an operation";
                report.add(&rules::LINK_TARGET, &site.pointer, message, "add `operationId`");
            }
            (Some(id), None) if !ids.contains(id) => {
                let mut known: Vec<_> = ids.iter().copied().collect();
                known.sort_unstable();
                let help = match did_you_mean(id, known) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "use the operationId of an operation in this document".to_owned(),
                };
                let at = site.pointer.key("operationId");
                report.add(
                    &rules::LINK_TARGET,
                    &at,
                    format!("no operation has the operationId `{id}`"),
                    help,
                );
            }
            (None, Some(target)) => {
                let found = crate::Pointer::parse(target).and_then(|at| context.node(&at));
                let is_operation = found
                    .and_then(|node| context.follow(node))
                    .is_some_and(|n| context.sites[n].kind == Kind::Operation);
                if target.starts_with('#') && !is_operation {
                    let at = site.pointer.key("operationRef");
                    let message = format!("`{target}` is not an operation of this document");
                    report.add(&rules::LINK_TARGET, &at, message, "use `operationId` instead");
                }
            }
            _ => {}
        }
    }
}

fn callbacks(context: &Context, report: &mut Report) {
    let begins = ["$url", "$method", "$statusCode", "$request.", "$response."];
    for (_, site) in context.of_kind(Kind::Callback) {
        for (expression, _) in site.object.iter().filter(|(key, _)| !key.starts_with("x-")) {
            let at = site.pointer.key(expression);
            let parts = template_parts(expression);
            let bad = match &parts {
                None => Some("the braces do not match".to_owned()),
                Some(parts) => parts
                    .iter()
                    .find(|part| !begins.iter().any(|begin| part.starts_with(begin)))
                    .map(|part| format!("`{{{part}}}` is not a runtime expression")),
            };
            if let Some(problem) = bad {
                let help = "use an expression such as `{$request.body#/callbackUrl}`";
                let message = format!("the callback URL `{expression}` is malformed: {problem}");
                report.add(&rules::CALLBACK_EXPRESSION, &at, message, help);
            }
        }
    }
}

/// Returns the expressions in the braces of a callback URL, or `None` if the braces do not match.
fn template_parts(expression: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut rest = expression;
    while let Some(n) = rest.find(['{', '}']) {
        let inside = rest[n..].strip_prefix('{')?;
        let end = inside.find('}')?;
        parts.push(&inside[..end]);
        rest = &inside[end + 1..];
    }
    Some(parts)
}
