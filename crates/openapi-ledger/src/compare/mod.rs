//! A published document held against a specification that was corrected by hand.
//!
//! Both are normalised, compared by the engine of [`diff`], and every difference is
//! looked up in the [`Ledger`]: a difference that no entry accounts for is a finding.

mod describe;
mod index;
mod ledger;
mod normalize;
mod render;
mod state;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde_json::{Map, Value, json};

pub use ledger::{Account, Alias, Defect, Ledger, LeftOut, OneOrMany, Scope};
pub use state::State;

use crate::diff::{self, Change};
use crate::document::Document;
use crate::error::Error;
use crate::lint::check_openapi;
use crate::marks::Marks;
use crate::write::to_yaml;
use index::Index;
pub(crate) use normalize::scheme_on_the_wire;
use normalize::{Normalized, Operation, READ_ONLY, REQUIRED, SCOPES, WRITE_ONLY};

/// The value of a place that does not exist.
const ABSENT: &str = "absent";

/// One difference between what is published and the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Method and path, as the specification has them.
    pub operation: String,
    /// The path in the published document, where it is another one.
    pub published_path: Option<String>,
    /// The place within the operation.
    pub place: String,
    /// What kind of difference it is.
    pub kind: String,
    /// The published value, described in one line.
    pub published: String,
    /// The value in the specification.
    pub ours: String,
    /// The line of the operation in the published document.
    pub line: Option<u32>,
    /// What a ledger states as the published value: the value, or a digest of a long one.
    pub pin: String,
    /// Where else the same difference is, as operation and place: a schema that several operations share differs
    /// in all of them.
    pub also: Vec<String>,
    /// What to add to the specification, as YAML, where the published document may be right: it has something
    /// optional that the specification does not know.
    pub edit: Option<String>,
}

impl Difference {
    fn published_pin(&self) -> &str {
        &self.pin
    }
}

/// A published document held against the specification and its ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The name of the published document.
    pub document: String,
    /// How many operations of it were compared.
    pub operations: usize,
    /// The differences that a defect accounts for, by the id of the defect.
    pub accounted: BTreeMap<String, Vec<Difference>>,
    /// The differences that nothing accounts for.
    pub findings: Vec<Difference>,
    /// The state of every defect in this document.
    pub states: BTreeMap<String, State>,
    /// The published paths that the ledger leaves out.
    pub left_out: BTreeSet<String>,
    /// What changed against an earlier document, if there is one.
    pub since: Option<Since>,
}

/// What changed between two published documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Since {
    /// The name of the earlier document.
    pub document: String,
    /// Defects that the earlier document has and this one has not.
    pub repaired: Vec<String>,
    /// Defects that this document has and the earlier one has not.
    pub newly_wrong: Vec<String>,
}

impl Comparison {
    /// Whether a defect accounts for every difference.
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
/// [`Error::Unsuitable`] when one of them is no OpenAPI document, when the published one has no path within
/// the ledger's scope, when its references lead nowhere, and when two defects account for the same
/// difference.
pub fn compare(published: &Document, ours: &Document, ledger: &Ledger) -> Result<Comparison, Error> {
    check_openapi_of_any_version(published)?;
    let known: Vec<String> = ours
        .value
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(path, _)| path.clone())
        .collect();
    let theirs = normalize::normalize(published, ledger, &known)?;
    if !theirs.operations.iter().any(|operation| ledger.scope.has_root(&operation.path)) {
        return Err(ledger.scope.nothing_of(published));
    }
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
                    "{} and {} both account for {} at `{}` of {} ({}); exactly one may",
                    a.id, b.id, difference.kind, difference.place, difference.operation, difference.published
                );
                return Err(Error::Ledger { reason });
            }
        }
    }
    let findings = together(findings);
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

/// Makes one finding of those that say the same of the same member.
fn together(findings: Vec<Difference>) -> Vec<Difference> {
    fn tail(place: &str) -> &str {
        let at = place.rsplit_once('.').map_or(0, |(holder, _)| holder.rfind('.').map_or(0, |n| n + 1));
        &place[at..]
    }
    let mut merged: Vec<Difference> = Vec::new();
    let mut first: HashMap<_, usize> = HashMap::new();
    for finding in findings {
        let key = finding.place.contains('.').then(|| {
            let Difference { kind, pin, ours, place, .. } = &finding;
            (kind.clone(), pin.clone(), ours.clone(), tail(place).to_owned())
        });
        match key.as_ref().and_then(|key| merged.get_mut(*first.get(key)?)) {
            Some(first) => first.also.push(format!("{} at `{}`", finding.operation, finding.place)),
            None => {
                first.extend(key.map(|key| (key, merged.len())));
                merged.push(finding);
            }
        }
    }
    merged
}

/// Lint refuses versions that it does not know; its other checks are for documents of one's own.
fn check_openapi_of_any_version(document: &Document) -> Result<(), Error> {
    let version = document.value.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.1.") {
        return check_openapi(document);
    }
    let mut as_3_0 = document.clone();
    as_3_0.value["openapi"] = "3.0.3".into();
    check_openapi(&as_3_0)
}

/// The places of an operation on both sides.
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
    }
}

fn other_path(operation: &Operation) -> Option<String> {
    (operation.path != operation.published_path).then(|| operation.published_path.clone())
}

/// The differences of one operation. What the engine reports of one place becomes one difference.
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
        };
        by_place.insert(place, difference);
    }
    // Another type is another schema: what is below it, or takes its place, is no difference of its own.
    by_place.retain(|place, difference| {
        retyped.iter().filter(|holder| is_within(place, holder)).all(|holder| {
            let own = place[holder.len()..].matches(['.', '[', '(']).count() == 1;
            let kept = ["type-changed", "property-required", "property-direction", "nullable-changed"];
            let about_body = ["media-type-", "request-body-", "parameter-"];
            (own && kept.contains(&difference.kind.as_str()))
                || about_body.iter().any(|kind| difference.kind.starts_with(kind))
        })
    });
    by_place.into_values().collect()
}

/// The published value as a ledger states it. A form of a request body that has the schema of the JSON form
/// says so: the two change together.
fn pin(kind: &str, place: &str, published: &str, theirs: &Index<'_>) -> String {
    let json = place.split_once('(').and_then(|(body, _)| theirs.get(body));
    if kind == "media-type-removed" && json.is_some() && json == theirs.get(place) {
        return "the same as application/json".to_owned();
    }
    describe::pinned(published)
}

/// Whether a place is below another one.
fn is_within(place: &str, holder: &str) -> bool {
    place.strip_prefix(holder).is_some_and(|rest| rest.starts_with(['.', '[', '(']))
}

/// What would make the specification say what the document says, for what it may be right about.
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

/// A document that has only this operation, for the engine.
fn as_document(operation: &Operation) -> Value {
    let mut item = Map::new();
    item.insert(operation.method.clone(), operation.value.clone());
    let mut paths = Map::new();
    paths.insert(operation.path.clone(), item.into());
    json!({ "openapi": "3.0.3", "info": {"title": "", "version": ""}, "paths": paths })
}

/// The kind by which a ledger knows a change, and its place. Marks of the normalised form have the names of
/// what they stand for, and lists that are one value (scopes, ways to authenticate, allowed values) change as
/// a whole.
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

/// Both sides of a change in one line each.
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
