//! Normalises documents for comparison.
//!
//! References are inlined, so that component names do not matter. Equivalent forms, such as the two forms of
//! nullable types, are unified. Texts, examples, tags, operation ids, component names and extensions are dropped. Scopes
//! are read from security requirements and from the extension that lists scopes.

use std::collections::{BTreeMap, BTreeSet};

use crate::json;
use crate::value::{Map, Value};

use super::ledger::Ledger;
use crate::document::Document;
use crate::error::Error;
use crate::grammar::{METHODS, SCHEMA, Shape, is_prose};
use crate::pointer::Pointer;
use crate::template::names_in;

/// Marks a required property, instead of the object's `required`.
pub(super) const REQUIRED: &str = "x-required";
/// `readOnly` in a request.
pub(super) const READ_ONLY: &str = "x-readOnly";
/// `writeOnly` in a response.
pub(super) const WRITE_ONLY: &str = "x-writeOnly";
/// The scopes that an operation requires.
pub(super) const SCOPES: &str = "x-scopes";

/// The maximum number of nodes after references are inlined.
const MAX_NODES: usize = 100_000;

/// A normalised operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// The method, in lower case.
    pub(super) method: String,
    /// The path in the specification.
    pub(super) path: String,
    /// The path in the document.
    pub(super) published_path: String,
    /// Its location in the document.
    pub(super) at: Pointer,
    /// Its normalised structure.
    pub(super) value: Value,
}

/// The operations of a document that are within a scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Normalized {
    /// The operations. Aliases that differ from the original have an entry of their own.
    pub(super) operations: Vec<Operation>,
    /// Paths that the scope omits.
    pub(super) left_out: BTreeSet<String>,
    /// The aliases in the document, by their path prefix.
    pub(super) aliases: BTreeSet<String>,
}

/// Normalises the operations of a document that are within the scope of `ledger`. `known` are the paths of the
/// specification itself; paths and their parameters get the names that they have there.
///
/// # Errors
/// [`Error::Unsuitable`] if a reference is dangling or external, and if the document exceeds the limit after
/// references are inlined.
pub(super) fn normalize(document: &Document, ledger: &Ledger, known: &[String]) -> Result<Normalized, Error> {
    let scope = &ledger.scope;
    let scopes = ledger.marks.scopes.as_deref();
    let mut normalized = Normalized::default();
    let mut normalizer = Normalizer { document, scopes, stack: Vec::new(), nodes: 0 };
    let root = Pointer::root().key("paths");
    let mut seen: BTreeMap<(String, String), Value> = BTreeMap::new();
    // Aliases come last, so that they are dropped if they are equal.
    let (_, mut sites) = scope.sites(document, known).ok_or_else(|| scope.nothing_of(document))?;
    sites.sort_by_key(|(site, path, _)| (site.alias.is_some(), (*path).clone()));
    for (site, path, item) in sites {
        if site.left_out {
            normalized.left_out.insert(path.to_string());
            continue;
        }
        normalized.aliases.extend(site.alias);
        let at = root.key(path);
        let item = normalizer.resolved(item, &at)?.0;
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let at = at.key(method);
            let value = normalizer.operation(operation, item, (path, &site.path), &at)?;
            let key = (site.path.clone(), method.to_owned());
            if seen.get(&key) == Some(&value) {
                continue;
            }
            seen.entry(key).or_insert_with(|| value.clone());
            normalized.operations.push(Operation {
                method: method.to_owned(),
                path: site.path.clone(),
                published_path: path.to_string(),
                at,
                value,
            });
        }
    }
    Ok(normalized)
}

/// The direction in which the values of a schema are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Request,
    Response,
}

struct Normalizer<'a> {
    document: &'a Document,
    /// The extension that lists scopes.
    scopes: Option<&'a str>,
    /// The schemas whose references are being inlined.
    stack: Vec<Pointer>,
    nodes: usize,
}

