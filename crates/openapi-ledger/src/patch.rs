//! Replaces operations of a complete published document with those of the specification.

use std::collections::{BTreeMap, BTreeSet};

use crate::json;
use crate::value::{Map, Text, Value};

use crate::compare::{Scope, scheme_on_the_wire};
use crate::convert::to_3_1;
use crate::document::Document;
use crate::error::Error;
use crate::grammar::{Kind, METHODS, for_each_object};
use crate::pointer::Pointer;
use crate::version::{Version, openapi_version};
use crate::write::to_yaml;

/// Replaces the operations of `full` that are within `scope` with those of `ours`, and adds those that `full` does
/// not have. Aliases of replaced paths are removed. Everything else in `full` is unchanged; components of
/// `ours` whose names are taken get `prefix`, a capitalized word such as `Pets`. The result has the version of
/// `full`.
///
/// # Errors
/// [`Error::Unsuitable`] when `full` is not OpenAPI 3.0 or 3.1, or has no path within the scope.
pub fn patch(full: &Document, ours: &Document, scope: &Scope, prefix: &str) -> Result<Value, Error> {
    let mut ours = ours.value.clone();
    if openapi_version(full)? == Version::V3_1 {
        ours = to_3_1(&ours);
    }
    let names = component_names(&full.value, &ours, prefix);
    rename(&mut ours, &names);
    let mut result = full.value.clone();
    result["paths"] = replaced(full, &ours, scope, prefix)?.into();
    add_components(&mut result, &ours);
    Ok(result)
}

fn members(value: &Value, key: &str) -> Map {
    value[key].as_object().cloned().unwrap_or_default()
}

/// The paths of `full` with ours: each replaces the published one, and new paths are added at the end.
fn replaced(full: &Document, ours: &Value, scope: &Scope, prefix: &str) -> Result<Map, Error> {
    let ours = members(ours, "paths");
    let known: Vec<String> = ours.keys().map(|path| path.to_string()).collect();
    let (base, sites) = scope.sites(full, &known).ok_or_else(|| scope.nothing_of(full))?;
    let replaced: BTreeMap<&Text, String> = sites
        .into_iter()
        .filter(|(site, ..)| !site.left_out && scope.has_root(&site.path) && known.contains(&site.path))
        .filter_map(|(site, path, _)| Some((path, base.with(&site.path)?)))
        .collect();
    if replaced.is_empty() {
        return Err(scope.nothing_of(full));
    }
    let ours = ours.into_iter().filter_map(|(path, item)| Some((base.with(&path)?, item)));
    let mut ours: Map = ours.collect();
    let published = || full.value["paths"].members();
    let mut taken = BTreeSet::new();
    for (path, item) in published().filter(|(path, _)| !replaced.contains_key(path)) {
        let here = ours.contains_key(path);
        for method in METHODS.iter().filter(|method| !here || item.get(method).is_some()) {
            let id = item.get(method).and_then(|operation| operation["operationId"].as_str());
            taken.extend(id.map(str::to_owned));
        }
    }
    for operation in ours.values_mut().filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        if let Some(Value::String(id)) = operation.get_mut("operationId")
            && taken.contains(id.as_str())
        {
            *id = format!("{}_{id}", prefix.to_lowercase()).into();
        }
    }
    let mut paths = Map::new();
    for (path, item) in published() {
        match replaced.get(path) {
            None => {
                paths.insert(path.clone(), item.clone());
            }
            Some(known) => {
                if let Some(own) = ours.remove(known) {
                    paths.insert(known.clone(), own);
                }
            }
        }
    }
    for (path, own) in ours {
        // A path that is not below a root keeps its own operations.
        match paths.get_mut(&path).and_then(Value::as_object_mut) {
            None => {
                paths.insert(path, own);
            }
            Some(item) => {
                for (method, operation) in own.members() {
                    item.get_or_insert_with(method.clone(), || operation.clone());
                }
            }
        }
    }
    Ok(paths)
}

