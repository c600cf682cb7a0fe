//! What every object of a description may have: text, samples, marks, extensions. And the net below:
//! a field that nobody else looked at.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::Who::{Caller, GeneratedCode};
use super::{At, Comparison, Direction, Node, Verdict, kinds};
use crate::grammar::{is_prose, is_sample};
use crate::text::{brief, listed};

/// Whether two values say the same: `1` and `1.0` do.
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

/// A text that two values have in common exactly when they are the [`same`].
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

/// Whether two lists hold the same, in whatever order.
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

/// "was added: 1", "was removed, it was 1", "was 1 and is 2".
pub(super) fn became(old: Option<&Value>, new: Option<&Value>) -> String {
    match (old, new) {
        (None, Some(new)) => format!("is {} now; it was not given", brief(new)),
        (Some(old), None) => format!("was {} and is no longer given", brief(old)),
        (old, new) => {
            let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), brief);
            format!("was {} and is {} now", text(old), text(new))
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
                            "is deprecated now",
                            "everything works as before; callers should look for what replaces it",
                        )
                    } else {
                        ("is no longer deprecated", "everything works as before")
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
                        "no call depends on an extension; what it means to the tools that read it is not known here",
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
            "what this means is not known here, so it counts as breaking until a person has looked",
        );
        self.report(&kinds::UNCLASSIFIED, at, direction, verdict, message);
    }

    /// What the object is called to which a field belongs.
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
                    "{subject}: the list of required scopes is {} now",
                    if new.value.is_null() { "gone" } else { "there, and empty" }
                );
                let verdict = Verdict::compatible("no scope is asked for, before and after");
                self.report(&kinds::REQUIRED_SCOPES_CHANGED, at, Some(Direction::Request), verdict, message);
            }
            return;
        }
        let kind = &kinds::REQUIRED_SCOPES_CHANGED;
        if !added.is_empty() {
            let verdict = Verdict::breaking(
                [Caller],
                "a key that was allowed to do this lacks the scope, and the caller is refused",
            );
            let message = format!("{subject}: the scope {} is required now", listed(added));
            self.report(kind, at.clone(), Some(Direction::Request), verdict, message);
        }
        if !removed.is_empty() {
            let verdict = Verdict::compatible("a key that was allowed to do this still is");
            let message = format!("{subject}: the scope {} is no longer required", listed(removed));
            self.report(kind, at, Some(Direction::Request), verdict, message);
        }
    }

    fn idempotency(&mut self, old: Option<&Value>, new: Option<&Value>, at: At, subject: &str) {
        let Some(mark) = &self.marks.idempotency else { return };
        // How much a caller whose answer was lost may do without looking; what is not known promises nothing.
        let promise = |value: Option<&Value>| mark.strength(value.and_then(Value::as_str));
        let verdict = if promise(new) < promise(old) {
            Verdict::breaking([Caller], "a caller that repeats the call after a lost answer may do harm now")
        } else if promise(new) > promise(old) || old.is_none() {
            Verdict::compatible("a caller that was careful before is right still")
        } else {
            Verdict::breaking(
                [Caller],
                "what a caller may do after a lost answer is promised no longer, or is something else",
            )
        };
        let message = format!("{subject}: `{}` {}", mark.extension, became(old, new));
        self.report(&kinds::IDEMPOTENCY_CHANGED, at, Some(Direction::Request), verdict, message);
    }

    fn availability(&mut self, key: &str, old: &Node<'_>, new: &Node<'_>, at: At, subject: &str) {
        // Dates and years order as texts: "2025" stands before "2025-03-17".
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
            Verdict::breaking([Caller], "newer servers answer 404 where callers counted on the operation")
        } else if later_begin {
            Verdict::breaking([Caller], "older servers answer 404 where callers counted on the operation")
        } else {
            Verdict::compatible("the operation is promised on every server on which it was")
        };
        let (before, after) =
            ((!old.value.is_null()).then_some(old.value), (!new.value.is_null()).then_some(new.value));
        let message = format!("{subject}: `{key}` {}", became(before, after));
        self.report(&kinds::AVAILABILITY_CHANGED, at, Some(Direction::Request), verdict, message);
    }
}

fn verb(old: Option<&Value>, new: Option<&Value>) -> &'static str {
    match (old, new) {
        (None, _) => "is new",
        (_, None) => "is gone",
        _ => "changed",
    }
}
