//! Overlay 1.0 documents, applied strictly: an action that does not bite is an error.
//!
//! The standard lets a target that matches nothing pass. A correction of somebody else's
//! description must not: the day the defect is gone, or has moved, the correction is stale and
//! somebody has to look. So each action says how many nodes it corrects, and has to change them.

use std::cmp::Reverse;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::document::Document;
use crate::error::Error;
use crate::lint::text::json_type;
use crate::pointer::Pointer;

/// One overlay document, with what its file looked like.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The file's name.
    pub name: String,
    /// The actions in the order in which they are applied.
    pub actions: Vec<Action>,
}

/// One change, ready to be applied.
#[derive(Clone, Debug)]
pub struct Action {
    /// Which action of which file.
    pub site: ActionSite,
    /// What it does, in one line.
    pub description: Option<String>,
    /// The RFC 9535 query as written.
    pub target: String,
    /// What is said about the correction, where the author said something.
    pub correction: Option<Correction>,
    query: JsonPath,
    change: Change,
}

/// The place of an action: `20-list.yaml:12 action 3 (D32)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionSite {
    /// The overlay's file.
    pub file: String,
    /// Which action of the file, from 1.
    pub number: usize,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// The ids of its correction, joined by `, `; empty without one.
    pub ids: String,
}

impl fmt::Display for ActionSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, " action {}", self.number)?;
        if !self.ids.is_empty() {
            write!(f, " ({})", self.ids)?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Change {
    Update(Value),
    Remove,
}

/// Why a correction exists and how long it holds: the `x-correction` member of an action.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The defect or defects it corrects, such as `D01` or `[D14, D25]`. Ids that begin with `S`
    /// are choices of this project, not defects of the vendor.
    pub id: Ids,
    /// Why the published description is wrong.
    pub why: String,
    /// What proves it.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub evidence: Vec<String>,
    /// Since when the server behaves as corrected: a year or a date.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<String>,
    /// Until when it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<String>,
    /// How many nodes the target must match, at least 1.
    #[schemars(range(min = 1))]
    pub expect: usize,
}

fn at_least_one<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let evidence = Vec::<String>::deserialize(deserializer)?;
    if evidence.is_empty() {
        return Err(serde::de::Error::custom("`evidence` is empty; name at least one proof"));
    }
    Ok(evidence)
}

/// One id or a list of them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(untagged)]
pub enum Ids {
    /// `id: D01`
    One(String),
    /// `id: [D14, D25]`
    Many(Vec<String>),
}

impl Ids {
    /// The ids in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(id) => std::slice::from_ref(id).iter(),
            Self::Many(ids) => ids.iter(),
        }
        .map(String::as_str)
    }
}

