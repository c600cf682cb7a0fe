//! Fields that every object may have: texts, examples, extensions. Also reports changes in all fields that no other part
//! of the diff handles.

use std::collections::{BTreeSet, HashSet};

use crate::value::Value;

use super::Who::{Caller, GeneratedCode};
use super::{At, Comparison, Direction, Node, Verdict, kinds};
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

impl Comparison<'_> {
    /// Compares the fields of two objects that are not in `handled`.
    pub(super) fn remaining(
        &mut self,
        old: &Node<'_>,
        new: &Node<'_>,
        handled: &[&str],
        direction: Option<Direction>,
    ) {
        let keys: BTreeSet<&str> = old.members().chain(new.members()).map(|(key, _)| key).collect();
        for key in keys.into_iter().filter(|key| !handled.contains(key)) {
            let (before, after) = (old.value.get(key), new.value.get(key));
            if before.zip(after).is_some_and(|(a, b)| same(a, b)) {
                continue;
            }
            let at = At::member(old, new, key);
            let subject = self.owner(old, new);
            match key {
                key if is_sample(key) => {
                    let message = format!("{subject}: the {key} {}", verb(before, after));
                    self.report(&kinds::EXAMPLE_CHANGED, at, None, Verdict::documentation(), message);
                }
                key if is_prose(key) || matches!(key, "contact" | "license" | "termsOfService") => {
                    let message = format!("{subject}: the {key} {}", verb(before, after));
                    self.report(&kinds::TEXT_CHANGED, at, None, Verdict::documentation(), message);
                }
                "tags" if same_set(&old.key(key).value.clone(), new.key(key).value) => {}
                "tags" => {
                    let message = format!("{subject}: tags {}", became(before, after));
                    self.report(&kinds::TAGS_CHANGED, at, None, Verdict::documentation(), message);
                }
                "deprecated" if old.flag(key) == new.flag(key) => {}
                "deprecated" => {
                    let (message, why) = if new.flag(key) {
                        (
                            "is now deprecated",
                            "everything still works; callers should migrate to the replacement",
                        )
                    } else {
                        ("is no longer deprecated", "everything still works")
                    };
                    let message = format!("{subject} {message}");
                    self.report(&kinds::DEPRECATED_CHANGED, at, direction, Verdict::compatible(why), message);
                }
                key if self.marks.scopes.as_deref() == Some(key) => {
                    self.required_scopes(&old.key(key), &new.key(key), at, &subject);
                }
                key if self.marks.availability.as_deref() == Some(key) => {
                    self.availability(key, &old.key(key), &new.key(key), at, &subject);
                }
                key if self.marks.idempotency.as_ref().is_some_and(|mark| mark.extension == key) => {
                    self.idempotency(before, after, at, &subject);
                }
                key if key.starts_with("x-") => {
                    let verdict = Verdict::compatible(
                        "calls do not depend on extensions; the meaning of this extension is not known",
                    );
                    let message = format!("{subject}: `{key}` {}", became(before, after));
                    self.report(&kinds::EXTENSION_CHANGED, at, direction, verdict, message);
                }
                key => {
                    let message = format!("{subject}: `{key}` {}", became(before, after));
                    self.unclassified(at, direction, message);
                }
            }
        }
    }

    /// A change that is not understood.
    pub(super) fn unclassified(&mut self, at: At, direction: Option<Direction>, message: String) {
        let verdict = Verdict::breaking(
            [Caller, super::Who::Reader, GeneratedCode],
            "this change is not understood, so it counts as breaking until somebody reviews it",
        );
        self.report(&kinds::UNCLASSIFIED, at, direction, verdict, message);
    }

    /// The name, in messages, of the object that a field belongs to.
    pub(super) fn owner(&self, old: &Node<'_>, new: &Node<'_>) -> String {
        if new.value.is_null() { self.old.subject(&old.at) } else { self.new.subject(&new.at) }
    }

    fn required_scopes(&mut self, old: &Node<'_>, new: &Node<'_>, at: At, subject: &str) {
        let (before, after) = (texts(old), texts(new));
        let added: Vec<_> = after.difference(&before).copied().collect();
        let removed: Vec<_> = before.difference(&after).copied().collect();
        if added.is_empty() && removed.is_empty() {
            if old.value.is_null() != new.value.is_null() {
                let message = format!(
                    "{subject}: the list of required scopes is now {}",
                    if new.value.is_null() { "missing" } else { "present but empty" }
                );
                let verdict = Verdict::compatible("no scope is required before or after the change");
                self.report(&kinds::REQUIRED_SCOPES_CHANGED, at, Some(Direction::Request), verdict, message);
            }
            return;
        }
        let kind = &kinds::REQUIRED_SCOPES_CHANGED;
        if !added.is_empty() {
            let verdict = Verdict::breaking([Caller], "requests with keys that lack the scope are rejected");
            let message = format!("{subject}: the scope {} is now required", listed(added));
            self.report(kind, at.clone(), Some(Direction::Request), verdict, message);
        }
        if !removed.is_empty() {
            let verdict = Verdict::compatible("keys that were sufficient still are");
            let message = format!("{subject}: the scope {} is no longer required", listed(removed));
            self.report(kind, at, Some(Direction::Request), verdict, message);
        }
    }

    fn idempotency(&mut self, old: Option<&Value>, new: Option<&Value>, at: At, subject: &str) {
        let Some(mark) = &self.marks.idempotency else { return };
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
        let message = format!("{subject}: `{}` {}", mark.extension, became(old, new));
        self.report(&kinds::IDEMPOTENCY_CHANGED, at, Some(Direction::Request), verdict, message);
    }

    fn availability(&mut self, key: &str, old: &Node<'_>, new: &Node<'_>, at: At, subject: &str) {
        // Dates and years are ordered as texts: "2025" is before "2025-03-17".
        let earlier_end = match (old.text("until"), new.text("until")) {
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new < old,
            _ => false,
        };
        let later_begin = match (old.text("since"), new.text("since")) {
            (Some(old), Some(new)) => new > old,
            (None, Some(_)) => !old.value.is_null(),
            _ => false,
        };
        let verdict = if earlier_end {
            Verdict::breaking([Caller], "newer servers return 404 for an operation that callers rely on")
        } else if later_begin {
            Verdict::breaking([Caller], "older servers return 404 for an operation that callers rely on")
        } else {
            Verdict::compatible("the operation is still available on every server that was listed before")
        };
        let (before, after) =
            ((!old.value.is_null()).then_some(old.value), (!new.value.is_null()).then_some(new.value));
        let message = format!("{subject}: `{key}` {}", became(before, after));
        self.report(&kinds::AVAILABILITY_CHANGED, at, Some(Direction::Request), verdict, message);
    }
}

fn verb(old: Option<&Value>, new: Option<&Value>) -> &'static str {
    match (old, new) {
        (None, _) => "was added",
        (_, None) => "was removed",
        _ => "changed",
    }
}
