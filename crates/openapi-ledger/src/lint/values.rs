//! Checks examples and defaults against their schemas.
//!
//! A schema of OpenAPI 3.0 is converted to JSON Schema 2020-12 in memory, with all referenced schemas embedded. Each schema is
//! compiled once.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::json;
use crate::value::{Map, Value};
use jsonschema::{Draft, Validator};

use super::references::{cyclic_schemas, in_place, parts_first};
use super::schemas::{TYPES, pattern_problem};
use super::{Context, Node, Report, Rule, operations, rules};
use crate::grammar::Kind;
use crate::pointer::Pointer;
use crate::text::brief;

/// The direction of a value: readOnly properties are not sent, and writeOnly properties are not received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the caller to the server.
    Request,
    /// From the server to the caller.
    Response,
    /// Unknown: neither kind of property is required.
    Either,
}

/// The maximum nesting depth of a compiled schema. Deeper schemas allow all values. Compiling is recursive, and real schemas are
/// not nested this deep.
const MAX_DEPTH: usize = 100;

/// The maximum number of problems that are reported for one value.
const MAX_PROBLEMS: usize = 5;

/// The maximum number of schemas that a schema may expand to when the schemas that it is composed of are inlined.
const MAX_UNFOLDED: u64 = 10_000;

/// The schemas that expand to more than [`MAX_UNFOLDED`] schemas. A few lines in which each part refers to the previous one twice
/// grow exponentially.
fn oversized(context: &Context, cyclic: &HashSet<usize>) -> HashSet<usize> {
    let mut sizes: HashMap<usize, u64> = HashMap::new();
    for schema in parts_first(context).into_iter().filter(|schema| !cyclic.contains(schema)) {
        let parts = in_place(context, schema).filter(|part| !cyclic.contains(part));
        let size = parts.map(|part| sizes.get(&part).copied().unwrap_or(1)).fold(1, u64::saturating_add);
        sizes.insert(schema, size);
    }
    sizes.into_iter().filter(|(_, size)| *size > MAX_UNFOLDED).map(|(site, _)| site).collect()
}

/// Compiled schemas, each compiled on first use. Only those of components are kept, because others are used once.
#[derive(Debug)]
pub struct Validators {
    /// Schemas that are not inlined, because they contain themselves or expand to too many schemas.
    closed: HashSet<usize>,
    oversized: HashSet<usize>,
    compiled: HashMap<(usize, Direction), Option<Rc<Validator>>>,
}

impl Validators {
    /// Validators for the schemas of a document.
    pub fn new(context: &Context) -> Self {
        let mut closed = cyclic_schemas(context);
        let oversized = oversized(context, &closed);
        closed.extend(&oversized);
        Self { closed, oversized, compiled: HashMap::new() }
    }

    /// Returns the problems of `value`, each with its place in the value.
    pub fn problems(
        &mut self,
        context: &Context,
        schema: usize,
        direction: Direction,
        value: &Value,
    ) -> Vec<(String, String)> {
        let Some(validator) = self.validator(context, schema, direction) else { return Vec::new() };
        let value = value.into();
        let errors = validator.iter_errors(&value).take(MAX_PROBLEMS);
        errors.map(|e| (e.instance_path().to_string(), shortened(&e.to_string()))).collect()
    }

    fn validator(&mut self, context: &Context, schema: usize, direction: Direction) -> Option<Rc<Validator>> {
        if self.closed.contains(&schema) {
            return None;
        }
        if let Some(known) = self.compiled.get(&(schema, direction)) {
            return known.clone();
        }
        let compiled = self.compile(context, schema, direction).map(Rc::new);
        if context.sites[schema].pointer.tokens().count() == 3 {
            self.compiled.insert((schema, direction), compiled.clone());
        }
        compiled
    }

