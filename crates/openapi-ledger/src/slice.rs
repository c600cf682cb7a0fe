//! Extracts some paths and the components that they use from a document.

use std::collections::BTreeSet;

use crate::json;
use crate::value::{Map, Value};

use crate::compare::Scope;
use crate::document::Document;
use crate::error::Error;
use crate::grammar::{Kind, METHODS, for_each_object, is_prose};
use crate::order::normalize;
use crate::pointer::Pointer;
use crate::version::openapi_version;

/// Extracts the paths covered by `scope`, with the components they refer to, directly or indirectly. `known` are the
/// paths of the specification. Texts, examples and extensions are removed, and unordered members are sorted, so that
/// documents with the same structure have the same slice.
///
/// ```
/// use openapi_ledger::compare::Scope;
/// use openapi_ledger::{Document, slice};
///
/// let document = Document::parse("d.yaml", "
/// openapi: 3.0.3
/// info: {title: T, version: '1', description: Long prose.}
/// paths:
///   /a/: {get: {responses: {'200': {description: Fine}}}}
///   /b/: {get: {responses: {'200': {description: Fine}}}}
/// ")?;
/// let scope = Scope { roots: vec!["/a/".into()], ..Scope::default() };
/// let slice = slice(&document, &scope, &[])?;
/// assert_eq!(slice["info"], openapi_ledger::json!({"title": "T", "version": "1"}));
/// assert_eq!(slice["paths"].as_object().map(|paths| paths.len()), Some(1));
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsuitable`] if the document is not OpenAPI 3.0 or 3.1, has no path below a root of the scope, or the slice
/// has a reference that is dangling, external or circular.
pub fn slice(document: &Document, scope: &Scope, known: &[String]) -> Result<Value, Error> {
    openapi_version(document)?;
    let (_, sites) = scope.sites(document, known).ok_or_else(|| scope.nothing_of(document))?;
    let sites = sites.into_iter().filter(|(site, ..)| !site.left_out);
    let paths: Map = sites.map(|(_, path, item)| (path.clone(), item.clone())).collect();
    let mut slice =
        json!({"openapi": document.value["openapi"], "info": {}, "paths": paths, "components": {}});
    for field in ["title", "version"] {
        if let Some(text) = document.value.get("info").and_then(|info| info.get(field)) {
            slice["info"][field] = text.clone();
        }
    }
    for field in ["servers", "security"] {
        if let Some(member) = document.value.get(field) {
            slice[field] = member.clone();
        }
    }
    slice["components"] = closure(document, &slice)?;
    for_each_object(&mut slice, &mut |members, shape, _| {
        if !shape.is_names() {
            strip_fields(members, shape.kind());
        }
    });
    normalize(&mut slice);
    Ok(slice)
}

/// The components that `slice` refers to, directly or indirectly, and the security schemes that it names.
fn closure(document: &Document, slice: &Value) -> Result<Value, Error> {
    let mut components = Map::new();
    let mut wanted = BTreeSet::new();
    let root = Pointer::root();
    references(document, &slice["paths"], &root.key("paths"), &mut wanted)?;
    let mut security_schemes = BTreeSet::new();
    security_names(&slice["security"], &mut security_schemes);
    for operation in operations(&slice["paths"]) {
        security_names(&operation["security"], &mut security_schemes);
    }
    let named = security_schemes.iter().map(|name| root.key("components").key("securitySchemes").key(name));
    wanted.extend(named.filter(|pointer| document.value.pointer(pointer.as_str()).is_some()));

    let mut seen = BTreeSet::new();
    while let Some(pointer) = wanted.pop_first() {
        if !seen.insert(pointer.clone()) {
            continue;
        }
        let tokens: Vec<_> = pointer.tokens().collect();
        let [_, section, name] = tokens.as_slice() else { continue };
        let Some(node) = document.value.pointer(pointer.as_str()) else { continue };
        check_chain(document, &pointer)?;
        references(document, node, &pointer, &mut wanted)?;
        let section = components.get_or_insert_with(section.as_ref(), || json!({}));
        section[name.as_ref()] = node.clone();
    }
    Ok(Value::Object(components))
}

/// Adds the components that the references below `node` lead to.
fn references(
    document: &Document,
    node: &Value,
    at: &Pointer,
    wanted: &mut BTreeSet<Pointer>,
) -> Result<(), Error> {
    match node {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                wanted.insert(resolve(document, reference, at)?);
            }
            if let Some(Value::Object(mapping)) = members.get("discriminator").and_then(|d| d.get("mapping"))
            {
                let at = at.key("discriminator").key("mapping");
                for (value, target) in mapping {
                    if let Some(target) = target.as_str().filter(|target| target.starts_with('#')) {
                        wanted.insert(resolve(document, target, &at.key(value))?);
                    }
                }
            }
            members.iter().try_for_each(|(key, member)| references(document, member, &at.key(key), wanted))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(n, item)| references(document, item, &at.index(n), wanted)),
        _ => Ok(()),
    }
}

/// The component that a reference leads to or into.
fn resolve(document: &Document, reference: &str, at: &Pointer) -> Result<Pointer, Error> {
    let (_, pointer) = document.target(reference, at)?;
    let tokens: Vec<_> = pointer.tokens().take(3).collect();
    match tokens.as_slice() {
        [first, section, name] if first == "components" => {
            Ok(Pointer::root().key(first).key(section).key(name))
        }
        _ => {
            let reason = format!("`{reference}` does not refer to a component");
            Err(document.unsuitable(&at.key("$ref"), reason))
        }
    }
}

/// Rejects a component that is a chain of references back to itself.
fn check_chain(document: &Document, start: &Pointer) -> Result<(), Error> {
    let mut seen = BTreeSet::from([start.clone()]);
    let mut at = start.clone();
    while let Some(reference) =
        document.value.pointer(at.as_str()).and_then(|node| node.get("$ref")).and_then(Value::as_str)
    {
        let next = resolve(document, reference, &at)?;
        if !seen.insert(next.clone()) {
            let reason =
                format!("`{reference}` is circular and does not lead to a definition; remove the cycle");
            return Err(document.unsuitable(&at.key("$ref"), reason));
        }
        at = next;
    }
    Ok(())
}

/// Every operation of a `paths` object.
pub(crate) fn operations(paths: &Value) -> impl Iterator<Item = &Value> {
    let items = paths.as_object().into_iter().flat_map(Map::values);
    items
        .filter_map(Value::as_object)
        .flatten()
        .filter(|(key, _)| METHODS.contains(&key.as_str()))
        .map(|(_, o)| o)
}

fn security_names(security: &Value, names: &mut BTreeSet<String>) {
    for requirement in security.items().iter().filter_map(Value::as_object) {
        names.extend(requirement.keys().map(|name| name.to_string()));
    }
}

/// Removes texts, examples, extensions, and `style` and `explode` with default values.
fn strip_fields(members: &mut Map, kind: Option<Kind>) {
    let keeps_title = kind == Some(Kind::Info);
    members.retain(|key, _| (!is_prose(key) || (key == "title" && keeps_title)) && !key.starts_with("x-"));
    if kind == Some(Kind::Response) && !members.contains_key("$ref") {
        members.insert("description", "".into());
    }
    if let Some(place) = members["in"].as_str().filter(|_| members.contains_key("name")) {
        let style = if matches!(place, "query" | "cookie") { "form" } else { "simple" };
        if members.get("style").is_none_or(|given| given == style) {
            members.remove("style");
            if members.get("explode") == Some(&Value::Bool(style == "form")) {
                members.remove("explode");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r##"
openapi: 3.0.3
info: {title: T, version: "1", description: Prose}
x-tagGroups: []
servers: [{url: /}]
paths:
  /a/:
    get:
      summary: Prose
      x-internal: true
      parameters:
      - {name: z, in: query, style: form, explode: true, schema: {type: string, example: e}}
      - {name: description, in: query, style: form, explode: false, schema: {type: string}}
      responses:
        "200": {description: Prose, content: {application/json: {schema: {$ref: "#/components/schemas/A"}}}}
      security: [{Key: []}]
  /b/:
    get: {responses: {"200": {description: Prose}}}
components:
  securitySchemes: {Key: {type: http, scheme: bearer}, Other: {type: http, scheme: basic}}
  schemas:
    A: {properties: {description: {type: string, description: Prose}, b: {$ref: "#/components/schemas/B"}}}
    B: {type: array, items: {$ref: "#/components/schemas/A"}}
    Unused: {type: string}
"##;

    fn sliced(text: &str) -> Result<Value, String> {
        let document = Document::parse("d.yaml", text).map_err(|e| e.to_string())?;
        let scope = Scope { roots: vec!["/a/".into()], ..Scope::default() };
        slice(&document, &scope, &[]).map_err(|e| e.to_string())
    }

    #[test]
    fn keeps_the_structure_of_the_paths_and_what_they_need() {
        let expected = json!({
            "openapi": "3.0.3",
            "info": {"title": "T", "version": "1"},
            "servers": [{"url": "/"}],
            "paths": {"/a/": {"get": {
                "parameters": [
                    {"name": "description", "in": "query", "style": "form", "explode": false, "schema": {"type": "string"}},
                    {"name": "z", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": {"200": {
                    "description": "",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}},
                }},
                "security": [{"Key": []}],
            }}},
            "components": {
                "schemas": {
                    "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}, "description": {"type": "string"}}},
                    "B": {"type": "array", "items": {"$ref": "#/components/schemas/A"}},
                },
                "securitySchemes": {"Key": {"type": "http", "scheme": "bearer"}},
            },
        });
        // `style` is kept if `explode` does not have the default value for it.
        let mut found = sliced(DOCUMENT).unwrap();
        if let Some(parameter) = found.pointer_mut("/paths/~1a~1/get/parameters/0") {
            parameter["style"] = json!("form");
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn refuses_what_it_cannot_cut_with_the_place() {
        let cases = [
            (
                "- 1\n",
                "d.yaml:1 #: this is a list, not an OpenAPI document; is it a login page or an error message?",
            ),
            (
                "info: {}\n",
                "d.yaml:1 #: there is no `openapi` field, so this is not an OpenAPI document; it has `info`",
            ),
            (
                "swagger: '2.0'\n",
                "d.yaml:1 #/swagger: this is a Swagger 2.0 document; convert it to OpenAPI 3.0 first",
            ),
            (
                "openapi: 4.0.0\n",
                "d.yaml:1 #/openapi: `openapi` is \"4.0.0\", which is not a supported version; use 3.0.x or 3.1.x",
            ),
            (
                "openapi: 3.0.3\npaths: {/x/: {}}\n",
                "d.yaml:2 #/paths: no path begins with `/a/`; is this the document of a different API?",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(sliced(text), Err(expected.to_owned()), "{text}");
        }
        let broken = [
            (
                "#/components/schemas/Gone",
                "d.yaml:15 #/paths/~1a~1/get/responses/200/content/application~1json/schema/$ref: `#/components/schemas/Gone` does not exist; is the document complete?",
            ),
            (
                "other.yaml#/A",
                "d.yaml:15 #/paths/~1a~1/get/responses/200/content/application~1json/schema/$ref: `other.yaml#/A` refers to another file; bundle the document first",
            ),
        ];
        for (reference, expected) in broken {
            let text = DOCUMENT.replacen("#/components/schemas/A", reference, 1);
            assert_eq!(sliced(&text), Err(expected.to_owned()));
        }
    }

    #[test]
    fn refuses_references_that_lead_in_a_circle_but_takes_recursive_schemas() {
        assert!(sliced(DOCUMENT).is_ok(), "A and B refer to each other through members");
        let text = DOCUMENT.replace(
            "    B: {type: array, items: {$ref: \"#/components/schemas/A\"}}",
            "    B: {$ref: \"#/components/schemas/C\"}\n    C: {$ref: \"#/components/schemas/B\"}",
        );
        let refusal = sliced(&text).unwrap_err();
        assert_eq!(
            refusal,
            "d.yaml:24 #/components/schemas/C/$ref: `#/components/schemas/B` is circular and does not lead to a definition; remove the cycle"
        );
    }
}
