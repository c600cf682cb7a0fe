//! Rules about schemas.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::value::Value;

use super::references::{IN_PLACE, suggestion};
use super::{Context, Node, Report, Site, rules};
use crate::grammar::Kind;
use crate::pointer::Pointer;
use crate::text::{brief, json_type, listed, meant_or};

pub(super) fn check(context: &Context, report: &mut Report) {
    for (n, site) in context.of_kind(Kind::Schema) {
        types(site, report);
        nullable(site, report);
        enumeration(site, report);
        bounds(site, report);
        pattern(site, report);
        required_list(site, report);
        required_properties(context, n, site, report);
        compositions(site, report);
    }
    for (n, site) in context.of_kind(Kind::Discriminator) {
        if let Some(schema) = site.parent.filter(|_| site.edge == "discriminator") {
            discriminator(context, n, schema, report);
        }
    }
    read_only_in_requests(context, report);
}

pub(super) const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

/// The keywords that apply only to values of one type.
const KEYWORDS: [(&str, &[&str]); 4] = [
    ("string", &["minLength", "maxLength", "pattern"]),
    ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ("array", &["items", "minItems", "maxItems", "uniqueItems"]),
    ("object", &["properties", "required", "additionalProperties", "minProperties", "maxProperties"]),
];

/// The type whose keywords apply to a type.
fn family(kind: &str) -> &str {
    if kind == "integer" { "number" } else { kind }
}

fn types(site: &Site, report: &mut Report) {
    let Some(kind) = site.text("type") else {
        missing_type(site, report);
        return;
    };
    if !TYPES.contains(&kind) {
        let help = match kind {
            "int" | "long" | "int32" | "int64" | "short" | "byte" => "did you mean `integer`?".to_owned(),
            "float" | "double" | "decimal" => "did you mean `number`?".to_owned(),
            "str" | "text" | "date" | "datetime" | "date-time" | "uuid" | "uri" | "enum" | "char" => {
                "did you mean `string`?".to_owned()
            }
            "file" | "binary" => "write `type: string` with `format: binary`".to_owned(),
            "list" | "tuple" | "set" => "did you mean `array`?".to_owned(),
            "dict" | "map" | "hash" | "struct" | "json" => "did you mean `object`?".to_owned(),
            "null" | "none" | "nil" => "use the other type with `nullable: true`".to_owned(),
            "any" | "mixed" => "omit `type`: a schema without it allows all values".to_owned(),
            _ => meant_or(kind, TYPES, format!("write one of {}", listed(TYPES))),
        };
        report.add(&rules::UNKNOWN_TYPE, &site.pointer.key("type"), format!("`{kind}` is not a type"), help);
        return;
    }
    for (owner, keywords) in KEYWORDS {
        for keyword in keywords.iter().filter(|keyword| owner != family(kind) && site.has(keyword)) {
            let message = format!("`{keyword}` does not apply to values of type `{kind}`");
            let help =
                keyword_help(keyword, kind).unwrap_or_else(|| format!("remove it, or write `type: {owner}`"));
            report.add(&rules::KEYWORD_TYPE, &site.pointer.key(keyword), message, help);
        }
    }
    if kind == "array" && !site.has("items") {
        let help = "add `items:` with the schema of one item; `items: {}` for anything";
        report.add(&rules::ARRAY_ITEMS, &site.pointer, "the array has no `items`", help);
    }
    let format = site.text("format").unwrap_or_default();
    let format_owner = match format {
        "int32" | "int64" => &["integer", "number"][..],
        "float" | "double" => &["number", "integer"],
        "date" | "date-time" | "time" | "uuid" | "email" | "uri" | "byte" | "binary" | "password"
        | "ipv4" | "ipv6" | "hostname" => &["string"],
        _ => return,
    };
    if !format_owner.contains(&kind) {
        let message = format!("the format `{format}` does not apply to the type `{kind}`");
        let help = format!("remove it, or write `type: {}`", format_owner[0]);
        report.add(&rules::FORMAT_TYPE, &site.pointer.key("format"), message, help);
    }
}