    fn compile(&self, context: &Context, schema: usize, direction: Direction) -> Option<Validator> {
        let mut embedded = Map::new();
        let mut open = Vec::new();
        let mut seen = HashSet::new();
        let root = self.convert(context, schema, direction, 0, &mut open);
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                let converted = self.convert(context, next, direction, 0, &mut open);
                embedded.insert(next.to_string(), converted);
            }
        }
        let document = json!({"allOf": [root], "$defs": embedded});
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        // Schemas that cannot be compiled are reported by other rules.
        options.build(&serde_json::Value::from(&document)).ok()
    }

    /// Converts one node: an inline schema, or a reference to an embedded one.
    fn convert_node(
        &self,
        context: &Context,
        node: Node,
        direction: Direction,
        depth: usize,
        open: &mut Vec<usize>,
    ) -> Value {
        match (node, context.follow(node)) {
            (_, None) => Value::Bool(true),
            (_, Some(target)) if context.sites[target].kind != Kind::Schema => Value::Bool(true),
            (Node::Site(site), _) => self.convert(context, site, direction, depth + 1, open),
            // Inlining a schema that contains itself would not terminate.
            (Node::Reference(_), Some(target)) if self.closed.contains(&target) => Value::Bool(true),
            (Node::Reference(_), Some(target)) => {
                open.push(target);
                json!({"$ref": format!("#/$defs/{target}")})
            }
        }
    }

    fn convert(
        &self,
        context: &Context,
        schema: usize,
        direction: Direction,
        depth: usize,
        open: &mut Vec<usize>,
    ) -> Value {
        let site = &context.sites[schema];
        if depth > MAX_DEPTH {
            return Value::Bool(true);
        }
        let kind = site.text("type").filter(|kind| TYPES.contains(kind));
        let mut out: Map = site
            .object
            .iter()
            .filter(|(key, value)| is_valid(key, value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        match kind {
            Some(kind) if site.flag("nullable") => out.insert("type", json!([kind, "null"])),
            Some(kind) => out.insert("type", json!(kind)),
            None => None,
        };
        for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
            if site.flag(exclusive)
                && let Some(limit) = out.remove(bound)
            {
                out.insert(exclusive, limit);
            }
        }
        match site.text("format") {
            // These two formats restrict numbers, unlike the formats of JSON Schema.
            Some(format @ ("int32" | "int64")) => {
                let (least, most) = if format == "int32" {
                    (i64::from(i32::MIN), i64::from(i32::MAX))
                } else {
                    (i64::MIN, i64::MAX)
                };
                out.insert("allOf", json!([{"minimum": least, "maximum": most}]));
            }
            Some(format) if kind == Some("string") => {
                out.insert("format", json!(format));
            }
            _ => {}
        }

        let mut properties = Map::new();
        let mut hidden = HashSet::new();
        for node in context.children[schema].iter().copied() {
            let (edge, key) = context.edge(node);
            match edge {
                "properties" => {
                    let property = context.site(node);
                    let not_here = property.is_some_and(|p| match direction {
                        Direction::Request => p.flag("readOnly"),
                        Direction::Response => p.flag("writeOnly"),
                        Direction::Either => p.flag("readOnly") || p.flag("writeOnly"),
                    });
                    if not_here {
                        hidden.insert(key);
                    }
                    properties.insert(key, self.convert_node(context, node, direction, depth, open));
                }
                "items" | "not" | "additionalProperties" => {
                    let converted = self.convert_node(context, node, direction, depth, open);
                    out.insert(edge, converted);
                }
                "allOf" | "oneOf" | "anyOf" => {
                    let converted = self.convert_node(context, node, direction, depth, open);
                    if let Value::Array(members) = out.get_or_insert_with(edge, || json!([])) {
                        members.push(converted);
                    }
                }
                _ => {}
            }
        }
        if !properties.is_empty() {
            out.insert("properties", Value::Object(properties));
        }
        let required: HashSet<_> = site.list("required").iter().filter_map(Value::as_str).collect();
        let mut required: Vec<_> = required.into_iter().filter(|name| !hidden.contains(name)).collect();
        if !required.is_empty() {
            required.sort_unstable();
            out.insert("required", json!(required));
        }
        let out = Value::Object(out);
        if site.flag("nullable") && kind.is_none() { json!({"anyOf": [{"type": "null"}, out]}) } else { out }
    }
}

/// Whether a keyword has the same meaning in JSON Schema, and a valid value.
fn is_valid(keyword: &str, value: &Value) -> bool {
    match keyword {
        "minimum" | "maximum" => value.is_number(),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            value.as_u64().is_some()
        }
        "multipleOf" => value.as_f64().is_some_and(|step| step > 0.0),
        "pattern" => value.as_str().is_some_and(|pattern| pattern_problem(pattern).is_none()),
        "uniqueItems" | "additionalProperties" => value.is_boolean(),
        "enum" => !value.items().is_empty(),
        _ => false,
    }
}

