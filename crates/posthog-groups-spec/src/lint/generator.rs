//! Rules about constructs that progenitor 0.15 (with typify 0.8) does not support, or supports badly.
//!
//! These rules check the document as the projection leaves it: without error and `default` responses, and with
//! `application/json` as the only media type. No code is generated for callbacks.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use heck::{ToPascalCase, ToSnakeCase};

use crate::lint::registry as rules;
use openapi_ledger::lint::{Context, Kind, Node, Report, Site, Status, status};
use openapi_ledger::text::{brief, json_type, listed};
use openapi_ledger::{Pointer, Text, Value};

pub(crate) fn check(context: &Context, report: &mut Report) {
    for (item, _) in context.paths() {
        for operation in context.operations_of(item) {
            success_types(context, operation, report);
            request_body(context, operation, report);
            parameters(context, operation, report);
        }
    }
    encodings(context, report);
    references(context, report);
    names(context, report);
    for (n, site) in context.of_kind(Kind::Schema) {
        negation(context, n, site, report);
        composition(context, n, site, report);
        enumeration(site, report);
    }
    responses_that_close(context, report);
}

/// A media type that the projection keeps.
fn is_kept(name: &str) -> bool {
    name == "application/json" || name.starts_with("application/json;")
}

/// The media type below a response or request body that the projection keeps.
fn kept_media_type(context: &Context, holder: usize) -> Option<usize> {
    context.found_below(holder, "content").find(|n| is_kept(context.sites[*n].key))
}

/// Whether the generated method treats this response as a success.
fn is_success(key: &str) -> bool {
    key == "101" || status(key) == Status::Class(2)
}

fn success_types(context: &Context, operation: usize, report: &mut Report) {
    // The identity of a type: the place of its definition, or the text of an inline schema.
    let mut first: Option<(String, &str)> = None;
    for (key, node) in context.responses_of(operation).into_iter().filter(|(key, _)| is_success(key)) {
        let Some(response) = context.follow(node) else { continue };
        let media_type = kept_media_type(context, response);
        if media_type.is_none()
            && context.sites[response].map("content").is_some_and(|content| !content.is_empty())
        {
            let offered =
                context.sites[response].map("content").into_iter().flat_map(|c| c.keys()).map(Text::as_str);
            report.add(
                &rules::GENERATOR_RESPONSE_MEDIA,
                context.pointer(node),
                format!(
                    "the {key} response is only available as {}, so the generated method ignores its body",
                    listed(offered)
                ),
                "add `application/json`, or write code for this operation by hand",
            );
        }
        let identity = match media_type.map(|m| context.below(m, "schema").next()) {
            None | Some(None) => "no body".to_owned(),
            Some(Some(schema @ Node::Reference(n))) => match context.follow(schema) {
                Some(target) => context.sites[target].pointer.to_string(),
                None => context.references[n].target.to_owned(),
            },
            Some(Some(Node::Site(n)))
                if context.sites[n].pointer.as_str().starts_with("/components/responses/") =>
            {
                context.sites[n].pointer.to_string()
            }
            Some(Some(Node::Site(n))) => Value::Object(context.sites[n].object.clone()).to_string(),
        };
        match &first {
            None => first = Some((identity, key)),
            Some((known, _)) if *known == identity => {}
            Some((_, first_key)) => report.add(
                &rules::GENERATOR_SUCCESS_TYPES,
                context.pointer(node),
                format!("the {key} response differs from the {first_key} response; progenitor panics on two success types"),
                "use the same schema for all success responses with `$ref`, or describe only one of them",
            ),
        }
    }
}

