//! Rules about paths, operations, requests and responses.

use std::collections::{HashMap, HashSet};

use super::{Context, Report, Site, rules};
use crate::Pointer;
use crate::grammar::Kind;
use crate::template::{split, without_names};
use crate::text::{did_you_mean, listed, meant_or};

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
    let (parts, rest) = split(path);
    let mut names = Vec::new();
    for (_, name) in parts {
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
    }
    rest?;
    Ok(names)
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
            let message = format!("the path `{path}` has a query or fragment");
            let help = format!("use `{}` and declare the rest as query parameters", &path[..n]);
            report.add(&rules::PATH_QUERY, at, message, help);
        }
        if let Err(problem) = template_names(path) {
            let message = format!("the path `{path}` is malformed: {problem}");
            report.add(&rules::PATH_TEMPLATE, at, message, "write each parameter once, as `{name}`");
        }
        if let Some(first) = seen.insert(without_names(path), path) {
            let message = format!("`{path}` and `{first}` are the same path with different parameter names");
            report.add(&rules::PATH_DUPLICATE, at, message, "merge the operations into one path item");
        }
    }
}

/// The name of a path parameter.
fn path_name<'a>(parameter: &Site<'a>) -> Option<&'a str> {
    parameter.text("name").filter(|_| parameter.text("in") == Some("path"))
}

