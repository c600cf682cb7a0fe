//! Reading only the part of a JSON document that is compared.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::compare::Scope;
use crate::document::Document;
use crate::error::Error;
use crate::pointer::Pointer;

/// Reads a document for [`compare`](crate::compare::compare()) or [`slice`](crate::slice()). `known` are the paths of the
/// specification. If the document is JSON, paths that are out of scope and components that no path in scope refers to are
/// null in the result, which takes a fraction of the memory.
///
/// # Errors
/// Those of [`Document::from_bytes`].
pub fn read_within(
    name: impl Into<String>,
    bytes: &[u8],
    scope: &Scope,
    known: &[String],
) -> Result<Document, Error> {
    let name = name.into();
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match part(&name, text, scope, known) {
        Some(document) => Ok(document),
        None => Document::from_bytes(name, bytes),
    }
}

/// Returns `None` if the document cannot be read in part.
fn part(name: &str, text: &str, scope: &Scope, known: &[String]) -> Option<Document> {
    // A reference may lead to any path.
    if text.contains("\"#/paths/") {
        return None;
    }
    let Members(root) = serde_json::from_str(text).ok()?;
    let (mut paths, mut components) = (Vec::new(), Vec::new());
    let mut value = Map::new();
    for (key, raw) in root {
        let left_out = |members: &[(String, &RawValue)]| {
            members.iter().map(|(name, _)| (name.clone(), Value::Null)).collect::<Map<_, _>>()
        };
        let member = match key.as_str() {
            "paths" => {
                paths = members(raw)?;
                left_out(&paths).into()
            }
            "components" => {
                let mut sections = Map::new();
                for (section, raw) in members(raw)? {
                    let all = members(raw)?;
                    sections.insert(section.clone(), left_out(&all).into());
                    components.push((section, all));
                }
                sections.into()
            }
            _ => serde_json::from_str(raw.get()).ok()?,
        };
        value.insert(key, member);
    }
    let skeleton = Document::from_value(name, value.into());
    let (_, sites) = scope.sites(&skeleton, known)?;
    let wanted: Vec<String> = sites.into_iter().map(|(_, path, _)| path.clone()).collect();
    let mut value = skeleton.value;
    let mut open = Vec::new();
    for (path, raw) in paths.iter().filter(|(path, _)| wanted.iter().any(|wanted| wanted == path)) {
        let item: Value = serde_json::from_str(raw.get()).ok()?;
        add_references(&item, &mut open);
        value["paths"][path] = item;
    }
    let names = |(section, all): &(String, Vec<(String, &RawValue)>)| {
        let at = Pointer::root().key("components").key(section);
        all.iter().map(|(name, _)| at.key(name)).collect::<Vec<_>>()
    };
    open.extend(components.iter().filter(|(section, _)| section == "securitySchemes").flat_map(names));
    while let Some(pointer) = open.pop() {
        let tokens: Vec<_> = pointer.tokens().collect();
        let [_, section, name, ..] = tokens.as_slice() else { continue };
        let all = components.iter().find(|(other, _)| other == section).map(|(_, all)| all);
        let raw = all.and_then(|all| all.iter().find(|(other, _)| other == name));
        let Some(place) = value["components"].get_mut(&**section).and_then(|all| all.get_mut(&**name)) else {
            continue;
        };
        if let (Some((_, raw)), true) = (raw, place.is_null()) {
            *place = serde_json::from_str(raw.get()).ok()?;
            add_references(place, &mut open);
        }
    }
    Document::from_part(name, text, value)
}

/// Adds the components that the texts below `value` may refer to: `$ref`, and `mapping` of discriminators.
fn add_references(value: &Value, references: &mut Vec<Pointer>) {
    match value {
        Value::String(text) if text.starts_with("#/components/") => references.extend(Pointer::parse(text)),
        Value::Object(members) => members.values().for_each(|member| add_references(member, references)),
        Value::Array(items) => items.iter().for_each(|item| add_references(item, references)),
        _ => {}
    }
}

/// The members of an object in document order, unparsed.
struct Members<'t>(Vec<(String, &'t RawValue)>);

fn members(raw: &RawValue) -> Option<Vec<(String, &RawValue)>> {
    serde_json::from_str(raw.get()).ok().map(|Members(members)| members)
}

impl<'de: 't, 't> Deserialize<'de> for Members<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = access.next_key::<String>()? {
                    members.push((name, access.next_value()?));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
