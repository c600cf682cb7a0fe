//! Compares a published document with a hand-corrected specification.
//!
//! Both documents are normalised and compared by the engine of [`diff`]. Every difference is looked up in the
//! [`Ledger`]; a difference without an entry is a finding.

mod causes;
mod describe;
mod index;
mod ledger;
mod normalize;
mod render;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use crate::json;
use crate::value::{Map, Value};
use serde::Serialize;

pub use ledger::{Account, Alias, Defect, Ledger, LeftOut, OneOrMany, Scope};
pub use state::State;

use crate::diff::{self, Change};
use crate::document::Document;
use crate::error::Error;
use crate::lint::check_operations;
use crate::marks::Marks;
use crate::pointer::Pointer;
use crate::write::to_yaml;
use index::Index;
pub(crate) use normalize::scheme_on_the_wire;
use normalize::{Normalized, Operation, READ_ONLY, REQUIRED, SCOPES, WRITE_ONLY};

/// The value of a place that is missing.
const ABSENT: &str = "absent";

/// One difference between a published document and the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Method and path, as the specification writes them.
    pub operation: String,
    /// The path in the published document, if it differs.
    pub published_path: Option<String>,
    /// The place within the operation.
    pub place: String,
    /// The kind of the difference.
    pub kind: String,
    /// The published value, described in one line.
    pub published: String,
    /// The value in the specification.
    pub ours: String,
    /// The line of the operation in the published document.
    pub line: Option<u32>,
    /// The published value as a ledger entry states it: the value itself, or its digest if it is long.
    pub pin: String,
    /// Differences with the same cause, such as a shared component. Serialized as operation and place.
    #[serde(serialize_with = "as_places")]
    pub also: Vec<Difference>,
    /// What to add to the specification, as YAML, if the published document is right. Only for optional members and
    /// parameters that the specification lacks.
    pub edit: Option<String>,
    /// The operation in the published document, if it has one.
    #[serde(skip)]
    at: Option<Pointer>,
}

impl Difference {
    /// Iterates over the difference and those folded into it.
    fn members(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.also)
    }

    /// Operation and place, as one text.
    fn site(&self) -> String {
        format!("{} at `{}`", self.operation, self.place)
    }
}

fn as_places<S: serde::Serializer>(also: &[Difference], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(also.iter().map(Difference::site))
}

/// The result of comparing a published document with the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The name of the published document.
    pub document: String,
    /// The number of operations that were compared.
    pub operations: usize,
    /// The differences accounted for, by the id of the defect.
    pub accounted: BTreeMap<String, Vec<Difference>>,
    /// The differences that no defect accounts for.
    pub findings: Vec<Difference>,
    /// The state of each defect in this document.
    pub states: BTreeMap<String, State>,
    /// The published paths that the ledger omits.
    pub left_out: BTreeSet<String>,
    /// What changed since an earlier document, if one was given.
    pub since: Option<Since>,
}

/// What changed between two published documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Since {
    /// The name of the earlier document.
    pub document: String,
    /// Defects that only the earlier document has.
    pub repaired: Vec<String>,
    /// Defects that only this document has.
    pub newly_wrong: Vec<String>,
}