fn path_parameters(context: &Context, report: &mut Report) {
    for (item, site) in context.paths() {
        let path = site.key;
        let Ok(names) = template_names(path) else { continue };
        for operation in context.operations_of(item) {
            let parameters = context.parameters_of(operation).into_iter().map(|n| &context.sites[n]);
            let parameters: Vec<_> = parameters.collect();
            let declared: Vec<_> = parameters.iter().copied().filter_map(path_name).collect();
            for name in names.iter().filter(|name| !declared.contains(name)) {
                let elsewhere = parameters.iter().find(|parameter| parameter.text("name") == Some(name));
                let unused = declared.iter().copied().filter(|declared| !names.contains(declared));
                let help = match (elsewhere, did_you_mean(name, unused)) {
                    (Some(parameter), _) => match parameter.text("in") {
                        Some(place) => format!("`{name}` is declared with `in: {place}`; write `in: path`"),
                        None => format!("`{name}` is declared without `in`; add `in: path`"),
                    },
                    (None, Some(meant)) => format!("did you mean `{{{meant}}}`?"),
                    (None, None) => format!("add `{{name: {name}, in: path, required: true, schema: ...}}`"),
                };
                let message =
                    format!("the path `{path}` contains `{{{name}}}`, which is not declared as a parameter");
                let at = &context.sites[operation].pointer;
                report.add(&rules::PATH_PARAMETER_UNDECLARED, at, message, help);
            }
        }
        let declaring = std::iter::once(item).chain(context.operations_of(item));
        for node in declaring.flat_map(|n| context.below(n, "parameters")) {
            let name = context.site(node).and_then(path_name);
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                let otherwise = format!("remove it, or add `{{{name}}}` to the path");
                let help = meant_or(name, names.iter().copied(), otherwise);
                let message = format!("the path `{path}` does not contain `{{{name}}}`");
                report.add(&rules::PATH_PARAMETER_UNUSED, context.pointer(node), message, help);
            }
        }
    }
    for (_, site) in context.of_kind(Kind::Parameter) {
        if site.text("in") == Some("path") && !site.flag("required") {
            let message =
                format!("the path parameter `{}` is not required", site.text("name").unwrap_or("?"));
            report.add(&rules::PATH_PARAMETER_REQUIRED, &site.pointer, message, "write `required: true`");
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
            let help = "use a unique operationId for each operation";
            report.add(&rules::OPERATION_ID_DUPLICATE, &at, message, help);
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
        [first @ b'1'..=b'5', b'X', b'X'] | [first @ b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => {
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
            } else if did_you_mean(key, ["default"]).is_some() {
                "write `default`".to_owned()
            } else {
                "write a code such as `404`, a range such as `4XX`, or `default`".to_owned()
            };
            let message = format!("`{key}` is not a status code");
            report.add(&rules::STATUS_CODE, context.pointer(*node), message, help);
        }
        if site.map("responses").is_some() {
            let keys: Vec<_> = responses.iter().map(|(key, _)| *key).collect();
            let any = |wanted: fn(Status) -> bool| keys.iter().any(|key| wanted(status(key)));
            let has = format!("it has {}", listed(keys.iter().copied()));
            if !any(|s| matches!(s, Status::Class(2 | 3))) && !keys.contains(&"101") {
                let message = format!("the operation has no success response; {has}");
                let help = "add the `200` (or `201`, `204` ...) response";
                report.add(&rules::NO_SUCCESS_RESPONSE, &at, message, help);
            }
            if !site.in_callback && !any(|s| matches!(s, Status::Class(4 | 5) | Status::Default)) {
                let message = format!("the operation has no error response; {has}");
                let help = "add `4XX` and `5XX` with the body of errors";
                report.add(&rules::NO_ERROR_RESPONSE, &at, message, help);
            }
        }
        for (key, node) in responses {
            let bodiless = matches!(key, "204" | "205" | "304") || status(key) == Status::Class(1);
            let content = context.site(node).and_then(|response| response.map("content"));
            if bodiless && content.is_some_and(|content| !content.is_empty()) {
                let message = format!("a {key} response has no body, but this one describes content");
                let help = "remove `content`, or use the status that the server really returns";
                report.add(&rules::NO_CONTENT_WITH_BODY, context.pointer(node), message, help);
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
            let help = "add `schema:`, or `schema: {}` for any JSON value";
            report.add(&rules::JSON_WITHOUT_SCHEMA, &site.pointer, "this JSON body has no schema", help);
        }
    }
    for (_, site) in context.of_kind(Kind::RequestBody) {
        if site.map("content").is_some_and(|content| content.is_empty()) {
            let help = "add `application/json` with a schema, or remove the request body";
            report.add(&rules::EMPTY_CONTENT, &site.pointer.key("content"), "`content` is empty", help);
        }
    }
    for (_, site) in context.of_kind(Kind::Operation).filter(|(_, site)| site.has("requestBody")) {
        let (rule, message) = match site.edge {
            "get" | "head" | "trace" => {
                (&rules::BODY_ON_GET, format!("{} requests have no body", site.edge.to_ascii_uppercase()))
            }
            "delete" => (&rules::BODY_ON_DELETE, "HTTP does not define a body for DELETE".to_owned()),
            _ => continue,
        };
        report.add(rule, &site.pointer.key("requestBody"), message, "use query parameters, or POST");
    }
}

fn links(context: &Context, report: &mut Report) {
    let rule = &rules::LINK_TARGET;
    let ids: HashSet<_> =
        context.of_kind(Kind::Operation).filter_map(|(_, site)| site.text("operationId")).collect();
    for (_, site) in context.of_kind(Kind::Link) {
        match (site.text("operationId"), site.text("operationRef")) {
            (Some(_), Some(_)) => {
                let message = "the link has both `operationId` and `operationRef`";
                report.add(rule, &site.pointer, message, "keep one of them");
            }
            (None, None) if !site.has("operationId") && !site.has("operationRef") => {
                report.add(rule, &site.pointer, "the link does not name an operation", "add `operationId`");
            }
            (Some(id), None) if !ids.contains(id) => {
                let mut known: Vec<_> = ids.iter().copied().collect();
                known.sort_unstable();
                let help = meant_or(id, known, "use the operationId of an operation in this document");
                let message = format!("no operation has the operationId `{id}`");
                report.add(rule, &site.pointer.key("operationId"), message, help);
            }
            (None, Some(target)) => {
                let found = Pointer::parse(target).and_then(|at| context.site(context.node(&at)?));
                let is_operation = found.is_some_and(|site| site.kind == Kind::Operation);
                if target.starts_with('#') && !is_operation {
                    let message = format!("`{target}` is not an operation of this document");
                    report.add(rule, &site.pointer.key("operationRef"), message, "use `operationId` instead");
                }
            }
            _ => {}
        }
    }
}

fn callbacks(context: &Context, report: &mut Report) {
    let begins = ["$url", "$method", "$statusCode", "$request.", "$response."];
    for (_, site) in context.of_kind(Kind::Callback) {
        for expression in site.object.keys().filter(|key| !key.starts_with("x-")) {
            let (parts, rest) = split(expression);
            let mut names = parts.into_iter().map(|(_, name)| name);
            let problem = match names.find(|name| !begins.iter().any(|begin| name.starts_with(begin))) {
                _ if rest.is_err() => "the braces do not match".to_owned(),
                Some(name) => format!("`{{{name}}}` is not a runtime expression"),
                None => continue,
            };
            let help = "use an expression such as `{$request.body#/callbackUrl}`";
            let message = format!("the callback URL `{expression}` is malformed: {problem}");
            report.add(&rules::CALLBACK_EXPRESSION, &site.pointer.key(expression), message, help);
        }
    }
}