/// The members of an overlay document, for editors: `JsonSchema` becomes
/// `spec/corrections.schema.json`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A correction: an Overlay 1.0 document whose actions carry evidence")]
pub(crate) struct OverlayFile {
    /// The version of the Overlay specification.
    #[schemars(regex(pattern = r"^1\.0\.\d+$"))]
    overlay: String,
    /// What the overlay is.
    #[serde(rename = "info")]
    _info: OverlayInfo,
    /// The document it is meant for.
    #[serde(rename = "extends", default)]
    _extends: Option<String>,
    /// The changes, in order.
    #[schemars(length(min = 1))]
    actions: Vec<ActionFile>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OverlayInfo {
    /// The topic.
    #[serde(rename = "title")]
    _title: String,
    /// The overlay's own version.
    #[serde(rename = "version")]
    _version: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ActionFile {
    /// An RFC 9535 JSONPath query. It should match the wrong value only, so that it fails once the
    /// value is right.
    #[schemars(regex(pattern = r"^\$"))]
    target: String,
    /// What the action does, in one line.
    #[serde(default)]
    description: Option<String>,
    /// Merged into each matched object, appended to each matched array.
    #[serde(default, deserialize_with = "present")]
    update: Option<Value>,
    /// Removes each matched node.
    #[serde(default)]
    remove: bool,
    /// Why the correction exists.
    #[serde(rename = "x-correction", default)]
    correction: Option<Correction>,
}

/// Tells `update: null` from no `update`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Overlay {
    /// Understands a document as an overlay.
    ///
    /// # Errors
    /// [`Error::Unsuitable`] with the place, when it is no Overlay 1.0 document, an action has
    /// neither or both of `update` and `remove`, or a target is no RFC 9535 query.
    ///
    /// ```
    /// use posthog_groups_spec::{Document, Overlay};
    ///
    /// let text = "overlay: 1.0.0\ninfo: {title: T, version: 1.0.0}\nactions:\n- {target: $.info, remove: true}\n";
    /// let overlay = Overlay::from_document(&Document::parse("t.yaml", text)?)?;
    /// assert_eq!(overlay.actions[0].target, "$.info");
    /// # Ok::<(), posthog_groups_spec::Error>(())
    /// ```
    pub fn from_document(document: &Document) -> Result<Self, Error> {
        let unsuitable =
            |pointer: &Pointer, reason: String| Error::Unsuitable { place: document.place(pointer), reason };
        let root = Pointer::root();
        let file = OverlayFile::deserialize(&document.value).map_err(|e| {
            unsuitable(&culprit(&document.value), format!("not an Overlay 1.0 document: {e}"))
        })?;
        if !file.overlay.starts_with("1.0.") {
            let reason = format!("Overlay {} is not supported; write `overlay: 1.0.0`", file.overlay);
            return Err(unsuitable(&root.key("overlay"), reason));
        }
        let mut actions = Vec::with_capacity(file.actions.len());
        for (n, action) in file.actions.into_iter().enumerate() {
            let at = root.key("actions").index(n);
            let query = JsonPath::parse(&action.target).map_err(|e| {
                unsuitable(&at.key("target"), format!("`{}` is no RFC 9535 query: {e}", action.target))
            })?;
            let change = match (action.update, action.remove) {
                (Some(update), false) => Change::Update(update),
                (None, true) => Change::Remove,
                _ => return Err(unsuitable(&at, "an action has either `update` or `remove: true`".into())),
            };
            let ids = action.correction.iter().flat_map(|c| c.id.iter()).collect::<Vec<_>>().join(", ");
            actions.push(Action {
                site: ActionSite {
                    file: document.name.clone(),
                    number: n + 1,
                    line: document.line(&at),
                    ids,
                },
                description: action.description,
                target: action.target,
                correction: action.correction,
                query,
                change,
            });
        }
        Ok(Self { name: document.name.clone(), actions })
    }

    /// The JSON Schema of correction files, for editors and other validators.
    pub fn json_schema() -> Value {
        schemars::schema_for!(OverlayFile).to_value()
    }
}

/// Which node of a malformed overlay to point at: the first action that does not parse, or the root.
fn culprit(overlay: &Value) -> Pointer {
    let actions = overlay.get("actions").and_then(Value::as_array);
    actions
        .and_then(|actions| actions.iter().position(|action| ActionFile::deserialize(action).is_err()))
        .map_or_else(Pointer::root, |n| Pointer::root().key("actions").index(n))
}

/// An action that did not bite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{site}: never applied: {reason}; target {target}")]
pub struct NeverApplied {
    /// Which action.
    pub site: ActionSite,
    /// Its target.
    pub target: String,
    /// What happened instead.
    pub reason: Reason,
}

/// Why an action did not bite.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The target matched another number of nodes than the action declares.
    Count {
        /// What `x-correction.expect` says; without one, any number but 0 is fine.
        expected: Option<usize>,
        /// What the target matched.
        found: usize,
    },
    /// All matched nodes have the corrected value already.
    Unchanged,
    /// The action does not fit the node: a text cannot be removed by Overlay 1.0, nor an object merged into
    /// a list's entry that is text.
    Mismatch {
        /// The node.
        pointer: Pointer,
        /// What it is.
        found: &'static str,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { expected, found } => {
                match expected {
                    Some(expected) => write!(f, "expected {expected} node(s), found {found}")?,
                    None => write!(f, "expected at least 1 node, found {found}")?,
                }
                f.write_str(" (has upstream changed? then adapt or delete the action)")
            }
            Self::Unchanged => {
                f.write_str("the document has the value already (repaired upstream? then delete the action)")
            }
            Self::Mismatch { pointer, found } => {
                write!(
                    f,
                    "{pointer} is {found}; Overlay 1.0 updates and removes only objects and arrays, and merges only objects into objects (target what holds it)"
                )
            }
        }
    }
}