impl<'a> Normalizer<'a> {
    fn count(&mut self, at: &Pointer) -> Result<(), Error> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let reason = format!(
                "the operations expand to more than {MAX_NODES} nodes when references are inlined; \
                 is this document meant to be read by a machine?"
            );
            return Err(self.document.unsuitable(at, reason));
        }
        Ok(())
    }

    /// Follows `$ref` and returns the definition and its location.
    fn resolved(&self, value: &'a Value, at: &Pointer) -> Result<(&'a Value, Pointer), Error> {
        let (mut value, mut at) = (value, at.clone());
        for _ in 0..64 {
            let Some(reference) = value["$ref"].as_str() else { return Ok((value, at)) };
            (value, at) = self.document.target(reference, &at)?;
        }
        Err(self
            .document
            .unsuitable(&at, "the reference is circular and does not lead to a definition; remove the cycle"))
    }

    fn operation(
        &mut self,
        operation: &'a Value,
        item: &'a Value,
        paths: (&str, &str),
        at: &Pointer,
    ) -> Result<Value, Error> {
        let mut result = Map::new();
        let parameters = self.parameters(operation, item, paths, at)?;
        if !parameters.is_empty() {
            result.insert("parameters", parameters.into());
        }
        if let Some(body) = operation.get("requestBody") {
            let (body, at) = self.resolved(body, &at.key("requestBody"))?;
            let mut normalized = self.content(body, &at, Direction::Request)?;
            if body.get("required") == Some(&Value::Bool(true)) {
                normalized.insert("required", true.into());
            }
            result.insert("requestBody", normalized.into());
        }
        let mut responses = Map::new();
        let at_responses = at.key("responses");
        for (status, response) in operation["responses"].members() {
            if status.starts_with("x-") {
                continue;
            }
            let (response, at) = self.resolved(response, &at_responses.key(status))?;
            let mut normalized = self.content(response, &at, Direction::Response)?;
            let headers = self.headers(response, &at)?;
            if !headers.is_empty() {
                normalized.insert("headers", headers.into());
            }
            let status = if status == "default" { status.clone() } else { status.to_uppercase().into() };
            responses.insert(status, normalized.into());
        }
        result.insert("responses", responses.into());
        self.credentials(operation, &mut result);
        if operation.get("deprecated") == Some(&Value::Bool(true)) {
            result.insert("deprecated", true.into());
        }
        for key in ["callbacks", "servers"] {
            if let Some(value) = operation.get(key) {
                result.insert(key, value.clone());
            }
        }
        Ok(Value::Object(result))
    }

    fn parameters(
        &mut self,
        operation: &'a Value,
        item: &'a Value,
        (path, known_path): (&str, &str),
        at: &Pointer,
    ) -> Result<Vec<Value>, Error> {
        let mut all: BTreeMap<(String, String), Value> = BTreeMap::new();
        let at_item = at.parent().unwrap_or_default();
        for (holder, at) in [(item, at_item), (operation, at.clone())] {
            let at = at.key("parameters");
            for (n, parameter) in holder["parameters"].items().iter().enumerate() {
                let (parameter, at) = self.resolved(parameter, &at.index(n))?;
                let text = |key: &str| parameter[key].as_str().unwrap_or("?").to_owned();
                let (place, name) = (text("in"), text("name"));
                // OpenAPI says that these are ignored.
                let ignored = ["accept", "content-type", "authorization"];
                if place == "header" && ignored.contains(&name.to_lowercase().as_str()) {
                    continue;
                }
                let name = if place == "path" { known_name(path, known_path, name) } else { name };
                let normalized = self.parameter(parameter, &at, &place, &name)?;
                all.insert((place, name), normalized);
            }
        }
        Ok(all.into_values().collect())
    }

    fn parameter(
        &mut self,
        parameter: &'a Value,
        at: &Pointer,
        place: &str,
        name: &str,
    ) -> Result<Value, Error> {
        let mut result = Map::new();
        result.insert("name", name.into());
        result.insert("in", place.into());
        if place == "path" || parameter.get("required") == Some(&Value::Bool(true)) {
            result.insert("required", true.into());
        }
        let style = if matches!(place, "query" | "cookie") { "form" } else { "simple" };
        let given = parameter["style"].as_str().unwrap_or(style);
        if given != style {
            result.insert("style", given.into());
        }
        let explode = parameter["explode"].as_bool().unwrap_or(given == "form");
        // `explode` matters only for lists and objects.
        let schema = parameter.get("schema").map(|schema| self.resolved(schema, &at.key("schema")));
        let scalar = match schema.transpose()? {
            Some((schema, _)) => {
                schema["type"].as_str().is_some_and(|kind| !matches!(kind, "array" | "object"))
            }
            None => false,
        };
        if explode != (given == "form") && !scalar {
            result.insert("explode", explode.into());
        }
        for key in ["allowReserved", "allowEmptyValue", "deprecated"] {
            if parameter.get(key) == Some(&Value::Bool(true)) {
                result.insert(key, true.into());
            }
        }
        if let Some(schema) = parameter.get("schema") {
            result.insert("schema", self.schema(schema, &at.key("schema"), Direction::Request)?);
        }
        if parameter.get("content").is_some() {
            result.extend(self.content(parameter, at, Direction::Request)?);
        }
        Ok(Value::Object(result))
    }

    fn headers(&mut self, response: &'a Value, at: &Pointer) -> Result<Map, Error> {
        let mut result = Map::new();
        for (name, header) in response["headers"].members() {
            let (header, at) = self.resolved(header, &at.key("headers").key(name))?;
            let mut normalized = Map::new();
            if header.get("required") == Some(&Value::Bool(true)) {
                normalized.insert("required", true.into());
            }
            if let Some(schema) = header.get("schema") {
                normalized.insert("schema", self.schema(schema, &at.key("schema"), Direction::Response)?);
            }
            result.insert(name.to_lowercase(), normalized.into());
        }
        Ok(result)
    }

    fn content(&mut self, holder: &'a Value, at: &Pointer, direction: Direction) -> Result<Map, Error> {
        let mut content = Map::new();
        let at = at.key("content");
        for (name, media) in holder["content"].members() {
            let mut normalized = Map::new();
            let at = at.key(name);
            let schema = media.get("schema").map(|schema| self.schema(schema, &at.key("schema"), direction));
            normalized.insert("schema", schema.transpose()?.unwrap_or_else(|| json!({})));
            if let Some(encoding) = media.get("encoding") {
                normalized.insert("encoding", encoding.clone());
            }
            content.insert(media_type(name), normalized.into());
        }
        let mut result = Map::new();
        if !content.is_empty() {
            result.insert("content", content.into());
        }
        Ok(result)
    }

    /// Adds the scopes and the security alternatives, which are described by the credentials that are sent instead of scheme names.
    fn credentials(&self, operation: &Value, result: &mut Map) {
        let security = operation.get("security").or_else(|| self.document.value.get("security"));
        let mut scopes = BTreeSet::new();
        let mut ways = Vec::new();
        let schemes = self.document.value.pointer("/components/securitySchemes");
        for way in security.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
            let mut named = BTreeMap::new();
            for (name, needed) in way {
                named.insert(scheme_on_the_wire(schemes.and_then(|all| all.get(name)), name), json!([]));
                scopes.extend(needed.items().iter().filter_map(Value::as_str));
            }
            ways.push(named);
        }
        ways.sort_by_key(|way| way.keys().cloned().collect::<Vec<_>>());
        ways.dedup();
        let stated = self.scopes.and_then(|extension| operation[extension].as_array());
        scopes.extend(stated.into_iter().flatten().filter_map(Value::as_str));
        if !ways.is_empty() {
            result.insert("security", json!(ways));
        }
        if !scopes.is_empty() {
            result.insert(SCOPES, json!(scopes));
        }
    }

    fn schema(&mut self, value: &'a Value, at: &Pointer, direction: Direction) -> Result<Value, Error> {
        self.count(at)?;
        let members = match value {
            Value::Bool(true) => return Ok(json!({})),
            Value::Bool(false) => return Ok(json!({"not": {}})),
            Value::Object(members) => members,
            _ => {
                return Err(self.document.unsuitable(at, "this is not a schema; a schema must be an object"));
            }
        };
        if members.get("$ref").is_some_and(Value::is_string) {
            // Only definitions are pushed, so recursion is detected between schemas that contain each other.
            let (target, to) = self.resolved(value, at)?;
            if let Some(n) = self.stack.iter().rev().position(|open| *open == to) {
                return Ok(json!({ "x-recursion": n + 1 }));
            }
            self.stack.push(to.clone());
            let inner = self.schema(target, &to, direction);
            self.stack.pop();
            let inner = inner?;
            // OpenAPI 3.0 ignores siblings of `$ref`; 3.1 does not.
            if members.len() == 1 || !self.is_3_1() {
                return Ok(inner);
            }
            let mut beside = members.clone();
            beside.remove("$ref");
            let beside = self.members(&beside, at, direction)?;
            return Ok(canonical(into_members(merge(vec![inner, beside.into()], Map::new()))));
        }
        let members = self.members(members, at, direction)?;
        Ok(canonical(members))
    }

    fn is_3_1(&self) -> bool {
        self.document.value["openapi"].as_str().is_some_and(|v| v.starts_with("3.1"))
    }

    /// The fields of a schema that restrict its values, each in its canonical form.
    fn members(&mut self, members: &Map, at: &Pointer, direction: Direction) -> Result<Map, Error> {
        // `members` may be a copy without `$ref`, so look up its members in the document.
        let in_document = |key: &str| self.document.value.pointer(at.key(key).as_str());
        let mut result = Map::new();
        let mut nested = Vec::new();
        for (key, value) in members {
            match key.as_str() {
                "xml" | "$comment" | "$id" | "$schema" | "$anchor" | "required" => {}
                key if is_prose(key) => {}
                key if SCHEMA.member(key).holds_schemas() => {
                    nested.extend(in_document(key).map(|value| (key, value)));
                }
                "readOnly" | "writeOnly" => {
                    let (kept, name) = match direction {
                        Direction::Request => ("readOnly", READ_ONLY),
                        Direction::Response => ("writeOnly", WRITE_ONLY),
                    };
                    if key == kept && *value == Value::Bool(true) {
                        result.insert(name, true.into());
                    }
                }
                "nullable" | "deprecated" | "uniqueItems" if *value == Value::Bool(false) => {}
                "minLength" | "minItems" | "minProperties" if value.as_u64() == Some(0) => {}
                "discriminator" => {
                    if let Some(name) = value.get("propertyName") {
                        result.insert(key.clone(), json!({ "propertyName": name }));
                    }
                }
                key if key.starts_with("x-") => {}
                _ => {
                    result.insert(key.clone(), number_in_one_form(value));
                }
            }
        }
        for (key, value) in nested {
            let at = at.key(key);
            match (SCHEMA.member(key), value) {
                (Shape::Map(_), Value::Object(properties)) => {
                    let mut normalized = Map::new();
                    for (name, property) in properties {
                        normalized.insert(name.clone(), self.schema(property, &at.key(name), direction)?);
                    }
                    normalized.sort_by(Ord::cmp);
                    result.insert(key, normalized.into());
                }
                (Shape::List(_), Value::Array(items)) => {
                    let items = items
                        .iter()
                        .enumerate()
                        .map(|(n, item)| self.schema(item, &at.index(n), direction))
                        .collect::<Result<Vec<_>, _>>()?;
                    result.insert(key, items.into());
                }
                (Shape::FlagOrSchema, Value::Bool(false)) => {
                    result.insert(key, false.into());
                }
                (_, value) => {
                    let normalized = self.schema(value, &at, direction)?;
                    // By default, an object allows additional properties of any type.
                    if key != "additionalProperties" || normalized != json!({}) {
                        result.insert(key, normalized);
                    }
                }
            }
        }
        require(&mut result, members.get("required"));
        Ok(result)
    }
}