/// The new names of components, by section and name.
type Names = BTreeMap<(String, String), String>;

/// The new names of our components whose names are taken. A document that was patched before already has
/// them.
fn component_names(full: &Value, ours: &Value, prefix: &str) -> Names {
    let theirs = full.get("components").unwrap_or(&Value::Null);
    let mut names = BTreeMap::new();
    for (section, components) in members(ours, "components") {
        for (name, component) in components.members() {
            let Some(other) = theirs.get(&section).and_then(|all| all.get(name)) else { continue };
            let same = if section == "securitySchemes" {
                scheme_on_the_wire(Some(component), name) == scheme_on_the_wire(Some(other), name)
            } else {
                component == other
            };
            if !same {
                names.insert((section.to_string(), name.to_string()), format!("{prefix}{name}"));
            }
        }
    }
    let mut renamed = ours.clone();
    rename(&mut renamed, &names);
    for ((section, _), new) in &mut names {
        let prefixed = new.clone();
        let ours = &renamed["components"][section.as_str()][prefixed.as_str()];
        let taken = |name: &String| {
            theirs.get(&*section).and_then(|all| all.get(name)).is_some_and(|other| other != ours)
        };
        let mut n = 1;
        while taken(new) {
            n += 1;
            *new = format!("{prefixed}{n}");
        }
    }
    names
}

/// Renames components and all references to them.
fn rename(document: &mut Value, names: &Names) {
    for_each_object(document, &mut |members, shape, _| {
        if let Some(Value::String(reference)) = members.get_mut("$ref") {
            retarget(reference, names);
        }
        match shape.kind() {
            Some(Kind::Discriminator) => {
                let mapping = members.get_mut("mapping").and_then(Value::as_object_mut);
                for target in mapping.into_iter().flat_map(Map::values_mut) {
                    if let Value::String(target) = target {
                        retarget(target, names);
                    }
                }
            }
            Some(Kind::SecurityRequirement) => rename_members(members, "securitySchemes", names),
            Some(Kind::Components) => {
                for (section, components) in members {
                    if let Some(components) = components.as_object_mut() {
                        rename_members(components, section, names);
                    }
                }
            }
            _ => {}
        }
    });
}

fn rename_members(members: &mut Map, section: &str, names: &Names) {
    let renamed = std::mem::take(members).into_iter().map(|(name, member)| {
        let new = names.get(&(section.to_owned(), name.to_string()));
        (new.map_or(name, Text::from), member)
    });
    *members = renamed.collect();
}

fn retarget(reference: &mut Text, names: &Names) {
    let Some(at) = Pointer::parse(reference) else { return };
    let tokens: Vec<String> = at.tokens().map(|token| token.into_owned()).collect();
    if let [components, section, name, rest @ ..] = tokens.as_slice()
        && let Some(new) = names.get(&(section.clone(), name.clone()))
    {
        let at = Pointer::root().key(components).key(section).key(new);
        *reference = rest.iter().fold(at, |at, token| at.key(token)).to_string().into();
    }
}

fn add_components(result: &mut Value, ours: &Value) {
    if !result.get("components").is_some_and(Value::is_object) {
        result["components"] = json!({});
    }
    for (section, components) in members(ours, "components") {
        let all = &mut result["components"][section.as_str()];
        if !all.is_object() {
            *all = json!({});
        }
        if let Some(all) = all.as_object_mut() {
            for (name, component) in components.members() {
                all.get_or_insert_with(name.clone(), || component.clone());
            }
        }
    }
}

/// Writes `patched` as YAML. Unchanged parts keep the text they have in `text`, the text of `full`, including comments.
/// YAML in flow style is rewritten.
///
/// # Errors
/// [`Error::Invalid`], which is not known to happen.
pub fn patched_yaml(full: &Document, text: &str, patched: &Value) -> Result<String, Error> {
    if let Some(spliced) = splice(full, text, patched)
        && Document::parse("spliced", &spliced).is_ok_and(|document| document.value == *patched)
    {
        return Ok(spliced);
    }
    to_yaml(patched)
}