/// Applies overlays in order. All or nothing: with an error, `document` counts as untouched.
///
/// ```
/// use posthog_groups_spec::{Document, Overlay, apply};
/// use serde_json::json;
///
/// let text = "overlay: 1.0.0\ninfo: {title: T, version: 1.0.0}\nactions:\n- {target: $.info, update: {title: New}}\n";
/// let overlay = Overlay::from_document(&Document::parse("t.yaml", text)?)?;
/// let corrected = apply(&json!({"info": {"title": "Old"}}), &[overlay]);
/// assert_eq!(corrected, Ok(json!({"info": {"title": "New"}})));
/// # Ok::<(), posthog_groups_spec::Error>(())
/// ```
///
/// # Errors
/// Every action that did not bite, in order; never an empty list.
pub fn apply(document: &Value, overlays: &[Overlay]) -> Result<Value, Vec<NeverApplied>> {
    let (corrected, stale) = apply_leniently(document, overlays);
    if stale.is_empty() { Ok(corrected) } else { Err(stale) }
}

/// Applies what can be applied, and says what did not bite: for reports.
pub fn apply_leniently(document: &Value, overlays: &[Overlay]) -> (Value, Vec<NeverApplied>) {
    let mut corrected = document.clone();
    let mut stale = Vec::new();
    for action in overlays.iter().flat_map(|overlay| &overlay.actions) {
        if let Err(reason) = action.apply(&mut corrected) {
            stale.push(NeverApplied { site: action.site.clone(), target: action.target.clone(), reason });
        }
    }
    (corrected, stale)
}

impl Action {
    /// Whether the action touches nothing but descriptions, summaries and titles: then it states a
    /// fact that a schema cannot express.
    pub(crate) fn changes_prose_only(&self) -> bool {
        matches!(&self.change, Change::Update(update) if is_prose(update))
    }

    /// The nodes that the target matches.
    pub(crate) fn matches(&self, document: &Value) -> Vec<Pointer> {
        let found = self.query.query_located(document);
        found.locations().map(|path| Pointer::parse(&path.to_json_pointer()).unwrap_or_default()).collect()
    }

    /// The action with other names in its target, given as old and new; `None` when it has none of them.
    pub(crate) fn retargeted(&self, names: &[(String, String)]) -> Option<Self> {
        let quoted = |name: &str| format!("'{name}'");
        let target = names
            .iter()
            .fold(self.target.clone(), |target, (old, new)| target.replace(&quoted(old), &quoted(new)));
        let query = JsonPath::parse(&target).ok().filter(|_| target != self.target)?;
        Some(Self { target, query, ..self.clone() })
    }

    /// The action for another number of nodes.
    pub(crate) fn expecting(&self, expect: usize) -> Self {
        let correction = self.correction.clone().map(|correction| Correction { expect, ..correction });
        Self { correction, ..self.clone() }
    }

    /// Whether the node at `at` is already as this action would leave it.
    pub(crate) fn is_done_at(&self, document: &Value, at: &Pointer, words: Words) -> bool {
        match &self.change {
            Change::Remove => {
                let holder = at.parent().and_then(|parent| document.pointer(parent.as_str()));
                holder.is_some_and(Value::is_object) && document.pointer(at.as_str()).is_none()
            }
            Change::Update(update) => match (document.pointer(at.as_str()), update) {
                (Some(Value::Object(members)), Value::Object(update)) => {
                    let mut update = update.clone();
                    if words == Words::Skip {
                        without_words(&mut update);
                    }
                    !update.is_empty() && !merge(&mut members.clone(), &update)
                }
                (Some(Value::Array(items)), entry) => items.contains(entry),
                _ => false,
            },
        }
    }

