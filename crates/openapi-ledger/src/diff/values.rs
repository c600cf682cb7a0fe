//! The constraints on a single value: type, format, enumerated values, ranges, patterns.

use std::collections::HashSet;

use crate::value::Value;

use super::Who::Caller;
use super::facets::{became, canonical, same_set, texts};
use super::schemas::{Use, Variance, judge, retyped};
use super::{At, Comparison, Direction, Node, Verdict, kinds};
use crate::text::brief;

/// The list on both sides, if one of them is bare and the other is the only list of an object.
fn bare_and_enveloped<'a>(old: &Node<'a>, new: &Node<'a>) -> Option<(Node<'a>, Node<'a>)> {
    let list_of = |node: &Node<'a>| {
        let mut lists = node
            .key("properties")
            .members()
            .map(|(_, member)| member)
            .filter(|member| member.text("type") == Some("array"));
        lists.next().filter(|_| lists.next().is_none())
    };
    let (bare, enveloped) = match (old.text("type"), new.text("type")) {
        (Some("array"), Some("object")) => (old.clone(), list_of(new)?),
        (Some("object"), Some("array")) => (new.clone(), list_of(old)?),
        _ => return None,
    };
    let kind = |list: &Node<'a>| list.key("items").text("type").map(str::to_owned);
    if kind(&bare).is_none() || kind(&bare) != kind(&enveloped) {
        return None;
    }
    Some(if old.text("type") == Some("array") { (bare, enveloped) } else { (enveloped, bare) })
}

impl<'a> Comparison<'a> {
    /// Whether the type is different, so that nested nodes cannot be compared.
    pub(super) fn other_type(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        direction: Option<Direction>,
    ) -> bool {
        let (before, after) = (old.value.get("type"), new.value.get("type"));
        if before == after {
            return false;
        }
        let variance = match (before.and_then(Value::as_str), after.and_then(Value::as_str)) {
            (Some("integer"), Some("number")) | (Some(_), None) => Variance::Wider,
            (Some("number"), Some("integer")) | (None, Some(_)) => Variance::Narrower,
            _ => Variance::Other,
        };
        let refused = "requests with the old type are rejected";
        let surprised = "readers that decode the old type fail";
        let message = format!("{}: the type {}", self.owner(old, new), became(before, after));
        let verdict = retyped(direction, variance, refused, surprised);
        if let Some((a, b)) = bare_and_enveloped(old, new) {
            self.report(&kinds::ENVELOPE_CHANGED, At::member(old, new, "type"), direction, verdict, message);
            self.schema(&a.key("items"), &b.key("items"), Use { direction, optional: false });
            return true;
        }
        self.report(&kinds::TYPE_CHANGED, At::member(old, new, "type"), direction, verdict, message);
        before.is_some() && after.is_some()
    }