/// Moves the names in `required` to the properties that they name.
fn require(result: &mut Map, required: Option<&Value>) {
    let names: Vec<_> =
        required.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() {
        return;
    }
    let properties = result.get_or_insert_with("properties", || json!({}));
    for name in names {
        if let Some(properties) = properties.as_object_mut()
            && let Some(property) =
                properties.get_or_insert_with(name.to_owned(), || json!({})).as_object_mut()
        {
            property.insert(REQUIRED, true.into());
        }
    }
}

/// Replaces the marks of the normalised form by the original keywords.
pub(super) fn restore(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove(REQUIRED);
            for (mark, field) in [(READ_ONLY, "readOnly"), (WRITE_ONLY, "writeOnly")] {
                if let Some(value) = members.remove(mark) {
                    members.insert(field, value);
                }
            }
            let required: Vec<_> = members["properties"]
                .members()
                .filter(|(_, property)| property.get(REQUIRED).is_some())
                .map(|(name, _)| name.clone())
                .collect();
            if !required.is_empty() {
                members.insert("required", json!(required));
            }
            members.values_mut().for_each(restore);
        }
        Value::Array(items) => items.iter_mut().for_each(restore),
        _ => {}
    }
}

/// Converts a schema whose members are normalised to its canonical form.
fn canonical(mut members: Map) -> Value {
    if let Some(value) = members.remove("const") {
        members.insert("enum", json!([value]));
    }
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        match members.get(exclusive).cloned() {
            Some(Value::Bool(false)) => {
                members.remove(exclusive);
            }
            Some(limit) if limit.is_number() => {
                members.insert(bound, limit);
                members.insert(exclusive, true.into());
            }
            _ => {}
        }
    }
    let mut nullable = members.remove("nullable") == Some(Value::Bool(true));
    if let Some(Value::Array(types)) = members.get("type").cloned() {
        nullable |= types.iter().any(|kind| kind == "null");
        let mut others: Vec<_> = types.into_iter().filter(|kind| kind != "null").collect();
        members.remove("type");
        if others.len() == 1 {
            members.insert("type", others.remove(0));
        } else if others.is_empty() {
            members.insert("type", "null".into());
        } else {
            let alternatives: Vec<_> = others.into_iter().map(|kind| json!({ "type": kind })).collect();
            members.insert("anyOf", alternatives.into());
        }
    }
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        let before = values.len();
        values.retain(|value| !value.is_null());
        nullable |= values.len() < before && !values.is_empty();
        if values.is_empty() {
            members.remove("enum");
            members.insert("type", "null".into());
        } else {
            values.sort_by_key(Value::to_string);
            values.dedup();
        }
    }
    if members.get("properties").is_some_and(|properties| *properties == json!({})) {
        members.remove("properties");
    }
    if members.get("type").is_some_and(|kind| kind == "array") {
        members.get_or_insert_with("items", || json!({}));
    }
    for key in ["oneOf", "anyOf"] {
        let Some(Value::Array(alternatives)) = members.get_mut(key) else { continue };
        let before = alternatives.len();
        alternatives.retain(|alternative| *alternative != json!({"type": "null"}));
        nullable |= alternatives.len() < before;
        for alternative in alternatives.iter_mut().filter_map(Value::as_object_mut) {
            nullable |= alternative.remove("nullable") == Some(Value::Bool(true));
        }
        alternatives.sort_by_cached_key(Value::to_string);
        if let [_] = alternatives.as_slice() {
            let only = alternatives.remove(0);
            members.remove(key);
            members = into_members(merge(vec![only], members));
        }
    }
    if let Some(Value::Array(parts)) = members.remove("allOf") {
        members = into_members(merge(parts, members));
    }
    nullable |= members.remove("nullable") == Some(Value::Bool(true));
    let says_something =
        ["type", "enum", "oneOf", "anyOf", "allOf", "properties"].iter().any(|key| members.contains_key(key));
    if nullable && says_something {
        members.insert("nullable", true.into());
    }
    members.sort_by(Ord::cmp);
    Value::Object(members)
}