fn request_body(context: &Context, operation: usize, report: &mut Report) {
    for node in context.below(operation, "requestBody") {
        let Some(body) = context.follow(node) else { continue };
        let site = &context.sites[body];
        let content = site.map("content").filter(|content| !content.is_empty());
        if let Some(content) = content.filter(|content| !content.keys().any(|name| is_kept(name))) {
            let message =
                format!("the body is only available as {}", listed(content.keys().map(Text::as_str)));
            let help = "offer `application/json`";
            report.add(&rules::GENERATOR_REQUEST_MEDIA, context.pointer(node), message, help);
        }
        if content.is_some() && !site.flag("required") {
            let message = "the body is optional, but the generated method requires it";
            let help = "use `required: true`; an empty body can be `{}`";
            report.add(&rules::GENERATOR_OPTIONAL_BODY, &site.pointer, message, help);
        }
    }
}

fn parameters(context: &Context, operation: usize, report: &mut Report) {
    let mut arguments: BTreeMap<String, &str> = BTreeMap::new();
    if context.sites[operation].has("requestBody") {
        arguments.insert("body".to_owned(), "the request body");
    }
    let mut by_name: BTreeMap<&str, &str> = BTreeMap::new();
    for n in context.parameters_of(operation) {
        let site = &context.sites[n];
        let (Some(name), Some(place)) = (site.text("name"), site.text("in")) else { continue };
        parameter(site, place, report);
        if context.found_below(n, "schema").any(|schema| context.sites[schema].text("type") == Some("array"))
            && place == "query"
            && site.object.get("explode") == Some(&Value::Bool(false))
        {
            let message = format!("progenitor ignores it and sends {name}=1&{name}=2");
            let help =
                "use `explode: true` if the server accepts it, otherwise a string that the caller joins";
            report.add(&rules::GENERATOR_EXPLODE, &site.pointer.key("explode"), message, help);
        }
        let at = if site.pointer.as_str().starts_with("/components/") {
            &context.sites[operation].pointer
        } else {
            &site.pointer
        };
        // progenitor identifies parameters only by name, so the last one of two locations wins.
        if let Some(other) = by_name.insert(name, place).filter(|other| *other != place) {
            let message =
                format!("the {place} parameter `{name}` replaces the {other} parameter with the same name");
            report.add(&rules::GENERATOR_NAMES, at, message, "rename one of the two");
            continue;
        }
        if let Some(other) = arguments.insert(name.to_snake_case(), name).filter(|other| *other != name) {
            let message = format!(
                "the parameter `{name}` and {} become one argument `{}`",
                named(other),
                name.to_snake_case()
            );
            report.add(&rules::GENERATOR_NAMES, at, message, "rename one of the two");
        }
    }
}

fn named(name: &str) -> String {
    if name.contains(' ') { name.to_owned() } else { format!("`{name}`") }
}

fn parameter(site: &Site, place: &str, report: &mut Report) {
    if place == "cookie" {
        let message = "progenitor rejects cookie parameters";
        report.add(
            &rules::GENERATOR_PARAMETER,
            &site.pointer,
            message,
            "describe it as a security scheme, or omit it",
        );
    }
    if site.has("content") {
        let message = "progenitor rejects parameters with `content`";
        let help = "use `schema: {type: string}`, and state in the description that it contains JSON";
        report.add(&rules::GENERATOR_PARAMETER, &site.pointer.key("content"), message, help);
    }
    let usual = if place == "query" { "form" } else { "simple" };
    if let Some(style) = site.text("style").filter(|style| place != "cookie" && *style != usual) {
        let message = format!("progenitor rejects the style `{style}` of {place} parameters");
        let help = format!("use `style: {usual}`, or a string that the caller builds");
        report.add(&rules::GENERATOR_PARAMETER, &site.pointer.key("style"), message, help);
    }
}

fn encodings(context: &Context, report: &mut Report) {
    for (_, site) in context.of_kind(Kind::MediaType) {
        if is_kept(site.key) && site.map("encoding").is_some_and(|encoding| !encoding.is_empty()) {
            let message = "progenitor panics on `encoding` next to a JSON schema";
            let help = "remove it: in OpenAPI, it applies only to forms";
            report.add(&rules::GENERATOR_ENCODING, &site.pointer.key("encoding"), message, help);
        }
    }
}

