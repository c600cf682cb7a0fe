//! The walk that finds the objects of a document, driven by the table of [`grammar`](crate::grammar).
//!
//! The table determines the structural findings (unknown fields, missing fields and wrong types). All other rules use the
//! [`Site`]s that the walk collects.

use std::collections::HashMap;

use crate::value::{Map, Value};

use super::rules;
use super::{Context, Node, Reference, Report, Site};
use crate::document::Document;
use crate::grammar::Shape::{Anything, Count, Flag, FlagOrSchema, Is, List, Number, RefOr, Text};
use crate::grammar::{Kind, Object, SCHEMA, Shape};
use crate::pointer::Pointer;
use crate::text::{brief, did_you_mean, json_type, or_what_fits};

/// A node that the walk has not visited yet.
struct Task<'a> {
    value: &'a Value,
    shape: Shape,
    pointer: Pointer,
    parent: Option<usize>,
    edge: &'static str,
    key: &'a str,
    in_callback: bool,
}

/// Walks the document. The stack is explicit, so that deeply nested documents cannot overflow it.
pub(super) fn walk<'a>(document: &'a Document, report: &mut Report) -> Context<'a> {
    let mut context = Context {
        root: &document.value,
        sites: Vec::new(),
        references: Vec::new(),
        children: Vec::new(),
        nodes: HashMap::new(),
        resolved: Vec::new(),
    };
    let mut tasks = vec![Task {
        value: &document.value,
        shape: Is(Kind::OpenApi),
        pointer: Pointer::root(),
        parent: None,
        edge: "",
        key: "",
        in_callback: false,
    }];
    while let Some(task) = tasks.pop() {
        let first = tasks.len();
        visit(&mut context, report, task, &mut tasks);
        // Children are pushed in the order of the text, and the list is processed from its end.
        tasks[first..].reverse();
    }
    context.sites.shrink_to_fit();
    context.children.shrink_to_fit();
    context.resolve_all();
    context
}

fn visit<'a>(context: &mut Context<'a>, report: &mut Report, task: Task<'a>, tasks: &mut Vec<Task<'a>>) {
    let value = task.value;
    match task.shape {
        Anything => {}
        Text if value.is_string() => {}
        Flag if value.is_boolean() => {}
        Number if value.is_number() => {}
        Count if value.is_whole() => {}
        FlagOrSchema if value.is_boolean() => {}
        FlagOrSchema => visit(context, report, Task { shape: SCHEMA, ..task }, tasks),
        Is(kind) | RefOr(kind) => match value {
            Value::Object(object) => {
                let may_refer = matches!(task.shape, RefOr(_));
                visit_object(context, report, kind, may_refer, object, &task, tasks);
            }
            _ => wrong_type(report, &task, &format!("an object ({})", kind.title())),
        },
        List(shape) => match value {
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    tasks.push(Task {
                        value: item,
                        shape: *shape,
                        pointer: task.pointer.index(n),
                        key: "",
                        ..task
                    });
                }
            }
            _ => wrong_type(report, &task, "a list"),
        },
        Shape::Map(shape) => match value {
            Value::Object(members) => {
                for (key, member) in members {
                    tasks.push(Task {
                        value: member,
                        shape: *shape,
                        pointer: task.pointer.key(key),
                        key,
                        ..task
                    });
                }
            }
            _ => wrong_type(report, &task, "an object"),
        },
        Text => wrong_type(report, &task, "a string"),
        Flag => wrong_type(report, &task, "true or false"),
        Number => wrong_type(report, &task, "a number"),
        Count => wrong_type(report, &task, "a whole number"),
    }
}

fn visit_object<'a>(
    context: &mut Context<'a>,
    report: &mut Report,
    kind: Kind,
    may_refer: bool,
    object: &'a Map,
    task: &Task<'a>,
    tasks: &mut Vec<Task<'a>>,
) {
    // A Path Item may have `$ref` next to its own fields. In all other places, `$ref` makes the object a reference.
    let target = object.get("$ref").filter(|_| may_refer || kind == Kind::PathItem);
    if let Some(target) = target {
        if let Value::String(target) = target {
            let n = context.references.len();
            context.references.push(Reference {
                kind,
                pointer: task.pointer.clone(),
                target,
                edge: task.edge,
                key: task.key,
            });
            if kind != Kind::PathItem {
                context.adopt(task.parent, Node::Reference(n));
                context.nodes.insert(object, Node::Reference(n));
            }
        } else if kind != Kind::PathItem {
            let pointer = task.pointer.key("$ref");
            wrong_type(report, &Task { value: target, pointer, edge: "$ref", key: "", ..*task }, "a string");
        }
        if kind != Kind::PathItem {
            for name in object.keys().filter(|name| *name != "$ref" && !name.starts_with("x-")) {
                report.add(
                    &rules::REF_SIBLINGS,
                    &task.pointer.key(name),
                    format!("`{name}` is next to `$ref` and is ignored"),
                    format!(
                        "remove `{name}`, or wrap the reference: `allOf: [{{$ref: ...}}]` next to `{name}`"
                    ),
                );
            }
            return;
        }
    }

    let site = context.sites.len();
    let in_callback = task.in_callback || kind == Kind::Callback;
    context.sites.push(Site {
        kind,
        pointer: task.pointer.clone(),
        object,
        parent: task.parent,
        edge: task.edge,
        key: task.key,
        in_callback,
    });
    context.children.push(Vec::new());
    context.adopt(task.parent, Node::Site(site));
    context.nodes.insert(object, Node::Site(site));

    let description = kind.object();
    let mut misspelt = Vec::new();
    for (name, value) in object {
        let field = description.field_of_3_0(name);
        let (shape, edge, key) = match (field, description.others) {
            (Some(field), _) => (field.shape, field.name, ""),
            (None, _) if name.starts_with("x-") && kind != Kind::SecurityRequirement => continue,
            (None, Some(shape)) => (shape, "", name.as_str()),
            (None, None) => {
                unknown_field(report, kind, description, object, name, &task.pointer, &mut misspelt);
                continue;
            }
        };
        tasks.push(Task {
            value,
            shape,
            pointer: task.pointer.key(name),
            parent: Some(site),
            edge,
            key,
            in_callback,
        });
    }
    for field in description.fields.iter().filter(|field| field.required) {
        match object.get(field.name) {
            // The finding about the misspelled name already says how to fix this.
            None if misspelt.contains(&field.name) => {}
            None => report.add(
                &rules::MISSING_FIELD,
                &task.pointer,
                format!("this {} lacks the required field `{}`", description.title, field.name),
                format!("add `{}:`", field.name),
            ),
            Some(Value::String(text)) if text.trim().is_empty() => report.add(
                &rules::EMPTY_TEXT,
                &task.pointer.key(field.name),
                format!("`{}` of this {} is empty", field.name, description.title),
                format!("write a meaningful `{}`", field.name),
            ),
            Some(_) => {}
        }
    }
}