fn into_members(value: Value) -> Map {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Merges schemas into one. Schemas that contradict each other remain an `allOf`.
fn merge(parts: Vec<Value>, own: Map) -> Value {
    let mut merged = own.clone();
    for part in &parts {
        let Some(part) = part.as_object() else { return apart(parts, own) };
        for (key, value) in part {
            match (key.as_str(), merged.get_mut(key)) {
                (_, None) => {
                    merged.insert(key.clone(), value.clone());
                }
                ("properties", Some(Value::Object(properties))) => {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        match properties.get(name) {
                            Some(other) if other != property => return apart(parts, own),
                            _ => {
                                properties.insert(name.clone(), property.clone());
                            }
                        }
                    }
                }
                (_, Some(other)) if other == value => {}
                _ => return apart(parts, own),
            }
        }
    }
    Value::Object(merged)
}

fn apart(mut parts: Vec<Value>, mut own: Map) -> Value {
    parts.sort_by_key(Value::to_string);
    own.insert("allOf", parts.into());
    Value::Object(own)
}

/// Normalises a media type. UTF-8 is the default charset.
fn media_type(name: &str) -> String {
    let name = name.to_lowercase().replace([' ', '\t', '"'], "");
    let parts = name.split(';').filter(|part| !matches!(*part, "" | "charset=utf-8" | "charset=utf8"));
    parts.collect::<Vec<_>>().join(";")
}

/// Writes whole numbers without a fraction.
fn number_in_one_form(value: &Value) -> Value {
    match value.as_f64() {
        #[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(number as i64),
        _ => value.clone(),
    }
}

/// The name that a path parameter has in the specification, determined by its position.
fn known_name(path: &str, known_path: &str, name: String) -> String {
    let position = names_in(path).into_iter().position(|other| other == name);
    let known = position.and_then(|n| names_in(known_path).get(n).map(|known| (*known).to_owned()));
    known.unwrap_or(name)
}

/// How a security scheme sends its credential.
pub(crate) fn scheme_on_the_wire(scheme: Option<&Value>, name: &str) -> String {
    let text = |key: &str| scheme.and_then(|scheme| scheme.get(key)).and_then(Value::as_str);
    match (text("type"), text("scheme"), text("in"), text("name")) {
        (Some("http"), Some(scheme), ..) => format!("http {}", scheme.to_lowercase()),
        (Some("apiKey"), _, Some(place), Some(name)) => format!("{place} {name}"),
        (Some(kind), ..) => kind.to_owned(),
        (None, ..) => format!("undefined scheme {name}"),
    }
}