/// The keyword for `kind` that corresponds to `keyword` for another type.
fn keyword_help(keyword: &str, kind: &str) -> Option<String> {
    let (prefix, rest) = ["min", "max"].iter().find_map(|p| Some((*p, keyword.strip_prefix(p)?)))?;
    let size = matches!(rest, "imum" | "Length" | "Items" | "Properties");
    let own = match family(kind) {
        "string" => "Length",
        "number" => "imum",
        "array" => "Items",
        "object" => "Properties",
        _ => return None,
    };
    size.then(|| format!("write `{prefix}{own}`, or remove it"))
}

fn missing_type(site: &Site, report: &mut Report) {
    // Members of a composition add constraints to a schema whose type is stated elsewhere.
    if ["type", "enum"].iter().chain(&IN_PLACE).any(|field| site.has(field)) || IN_PLACE.contains(&site.edge)
    {
        return;
    }
    for (owner, keywords) in KEYWORDS {
        if let Some(keyword) = keywords.iter().find(|keyword| site.has(keyword)) {
            let message = format!("the schema has `{keyword}` but no `type`, so values of other types pass");
            return report.add(&rules::MISSING_TYPE, &site.pointer, message, format!("add `type: {owner}`"));
        }
    }
}

fn nullable(site: &Site, report: &mut Report) {
    if !site.flag("nullable") {
        return;
    }
    if !site.has("type") {
        let parts = ["allOf", "oneOf", "anyOf"].iter().any(|field| site.has(field));
        let help = if parts {
            "put `nullable: true` next to the `type` of a member"
        } else {
            "add the `type`; a schema `{}` allows null anyway"
        };
        let message = "`nullable` has no effect without `type`";
        report.add(&rules::TYPELESS_NULLABLE, &site.pointer.key("nullable"), message, help);
    }
    if site.has("enum") && !site.list("enum").iter().any(Value::is_null) {
        let message = "the schema is nullable, but its enum does not contain null";
        let help = "add `null` to the enum, or remove `nullable`";
        report.add(&rules::NULLABLE_ENUM, &site.pointer.key("enum"), message, help);
    }
}

/// Whether `value` is of the OpenAPI type `kind`.
pub(super) fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_whole(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn enumeration(site: &Site, report: &mut Report) {
    let Some(Value::Array(values)) = site.object.get("enum") else { return };
    let at = site.pointer.key("enum");
    if values.is_empty() {
        let help = "list the values, or remove `enum`";
        report.add(&rules::ENUM_VALUES, &at, "the enum is empty and allows no value", help);
    }
    let mut seen = HashSet::new();
    for (n, value) in values.iter().enumerate() {
        if !seen.insert(value.to_string()) {
            let message = format!("the enum lists {} twice", brief(value));
            report.add(&rules::ENUM_VALUES, &at.index(n), message, "remove one of the two");
        }
        let Some(kind) = site.text("type").filter(|kind| TYPES.contains(kind)) else { continue };
        if value.is_null() {
            if !site.flag("nullable") {
                let message = "the enum contains null, but the schema is not nullable";
                let help = "add `nullable: true`, or remove the null";
                report.add(&rules::ENUM_TYPE, &at.index(n), message, help);
            }
        } else if !is_of_type(value, kind) {
            let help = match (kind, value) {
                ("string", Value::Number(_) | Value::Bool(_)) => format!("write \"{value}\" in quotes"),
                _ => format!("write a value of type `{kind}`"),
            };
            let message = format!("{} is {}, but the type is `{kind}`", brief(value), json_type(value));
            report.add(&rules::ENUM_TYPE, &at.index(n), message, help);
        }
    }
}

fn bounds(site: &Site, report: &mut Report) {
    let number = |field: &str| site.object[field].as_f64();
    let mut add = |rule, field: &str, message: String, help: &str| {
        report.add(rule, &site.pointer.key(field), message, help);
    };
    for (low, high) in [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ] {
        for field in [low, high].into_iter().filter(|_| low != "minimum") {
            if let Some(n) = number(field).filter(|n| *n < 0.0) {
                let message = format!("`{field}` is {n}, below zero");
                add(&rules::BOUND_VALUE, field, message, "write a count from 0 on");
            }
        }
        let (Some(least), Some(most)) = (number(low), number(high)) else { continue };
        let is_excluded = site.flag("exclusiveMinimum") || site.flag("exclusiveMaximum");
        if least > most {
            let message = format!("`{low}` {least} is above `{high}` {most}, so no value is valid");
            add(&rules::BOUNDS, low, message, "swap the two, or correct one");
        } else if low == "minimum" && least == most && is_excluded {
            let message = format!("`{low}` and `{high}` are both {least} and excluded, so no value is valid");
            add(&rules::BOUNDS, low, message, "correct a bound, or remove the exclusive flag");
        }
    }
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if site.flag(flag) && !site.has(bound) {
            let help = format!("add `{bound}`, or remove `{flag}`");
            add(&rules::BOUNDS, flag, format!("`{flag}` has no `{bound}` to exclude"), &help);
        }
    }
    if let Some(n) = number("multipleOf").filter(|n| *n <= 0.0) {
        let message = format!("`multipleOf` is {n}, not above zero");
        add(&rules::BOUND_VALUE, "multipleOf", message, "write a number above zero");
    }
}