/// The lines of a block-style document by the node they belong to.
struct Blocks<'t> {
    full: &'t Document,
    lines: Vec<&'t str>,
}

impl<'t> Blocks<'t> {
    /// The members of the object at `at` with the lines of each; the last one ends at `end`. `None` if it is not written in block
    /// style.
    fn members(&self, at: &Pointer, end: usize) -> Option<Vec<(Text, std::ops::Range<usize>)>> {
        let members = self.full.value.pointer(at.as_str())?.as_object()?;
        let mut starts = Vec::new();
        for name in members.keys() {
            starts.push(self.full.line(&at.key(name))? as usize - 1);
        }
        let indents: BTreeSet<_> = starts.iter().map(|line| indent(self.lines.get(*line)?)).collect();
        let in_order = starts.windows(2).all(|pair| pair[0] < pair[1]);
        if indents.len() != 1 || !in_order {
            return None;
        }
        let ends = starts.iter().skip(1).copied().chain([end]);
        Some(members.keys().cloned().zip(starts.iter().copied().zip(ends).map(|(a, b)| a..b)).collect())
    }

    fn text(&self, range: std::ops::Range<usize>) -> Option<String> {
        Some(self.lines.get(range)?.concat())
    }

    /// Writes the object `new`, which is at `at` in the old document. Unchanged members keep their text. `depth` is the
    /// number of further levels to compare member by member.
    fn write(
        &self,
        at: &Pointer,
        lines: std::ops::Range<usize>,
        new: &Value,
        depth: usize,
    ) -> Option<String> {
        let members = self.members(at, lines.end)?;
        let first = members.first()?.1.start;
        let indentation = indent(self.lines.get(first)?)?;
        let old = self.full.value.pointer(at.as_str())?;
        let mut text = self.text(lines.start..first)?;
        for (name, value) in new.as_object()? {
            let place = members.iter().find(|(other, _)| other == name).map(|(_, range)| range.clone());
            match place {
                Some(range) if old.get(name) == Some(value) => text += &self.text(range)?,
                Some(range) if depth > 0 => text += &self.write(&at.key(name), range, value, depth - 1)?,
                _ => {
                    if !text.is_empty() && !text.ends_with('\n') {
                        text.push('\n');
                    }
                    for line in to_yaml(&json!({ name.as_str(): value })).ok()?.lines() {
                        let pad = if line.is_empty() { 0 } else { indentation };
                        text += &format!("{:pad$}{line}\n", "");
                    }
                }
            }
        }
        Some(text)
    }
}

fn indent(line: &str) -> Option<usize> {
    line.find(|c: char| c != ' ').filter(|n| !line[*n..].starts_with(['{', '[', '#', '-']))
}

