//! Groups differences with the same cause into one finding.

use std::collections::{HashMap, HashSet};

use crate::value::Value;

use super::Difference;
use crate::diff::definition;
use crate::document::Document;
use crate::pointer::Pointer;

/// Groups findings that a single edit of the published document would resolve under the first of them.
pub(super) fn folded(findings: Vec<Difference>, published: &Document) -> Vec<Difference> {
    let groups = groups(&findings, published);
    let mut folded: Vec<Difference> = Vec::new();
    for (finding, group) in findings.into_iter().zip(groups) {
        match folded.get_mut(group) {
            Some(first) => first.also.push(finding),
            None => folded.push(finding),
        }
    }
    folded
}

/// A property that differences with the same cause have in common.
#[derive(PartialEq, Eq, Hash)]
enum Cause<'f> {
    /// A node of a component.
    Component(Pointer),
    /// What contains a node of a component.
    AboveComponent(Pointer),
    /// The same values in several places with the same name, outside components: a schema that is repeated inline.
    Same { kind: &'f str, pin: &'f str, ours: &'f str, name: &'f str },
    /// The ways to authenticate, and the scopes.
    Credentials { operation: &'f str },
    /// Fields of an object that replace each other.
    Exchange { operation: &'f str, holder: &'f str },
    /// The keywords of a schema or a parameter.
    Keywords { operation: &'f str, holder: &'f str },
    /// The place itself.
    Place { operation: &'f str, place: &'f str },
}

/// Returns the group of each finding. Groups are numbered in the order of their first findings; findings are sorted by
/// operation and place.
fn groups(findings: &[Difference], published: &Document) -> Vec<usize> {
    let exchanges = exchanges(findings);
    let mut groups = Vec::with_capacity(findings.len());
    let mut by_cause: HashMap<Cause<'_>, usize> = HashMap::new();
    let mut moves = Moves::default();
    let mut next = 0;
    for finding in findings {
        let component = component(published, finding);
        let above = component.iter().flat_map(|at| std::iter::successors(at.parent(), Pointer::parent));
        let above: Vec<Pointer> = above.collect();
        let own = causes(finding, component.is_some(), &exchanges);
        let of_component = component.iter().flat_map(|at| {
            let around = above.iter().chain([at]).cloned().map(Cause::Component);
            around.chain([Cause::AboveComponent(at.clone())])
        });
        let operation = finding.operation.as_str();
        let holders = finding.place.match_indices(['.', '[', '(']);
        let holders = holders.map(|(n, _)| Cause::Place { operation, place: &finding.place[..n] });
        let group = own.iter().filter_map(|cause| by_cause.get(cause)).copied();
        let group =
            group.chain(of_component.chain(holders).filter_map(|cause| by_cause.get(&cause).copied()));
        let known = group.min().or_else(|| moves.counterpart(finding, next));
        let group = known.unwrap_or(next);
        for cause in own {
            by_cause.entry(cause).or_insert(group);
        }
        if known.is_none() {
            next += 1;
            for at in above {
                by_cause.entry(Cause::AboveComponent(at)).or_insert(group);
            }
            if let Some(at) = component {
                by_cause.entry(Cause::Component(at)).or_insert(group);
            }
        }
        groups.push(group);
    }
    groups
}

/// The causes of a difference, apart from components and moves.
fn causes<'f>(
    finding: &'f Difference,
    is_in_component: bool,
    exchanges: &HashSet<(&str, &str, &str)>,
) -> Vec<Cause<'f>> {
    let Difference { operation, place, kind, pin, ours, .. } = finding;
    if place == "operation" {
        return Vec::new();
    }
    let mut causes = vec![Cause::Place { operation, place }];
    let exchanged = exchanged(kind);
    if place.contains('.') && !is_in_component {
        let name = if exchanged.is_some() { last(place) } else { last_two(place) };
        causes.push(Cause::Same { kind, pin, ours, name });
    }
    if matches!(place.as_str(), "security" | "scopes") {
        causes.push(Cause::Credentials { operation });
    }
    if let Some(holder) = holder(place) {
        match exchanged {
            Some((what, _)) if exchanges.contains(&(operation.as_str(), holder, what)) => {
                causes.push(Cause::Exchange { operation, holder });
            }
            None if kind != "property-required" => causes.push(Cause::Keywords { operation, holder }),
            _ => {}
        }
    }
    causes
}

/// What a difference adds or removes, and whether it adds it.
fn exchanged(kind: &str) -> Option<(&str, Option<bool>)> {
    match kind {
        "additional-properties-changed" => Some(("property", None)),
        kind => (kind.strip_suffix("-added").map(|what| (what, Some(true))))
            .or_else(|| kind.strip_suffix("-removed").map(|what| (what, Some(false)))),
    }
}