fn pattern(site: &Site, report: &mut Report) {
    let Some(pattern) = site.text("pattern") else { return };
    if let Some(problem) = pattern_problem(pattern) {
        let message = format!("`{pattern}` is not a regular expression: {problem}");
        report.add(&rules::PATTERN, &site.pointer.key("pattern"), message, "use the syntax of ECMA-262");
    }
}

/// Returns the problem with a regular expression of ECMA-262, if there is one.
pub(super) fn pattern_problem(pattern: &str) -> Option<String> {
    // With the `u` flag, the syntax is strict; without it, a single brace is an ordinary character.
    let strict = regress::Regex::with_flags(pattern, "u").err();
    let lenient = regress::Regex::new(pattern).err();
    match (lenient, strict) {
        (Some(e), _) => Some(e.to_string()),
        (None, Some(e)) if unbalanced(pattern) => Some(e.to_string()),
        _ => None,
    }
}

/// Whether a bracket, brace or parenthesis is unbalanced.
fn unbalanced(pattern: &str) -> bool {
    let (mut parens, mut braces, mut class, mut escaped) = (0_i64, 0_i64, false, false);
    for c in pattern.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' if class => class = false,
            _ if class => {}
            '[' => class = true,
            '(' => parens += 1,
            ')' => parens -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
    }
    class || escaped || parens != 0 || braces != 0
}

fn required_list(site: &Site, report: &mut Report) {
    let Some(Value::Array(names)) = site.object.get("required") else { return };
    let at = site.pointer.key("required");
    if names.is_empty() {
        let help = "remove it, or add the name of a property";
        report.add(&rules::REQUIRED_LIST, &at, "`required` is empty", help);
    }
    let mut seen = HashSet::new();
    for (n, name) in names.iter().enumerate().filter_map(|(n, name)| Some((n, name.as_str()?))) {
        if !seen.insert(name) {
            let message = format!("`required` names `{name}` twice");
            report.add(&rules::REQUIRED_LIST, &at.index(n), message, "remove one of the two");
        }
    }
}

/// The properties that a schema declares itself or through its compositions, with their schemas.
fn properties_of<'a>(context: &Context<'a>, schema: usize) -> BTreeMap<&'a str, Vec<Node>> {
    let mut found: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    let mut seen = HashSet::from([schema]);
    let mut open = vec![schema];
    while let Some(site) = open.pop() {
        for node in context.children[site].iter().copied() {
            match context.edge(node) {
                ("properties", name) => found.entry(name).or_default().push(node),
                (edge, _) if IN_PLACE.contains(&edge) => {
                    open.extend(context.follow(node).filter(|target| seen.insert(*target)));
                }
                _ => {}
            }
        }
        // A property whose schema is broken counts as declared.
        for name in context.sites[site].map("properties").into_iter().flat_map(|map| map.keys()) {
            found.entry(name).or_default();
        }
    }
    found
}