fn references(context: &Context, report: &mut Report) {
    for (n, reference) in context.references.iter().enumerate() {
        let at = reference.pointer.key("$ref");
        if reference.kind == Kind::PathItem {
            let message = "progenitor rejects a path item that is a reference";
            report.add(&rules::GENERATOR_REF, &at, message, "define the path item here");
        } else if context.is_resolved(n) && context.leads_inside_a_component(Node::Reference(n)) {
            let target = reference.target;
            let last = target.rsplit('/').next().unwrap_or_default();
            report.add(
                &rules::GENERATOR_REF,
                &at,
                format!(
                    "`{target}` refers to a part of a component; progenitor looks for a component named `{last}`"
                ),
                "make the target a separate component",
            );
        }
    }
}

/// Reports every name after the first that becomes the same Rust name.
fn collisions<'n>(
    named: impl IntoIterator<Item = (&'n str, Pointer)>,
    convert: fn(&str) -> String,
    what: &str,
    report: &mut Report,
) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for (name, at) in named {
        let rust = convert(name);
        match first.get(&rust) {
            Some(other) if *other != name => {
                let message = format!("the {what} `{name}` and `{other}` both become `{rust}` in Rust");
                report.add(&rules::GENERATOR_NAMES, &at, message, "rename one of the two");
            }
            Some(_) => {}
            None => {
                first.insert(rust, name);
            }
        }
    }
}

fn names(context: &Context, report: &mut Report) {
    let snake = |name: &str| name.to_snake_case();
    let operations = context
        .of_kind(Kind::Operation)
        .filter(|(_, site)| !site.in_callback)
        .filter_map(|(_, site)| Some((site.text("operationId")?, site.pointer.key("operationId"))));
    collisions(operations, snake, "operationIds", report);
    for (n, site) in context.of_kind(Kind::Operation).filter(|(_, site)| !site.in_callback) {
        let Some(id) = site.text("operationId") else { continue };
        if matches!(id.to_snake_case().as_str(), "new" | "new_with_client") {
            let message = format!("the generated client has a function `{}` already", id.to_snake_case());
            report.add(
                &rules::GENERATOR_NAMES,
                &site.pointer.key("operationId"),
                message,
                "choose another operationId",
            );
        }
        body_and_response_types(context, n, id, report);
    }

    let schemas: Vec<_> = context.root["components"]["schemas"]
        .as_object()
        .into_iter()
        .flat_map(|schemas| schemas.keys().map(Text::as_str))
        .collect();
    let folder = Pointer::root().key("components").key("schemas");
    collisions(
        schemas.iter().map(|name| (*name, folder.key(name))),
        |name| name.to_pascal_case(),
        "schemas",
        report,
    );

    let types: BTreeMap<String, &str> = schemas.iter().map(|name| (name.to_pascal_case(), *name)).collect();
    for (n, site) in context.of_kind(Kind::Schema) {
        let properties = site.map("properties").into_iter().flat_map(|p| p.keys());
        let properties = properties.map(|name| (name.as_str(), site.pointer.key("properties").key(name)));
        collisions(properties, snake, "properties", report);
        // An inline schema is named after its owner and its property.
        let Some(owner) = Some(site.key).filter(|_| site.edge == "schemas") else { continue };
        for node in context.below(n, "properties") {
            let Node::Site(property) = node else { continue };
            let inner = &context.sites[property];
            let name = format!("{owner}-{}", inner.key).to_pascal_case();
            if let Some(other) = types.get(&name).filter(|_| becomes_a_type(inner)) {
                let message = format!(
                    "the schema of `{}` is named `{name}` in Rust, like the component `{other}`",
                    inner.key
                );
                report.add(
                    &rules::GENERATOR_NAMES,
                    &inner.pointer,
                    message,
                    "make it a component, or rename that component",
                );
            }
        }
    }
}