/// The objects in which some fields are replaced by others: operation, place and kind of field. Parameters and responses
/// are independent of each other, unless one is renamed.
fn exchanges(findings: &[Difference]) -> HashSet<(&str, &str, &str)> {
    let mut counts: HashMap<(&str, &str, &str), (usize, usize)> = HashMap::new();
    for finding in findings {
        if let (Some((what, Some(added))), Some(holder)) = (exchanged(&finding.kind), holder(&finding.place))
        {
            let count = counts.entry((&finding.operation, holder, what)).or_default();
            *(if added { &mut count.0 } else { &mut count.1 }) += 1;
        }
    }
    let is_exchange = |((_, holder, _), count): &((&str, &str, &str), (usize, usize))| match *holder {
        "parameters" | "responses" => *count == (1, 1),
        _ => count.0 > 0 && count.1 > 0,
    };
    counts.into_iter().filter(is_exchange).map(|(key, _)| key).collect()
}

/// Operations that only one of the documents has: the kind, and two of the method, the parent and the last segment of the path.
#[derive(Default)]
struct Moves<'f> {
    open: HashMap<(&'f str, [Option<&'f str>; 3]), Vec<usize>>,
    paired: HashSet<usize>,
}

impl<'f> Moves<'f> {
    /// Returns the group of the operation that has moved to another path or method here. Otherwise keeps the operation as
    /// the one of `group`.
    fn counterpart(&mut self, finding: &'f Difference, group: usize) -> Option<usize> {
        let (method, path) = finding.operation.split_once(' ').filter(|_| finding.place == "operation")?;
        let (parent, last) = path.trim_end_matches('/').rsplit_once('/')?;
        let (method, parent, last) = (Some(method), Some(parent), Some(last));
        let forms = [[method, parent, None], [method, None, last], [None, parent, last]];
        let other = if finding.kind == "operation-added" { "operation-removed" } else { "operation-added" };
        for form in forms {
            while let Some(group) = self.open.get_mut(&(other, form)).and_then(Vec::pop) {
                if self.paired.insert(group) {
                    return Some(group);
                }
            }
        }
        for form in forms {
            self.open.entry((&finding.kind, form)).or_default().push(group);
        }
        None
    }
}

/// Whether `place` is below `holder`.
pub(super) fn is_within(place: &str, holder: &str) -> bool {
    place.strip_prefix(holder).is_some_and(|rest| rest.starts_with(['.', '[', '(']))
}

fn holder(place: &str) -> Option<&str> {
    place.rsplit_once('.').map(|(holder, _)| holder)
}

fn last(place: &str) -> &str {
    place.rsplit_once('.').map_or(place, |(_, last)| last)
}

/// Returns the last two steps of a place.
fn last_two(place: &str) -> &str {
    place.rmatch_indices('.').nth(1).map_or(place, |(n, _)| &place[n + 1..])
}

/// Returns the component property that a difference is about.
fn component(document: &Document, difference: &Difference) -> Option<Pointer> {
    let operation = difference.at.as_ref()?;
    let follow = |at: Pointer| definition(&document.value, at);
    let (first, rest) = difference.place.split_once('.').unwrap_or((&difference.place, ""));
    let (mut at, mut rest) = match first.split_once('(').map_or(first, |(first, _)| first) {
        "requestBody" => (follow(operation.key("requestBody"))?, rest),
        "responses" => {
            let status = &rest[..rest.find(['.', '[', '(']).unwrap_or(rest.len())];
            let rest = &rest[status.len()..];
            (follow(operation.key("responses").key(status))?, rest.strip_prefix('.').unwrap_or(rest))
        }
        _ => return None,
    };
    at = follow(at.key("content").key("application/json").key("schema"))?;
    let node = |at: &Pointer| document.value.pointer(at.as_str());
    loop {
        if let Some(below) = rest.strip_prefix("[]") {
            at = follow(at.key("items"))?;
            rest = below.strip_prefix('.').unwrap_or(below);
            continue;
        }
        let name = &rest[..rest.find(['.', '[']).unwrap_or(rest.len())];
        let property = at.key("properties").key(name);
        if name.is_empty() || node(&property).is_none() {
            break;
        }
        let below = &rest[name.len()..];
        let target = follow(property.clone())?;
        // Stop at the property itself, because several properties may share its schema.
        if below.is_empty() || is_keyword_of(node(&target)?, below) {
            at = property;
            rest = "";
            break;
        }
        at = target;
        rest = below.strip_prefix('.').unwrap_or(below);
    }
    let is_missing = difference.kind == "property-added";
    let at = match rest {
        name if is_missing => at.key("properties").key(name),
        "" => at,
        keyword if difference.kind != "request-body-required" && is_keyword_of(node(&at)?, keyword) => {
            at.key(keyword)
        }
        _ => return None,
    };
    at.as_str().starts_with("/components/schemas/").then_some(at)
}

fn is_keyword_of(schema: &Value, below: &str) -> bool {
    let name = below.trim_start_matches('.');
    !name.contains(['.', '[']) && schema.get("properties").is_none_or(|all| all.get(name).is_none())
}