    pub(crate) fn apply(&self, document: &mut Value) -> Result<(), Reason> {
        let mut found = self.matches(document);
        let expected = self.correction.as_ref().map(|c| c.expect);
        if found.is_empty() || expected.is_some_and(|expected| expected != found.len()) {
            return Err(Reason::Count { expected, found: found.len() });
        }
        // Overlay 1.0 has actions select objects and arrays only; other tools refuse the rest.
        let primitive = |pointer: &&Pointer| !document.pointer(pointer.as_str()).is_some_and(is_container);
        if let Some(pointer) = found.iter().find(primitive) {
            let found = document.pointer(pointer.as_str()).map_or("nothing", json_type);
            return Err(Reason::Mismatch { pointer: pointer.clone(), found });
        }
        match &self.change {
            Change::Remove => {
                // Deepest and last first, so that the places of the others stay right.
                found.sort_by_key(|pointer| Reverse((pointer.tokens().count(), last_index(pointer))));
                found.iter().for_each(|pointer| remove(document, pointer));
                Ok(())
            }
            Change::Update(update) => {
                let mut changed = false;
                for pointer in &found {
                    let Some(node) = document.pointer_mut(pointer.as_str()) else { continue };
                    changed |= merge_target(node, update).ok_or_else(|| Reason::Mismatch {
                        pointer: pointer.clone(),
                        found: json_type(node),
                    })?;
                }
                if changed { Ok(()) } else { Err(Reason::Unchanged) }
            }
        }
    }
}

/// Whether descriptions count when an action is compared with what is there: a slice has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Count,
    Skip,
}

fn without_words(update: &mut Map<String, Value>) {
    update.retain(|key, member| {
        !matches!(key.as_str(), "description" | "summary" | "example") || member.is_object()
    });
    for member in update.values_mut() {
        if let Value::Object(members) = member {
            without_words(members);
        }
    }
}

fn is_prose(update: &Value) -> bool {
    let Value::Object(members) = update else { return false };
    members.iter().all(|(key, member)| match key.as_str() {
        "description" | "summary" => member.is_string(),
        _ => is_prose(member),
    })
}

fn last_index(pointer: &Pointer) -> usize {
    pointer.tokens().last().and_then(|token| token.parse().ok()).unwrap_or(0)
}

fn remove(document: &mut Value, pointer: &Pointer) {
    let Some(parent) = pointer.parent().and_then(|parent| document.pointer_mut(parent.as_str())) else {
        return;
    };
    let Some(last) = pointer.tokens().last() else { return };
    match parent {
        Value::Object(members) => {
            members.shift_remove(last.as_ref());
        }
        Value::Array(items) => {
            if let Some(n) = last.parse().ok().filter(|n| *n < items.len()) {
                items.remove(n);
            }
        }
        _ => {}
    }
}

/// Whether the node changed; `None` when the update does not fit it.
fn merge_target(node: &mut Value, update: &Value) -> Option<bool> {
    match (node, update) {
        (Value::Object(members), Value::Object(update)) => Some(merge(members, update)),
        (Value::Array(items), entry) => {
            items.push(entry.clone());
            Some(true)
        }
        _ => None,
    }
}

fn merge(members: &mut Map<String, Value>, update: &Map<String, Value>) -> bool {
    let mut changed = false;
    for (name, new) in update {
        match (members.get_mut(name), new) {
            (Some(Value::Object(old)), Value::Object(new)) => changed |= merge(old, new),
            (Some(Value::Array(old)), Value::Array(new)) => {
                changed |= !new.is_empty();
                old.extend(new.iter().cloned());
            }
            (Some(old), new) if old == new => {}
            _ => {
                members.insert(name.clone(), new.clone());
                changed = true;
            }
        }
    }
    changed
}

fn is_container(value: &Value) -> bool {
    value.is_object() || value.is_array()
}