/// Whether typify generates a named type for a schema.
fn becomes_a_type(site: &Site) -> bool {
    site.has("enum") && site.text("type") == Some("string")
        || site.map("properties").is_some_and(|properties| !properties.is_empty())
        || ["oneOf", "anyOf", "allOf"].iter().any(|field| site.list(field).len() > 1)
}

fn body_and_response_types(context: &Context, operation: usize, id: &str, report: &mut Report) {
    let schemas = context.root["components"]["schemas"].as_object();
    let bodies = context.found_below(operation, "requestBody").map(|n| (n, "body"));
    let responses = context.responses_of(operation).into_iter().filter(|(key, _)| is_success(key));
    let responses = responses.filter_map(|(_, node)| Some((context.follow(node)?, "response")));
    for (holder, suffix) in bodies.chain(responses) {
        let Some(media_type) = kept_media_type(context, holder) else { continue };
        let Some(Node::Site(schema)) = context.below(media_type, "schema").next() else { continue };
        let name = format!("{id}-{suffix}").to_pascal_case();
        let other = schemas.into_iter().flat_map(|s| s.keys()).find(|other| other.to_pascal_case() == name);
        if let Some(other) = other.filter(|_| becomes_a_type(&context.sites[schema])) {
            let message = format!("this schema is named `{name}` in Rust, like the component `{other}`");
            let help = "make it a component and refer to it, or rename that component";
            report.add(&rules::GENERATOR_NAMES, &context.sites[schema].pointer, message, help);
        }
    }
}

fn negation(context: &Context, n: usize, site: &Site, report: &mut Report) {
    if !site.has("not") {
        return;
    }
    let at = site.pointer.key("not");
    let others = site.object.keys().any(|key| {
        !matches!(
            key.as_str(),
            "not" | "title" | "description" | "example" | "default" | "deprecated" | "externalDocs"
        ) && !key.starts_with("x-")
    });
    let inner = context.below(n, "not").next();
    let problem = match inner {
        Some(Node::Reference(_)) => Some("a reference".to_owned()),
        Some(Node::Site(inner)) => negated(&context.sites[inner]),
        None => None,
    };
    let problem = problem.or_else(|| others.then(|| "other keywords next to it".to_owned()));
    if let Some(problem) = problem {
        let message = format!("typify panics on, or cannot merge, a `not` with {problem}");
        let help = "omit `not`: describe in words which values are rejected";
        report.add(&rules::GENERATOR_NOT, &at, message, help);
    }
}

/// Returns the part of a schema that typify cannot negate. It supports `{}` and enums with one plain type.
fn negated(site: &Site) -> Option<String> {
    if site.object.is_empty() {
        return None;
    }
    let values = site.list("enum");
    if values.is_empty() {
        return Some("a schema that is not an enum".to_owned());
    }
    if let Some(value) = values.iter().find(|v| v.is_null() || v.is_array() || v.is_object()) {
        return Some(format!("the enum value {}", brief(value)));
    }
    let types: BTreeSet<_> = values.iter().map(json_type).collect();
    (types.len() > 1).then(|| "an enum of several types".to_owned())
}

fn composition(context: &Context, n: usize, site: &Site, report: &mut Report) {
    if site.has("anyOf") && site.has("oneOf") {
        let message = "typify asserts that a schema has only one of `anyOf` and `oneOf`";
        report.add(
            &rules::GENERATOR_COMPOSITION,
            &site.pointer,
            message,
            "keep one of them, or nest one in `allOf`",
        );
    }
    let members: Vec<_> = context.found_below(n, "anyOf").map(|m| &context.sites[m]).collect();
    let is_string = |m: &&Site| m.text("type") == Some("string");
    if members.iter().any(|m| is_string(m) && m.has("enum"))
        && members.iter().any(|m| is_string(m) && !m.has("enum"))
    {
        let message = "anyOf of an enum and a string becomes a struct that fails to decode a plain string";
        let help = "write `type: string` and list the known values in the description";
        report.add(&rules::GENERATOR_OPEN_ENUM, &site.pointer.key("anyOf"), message, help);
    }
}