fn required_properties(context: &Context, n: usize, site: &Site, report: &mut Report) {
    let names = site.list("required");
    if names.is_empty() {
        return;
    }
    // A member of a composition may require properties that its siblings or the enclosing schema declare.
    let mut outermost = n;
    while let Some(parent) =
        context.sites[outermost].parent.filter(|_| IN_PLACE.contains(&context.sites[outermost].edge))
    {
        outermost = parent;
    }
    let declared = properties_of(context, outermost);
    let is_required = |property: &&str| names.iter().any(|name| name.as_str() == Some(property));
    for (n, name) in names.iter().enumerate().filter_map(|(n, name)| Some((n, name.as_str()?))) {
        if !declared.contains_key(name) {
            let optional = declared.keys().copied().filter(|property| !is_required(property));
            let otherwise = format!("declare `{name}` under `properties`, or remove it from `required`");
            let help = meant_or(name, optional, otherwise);
            let message = format!("`required` names `{name}`, which is not a property of this schema");
            let at = site.pointer.key("required").index(n);
            report.add(&rules::REQUIRED_PROPERTY, &at, message, help);
        }
    }
}

fn compositions(site: &Site, report: &mut Report) {
    for field in ["allOf", "oneOf", "anyOf"] {
        if site.object[field].as_array().is_some_and(Vec::is_empty) {
            let help = format!("add a schema, or remove `{field}`");
            let at = site.pointer.key(field);
            report.add(&rules::EMPTY_COMPOSITION, &at, format!("`{field}` is empty"), help);
        }
    }
    if site.flag("readOnly") && site.flag("writeOnly") {
        let message = "the schema is both readOnly and writeOnly";
        report.add(&rules::READ_WRITE_ONLY, &site.pointer, message, "keep one of the two");
    }
}

fn discriminator(context: &Context, n: usize, schema: usize, report: &mut Report) {
    let site = &context.sites[n];
    let variants = || ["oneOf", "anyOf"].into_iter().flat_map(|field| context.below(schema, field));
    let has_variants = variants().next().is_some();
    let variant_sites: Vec<usize> = variants().filter_map(|node| context.follow(node)).collect();
    let mut mapped: Vec<(usize, &str)> = Vec::new();
    let mut broken = false;
    for (tag, target) in site.map("mapping").into_iter().flatten() {
        let Some(text) = target.as_str() else { continue };
        let at = site.pointer.key("mapping").key(tag);
        match mapping_target(context, text) {
            Ok(target) => {
                mapped.push((target, tag));
                if has_variants && !variant_sites.contains(&target) {
                    let message = format!("`{tag}` maps to `{text}`, which is not one of the variants");
                    let help = "add it to the variants, or correct the mapping";
                    report.add(&rules::DISCRIMINATOR_VARIANT, &at, message, help);
                }
            }
            Err(problem) => {
                broken = true;
                let help = suggestion(context, text, Kind::Schema)
                    .unwrap_or_else(|| "map it to a schema under `#/components/schemas`".to_owned());
                let message = format!("`{tag}` maps to `{text}`, which {problem}");
                report.add(&rules::DISCRIMINATOR_TARGET, &at, message, help);
            }
        }
    }
    let Some(property) = site.text("propertyName") else { return };
    if !has_variants {
        // The discriminator of a base schema: the variants extend the schema and inherit the property.
        tag_property(context, schema, property, &[], &site.pointer, "this schema", report);
    }
    for node in variants() {
        let Some(variant) = context.follow(node) else { continue };
        let at = context.pointer(node);
        let Node::Reference(reference) = node else {
            let message = "the variant is inline, so no value can map to it";
            let help = "move it to `components/schemas` and refer to it";
            report.add(&rules::DISCRIMINATOR_VARIANT, at, message, help);
            continue;
        };
        let name = context.references[reference].target.rsplit('/').next().unwrap_or_default();
        let mut tags: Vec<_> =
            mapped.iter().filter(|(target, _)| *target == variant).map(|(_, tag)| *tag).collect();
        // Without a mapping, the name of the schema is the value, unless a broken mapping was meant for it.
        if tags.is_empty() && !broken {
            tags.push(name);
        }
        tag_property(context, variant, property, &tags, at, &format!("the variant `{name}`"), report);
    }
}

