//! Compares two versions of a document and classifies each change.
//!
//! Operations are matched by method and path, parameters by location and name, and schemas by following `$ref`. The order
//! of unordered lists is ignored. Each change is one of:
//!
//! * **breaking**: a program that is correct by the old version can fail with the new one, either on the wire (a request
//!   is rejected, a response is unexpected) or because regenerated code has different names.
//! * **compatible**: programs keep working. Types in generated code may still become stricter, for example if a response is no
//!   longer nullable; the reason says so.
//! * **documentation**: texts and examples.
//!
//! Requests and responses are judged separately: requests that were allowed must stay allowed, and responses must stay
//! within what was described. A schema used by many operations is compared once for each direction.
//!
//! A change that is not understood counts as breaking (`unclassified`).

mod bodies;
mod components;
mod composition;
mod facets;
mod kinds;
mod objects;
mod operations;
mod parameters;
mod render;
mod schemas;
mod security;
mod tree;
mod unchanged;
mod values;
mod version;
mod whole;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::value::Value;
use serde::Serialize;

pub use kinds::{Kind, kinds};
pub use version::{VersionCheck, check_version};

use crate::convert::to_3_0;
use crate::document::Document;
use crate::error::Error;
use crate::lint::check_operations;
use crate::marks::Marks;
use crate::pointer::Pointer;
use crate::version::Version as OpenApi;
use facets::became;
use tree::Side;
use unchanged::Unchanged;

/// The effect of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// A program that is correct according to the old version can fail with the new one.
    Breaking,
    /// Programs keep working.
    Compatible,
    /// Only texts and examples changed.
    Documentation,
}

impl Effect {
    /// The version step that a change with this effect requires.
    ///
    /// ```
    /// use openapi_ledger::diff::{Effect, Step};
    ///
    /// assert_eq!(Effect::Compatible.step(), Step::Minor);
    /// ```
    pub fn step(self) -> Step {
        match self {
            Self::Breaking => Step::Major,
            Self::Compatible => Step::Minor,
            Self::Documentation => Step::Patch,
        }
    }
}

/// A step of a semantic version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The third number.
    Patch,
    /// The second number.
    Minor,
    /// The first number.
    Major,
}

/// The direction of the data that a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the caller to the server.
    Request,
    /// From the server to the reader.
    Response,
}

const REQUEST: Option<Direction> = Some(Direction::Request);

/// Who is affected by a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// A program that sends requests.
    Caller,
    /// A program that decodes responses.
    Reader,
    /// A program that is compiled against generated code.
    GeneratedCode,
}

/// An operation that a change affects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// The method, in upper case.
    pub method: String,
    /// The path template.
    pub path: String,
    /// The `operationId`, if there is one. If both documents have the operation, that of the old one.
    pub operation_id: Option<String>,
}

/// One of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// The old document.
    Old,
    /// The new document.
    New,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The name of its [`Kind`].
    pub kind: &'static str,
    /// Its effect.
    pub effect: Effect,
    /// The version step that it requires.
    pub step: Step,
    /// The direction of the data, if it matters.
    pub direction: Option<Direction>,
    /// Who is affected, if it is breaking.
    pub who: Vec<Who>,
    /// The operations that are affected, by path and method. None for a change of the document itself
    /// or of a component that no operation uses.
    pub operations: Vec<Operation>,
    /// The document that `pointer` refers to: the new one, or the old one for something that was removed.
    pub document: Version,
    /// The node.
    pub pointer: Pointer,
    /// Its line, if the document was parsed from text.
    pub line: Option<u32>,
    /// The place in the API, independent of list order and component names: `parameters.search.required`, `responses.200.results[].name`.
    pub place: String,
    /// The value in the old document, if it has the node.
    pub old: Option<Value>,
    /// The value in the new document, if it has the node.
    pub new: Option<Value>,
    /// What changed.
    pub message: String,
    /// Why it is breaking or not.
    pub why: String,
}

/// All changes between two documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The older document.
    pub old: Described,
    /// The newer document.
    pub new: Described,
    /// The changes: the breaking ones first, then by place.
    pub changes: Vec<Change>,
}

/// The identity of one of the documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Described {
    /// The name of the document.
    pub name: String,
    /// Its `info.version`.
    pub version: Option<String>,
}

impl Diff {
    /// The most severe effect; `None` if nothing changed.
    pub fn effect(&self) -> Option<Effect> {
        self.changes.iter().map(|change| change.effect).min()
    }