fn splice(full: &Document, text: &str, patched: &Value) -> Option<String> {
    let blocks = Blocks { full, lines: text.split_inclusive('\n').collect() };
    // The document, `components`, and its sections.
    blocks.write(&Pointer::root(), 0..blocks.lines.len(), patched, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "
openapi: 3.0.3
info: {title: All, version: '1'}
paths:
  /a/: {get: {operationId: a, responses: {'200': {description: x}}}}
  /p/{id}/pets/: {get: {operationId: pets_list, responses: {'200': {description: wrong}}}}
  /old/{id}/pets/: {get: {operationId: pets_list_2, responses: {'200': {description: wrong}}}}
  /p/{id}/pets/photos/: {get: {operationId: list_pets, responses: {'200': {description: x}}}}
components:
  schemas: {Error: {type: string}, Pet: {type: object}}
  securitySchemes: {Key: {type: http, scheme: bearer}}
";
    const OURS: &str = "
openapi: 3.0.3
info: {title: Pets, version: '1'}
paths:
  /p/{project}/pets/:
    get:
      operationId: list_pets
      security: [{Key: []}]
      responses:
        '200': {description: right, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
        4XX: {description: refused, content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}
  /me/: {get: {operationId: me, responses: {'200': {description: right}}}}
components:
  schemas: {Error: {type: object}, Pet: {type: object}}
  securitySchemes: {Key: {type: http, scheme: bearer, description: better}}
";

    fn scope() -> Scope {
        serde_json::from_value(serde_json::json!({
            "roots": ["/p/{project}/pets/"],
            "aliases": [{"published": "/old/{id}/", "standsFor": "/p/{id}/", "id": "D1"}],
            "leftOut": [{"path": "/p/{project}/pets/photos/", "why": "later"}],
        }))
        .unwrap()
    }

    fn patched(full: &str) -> Value {
        let full = Document::parse("full.yaml", full).unwrap();
        patch(&full, &Document::parse("ours.yaml", OURS).unwrap(), &scope(), "Pets").unwrap()
    }

    #[test]
    fn our_operations_take_the_place_of_the_published_ones_and_all_else_stays() {
        let result = patched(FULL);
        let paths: Vec<_> = result["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["/a/", "/p/{project}/pets/", "/p/{id}/pets/photos/", "/me/"]);
        let get = &result["paths"]["/p/{project}/pets/"]["get"];
        assert_eq!(get["operationId"], "pets_list_pets", "list_pets is taken by another operation");
        assert_eq!(
            get["responses"]["4XX"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/PetsError"
        );
        assert_eq!(
            get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/Pet"
        );
        assert_eq!(
            result["components"],
            json!({
                "schemas": {"Error": {"type": "string"}, "Pet": {"type": "object"}, "PetsError": {"type": "object"}},
                "securitySchemes": {"Key": {"type": "http", "scheme": "bearer"}},
            })
        );
    }

    #[test]
    fn the_result_has_the_version_of_the_document_and_patching_twice_changes_nothing() {
        let result = patched(&FULL.replace("3.0.3", "3.1.0"));
        assert_eq!(result["openapi"], "3.1.0");
        let again = patched(&crate::to_yaml(&result).unwrap());
        assert_eq!(again, result);
    }

    #[test]
    fn what_stays_is_written_as_it_was_and_flow_style_is_written_anew() {
        let text = "# A comment\nopenapi: 3.0.3\ninfo: {title: All, version: '1'}\npaths:\n  # kept\n  /a/:\n    get: {responses: \
                    {'200': {description: x, x-day: 2026-01-02}}} # too\n  /p/{id}/pets/:\n    get: {responses: {'200': \
                    {description: wrong}}}\ncomponents:\n  schemas:\n    Error: {type: string}  # theirs\n";
        let full = Document::parse("full.yaml", text).unwrap();
        let ours = Document::parse("ours.yaml", OURS).unwrap();
        let result = patch(&full, &ours, &scope(), "Pets").unwrap();
        let written = patched_yaml(&full, text, &result).unwrap();
        for kept in [
            "# A comment\n",
            "  # kept\n  /a/:\n",
            "x-day: 2026-01-02}}} # too\n",
            "    Error: {type: string}  # theirs\n",
        ] {
            assert!(written.contains(kept), "{kept}: {written}");
        }
        assert!(!written.contains("wrong"), "{written}");
        assert_eq!(Document::parse("written", &written).unwrap().value, result);

        let flow = format!("{}\n", full.value);
        let full = Document::parse("full.json", &flow).unwrap();
        let written = patched_yaml(&full, &flow, &result).unwrap();
        assert_eq!(Document::parse("written", &written).unwrap().value, result);
    }

    #[test]
    fn a_document_without_our_paths_is_refused() {
        let full = Document::parse("full.yaml", "openapi: 3.0.3\npaths: {/a/: {}}\n").unwrap();
        let error = patch(&full, &Document::parse("ours.yaml", OURS).unwrap(), &scope(), "Pets").unwrap_err();
        assert!(error.to_string().contains("is this the document of a different API?"), "{error}");
    }
}
