//! One of the two documents: resolving references and naming nodes.

use std::collections::HashSet;

use crate::value::Value;

use super::{ABSENT, Node};
use crate::grammar::METHODS;
use crate::pointer::Pointer;

/// One document under comparison.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    root: &'a Value,
}

/// A node after resolving references.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'a> {
    pub(super) node: Node<'a>,
    /// The components on the way, in order.
    pub(super) through: Vec<Pointer>,
}

impl<'a> Side<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> Node<'a> {
        Node { value: self.root, at: Pointer::root() }
    }

    /// Follows `$ref` to a definition. A dangling, external or circular reference is returned unchanged; lint reports it.
    pub(super) fn resolve(&self, node: Node<'a>) -> Resolved<'a> {
        let mut seen = HashSet::new();
        let mut resolved = Resolved { node, through: Vec::new() };
        while let Some(target) = resolved.node.text("$ref").filter(|text| text.starts_with('#')) {
            let Some(at) = Pointer::parse(target) else { break };
            let Some(value) = self.root.pointer(at.as_str()) else { break };
            if !seen.insert(at.clone()) {
                break;
            }
            resolved.through.push(at.clone());
            resolved.node = Node { value, at };
        }
        resolved
    }

    /// The name of the node at `at` in messages: `` `Group.icon` ``, ``parameter `search` ``.
    pub(super) fn subject(&self, at: &Pointer) -> String {
        let tokens: Vec<_> = at.tokens().collect();
        let tokens: Vec<&str> = tokens.iter().map(|token| &**token).collect();
        let parameter = |n: usize| {
            let name = self.definition(&tokens[..n]).text("name").unwrap_or("?");
            behind(&format!("parameter `{name}`"), &tokens[n..])
        };
        match tokens.as_slice() {
            ["components", "schemas", name, rest @ ..] => format!("`{name}{}`", steps(rest)),
            ["components", "parameters", _, ..] => parameter(3),
            ["components", "responses", name, rest @ ..] => body(&format!("response `{name}`"), rest),
            ["components", "requestBodies", name, rest @ ..] => body(&format!("request body `{name}`"), rest),
            ["components", "headers", name, rest @ ..] => behind(&format!("header `{name}`"), rest),
            ["components", "securitySchemes", name, ..] => format!("security scheme `{name}`"),
            ["paths", _, "parameters", _, ..] => parameter(4),
            ["paths", _, _, "parameters", _, ..] => parameter(5),
            ["paths", _, _, "requestBody", rest @ ..] => body("the request body", rest),
            ["paths", _, _, "responses", status, rest @ ..] => body(&format!("response {status}"), rest),
            ["paths", path, method] => format!("{} {path}", method.to_uppercase()),
            _ => format!("`{}`", tokens.last().copied().unwrap_or("the document")),
        }
    }

    /// Returns the place of the node at `at`: parameters by name instead of index, and property paths without schema
    /// keywords. A keyword of the node itself comes last:
    /// `parameters.limit.minimum`, `responses.200.results[].name.format`. Inside an operation the place is
    /// that within the operation.
    pub(super) fn place(&self, at: &Pointer) -> String {
        let tokens: Vec<_> = at.tokens().collect();
        let tokens: Vec<&str> = tokens.iter().map(|token| &**token).collect();
        match tokens.as_slice() {
            ["paths", _, method, ..] if METHODS.contains(method) => self.place_in_operation(&tokens),
            ["components", "schemas", name, ..] => {
                self.place_in_schema(format!("components.schemas.{name}"), &tokens, 3)
            }
            tokens => tokens.join("."),
        }
    }

    fn place_in_operation(&self, tokens: &[&str]) -> String {
        match &tokens[3..] {
            [] => "operation".to_owned(),
            ["parameters", _, ..] => {
                let parameter = self.definition(&tokens[..5]);
                let name = parameter.text("name").unwrap_or("?");
                let name = match parameter.text("in") {
                    Some(place @ ("header" | "cookie")) => format!("parameters.{name}({place})"),
                    _ => format!("parameters.{name}"),
                };
                self.place_in_holder(name, tokens, 5)
            }
            ["requestBody", ..] => self.place_in_holder("requestBody".to_owned(), tokens, 4),
            ["responses", status, "headers", name, ..] => {
                self.place_in_holder(format!("responses.{status}.headers.{name}"), tokens, 7)
            }
            ["responses", status, ..] => self.place_in_holder(format!("responses.{status}"), tokens, 5),
            [first, ..] => (*first).to_owned(),
        }
    }

    /// Adds the tokens from `n` on to the place of an object that has a `schema` or a `content`. The media type JSON is not
    /// mentioned.
    fn place_in_holder(&self, holder: String, tokens: &[&str], n: usize) -> String {
        match &tokens[n..] {
            [] | ["content"] => holder,
            ["schema", ..] => self.place_in_schema(holder, tokens, n + 1),
            ["content", "application/json", ..] => self.place_in_holder(holder, tokens, n + 2),
            ["content", media, ..] => self.place_in_holder(format!("{holder}({media})"), tokens, n + 2),
            [key, ..] => format!("{holder}.{key}"),
        }
    }

    fn place_in_schema(&self, mut place: String, tokens: &[&str], mut n: usize) -> String {
        loop {
            let (step, passed) = match &tokens[n..] {
                [] => return place,
                ["properties", name, ..] => (format!(".{name}"), 2),
                ["items", ..] => ("[]".to_owned(), 1),
                ["additionalProperties", _, ..] => (".{}".to_owned(), 1),
                ["oneOf" | "anyOf" | "allOf", _, ..] => (self.alternative(&tokens[..n + 2]), 2),
                [key, ..] => return place + "." + key,
            };
            place += &step;
            n += passed;
        }
    }

    /// Identifies an alternative by a property with a single allowed value, otherwise by its type, otherwise by its index.
    fn alternative(&self, tokens: &[&str]) -> String {
        let node = self.definition(tokens);
        let tag = node.key("properties").members().find_map(|(_, property)| {
            let values = property.value["enum"].as_array()?;
            if let [Value::String(only)] = values.as_slice() { Some(only.as_str()) } else { None }
        });
        format!("({})", tag.or_else(|| node.text("type")).or(tokens.last().copied()).unwrap_or_default())
    }

    /// The node at `tokens`, after resolving references.
    fn definition(&self, tokens: &[&str]) -> Node<'a> {
        let at = tokens.iter().fold(Pointer::root(), |at, token| at.key(token));
        let value = self.root.pointer(at.as_str()).unwrap_or(&ABSENT);
        self.resolve(Node { value, at }).node
    }
}

/// The path into a schema as text: `.results[].name`.
fn steps(tokens: &[&str]) -> String {
    let mut text = String::new();
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        match *token {
            "properties" => text.push_str(&format!(".{}", rest.next().copied().unwrap_or_default())),
            "items" => text.push_str("[]"),
            "additionalProperties" => text.push_str("{}"),
            "oneOf" | "anyOf" | "allOf" => {
                let n = rest.next().map(|n| n.parse::<usize>().unwrap_or(0) + 1);
                text.push_str(&n.map_or_else(String::new, |n| format!("<{n}>")));
            }
            _ => {}
        }
    }
    text
}

fn behind(subject: &str, rest: &[&str]) -> String {
    let steps = steps(rest);
    if steps.is_empty() { subject.to_owned() } else { format!("{subject}, `{steps}`") }
}

fn body(subject: &str, rest: &[&str]) -> String {
    match rest {
        ["headers", name, rest @ ..] => behind(&format!("header `{name}` of {subject}"), rest),
        ["content", _, "schema", rest @ ..] => behind(subject, rest),
        _ => subject.to_owned(),
    }
}
