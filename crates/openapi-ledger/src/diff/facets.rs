//! Fields that every object may have: texts, examples, extensions. Also reports changes in all fields that no other part
//! of the diff handles.

use std::collections::{BTreeSet, HashSet};

use crate::value::Value;

use super::Who::{Caller, GeneratedCode};
use super::{At, Comparison, Node, Pair, REQUEST, Verdict, kinds};
use crate::grammar::{is_prose, is_sample};
use crate::text::{brief, listed};

/// Whether two values are equal. `1` and `1.0` are.
pub(super) fn same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A text that is equal for two values exactly if they are the [`same`].
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => {
            number.as_f64().map_or_else(|| number.to_string(), |number| format!("{number:?}"))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

/// Whether two lists have the same items in any order.
pub(super) fn same_set(old: &Value, new: &Value) -> bool {
    let set = |items: &[Value]| items.iter().map(canonical).collect::<HashSet<_>>();
    match (old, new) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && set(a) == set(b),
        (a, b) => same(a, b),
    }
}

/// The texts of a list.
pub(super) fn texts<'a>(node: &Node<'a>) -> BTreeSet<&'a str> {
    node.items().filter_map(|item| item.value.as_str()).collect()
}

/// Describes the change of a value: "was set to 2", "was removed; it was 1", "changed from 1 to 2".
pub(super) fn became(old: Option<&Value>, new: Option<&Value>) -> String {
    match (old, new) {
        (None, Some(new)) => format!("was set to {}", brief(new)),
        (Some(old), None) => format!("was removed; it was {}", brief(old)),
        (old, new) => {
            let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), brief);
            format!("changed from {} to {}", text(old), text(new))
        }
    }
}

impl<'a> Comparison<'a> {
    /// Compares the fields of two objects that are not in `handled`.
    pub(super) fn remaining(&mut self, pair: &Pair<'a>, handled: &[&str]) {
        for key in pair.names().into_iter().filter(|key| !handled.contains(key)) {
            let (before, after) = pair.values(key);
            if before.zip(after).is_some_and(|(a, b)| same(a, b)) {
                continue;
            }
            let at = pair.at_key(key);
            let plain = At { direction: None, ..at.clone() };
            let subject = self.owner(pair);
            match key {
                key if is_sample(key) => {
                    let message = format!("{subject}: the {key} {}", verb(before, after));
                    self.report(&kinds::EXAMPLE_CHANGED, plain, Verdict::documentation(), message);
                }
                key if is_prose(key) || matches!(key, "contact" | "license" | "termsOfService") => {
                    let message = format!("{subject}: the {key} {}", verb(before, after));
                    self.report(&kinds::TEXT_CHANGED, plain, Verdict::documentation(), message);
                }
                "tags" if same_set(pair.old.key(key).value, pair.new.key(key).value) => {}
                "tags" => {
                    let message = format!("{subject}: tags {}", became(before, after));
                    self.report(&kinds::TAGS_CHANGED, plain, Verdict::documentation(), message);
                }
                "deprecated" => {
                    let (message, why) = match pair.flags(key) {
                        (was, is) if was == is => continue,
                        (_, true) => (
                            "is now deprecated",
                            "everything still works; callers should migrate to the replacement",
                        ),
                        (_, false) => ("is no longer deprecated", "everything still works"),
                    };
                    let (message, verdict) = (format!("{subject} {message}"), Verdict::compatible(why));
                    self.report(&kinds::DEPRECATED_CHANGED, at, verdict, message);
                }
                key if self.marks.scopes.as_deref() == Some(key) => self.required_scopes(pair, key, &subject),
                key if self.marks.availability.as_deref() == Some(key) => {
                    self.availability(pair, key, &subject);
                }
                key if self.marks.idempotency.as_ref().is_some_and(|mark| mark.extension == key) => {
                    self.idempotency(pair, key, &subject);
                }
                key if key.starts_with("x-") => {
                    let verdict = Verdict::compatible(
                        "calls do not depend on extensions; the meaning of this extension is not known",
                    );
                    self.changed(
                        &kinds::EXTENSION_CHANGED,
                        pair,
                        key,
                        verdict,
                        &format!("{subject}: `{key}`"),
                    );
                }
                key => self.unclassified(pair, key),
            }
        }
    }

