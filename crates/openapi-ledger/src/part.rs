//! Reads only the part of a JSON document that is compared.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::compare::Scope;
use crate::document::{Document, Lines};
use crate::error::Error;
use crate::pointer::{Pointer, add_references};
use crate::value::{Map, Text, Value, sharing_texts};

/// Reads a document for [`compare`](crate::compare::compare()) or [`slice`](crate::slice()). `known` are the paths of the
/// specification. If the document is JSON, paths out of scope and components that no path in scope refers to are null in the
/// result, which saves most of the memory.
///
/// # Errors
/// The errors of [`Document::from_bytes`].
pub fn read_within(
    name: impl Into<String>,
    bytes: &[u8],
    scope: &Scope,
    known: &[String],
) -> Result<Document, Error> {
    let name = name.into();
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match sharing_texts(|| part(&name, text, scope, known)) {
        Some(document) => Ok(document),
        None => Document::from_bytes(name, bytes),
    }
}

/// The members of an object in document order, unparsed.
type Members<'t> = IndexMap<String, &'t RawValue>;

/// Returns `None` if the document cannot be read in part.
fn part(name: &str, text: &str, scope: &Scope, known: &[String]) -> Option<Document> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let lines = Lines::of_json(text)?;
    let root: Members<'_> = serde_json::from_str(text).ok()?;
    let (mut paths, mut components) = (Members::new(), IndexMap::new());
    let mut value = Map::new();
    for (key, raw) in root {
        let left_out =
            |members: &Members<'_>| members.keys().map(|name| (name.clone(), Value::Null)).collect::<Map>();
        let member = match key.as_str() {
            "paths" => {
                paths = serde_json::from_str(raw.get()).ok()?;
                left_out(&paths).into()
            }
            "components" => {
                let mut sections = Map::new();
                for (section, raw) in serde_json::from_str::<Members<'_>>(raw.get()).ok()? {
                    let all: Members<'_> = serde_json::from_str(raw.get()).ok()?;
                    sections.insert(section.clone(), left_out(&all).into());
                    components.insert(section, all);
                }
                sections.into()
            }
            _ => serde_json::from_str(raw.get()).ok()?,
        };
        value.insert(key, member);
    }
    let skeleton = Document::from_value(name, value);
    let (_, sites) = scope.sites(&skeleton, known)?;
    let wanted: BTreeSet<Text> = sites.into_iter().map(|(_, path, _)| path.clone()).collect();
    let mut value = skeleton.value;
    let mut open = Vec::new();
    for (path, raw) in paths.iter().filter(|(path, _)| wanted.contains(path.as_str())) {
        let item: Value = serde_json::from_str(raw.get()).ok()?;
        add_components(&item, &mut open)?;
        value["paths"][path.as_str()] = item;
    }
    let schemes = Pointer::root().key("components").key("securitySchemes");
    open.extend(
        components.get("securitySchemes").into_iter().flat_map(Members::keys).map(|name| schemes.key(name)),
    );
    while let Some(pointer) = open.pop() {
        let tokens: Vec<_> = pointer.tokens().collect();
        let [_, section, name, ..] = tokens.as_slice() else { continue };
        let raw = components.get(&**section).and_then(|all| all.get(&**name));
        let place = value["components"].get_mut(section).and_then(|all| all.get_mut(name));
        if let (Some(raw), Some(place @ Value::Null)) = (raw, place) {
            *place = serde_json::from_str(raw.get()).ok()?;
            add_components(place, &mut open)?;
        }
    }
    Document::from_part(name, lines, value)
}

/// Adds the components that `value` may refer to. Returns `None` if it may refer to another part of the document.
fn add_components(value: &Value, components: &mut Vec<Pointer>) -> Option<()> {
    let mut references = Vec::new();
    add_references(value, &mut references);
    for text in references.into_iter().filter(|text| text.starts_with('#')) {
        let pointer = Pointer::parse(text)?;
        if pointer.tokens().next().as_deref() != Some("components") {
            return None;
        }
        components.push(pointer);
    }
    Some(())
}
