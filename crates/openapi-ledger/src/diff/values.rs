//! The constraints on a single value: type, format, enumerated values, ranges, patterns.

use std::collections::HashSet;

use crate::value::Value;

use super::Who::Caller;
use super::facets::{became, canonical, same_set, texts};
use super::schemas::{Variance, judge, retyped};
use super::{At, Comparison, Direction, Node, Pair, Verdict, kinds};
use crate::text::brief;

/// The list on both sides, if one of them is bare and the other is the only list of an object.
fn bare_and_enveloped<'a>(schema: &Pair<'a>) -> Option<Pair<'a>> {
    let list_of = |node: &Node<'a>| {
        let members = node.key("properties").members().map(|(_, member)| member);
        let mut lists = members.filter(|member| member.text("type") == Some("array"));
        lists.next().filter(|_| lists.next().is_none())
    };
    let (old, new) = match (schema.old.text("type"), schema.new.text("type")) {
        (Some("array"), Some("object")) => (schema.old.clone(), list_of(&schema.new)?),
        (Some("object"), Some("array")) => (list_of(&schema.old)?, schema.new.clone()),
        _ => return None,
    };
    let kind = |list: &Node<'a>| list.key("items").text("type");
    let is_same = kind(&old).is_some() && kind(&old) == kind(&new);
    is_same.then_some(Pair { old, new, direction: schema.direction })
}

impl<'a> Comparison<'a> {
    /// Whether the type is different, so that nested nodes cannot be compared.
    pub(super) fn other_type(&mut self, schema: &Pair<'a>) -> bool {
        let (before, after) = schema.values("type");
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
        let verdict = retyped(schema.direction, variance, refused, surprised);
        let what = format!("{}: the type", self.owner(schema));
        let lists = bare_and_enveloped(schema);
        let kind = if lists.is_some() { &kinds::ENVELOPE_CHANGED } else { &kinds::TYPE_CHANGED };
        self.changed(kind, schema, "type", verdict, &what);
        if let Some(lists) = lists {
            self.schema(&lists.key("items"), false);
            return true;
        }
        before.is_some() && after.is_some()
    }

    pub(super) fn format(&mut self, schema: &Pair<'a>) {
        let (before, after) = schema.values("format");
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
        let names_type = |value| text(value).is_some_and(|format| TYPE_FORMATS.contains(&format));
        let by_format = if names_type(before) || names_type(after) { retyped } else { judge };
        let verdict = by_format(
            schema.direction,
            variance,
            "requests with the old format are rejected",
            "readers that decode the old format fail",
        );
        let what = format!("{}: the format", self.owner(schema));
        self.changed(&kinds::FORMAT_CHANGED, schema, "format", verdict, &what);
    }