    pub(super) fn format(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.value.get("format"), new.value.get("format"));
        if before == after {
            return;
        }
        let text = |value: Option<&'a Value>| value.and_then(Value::as_str);
        let variance = match (text(before), text(after)) {
            (Some("int32"), Some("int64")) | (Some("float"), Some("double")) | (Some(_), None) => {
                Variance::Wider
            }
            (Some("int64"), Some("int32")) | (Some("double"), Some("float")) | (None, Some(_)) => {
                Variance::Narrower
            }
            _ => Variance::Other,
        };
        let refused = "requests with the old format are rejected";
        let surprised = "readers that decode the old format fail";
        let verdict = if names_type(text(before)) || names_type(text(after)) {
            retyped(direction, variance, refused, surprised)
        } else {
            judge(direction, variance, refused, surprised)
        };
        let message = format!("{}: the format {}", self.owner(old, new), became(before, after));
        self.report(&kinds::FORMAT_CHANGED, At::member(old, new, "format"), direction, verdict, message);
    }

    pub(super) fn values(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.get("enum"), new.get("enum"));
        let refused = "requests with the removed value are rejected";
        let surprised = "readers can get a value that they do not know";
        let (before, after) = match (before, after) {
            (None, None) => return,
            (Some(before), Some(after)) => (before, after),
            (before, after) => {
                let variance = if before.is_some() { Variance::Wider } else { Variance::Narrower };
                let value = |node: &Option<Node<'a>>| node.as_ref().map(|node| node.value);
                let message =
                    format!("{}: the enum {}", self.owner(old, new), became(value(&before), value(&after)));
                let verdict = retyped(direction, variance, refused, surprised);
                self.report(&kinds::ENUM_CHANGED, At::member(old, new, "enum"), direction, verdict, message);
                return;
            }
        };
        // Null is added and removed together with `nullable`, which is reported separately.
        let told = old.flag("nullable") != new.flag("nullable");
        let set = |list: &Node<'a>| list.items().map(|item| canonical(item.value)).collect::<HashSet<_>>();
        let (known_before, known_after) = (set(&before), set(&after));
        let lacks = |known: &HashSet<String>, item: &Node<'a>| {
            !(known.contains(&canonical(item.value)) || told && item.value.is_null())
        };
        let subject = self.owner(old, new);
        for item in after.items().filter(|item| lacks(&known_before, item)) {
            let message = format!("{subject}: the value {} is now allowed", brief(item.value));
            self.report(
                &kinds::ENUM_VALUE_ADDED,
                At::came(item.at),
                direction,
                judge(direction, Variance::Wider, refused, surprised),
                message,
            );
        }
        for item in before.items().filter(|item| lacks(&known_after, item)) {
            let message = format!("{subject}: the value {} is no longer allowed", brief(item.value));
            self.report(
                &kinds::ENUM_VALUE_REMOVED,
                At::gone(item.at),
                direction,
                judge(direction, Variance::Narrower, refused, surprised),
                message,
            );
        }
    }

    /// `x-extensible-enum` lists the known values, and states that others may be added.
    pub(super) fn known_values(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let key = "x-extensible-enum";
        if same_set(old.key(key).value, new.key(key).value) {
            return;
        }
        let (before, after) = (texts(&old.key(key)), texts(&new.key(key)));
        let subject = self.owner(old, new);
        for value in after.difference(&before) {
            let verdict = Verdict::compatible("the list is open, so readers must expect unknown values");
            self.report(
                &kinds::KNOWN_VALUE_ADDED,
                At::member(old, new, key),
                direction,
                verdict,
                format!("{subject}: `{value}` is now a known value"),
            );
        }
        for value in before.difference(&after) {
            let verdict = if direction == Some(Direction::Request) {
                Verdict::breaking([Caller], "requests with the value may be rejected")
            } else {
                Verdict::compatible("readers no longer get the value")
            };
            self.report(
                &kinds::KNOWN_VALUE_REMOVED,
                At::member(old, new, key),
                direction,
                verdict,
                format!("{subject}: `{value}` is no longer a known value"),
            );
        }
        if before == after {
            let verdict = Verdict::compatible("the list is open, and contains the same values as before");
            self.report(
                &kinds::KNOWN_VALUE_ADDED,
                At::member(old, new, key),
                direction,
                verdict,
                format!("{subject}: `{key}` is written differently"),
            );
        }
    }

    pub(super) fn pattern(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.value.get("pattern"), new.value.get("pattern"));
        if before == after {
            return;
        }
        let variance = match (before, after) {
            (None, _) => Variance::Narrower,
            (_, None) => Variance::Wider,
            // Whether one pattern includes another is not determined.
            _ => Variance::Other,
        };
        let verdict = judge(
            direction,
            variance,
            "requests with a text that matched before are rejected",
            "readers that check the old pattern reject the text",
        );
        let message = format!("{}: the pattern {}", self.owner(old, new), became(before, after));
        self.report(&kinds::PATTERN_CHANGED, At::member(old, new, "pattern"), direction, verdict, message);
    }

    pub(super) fn ranges(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        for (key, lower) in BOUNDS {
            let bound = |node: &Node<'_>| {
                let value = node.value.get(key).and_then(Value::as_f64);
                // Lengths and counts are never below 0.
                let value = value.or_else(|| (*lower && *key != "minimum").then_some(0.0));
                let exclusive = if *lower { "exclusiveMinimum" } else { "exclusiveMaximum" };
                let exclusive = matches!(*key, "minimum" | "maximum") && node.flag(exclusive);
                value.map(|value| (value, exclusive))
            };
            let order = match (bound(old), bound(new)) {
                (None, None) => continue,
                (a, b) if a == b => continue,
                (None, Some(_)) => Variance::Narrower,
                (Some(_), None) => Variance::Wider,
                (Some((a, was)), Some((b, is))) => {
                    let tighter = if *lower { b > a } else { b < a } || (a == b && is && !was);
                    if tighter { Variance::Narrower } else { Variance::Wider }
                }
            };
            self.range(old, new, key, order, direction);
        }
        let multiple =
            |node: &Node<'_>| node.value.get("multipleOf").and_then(Value::as_f64).filter(|n| *n != 0.0);
        match (multiple(old), multiple(new)) {
            (a, b) if a == b => {}
            (None, _) => self.range(old, new, "multipleOf", Variance::Narrower, direction),
            (_, None) => self.range(old, new, "multipleOf", Variance::Wider, direction),
            (Some(a), Some(b)) => {
                let whole = |n: f64| (n - n.round()).abs() < 1e-9;
                let variance = match (whole(a / b), whole(b / a)) {
                    (true, _) => Variance::Wider,
                    (_, true) => Variance::Narrower,
                    _ => Variance::Other,
                };
                self.range(old, new, "multipleOf", variance, direction);
            }
        }
        if old.flag("uniqueItems") != new.flag("uniqueItems") {
            let variance = if new.flag("uniqueItems") { Variance::Narrower } else { Variance::Wider };
            self.range(old, new, "uniqueItems", variance, direction);
        }
    }

    fn range(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        key: &str,
        variance: Variance,
        direction: Option<Direction>,
    ) {
        let verdict = judge(
            direction,
            variance,
            "requests with a value that was allowed before are rejected",
            "readers that rely on the old bound can get a value beyond it",
        );
        let key = match (key, old.value.get(key) == new.value.get(key)) {
            ("minimum", true) => "exclusiveMinimum",
            ("maximum", true) => "exclusiveMaximum",
            _ => key,
        };
        let what = match variance {
            Variance::Narrower => "fewer values are allowed",
            Variance::Wider => "more values are allowed",
            Variance::Other => "other values are allowed",
        };
        let message = format!(
            "{}: {key} {}: {what}",
            self.owner(old, new),
            became(old.value.get(key), new.value.get(key))
        );
        self.report(&kinds::RANGE_CHANGED, At::member(old, new, key), direction, verdict, message);
    }
}

/// The names of bounds, and whether they are lower bounds.
const BOUNDS: &[(&str, bool)] = &[
    ("minimum", true),
    ("maximum", false),
    ("minLength", true),
    ("maxLength", false),
    ("minItems", true),
    ("maxItems", false),
    ("minProperties", true),
    ("maxProperties", false),
];

/// Whether generators choose a type by this format.
fn names_type(format: Option<&str>) -> bool {
    matches!(
        format,
        Some(
            "int32"
                | "int64"
                | "float"
                | "double"
                | "date"
                | "date-time"
                | "time"
                | "uuid"
                | "byte"
                | "binary"
                | "ip"
                | "ipv4"
                | "ipv6"
        )
    )
}