    /// The greatest step that a change requires; `None` if nothing changed.
    pub fn step(&self) -> Option<Step> {
        self.changes.iter().map(|change| change.step).max()
    }

    /// The number of changes with this effect.
    pub fn count(&self, effect: Effect) -> usize {
        self.changes.iter().filter(|change| change.effect == effect).count()
    }
}

/// Compares two OpenAPI documents, 3.0 or 3.1. A document of 3.1 is compared by its 3.0 form. `marks` are the
/// extensions whose meaning is known.
///
/// ```
/// use openapi_ledger::{Document, Marks, diff::{Effect, diff}};
///
/// let text = "
/// openapi: 3.0.3
/// info: {title: Pets, version: 1.0.0}
/// paths:
///   /pets: {get: {operationId: list_pets, responses: {'200': {description: Fine}}}}
/// ";
/// let old = Document::parse("old.yaml", text)?;
/// let new = Document::parse("new.yaml", &text.replace("list_pets", "pets_list"))?;
/// let diff = diff(&old, &new, &Marks::default())?;
/// assert_eq!(diff.changes[0].kind, "operation-id-changed");
/// assert_eq!(diff.effect(), Some(Effect::Breaking));
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsuitable`] if one of them is not an OpenAPI document or uses a keyword of 3.1 without an equivalent in 3.0,
/// or if they have no operation in common.
pub fn diff(old: &Document, new: &Document, marks: &Marks) -> Result<Diff, Error> {
    let (old_value, new_value) = (as_3_0(old)?, as_3_0(new)?);
    let mut comparison = Comparison::new(Side::new(&old_value), Side::new(&new_value), marks);
    whole::compare(&mut comparison, &old.value, &new.value);
    let matched = operations::compare(&mut comparison);
    if matched.none_in_common() {
        let reason = format!(
            "no operation in common with {} ({} there, {} here); is it the description of a different API?",
            old.name, matched.old, matched.new
        );
        return Err(new.unsuitable(&Pointer::root().key("paths"), reason));
    }
    components::compare(&mut comparison);
    Ok(comparison.finish(old, new))
}

/// The changes between two normalised documents, in which parameters and alternatives with the same meaning have the same
/// names.
pub(crate) fn structure(old: &Value, new: &Value, marks: &Marks) -> Vec<Change> {
    let mut comparison = Comparison::new(Side::new(old), Side::new(new), marks);
    comparison.exact = true;
    operations::compare(&mut comparison);
    let (old, new) =
        (Document::from_value("published", old.clone()), Document::from_value("ours", new.clone()));
    comparison.finish(&old, &new).changes
}

/// Returns the place of the node at `at` within its operation.
pub(crate) fn place(document: &Value, at: &Pointer) -> String {
    Side::new(document).place(at)
}

/// Returns the address of the definition that the node at `at` refers to. Returns `None` if there is no such node or its
/// reference leads nowhere.
pub(crate) fn definition(document: &Value, at: Pointer) -> Option<Pointer> {
    let value = document.pointer(at.as_str())?;
    let node = Side::new(document).resolve(Node { value, at }).node;
    node.text("$ref").is_none().then_some(node.at)
}

fn as_3_0(document: &Document) -> Result<Cow<'_, Value>, Error> {
    Ok(match check_operations(document)? {
        OpenApi::V3_0 => Cow::Borrowed(&document.value),
        OpenApi::V3_1 => Cow::Owned(to_3_0(document)?),
    })
}

/// A node of one document.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    value: &'a Value,
    at: Pointer,
}

static ABSENT: Value = Value::Null;

impl<'a> Node<'a> {
    /// The member `name`, or null if there is none.
    fn key(&self, name: &str) -> Self {
        Self { value: self.value.get(name).unwrap_or(&ABSENT), at: self.at.key(name) }
    }

    fn get(&self, name: &str) -> Option<Self> {
        self.value.get(name).map(|value| Self { value, at: self.at.key(name) })
    }

    fn index(&self, n: usize) -> Self {
        Self { value: &self.value[n], at: self.at.index(n) }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.value[name].as_str()
    }

    fn flag(&self, name: &str) -> bool {
        self.value[name].as_bool().unwrap_or(false)
    }

    fn members(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let at = self.at.clone();
        let members = self.value.members();
        members.map(move |(name, value)| (name.as_str(), Node { value, at: at.key(name) }))
    }

    fn items(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let at = self.at.clone();
        let items = self.value.items().iter();
        items.enumerate().map(move |(n, value)| Node { value, at: at.index(n) })
    }
}

/// A node in both documents, null where a document does not have it, and the direction of its data.
#[derive(Clone, Debug)]
pub(crate) struct Pair<'a> {
    old: Node<'a>,
    new: Node<'a>,
    direction: Option<Direction>,
}

/// The node in each document that has it.
type Sides<'a> = (Option<Node<'a>>, Option<Node<'a>>);

impl<'a> Pair<'a> {
    fn with(self, direction: Option<Direction>) -> Self {
        Self { direction, ..self }
    }

    fn key(&self, name: &str) -> Self {
        Self { old: self.old.key(name), new: self.new.key(name), direction: self.direction }
    }

    fn get(&self, name: &str) -> Sides<'a> {
        (self.old.get(name), self.new.get(name))
    }

    fn values(&self, name: &str) -> (Option<&'a Value>, Option<&'a Value>) {
        (self.old.value.get(name), self.new.value.get(name))
    }

    fn flags(&self, name: &str) -> (bool, bool) {
        (self.old.flag(name), self.new.flag(name))
    }

    /// The names of all members.
    fn names(&self) -> BTreeSet<&'a str> {
        self.old.members().chain(self.new.members()).map(|(name, _)| name).collect()
    }

    /// The members by a form of their names.
    fn members_by(&self, form: impl Fn(&str) -> String) -> BTreeMap<String, Sides<'a>> {
        let mut members: BTreeMap<String, Sides<'a>> = BTreeMap::new();
        for (name, node) in self.old.members() {
            members.entry(form(name)).or_default().0 = Some(node);
        }
        for (name, node) in self.new.members() {
            members.entry(form(name)).or_default().1 = Some(node);
        }
        members
    }

    /// The location of the node, which both documents have.
    fn at(&self) -> At {
        At { old: Some(self.old.at.clone()), new: Some(self.new.at.clone()), direction: self.direction }
    }

    /// The location of the member `name`, whichever document has it.
    fn at_key(&self, name: &str) -> At {
        match self.get(name) {
            (Some(old), None) => At::gone(old.at, self.direction),
            (None, Some(new)) => At::came(new.at, self.direction),
            _ => self.key(name).at(),
        }
    }
}

/// The location of a change in each document that has the node, and the direction of the data.
#[derive(Clone, Debug)]
pub(crate) struct At {
    old: Option<Pointer>,
    new: Option<Pointer>,
    direction: Option<Direction>,
}

impl At {
    fn gone(old: Pointer, direction: Option<Direction>) -> Self {
        Self { old: Some(old), new: None, direction }
    }

    fn came(new: Pointer, direction: Option<Direction>) -> Self {
        Self { old: None, new: Some(new), direction }
    }

    /// The pointer to report: into the new document, unless the node was removed.
    fn shown(&self) -> (Version, Pointer) {
        match (&self.old, &self.new) {
            (_, Some(new)) => (Version::New, new.clone()),
            (Some(old), None) => (Version::Old, old.clone()),
            (None, None) => (Version::New, Pointer::root()),
        }
    }
}

/// The effect of a change and the reason.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    effect: Effect,
    who: Vec<Who>,
    why: String,
}

impl Verdict {
    fn breaking(who: impl IntoIterator<Item = Who>, why: impl Into<String>) -> Self {
        Self { effect: Effect::Breaking, who: who.into_iter().collect(), why: why.into() }
    }

    fn compatible(why: impl Into<String>) -> Self {
        Self { effect: Effect::Compatible, who: Vec::new(), why: why.into() }
    }

    fn documentation() -> Self {
        Self {
            effect: Effect::Documentation,
            who: Vec::new(),
            why: "text only; no program depends on it".into(),
        }
    }
}

/// The properties of a change that do not identify it.
struct Found {
    verdict: Verdict,
    at: At,
    operations: BTreeSet<Operation>,
}

#[derive(PartialEq, Eq, Hash)]
struct Identity {
    kind: &'static str,
    place: (Version, Pointer),
    direction: Option<Direction>,
    message: String,
}

/// The state of a comparison of two documents.
pub(crate) struct Comparison<'a> {
    old: Side<'a>,
    new: Side<'a>,
    /// The operation under comparison.
    current: Option<Operation>,
    found: HashMap<Identity, Found>,
    /// The pairs of schemas that have been compared for the current operation.
    seen: HashSet<(Pointer, Pointer, Option<Direction>)>,
    /// Referenced schemas that are still to be compared. They are queued because a chain of references may be too long for the
    /// stack.
    pending: Vec<Pair<'a>>,
    /// The components that an operation refers to.
    reached: HashSet<(Version, Pointer)>,
    /// Components whose references were followed from one name to another.
    renamed: HashSet<(Pointer, Pointer)>,
    /// Whether names are matched exactly: a renamed parameter is a different parameter, and a status range does not cover
    /// single statuses.
    exact: bool,
    /// The parts that do not have to be compared.
    unchanged: Unchanged,
    /// The extensions whose meaning is known.
    marks: &'a Marks,
}

impl<'a> Comparison<'a> {
    fn new(old: Side<'a>, new: Side<'a>, marks: &'a Marks) -> Self {
        Self {
            old,
            new,
            current: None,
            found: HashMap::new(),
            seen: HashSet::new(),
            pending: Vec::new(),
            reached: HashSet::new(),
            renamed: HashSet::new(),
            exact: false,
            unchanged: Unchanged::between(old.root().value, new.root().value),
            marks,
        }
    }

    /// Sets the operation of all further changes.
    fn enter(&mut self, operation: Option<Operation>) {
        self.current = operation;
        self.seen.clear();
    }

    /// Compares the queued schemas of the operation.
    fn settle(&mut self) {
        while let Some(schemas) = self.pending.pop() {
            self.facets(&schemas);
        }
    }

    fn roots(&self) -> Pair<'a> {
        Pair { old: self.old.root(), new: self.new.root(), direction: None }
    }

    fn resolved(&self, pair: &Pair<'a>) -> Pair<'a> {
        let (old, new) = (self.old.resolve(pair.old.clone()).node, self.new.resolve(pair.new.clone()).node);
        Pair { old, new, direction: pair.direction }
    }

    fn report(&mut self, kind: &Kind, at: At, verdict: Verdict, message: impl Into<String>) {
        let (place, direction) = (at.shown(), at.direction);
        let identity = Identity { kind: kind.name, place, direction, message: message.into() };
        let found =
            self.found.entry(identity).or_insert_with(|| Found { verdict, at, operations: BTreeSet::new() });
        found.operations.extend(self.current.clone());
    }

    /// Reports that the member `name` has another value. `what` is its name in the message.
    fn changed(&mut self, kind: &Kind, pair: &Pair<'a>, name: &str, verdict: Verdict, what: &str) {
        let (old, new) = pair.values(name);
        self.report(kind, pair.at_key(name), verdict, format!("{what} {}", became(old, new)));
    }

    /// Returns a node that both documents have, and reports a node that only one of them has. `what` is its name in the message.
    fn in_both(
        &mut self,
        sides: Sides<'a>,
        direction: Option<Direction>,
        what: &str,
        added: (&Kind, Verdict),
        removed: (&Kind, Verdict),
    ) -> Option<Pair<'a>> {
        match sides {
            (Some(old), Some(new)) => return Some(Pair { old, new, direction }),
            (Some(old), None) => {
                self.report(removed.0, At::gone(old.at, direction), removed.1, format!("{what} was removed"));
            }
            (None, Some(new)) => {
                self.report(added.0, At::came(new.at, direction), added.1, format!("{what} was added"));
            }
            (None, None) => {}
        }
        None
    }

    fn finish(self, old: &Document, new: &Document) -> Diff {
        let (old_root, new_root) = (self.old, self.new);
        let mut changes: Vec<_> = self
            .found
            .into_iter()
            .map(|(identity, Found { verdict, at, operations })| {
                let (document, pointer) = identity.place;
                let (text, side) = if document == Version::Old { (old, old_root) } else { (new, new_root) };
                let value = |side: Side<'_>, at: &Option<Pointer>| {
                    at.as_ref().and_then(|at| side.root().value.pointer(at.as_str())).cloned()
                };
                Change {
                    kind: identity.kind,
                    effect: verdict.effect,
                    step: verdict.effect.step(),
                    direction: identity.direction,
                    who: verdict.who,
                    operations: operations.into_iter().collect(),
                    document,
                    line: text.line(&pointer),
                    place: side.place(&pointer),
                    old: value(old_root, &at.old),
                    new: value(new_root, &at.new),
                    pointer,
                    message: identity.message,
                    why: verdict.why,
                }
            })
            .collect();
        changes.sort_by(|a, b| {
            let key =
                |change: &Change| (change.effect, change.pointer.clone(), change.kind, change.direction);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let described = |document: &Document| Described {
            name: document.name.clone(),
            version: document.value.pointer("/info/version").and_then(Value::as_str).map(str::to_owned),
        };
        Diff { old: described(old), new: described(new), changes }
    }
}