fn enumeration(site: &Site, report: &mut Report) {
    let values = site.list("enum");
    let at = site.pointer.key("enum");
    let types: BTreeSet<_> = values.iter().filter(|v| !v.is_null()).map(json_type).collect();
    if types.len() > 1 && !site.has("type") {
        let message = "typify panics on an enum of several types";
        report.add(&rules::GENERATOR_ENUM, &at, message, "keep values of one type, or omit the enum");
    } else if types.len() == 1 && types.contains("a number") && values.len() > 1 {
        let message = "an enum of numbers becomes a newtype that rejects all other numbers";
        report.add(
            &rules::GENERATOR_INTEGER_ENUM,
            &at,
            message,
            "write `minimum` and `maximum`, or describe the values in words",
        );
    }
    let strings: Vec<_> = values.iter().filter_map(Value::as_str).collect();
    let unique: HashSet<_> = strings.iter().copied().collect();
    if unique.len() == strings.len()
        && let Some((a, b)) = same_variant(&strings, |v| variant_name(v, '-'))
        && let Some((c, d)) = same_variant(&strings, |v| variant_name(v, 'X'))
    {
        let (a, b) = if (a, b) == (c, d) { (a, b) } else { (c, d) };
        let message = format!("`{a}` and `{b}` become one variant name; typify panics on that");
        report.add(&rules::GENERATOR_ENUM, &at, message, "write `type: string` without the enum");
    }
}

/// The name that typify generates for a variant of an enum: characters that identifiers cannot contain become word breaks, or
/// `X` if names would collide.
fn variant_name(value: &str, replacement: char) -> String {
    let value = match value {
        "+1" if replacement == '-' => "plus1",
        "-1" if replacement == '-' => "minus1",
        other => other,
    };
    let keeps = |c: char| c.is_alphanumeric() || (c == '_' && replacement == '-');
    let text: String = value
        .chars()
        .filter(|c| *c != '\'' || replacement == 'X')
        .map(|c| if keeps(c) { c } else { replacement })
        .collect();
    text.to_pascal_case()
}

fn same_variant<'v>(values: &[&'v str], name: impl Fn(&str) -> String) -> Option<(&'v str, &'v str)> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    values.iter().find_map(|value| first.insert(name(value), value).map(|other| (other, *value)))
}

/// Reports schemas of success responses that reject additions by the server.
fn responses_that_close(context: &Context, report: &mut Report) {
    let mut done = HashSet::new();
    for (item, _) in context.paths() {
        for operation in context.operations_of(item) {
            let responses = context.responses_of(operation).into_iter().filter(|(key, _)| is_success(key));
            let bodies = responses
                .filter_map(|(_, node)| kept_media_type(context, context.follow(node)?))
                .filter_map(|media_type| context.found_below(media_type, "schema").next());
            for part in bodies.flat_map(|schema| context.closure(schema)) {
                if done.insert(part) {
                    closed(&context.sites[part], report);
                }
            }
        }
    }
}

fn closed(site: &Site, report: &mut Report) {
    let values: Vec<_> = site.list("enum").iter().filter_map(Value::as_str).collect();
    if values.len() > 1 {
        let shown: Vec<_> = values.iter().copied().take(3).collect();
        let message = format!(
            "a response with a value other than {}{} cannot be decoded",
            listed(shown),
            if values.len() > 3 { " ..." } else { "" }
        );
        let help = "write `type: string` and list the known values in `x-extensible-enum` or the description";
        report.add(&rules::GENERATOR_CLOSED_ENUM, &site.pointer.key("enum"), message, help);
    }
    if site.object.get("additionalProperties") == Some(&Value::Bool(false)) {
        let message = "a response with an undescribed field cannot be decoded";
        report.add(
            &rules::GENERATOR_CLOSED_OBJECT,
            &site.pointer.key("additionalProperties"),
            message,
            "remove it",
        );
    }
}