fn mapping_target(context: &Context, text: &str) -> Result<usize, &'static str> {
    let pointer = match text {
        text if text.starts_with('#') => Pointer::parse(text).ok_or("is not a reference")?,
        // A value with a slash or a suffix is a file, and anything else is the name of a schema.
        text if text.contains('/') || text.ends_with(".yaml") || text.ends_with(".json") => {
            return Err("is outside this document");
        }
        name => Pointer::root().key("components").key("schemas").key(name),
    };
    let node = context.node(&pointer).ok_or("does not exist")?;
    let target = context.follow(node).ok_or("leads nowhere")?;
    if context.sites[target].kind == Kind::Schema { Ok(target) } else { Err("is not a schema") }
}

/// Checks that a variant declares and requires the discriminator property, and allows the values that map to it.
fn tag_property(
    context: &Context,
    variant: usize,
    property: &str,
    tags: &[&str],
    at: &Pointer,
    name: &str,
    report: &mut Report,
) {
    let mut add = |message: String, help: String| {
        report.add(&rules::DISCRIMINATOR_PROPERTY, at, message, help);
    };
    let declared = properties_of(context, variant);
    let Some(schemas) = declared.get(property) else {
        let otherwise = format!("declare `{property}` under its properties, and require it");
        let help = meant_or(property, declared.keys().copied(), otherwise);
        add(format!("{name} does not declare the discriminator's property `{property}`"), help);
        return;
    };
    if !required_of(context, variant).contains(property) {
        let message = format!("{name} does not require the discriminator's property `{property}`");
        add(message, format!("add `{property}` to its `required`"));
    }
    for schema in schemas.iter().filter_map(|node| context.site(*node)) {
        if let Some(kind) = schema.text("type").filter(|kind| *kind != "string" && TYPES.contains(kind)) {
            let message =
                format!("the discriminator's property `{property}` of {name} has the type `{kind}`");
            add(message, "the property must be a string".to_owned());
        }
        let values = schema.list("enum");
        let admitted: BTreeSet<_> = values.iter().filter_map(Value::as_str).collect();
        for tag in tags.iter().filter(|tag| !values.is_empty() && !admitted.contains(*tag)) {
            let allowed = listed(admitted.iter().copied());
            let message =
                format!("the value `{tag}` maps to {name}, whose `{property}` allows only {allowed}");
            add(message, "map all values that the variant allows to it".to_owned());
        }
    }
}

/// The properties that every value of a schema has.
fn required_of<'a>(context: &Context<'a>, schema: usize) -> HashSet<&'a str> {
    let mut found = HashSet::new();
    let mut seen = HashSet::from([schema]);
    let mut open = vec![schema];
    while let Some(site) = open.pop() {
        found.extend(context.sites[site].list("required").iter().filter_map(Value::as_str));
        open.extend(context.found_below(site, "allOf").filter(|target| seen.insert(*target)));
    }
    found
}

fn read_only_in_requests(context: &Context, report: &mut Report) {
    // The request of a callback is sent by the server.
    let bodies = context.of_kind(Kind::RequestBody).filter(|(_, site)| !site.in_callback);
    let media_types = bodies.flat_map(|(n, _)| context.found_below(n, "content"));
    let schemas = media_types.flat_map(|media_type| context.found_below(media_type, "schema"));
    let mut done = HashSet::new();
    for part in schemas.flat_map(|schema| context.closure(schema)).filter(|part| done.insert(*part)) {
        let site = &context.sites[part];
        for (n, name) in site.list("required").iter().enumerate() {
            let property =
                context.below(part, "properties").find(|node| name.as_str() == Some(context.edge(*node).1));
            if property.and_then(|node| context.site(node)).is_some_and(|site| site.flag("readOnly")) {
                let message = format!("a request body requires {}, which is readOnly", brief(name));
                let at = site.pointer.key("required").index(n);
                report.add(&rules::READ_ONLY_REQUIRED, &at, message, "use a separate schema for the request");
            }
        }
    }
}