impl Comparison {
    /// Returns `true` if every difference is accounted for.
    pub fn is_accounted_for(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds what changed since an earlier document was published.
    pub fn relative_to(&mut self, earlier: &Self) {
        let wrong =
            |comparison: &Self, id: &str| comparison.states.get(id).is_some_and(|state| state.is_wrong());
        let right = |comparison: &Self, id: &str| comparison.states.get(id) == Some(&State::Agrees);
        let mut since = Since { document: earlier.document.clone(), ..Since::default() };
        for id in self.states.keys() {
            if wrong(earlier, id) && right(self, id) {
                since.repaired.push(id.clone());
            } else if right(earlier, id) && wrong(self, id) {
                since.newly_wrong.push(id.clone());
            }
        }
        self.since = Some(since);
    }
}

/// Compares a published document, complete or a slice, with the specification `ours`.
///
/// # Errors
/// [`Error::Unsuitable`] if one of them is not an OpenAPI document, or if the published one has no path within the
/// ledger's scope or has unresolvable references. [`Error::Invalid`] if two defects account for the same difference.
pub fn compare(published: &Document, ours: &Document, ledger: &Ledger) -> Result<Comparison, Error> {
    check_operations(published)?;
    let known = ours.paths();
    let theirs = normalize::normalize(published, ledger, &known)?;
    let ours = normalize::normalize(ours, ledger, &known)?;
    let (differences, sites) = differences(published, &theirs, &ours);
    let mut accounted: BTreeMap<String, Vec<Difference>> = BTreeMap::new();
    let mut findings = Vec::new();
    for difference in differences {
        let mut owners = ledger
            .defects
            .iter()
            .filter(|defect| defect.accounts.iter().any(|account| account.covers(&difference)));
        match (owners.next(), owners.next()) {
            (None, _) => findings.push(difference),
            (Some(owner), None) => accounted.entry(owner.id.clone()).or_default().push(difference),
            (Some(a), Some(b)) => {
                let reason = format!(
                    "the ledger contradicts itself: {} and {} both account for {} at `{}` of {} ({}); only one of them may",
                    a.id, b.id, difference.kind, difference.place, difference.operation, difference.published
                );
                return Err(Error::Invalid(reason));
            }
        }
    }
    let findings = causes::folded(findings, published);
    let states = ledger
        .defects
        .iter()
        .map(|defect| {
            let own = accounted.get(&defect.id).map_or(&[][..], Vec::as_slice);
            (defect.id.clone(), state::state(defect, own, &sites, &theirs.aliases, &ledger.scope))
        })
        .collect();
    Ok(Comparison {
        document: published.name.clone(),
        operations: theirs.operations.len(),
        accounted,
        findings,
        states,
        left_out: theirs.left_out,
        since: None,
    })
}

/// The places of an operation in both documents.
struct Places {
    operation: String,
    /// Whether the published document has the operation.
    published: bool,
    theirs: BTreeSet<String>,
    ours: BTreeSet<String>,
}

fn differences(
    published: &Document,
    theirs: &Normalized,
    ours: &Normalized,
) -> (Vec<Difference>, Vec<Places>) {
    let mut all = Vec::new();
    let mut sites = Vec::new();
    let same = |a: &Operation, b: &Operation| (&a.path, &a.method) == (&b.path, &b.method);
    for our in &ours.operations {
        let their: Vec<_> = theirs.operations.iter().filter(|their| same(their, our)).collect();
        let our_index = Index::of(our);
        if their.is_empty() {
            all.push(presence(our, None, ABSENT, "present", "operation-added"));
            sites.push(Places {
                operation: name(our),
                published: false,
                theirs: BTreeSet::new(),
                ours: our_index.places().cloned().collect(),
            });
        }
        for their in their {
            let index = Index::of(their);
            all.extend(of_operation(published, their, our, &index, &our_index));
            sites.push(Places {
                operation: name(our),
                published: true,
                theirs: index.places().cloned().collect(),
                ours: our_index.places().cloned().collect(),
            });
        }
    }
    for their in &theirs.operations {
        if !ours.operations.iter().any(|our| same(their, our)) {
            let line = published.line(&their.at);
            all.push(presence(their, line, "present", ABSENT, "operation-removed"));
        }
    }
    all.sort_by(|a, b| (&a.operation, &a.place, &a.kind).cmp(&(&b.operation, &b.place, &b.kind)));
    all.dedup();
    (all, sites)
}

fn name(operation: &Operation) -> String {
    format!("{} {}", operation.method.to_uppercase(), operation.path)
}

fn presence(operation: &Operation, line: Option<u32>, published: &str, ours: &str, kind: &str) -> Difference {
    Difference {
        operation: name(operation),
        published_path: other_path(operation),
        place: "operation".to_owned(),
        kind: kind.to_owned(),
        published: published.to_owned(),
        ours: ours.to_owned(),
        line,
        pin: published.to_owned(),
        also: Vec::new(),
        edit: None,
        at: None,
    }
}

fn other_path(operation: &Operation) -> Option<String> {
    (operation.path != operation.published_path).then(|| operation.published_path.clone())
}

/// The differences of one operation, at most one for each place.
fn of_operation(
    document: &Document,
    their: &Operation,
    our: &Operation,
    their_index: &Index<'_>,
    our_index: &Index<'_>,
) -> Vec<Difference> {
    let mut by_place: BTreeMap<String, Difference> = BTreeMap::new();
    let mut retyped = Vec::new();
    let marks = Marks { scopes: Some(SCOPES.to_owned()), ..Marks::default() };
    for change in diff::structure(&as_document(their), &as_document(our), &marks) {
        let (kind, place) = kind_and_place(&change);
        if kind == "type-changed" {
            retyped.extend(place.strip_suffix(".type").map(str::to_owned));
        }
        if by_place.contains_key(&place) {
            continue;
        }
        let (published, ours) = values(&change, kind, &place, their_index, our_index);
        let difference = Difference {
            operation: name(our),
            published_path: other_path(their),
            pin: pin(kind, &place, &published, their_index),
            place: place.clone(),
            kind: kind.to_owned(),
            published,
            ours,
            line: document.line(&their.at),
            also: Vec::new(),
            edit: edit(&change, kind),
            at: Some(their.at.clone()),
        };
        by_place.insert(place, difference);
    }
    // If the type differs, the schemas below it are not reported separately.
    by_place.retain(|place, difference| {
        retyped.iter().filter(|holder| causes::is_within(place, holder)).all(|holder| {
            let own = place[holder.len()..].matches(['.', '[', '(']).count() == 1;
            let kept = ["type-changed", "property-required", "property-direction", "nullable-changed"];
            let about_body = ["media-type-", "request-body-", "parameter-"];
            (own && kept.contains(&difference.kind.as_str()))
                || about_body.iter().any(|kind| difference.kind.starts_with(kind))
        })
    });
    by_place.into_values().collect()
}

/// The published value as a ledger entry states it. Other media types of a request body often have the schema of the
/// JSON form and change with it.
fn pin(kind: &str, place: &str, published: &str, theirs: &Index<'_>) -> String {
    let json = place.split_once('(').and_then(|(body, _)| theirs.get(body));
    if kind == "media-type-removed" && json.is_some() && json == theirs.get(place) {
        return "the same as application/json".to_owned();
    }
    describe::pinned(published)
}

/// Returns the addition to the specification that would remove the difference, for optional members and parameters.
fn edit(change: &Change, kind: &str) -> Option<String> {
    if kind != "property-removed" && kind != "parameter-removed" {
        return None;
    }
    let mut value = change.old.clone()?;
    normalize::restore(&mut value);
    let name = change.place.rsplit_once('.').map_or(change.place.as_str(), |(_, name)| name);
    let value = if kind == "property-removed" { json!({ name: value }) } else { json!([value]) };
    to_yaml(&value).ok()
}

/// A document with only this operation, for the diff engine.
fn as_document(operation: &Operation) -> Value {
    let mut item = Map::new();
    item.insert(operation.method.clone(), operation.value.clone());
    let mut paths = Map::new();
    paths.insert(operation.path.clone(), item.into());
    json!({ "openapi": "3.0.3", "info": {"title": "", "version": ""}, "paths": paths })
}

/// Returns the kind and the place of a change as a ledger states them. Lists that form one value (scopes, security
/// alternatives, enum values) change as a whole.
fn kind_and_place(change: &Change) -> (&'static str, String) {
    let marks = [
        (REQUIRED, "property-required"),
        (READ_ONLY, "property-direction"),
        (WRITE_ONLY, "property-direction"),
    ];
    for (mark, kind) in marks {
        if let Some(place) = change.place.strip_suffix(mark) {
            return (kind, format!("{place}{}", &mark["x-".len()..]));
        }
    }
    match change.kind {
        "security-added"
        | "security-removed"
        | "security-alternative-added"
        | "security-alternative-removed" => ("security-changed", "security".to_owned()),
        "required-scopes-changed" => ("scopes-changed", "scopes".to_owned()),
        "enum-value-added" | "enum-value-removed" => ("enum-changed", change.place.clone()),
        kind => (kind, change.place.clone()),
    }
}

/// Describes both sides of a change in one line each.
fn values(
    change: &Change,
    kind: &str,
    place: &str,
    theirs: &Index<'_>,
    ours: &Index<'_>,
) -> (String, String) {
    let of = |value: &Option<Value>, text: fn(&Value) -> String| {
        value.as_ref().map_or_else(|| ABSENT.to_owned(), text)
    };
    let both = |text: fn(&Value) -> String| (of(&change.old, text), of(&change.new, text));
    // The schema that a keyword belongs to, on either side.
    let holder = |text: fn(&Value) -> String| {
        let holder = place.rsplit_once('.').map_or(place, |(holder, _)| holder);
        let of = |index: &Index<'_>| index.get(holder).map_or_else(|| ABSENT.to_owned(), text);
        (of(theirs), of(ours))
    };
    match kind {
        "property-added" | "property-removed" => both(describe::property),
        "parameter-added" | "parameter-removed" | "response-header-added" | "response-header-removed" => {
            both(describe::parameter)
        }
        "status-code-added" | "status-code-removed" => both(describe::content),
        "request-body-added" | "request-body-removed" => both(describe::parameter),
        "response-body-added" | "response-body-removed" => {
            both(|content| describe::content(&json!({ "content": content })))
        }
        "media-type-added" | "media-type-removed" => {
            both(|media| describe::content(&json!({ "content": { "application/json": media } })))
        }
        "alternative-added"
        | "alternative-removed"
        | "part-added"
        | "part-removed"
        | "items-changed"
        | "additional-properties-changed"
        | "composition-changed" => both(|value| match value {
            Value::Array(alternatives) => {
                alternatives.iter().map(describe::schema).collect::<Vec<_>>().join(" | ")
            }
            value => describe::schema(value),
        }),
        "type-changed" => holder(describe::below_type),
        "envelope-changed" => holder(describe::envelope),
        "enum-changed" => {
            holder(|schema| schema.get("enum").map_or_else(|| ABSENT.to_owned(), describe::values))
        }
        "security-changed" => (
            describe::security(&theirs.operation["security"]),
            describe::security(&ours.operation["security"]),
        ),
        "scopes-changed" => {
            (describe::values(&theirs.operation[SCOPES]), describe::values(&ours.operation[SCOPES]))
        }
        "property-required" | "parameter-required" | "request-body-required" => {
            let text = |value: &Option<Value>| {
                if *value == Some(Value::Bool(true)) { "required" } else { "optional" }.to_owned()
            };
            (text(&change.old), text(&change.new))
        }
        _ => both(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    }
}
