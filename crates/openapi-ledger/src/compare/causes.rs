//! Folding differences with the same cause into one finding.

use serde_json::Value;

use super::Difference;
use crate::document::Document;
use crate::pointer::Pointer;

/// Folds findings that a single edit of the published document would resolve into the first of them.
pub(super) fn folded(findings: Vec<Difference>, published: &Document) -> Vec<Difference> {
    let mut first: Vec<(Difference, Option<Pointer>)> = Vec::new();
    for finding in findings {
        let component = component(published, &finding);
        let has_same_cause = |(other, pointer): &&mut (Difference, Option<Pointer>)| {
            component.as_ref().zip(pointer.as_ref()).is_some_and(|(a, b)| is_same_component(a, b))
                || other.members().any(|other| is_one_edit(other, &finding))
        };
        match first.iter_mut().find(has_same_cause) {
            Some((first, _)) => {
                first.also.push(format!("{} at `{}`", finding.operation, finding.place));
                first.others.push(finding);
            }
            None => first.push((finding, component)),
        }
    }
    first.into_iter().map(|(finding, _)| finding).collect()
}

/// Whether one of two nodes of a component contains the other.
fn is_same_component(a: &Pointer, b: &Pointer) -> bool {
    let contains = |a: &Pointer, b: &Pointer| {
        b.as_str().strip_prefix(a.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    contains(a, b) || contains(b, a)
}

/// Whether a single edit explains both differences.
fn is_one_edit(a: &Difference, b: &Difference) -> bool {
    let says_the_same = (&a.kind, &a.pin, &a.ours) == (&b.kind, &b.pin, &b.ours);
    if a.place.contains('.') && says_the_same && last(&a.place) == last(&b.place) {
        return true;
    }
    if a.place == "operation" && b.place == "operation" {
        return is_moved(a, b);
    }
    if a.operation != b.operation {
        return false;
    }
    let (x, y) = (holder(&a.place), holder(&b.place));
    let is_exchange = |d: &Difference| {
        d.kind.ends_with("-added")
            || d.kind.ends_with("-removed")
            || d.kind == "additional-properties-changed"
    };
    let is_keyword = |d: &Difference| !is_exchange(d) && d.kind != "property-required";
    let is_credential = |d: &Difference| matches!(&*d.place, "security" | "scopes");
    (is_credential(a) && is_credential(b))
        || (x.is_some() && x == y && ((is_exchange(a) && is_exchange(b)) || (is_keyword(a) && is_keyword(b))))
        || is_within(&a.place, &b.place)
        || is_within(&b.place, &a.place)
}

/// Whether an operation has moved to another path or method.
fn is_moved(a: &Difference, b: &Difference) -> bool {
    let parts = |d: &'_ Difference| -> Option<(String, String, String)> {
        let (method, path) = d.operation.split_once(' ')?;
        let (parent, last) = path.trim_end_matches('/').rsplit_once('/')?;
        Some((method.to_owned(), parent.to_owned(), last.to_owned()))
    };
    let (Some(a_parts), Some(b_parts)) = (parts(a), parts(b)) else { return false };
    let same = [a_parts.0 == b_parts.0, a_parts.1 == b_parts.1, a_parts.2 == b_parts.2];
    a.kind != b.kind && a.others.is_empty() && same.iter().filter(|same| **same).count() == 2
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

/// Returns the component property that a difference is about.
fn component(document: &Document, difference: &Difference) -> Option<Pointer> {
    let operation = difference.at.as_ref()?;
    let follow = |at: Pointer| behind_references(document, at);
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
        if below.matches(['.', '[']).count() == 0 || is_keyword_of(node(&target)?, below) {
            at = property;
            rest = "";
            break;
        }
        at = target;
        rest = below.strip_prefix('.').unwrap_or(below);
    }
    let is_missing = difference.kind == "property-added";
    let at = if is_missing { at.key("properties").key(rest) } else { at };
    (at.as_str().starts_with("/components/schemas/") && (is_missing || rest.is_empty())).then_some(at)
}

fn is_keyword_of(schema: &Value, below: &str) -> bool {
    let name = below.trim_start_matches('.');
    !name.contains(['.', '[']) && schema.get("properties").is_none_or(|all| all.get(name).is_none())
}

fn behind_references(document: &Document, mut at: Pointer) -> Option<Pointer> {
    for _ in 0..64 {
        let node = document.value.pointer(at.as_str())?;
        match node.get("$ref").and_then(Value::as_str) {
            Some(reference) => at = Pointer::parse(reference)?,
            None => return Some(at),
        }
    }
    None
}