    pub(super) fn values(&mut self, schema: &Pair<'a>) {
        let direction = schema.direction;
        let refused = "requests with the removed value are rejected";
        let surprised = "readers can get a value that they do not know";
        let variance = match schema.get("enum") {
            (None, None) => return,
            (Some(_), None) => Some(Variance::Wider),
            (None, Some(_)) => Some(Variance::Narrower),
            (Some(_), Some(_)) => None,
        };
        let subject = self.owner(schema);
        if let Some(variance) = variance {
            let verdict = retyped(direction, variance, refused, surprised);
            let what = format!("{subject}: the enum");
            return self.changed(&kinds::ENUM_CHANGED, schema, "enum", verdict, &what);
        }
        // Null is added and removed together with `nullable`, which is reported separately.
        let (was_nullable, is_nullable) = schema.flags("nullable");
        let (before, after) = (schema.old.key("enum"), schema.new.key("enum"));
        let set = |list: &Node<'a>| list.items().map(|item| canonical(item.value)).collect::<HashSet<_>>();
        let (known_before, known_after) = (set(&before), set(&after));
        let lacks = |known: &HashSet<String>, item: &Node<'a>| {
            !(known.contains(&canonical(item.value)) || was_nullable != is_nullable && item.value.is_null())
        };
        for item in after.items().filter(|item| lacks(&known_before, item)) {
            let message = format!("{subject}: the value {} is now allowed", brief(item.value));
            let verdict = judge(direction, Variance::Wider, refused, surprised);
            self.report(&kinds::ENUM_VALUE_ADDED, At::came(item.at, direction), verdict, message);
        }
        for item in before.items().filter(|item| lacks(&known_after, item)) {
            let message = format!("{subject}: the value {} is no longer allowed", brief(item.value));
            let verdict = judge(direction, Variance::Narrower, refused, surprised);
            self.report(&kinds::ENUM_VALUE_REMOVED, At::gone(item.at, direction), verdict, message);
        }
    }

    /// `x-extensible-enum` lists the known values, and states that others may be added.
    pub(super) fn known_values(&mut self, schema: &Pair<'a>) {
        let key = "x-extensible-enum";
        let known = schema.key(key);
        if same_set(known.old.value, known.new.value) {
            return;
        }
        let at = schema.at_key(key);
        let (before, after) = (texts(&known.old), texts(&known.new));
        let subject = self.owner(schema);
        for value in after.difference(&before) {
            let verdict = Verdict::compatible("the list is open, so readers must expect unknown values");
            let message = format!("{subject}: `{value}` is now a known value");
            self.report(&kinds::KNOWN_VALUE_ADDED, at.clone(), verdict, message);
        }
        for value in before.difference(&after) {
            let verdict = if schema.direction == Some(Direction::Request) {
                Verdict::breaking([Caller], "requests with the value may be rejected")
            } else {
                Verdict::compatible("readers no longer get the value")
            };
            let message = format!("{subject}: `{value}` is no longer a known value");
            self.report(&kinds::KNOWN_VALUE_REMOVED, at.clone(), verdict, message);
        }
        if before == after {
            let verdict = Verdict::compatible("the list is open, and contains the same values as before");
            let message = format!("{subject}: `{key}` is written differently");
            self.report(&kinds::KNOWN_VALUE_ADDED, at, verdict, message);
        }
    }

    pub(super) fn pattern(&mut self, schema: &Pair<'a>) {
        let (before, after) = schema.values("pattern");
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
            schema.direction,
            variance,
            "requests with a text that matched before are rejected",
            "readers that check the old pattern reject the text",
        );
        let what = format!("{}: the pattern", self.owner(schema));
        self.changed(&kinds::PATTERN_CHANGED, schema, "pattern", verdict, &what);
    }

    pub(super) fn ranges(&mut self, schema: &Pair<'a>) {
        for (key, lower) in BOUNDS {
            let bound = |node: &Node<'_>| {
                let value = node.value[*key].as_f64();
                // Lengths and counts are never below 0.
                let value = value.or_else(|| (*lower && *key != "minimum").then_some(0.0));
                let exclusive = if *lower { "exclusiveMinimum" } else { "exclusiveMaximum" };
                let exclusive = matches!(*key, "minimum" | "maximum") && node.flag(exclusive);
                value.map(|value| (value, exclusive))
            };
            let order = match (bound(&schema.old), bound(&schema.new)) {
                (None, None) => continue,
                (a, b) if a == b => continue,
                (None, Some(_)) => Variance::Narrower,
                (Some(_), None) => Variance::Wider,
                (Some((a, was)), Some((b, is))) => {
                    let tighter = if *lower { b > a } else { b < a } || (a == b && is && !was);
                    if tighter { Variance::Narrower } else { Variance::Wider }
                }
            };
            self.range(schema, key, order);
        }
        let multiple = |node: &Node<'_>| node.value["multipleOf"].as_f64().filter(|n| *n != 0.0);
        match (multiple(&schema.old), multiple(&schema.new)) {
            (a, b) if a == b => {}
            (None, _) => self.range(schema, "multipleOf", Variance::Narrower),
            (_, None) => self.range(schema, "multipleOf", Variance::Wider),
            (Some(a), Some(b)) => {
                let whole = |n: f64| (n - n.round()).abs() < 1e-9;
                let variance = match (whole(a / b), whole(b / a)) {
                    (true, _) => Variance::Wider,
                    (_, true) => Variance::Narrower,
                    _ => Variance::Other,
                };
                self.range(schema, "multipleOf", variance);
            }
        }
        match schema.flags("uniqueItems") {
            (false, true) => self.range(schema, "uniqueItems", Variance::Narrower),
            (true, false) => self.range(schema, "uniqueItems", Variance::Wider),
            _ => {}
        }
    }

    fn range(&mut self, schema: &Pair<'a>, key: &str, variance: Variance) {
        let verdict = judge(
            schema.direction,
            variance,
            "requests with a value that was allowed before are rejected",
            "readers that rely on the old bound can get a value beyond it",
        );
        let (before, after) = schema.values(key);
        let key = match (key, before == after) {
            ("minimum", true) => "exclusiveMinimum",
            ("maximum", true) => "exclusiveMaximum",
            _ => key,
        };
        let what = match variance {
            Variance::Narrower => "fewer values are allowed",
            Variance::Wider => "more values are allowed",
            Variance::Other => "other values are allowed",
        };
        let (before, after) = schema.values(key);
        let message = format!("{}: {key} {}: {what}", self.owner(schema), became(before, after));
        self.report(&kinds::RANGE_CHANGED, schema.at_key(key), verdict, message);
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

/// The formats by which generators choose a type.
#[rustfmt::skip]
const TYPE_FORMATS: [&str; 13] = [
    "int32", "int64", "float", "double", "date", "date-time", "time", "uuid", "byte", "binary", "ip", "ipv4", "ipv6",
];