fn unknown_field(
    report: &mut Report,
    kind: Kind,
    description: &Object,
    object: &Map,
    name: &str,
    pointer: &Pointer,
    misspelt: &mut Vec<&'static str>,
) {
    let vacant = description
        .fields
        .iter()
        .filter(|field| !field.since_3_1)
        .map(|field| field.name)
        .filter(|f| !object.contains_key(f));
    let meant = did_you_mean(name, vacant);
    misspelt.extend(meant);
    let later = if kind == Kind::Schema { json_schema_keyword(name) } else { None };
    let help = match (meant, later) {
        (_, Some(instead)) => instead.to_owned(),
        (Some(meant), None) => format!("did you mean `{meant}`?"),
        (None, None) if name == "$ref" => {
            format!("define the {} here: OpenAPI does not allow `$ref` in this place", description.title)
        }
        (None, None) => format!("remove `{name}`, or rename it to `x-{name}` if it is an extension"),
    };
    let message = format!("`{name}` is not a field of the {}", description.title);
    report.add(&rules::UNKNOWN_FIELD, &pointer.key(name), message, help);
}

/// The help for a keyword that JSON Schema has but OpenAPI 3.0 does not have.
fn json_schema_keyword(name: &str) -> Option<&'static str> {
    Some(match name {
        "const" => "OpenAPI 3.0 has no `const`; use `enum` with one value",
        "examples" => "a Schema Object of OpenAPI 3.0 has one `example`",
        "patternProperties" | "propertyNames" | "unevaluatedProperties" => {
            "OpenAPI 3.0 has only `additionalProperties`; describe the names in words"
        }
        "prefixItems" | "additionalItems" | "contains" | "unevaluatedItems" => {
            "OpenAPI 3.0 has only `items`; describe the positions in words"
        }
        "if" | "then" | "else" | "dependencies" | "dependentRequired" | "dependentSchemas" => {
            "OpenAPI 3.0 has no conditions; use `oneOf` with a variant per case"
        }
        "contentEncoding" | "contentMediaType" => "use `format: byte` or `format: binary`",
        "$id" | "$schema" | "$anchor" | "$comment" | "$defs" | "definitions" | "$dynamicRef" => {
            "remove it; put shared schemas into `#/components/schemas`"
        }
        _ => return None,
    })
}

fn wrong_type(report: &mut Report, task: &Task, wanted: &str) {
    let name = if task.key.is_empty() { task.edge } else { task.key };
    let name = if name.is_empty() { "the document" } else { name };
    let help = match (task.edge, task.value) {
        ("type", Value::Array(_)) => {
            "OpenAPI 3.0 allows only one type; for a value that can be null, add `nullable: true`".to_owned()
        }
        ("exclusiveMinimum" | "exclusiveMaximum", Value::Number(_)) => {
            "in OpenAPI 3.0, this is a flag next to `minimum` or `maximum`".to_owned()
        }
        ("items", Value::Array(_)) => "use one schema that all items match".to_owned(),
        ("required", Value::Bool(_)) => {
            "in a schema, `required` lists the names of properties; put the list on the enclosing object"
                .to_owned()
        }
        (_, Value::String(text)) if text.trim().eq_ignore_ascii_case(json_literal(wanted, text)) => {
            format!("remove the quotes around {text}")
        }
        (_, Value::Number(_) | Value::Bool(_)) if wanted == "a string" => {
            format!("put it in quotes: \"{}\"", task.value)
        }
        (_, Value::Null) => format!("add a value for `{name}`, {wanted}, or remove it"),
        _ => format!("write {wanted}{}", or_what_fits(task.value, wanted)),
    };
    let message = format!("`{name}` must be {wanted}, not {} ({})", json_type(task.value), brief(task.value));
    report.add(&rules::WRONG_TYPE, &task.pointer, message, help);
}

/// Returns the text itself if it would be valid without quotes, otherwise a different text.
fn json_literal<'t>(wanted: &str, text: &'t str) -> &'t str {
    let number = wanted.contains("number") && text.trim().parse::<f64>().is_ok();
    let flag = wanted == "true or false" && matches!(text.trim(), "true" | "false");
    if number || flag { text.trim() } else { "\0" }
}