    /// A change that is not understood.
    pub(super) fn unclassified(&mut self, pair: &Pair<'a>, key: &str) {
        let verdict = Verdict::breaking(
            [Caller, super::Who::Reader, GeneratedCode],
            "this change is not understood, so it counts as breaking until somebody reviews it",
        );
        let what = format!("{}: `{key}`", self.owner(pair));
        self.changed(&kinds::UNCLASSIFIED, pair, key, verdict, &what);
    }

    /// The name, in messages, of the object that a field belongs to.
    pub(super) fn owner(&self, pair: &Pair<'a>) -> String {
        if pair.new.value.is_null() { self.old.subject(&pair.old.at) } else { self.new.subject(&pair.new.at) }
    }

    fn required_scopes(&mut self, pair: &Pair<'a>, key: &str, subject: &str) {
        let kind = &kinds::REQUIRED_SCOPES_CHANGED;
        let at = At { direction: REQUEST, ..pair.at_key(key) };
        let scopes = pair.key(key);
        let (before, after) = (texts(&scopes.old), texts(&scopes.new));
        let added: Vec<_> = after.difference(&before).copied().collect();
        let removed: Vec<_> = before.difference(&after).copied().collect();
        if added.is_empty() && removed.is_empty() {
            if scopes.old.value.is_null() != scopes.new.value.is_null() {
                let now = if scopes.new.value.is_null() { "missing" } else { "present but empty" };
                let verdict = Verdict::compatible("no scope is required before or after the change");
                let message = format!("{subject}: the list of required scopes is now {now}");
                self.report(kind, at, verdict, message);
            }
            return;
        }
        if !added.is_empty() {
            let verdict = Verdict::breaking([Caller], "requests with keys that lack the scope are rejected");
            let message = format!("{subject}: the scope {} is now required", listed(added));
            self.report(kind, at.clone(), verdict, message);
        }
        if !removed.is_empty() {
            let verdict = Verdict::compatible("keys that were sufficient still are");
            let message = format!("{subject}: the scope {} is no longer required", listed(removed));
            self.report(kind, at, verdict, message);
        }
    }

    fn idempotency(&mut self, pair: &Pair<'a>, key: &str, subject: &str) {
        let Some(mark) = &self.marks.idempotency else { return };
        let (old, new) = pair.values(key);
        // What a caller may do after a lost response without reading first. Unknown values promise nothing.
        let promise = |value: Option<&Value>| mark.strength(value.and_then(Value::as_str));
        let verdict = if promise(new) < promise(old) {
            Verdict::breaking(
                [Caller],
                "repeating the call after a lost response may now have a second effect",
            )
        } else if promise(new) > promise(old) || old.is_none() {
            Verdict::compatible("callers that did not rely on this are not affected")
        } else {
            Verdict::breaking([Caller], "callers can no longer rely on the old rule for lost responses")
        };
        let pair = pair.clone().with(REQUEST);
        self.changed(&kinds::IDEMPOTENCY_CHANGED, &pair, key, verdict, &format!("{subject}: `{key}`"));
    }

    fn availability(&mut self, pair: &Pair<'a>, key: &str, subject: &str) {
        let period = pair.key(key);
        let texts = |name: &str| (period.old.text(name), period.new.text(name));
        // Dates and years are ordered as texts: "2025" is before "2025-03-17".
        let earlier_end = match texts("until") {
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new < old,
            _ => false,
        };
        let later_begin = match texts("since") {
            (Some(old), Some(new)) => new > old,
            (None, Some(_)) => !period.old.value.is_null(),
            _ => false,
        };
        let verdict = if earlier_end {
            Verdict::breaking([Caller], "newer servers return 404 for an operation that callers rely on")
        } else if later_begin {
            Verdict::breaking([Caller], "older servers return 404 for an operation that callers rely on")
        } else {
            Verdict::compatible("the operation is still available on every server that was listed before")
        };
        let not_null = |node: &Node<'a>| Some(node.value).filter(|value| !value.is_null());
        let (before, after) = (not_null(&period.old), not_null(&period.new));
        let at = At { direction: REQUEST, ..pair.at_key(key) };
        let message = format!("{subject}: `{key}` {}", became(before, after));
        self.report(&kinds::AVAILABILITY_CHANGED, at, verdict, message);
    }
}

fn verb(old: Option<&Value>, new: Option<&Value>) -> &'static str {
    match (old, new) {
        (None, _) => "was added",
        (_, None) => "was removed",
        _ => "changed",
    }
}