/// The message of a validator, without the value that it repeats if the value is long.
fn shortened(message: &str) -> String {
    const LIMIT: usize = 160;
    let count = message.chars().count();
    if count <= LIMIT {
        return message.to_owned();
    }
    // The problem is at the end, after the value.
    let head: String = message.chars().take(40).collect();
    let tail: String = message.chars().skip(count - (LIMIT - 45)).collect();
    format!("{head} ... {tail}")
}

pub(super) fn check(context: &Context, report: &mut Report) {
    let mut validators = Validators::new(context);
    for schema in &validators.oversized {
        // Only the first schema in a chain is reported.
        let parts = context.children[*schema].iter().filter_map(|node| context.follow(*node));
        if !parts.into_iter().any(|part| validators.oversized.contains(&part)) {
            report.add(
                &rules::SCHEMA_SIZE,
                &context.sites[*schema].pointer,
                format!(
                    "the schema expands to more than {MAX_UNFOLDED} schemas; values are not checked against it"
                ),
                "refer to each part only once",
            );
        }
    }
    for (n, site) in context.sites.iter().enumerate() {
        match site.kind {
            Kind::Schema => {
                for (field, rule) in
                    [("default", &rules::DEFAULT_INVALID), ("example", &rules::EXAMPLE_INVALID)]
                {
                    if let Some(value) = site.object.get(field) {
                        let at = site.pointer.key(field);
                        compare(context, &mut validators, report, (n, Direction::Either), value, &at, rule);
                    }
                }
            }
            Kind::Parameter | Kind::Header | Kind::MediaType => examples(context, &mut validators, report, n),
            Kind::Example => {
                if let [Some(_), Some(_)] | [None, None] =
                    [site.object.get("value"), site.object.get("externalValue")]
                {
                    let message = "an Example Object has either `value` or `externalValue`";
                    report.add(&rules::EXAMPLE_SHAPE, &site.pointer, message, "add one of the two");
                }
            }
            _ => {}
        }
    }
}

fn examples(context: &Context, validators: &mut Validators, report: &mut Report, n: usize) {
    let site = &context.sites[n];
    if site.has("example") && site.has("examples") {
        let message = "`example` and `examples` are mutually exclusive";
        report.add(&rules::EXAMPLE_SHAPE, &site.pointer, message, "keep `examples`");
    }
    let Some(schema) = context.found_below(n, "schema").next() else { return };
    let holder = site.parent.map(|parent| context.sites[parent].kind);
    let direction = match (site.kind, holder) {
        _ if site.in_callback => Direction::Either,
        (Kind::Parameter, _) | (_, Some(Kind::RequestBody | Kind::Parameter)) => Direction::Request,
        (_, Some(Kind::Response)) => Direction::Response,
        _ => Direction::Either,
    };
    // Examples of CSV, XML and the like are text, whatever their schema is.
    let as_text = site.kind == Kind::MediaType && !operations::is_json(site.key);
    let mut compare_value = |value: &Value, at: &Pointer| {
        if !(as_text && value.is_string()) {
            compare(context, validators, report, (schema, direction), value, at, &rules::EXAMPLE_INVALID);
        }
    };
    if let Some(value) = site.object.get("example") {
        compare_value(value, &site.pointer.key("example"));
    }
    for node in context.below(n, "examples") {
        let Some(example) = context.site(node) else { continue };
        if let Some(value) = example.object.get("value") {
            // An example can be used with several schemas, so the finding is reported at the place that uses it.
            let at = match node {
                Node::Site(_) => example.pointer.key("value"),
                Node::Reference(_) => context.pointer(node).clone(),
            };
            compare_value(value, &at);
        }
    }
}

fn compare(
    context: &Context,
    validators: &mut Validators,
    report: &mut Report,
    (schema, direction): (usize, Direction),
    value: &Value,
    at: &Pointer,
    rule: &Rule,
) {
    for (inside, problem) in validators.problems(context, schema, direction, value) {
        let place = if inside.is_empty() { String::new() } else { format!(" at {inside}") };
        let what = if rule.name == rules::DEFAULT_INVALID.name { "default" } else { "example" };
        let message = format!("the {what} {} does not match its schema{place}: {problem}", brief(value));
        report.add(rule, at, message, format!("correct the {what} or the schema"));
    }
}
