//! Schemas: what a value may be before and after, seen by those who send it and those who read it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::{became, same, same_set, texts};
use super::{At, Comparison, Direction, Kind, Node, Verdict, Version, Who, kinds};
use crate::lint::text::brief;
use crate::pointer::Pointer;

/// Where a schema is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// Which way its values go; `None` for a component that no operation uses.
    pub(super) direction: Option<Direction>,
    /// Whether the value may be left out, so that a default counts.
    pub(super) optional: bool,
}

/// How the values that a schema allows changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variance {
    /// Some are no longer allowed.
    Narrower,
    /// More are allowed.
    Wider,
    /// Both.
    Other,
}

impl Variance {
    /// Which end of the wire is hurt, if any.
    pub(super) fn hurts(self, direction: Option<Direction>) -> Option<Who> {
        match (direction?, self) {
            (Direction::Request, Self::Narrower | Self::Other) => Some(Caller),
            (Direction::Response, Self::Wider | Self::Other) => Some(Reader),
            _ => None,
        }
    }
}

/// A verdict by direction: `refused` is what happens to a caller, `surprised` what happens to a reader.
pub(super) fn judge(
    direction: Option<Direction>,
    variance: Variance,
    refused: &str,
    surprised: &str,
) -> Verdict {
    match (variance.hurts(direction), direction) {
        (Some(Caller), _) => Verdict::breaking([Caller], refused),
        (Some(who), _) => Verdict::breaking([who], surprised),
        (None, Some(Direction::Request)) => Verdict::compatible("what callers send is accepted as before"),
        (None, Some(Direction::Response)) => Verdict::compatible(
            "what readers get is within what was promised; a type or a name in generated code may become narrower",
        ),
        (None, None) => {
            Verdict::compatible("no operation uses it; only code that names the generated type sees it")
        }
    }
}

/// A verdict on a change that gives generated code another type, whatever the direction.
pub(super) fn retyped(
    direction: Option<Direction>,
    variance: Variance,
    refused: &str,
    surprised: &str,
) -> Verdict {
    match variance.hurts(direction) {
        Some(Caller) => Verdict::breaking([Caller, GeneratedCode], refused),
        Some(who) => Verdict::breaking([who, GeneratedCode], surprised),
        None => Verdict::breaking(
            [GeneratedCode],
            "what goes over the wire fits the old description, but generated code has another type here",
        ),
    }
}

/// A schema behind references and behind an `allOf` that only wraps one.
struct View<'a> {
    node: Node<'a>,
    /// The wrappers that were passed, which may add text, a default, or null.
    wrappers: Vec<Node<'a>>,
    /// The components that were passed.
    through: Vec<Pointer>,
}

impl<'a> View<'a> {
    /// The field `name` as it holds here: the outermost counts.
    fn field(&self, name: &str) -> Option<&'a Value> {
        self.wrappers.iter().chain([&self.node]).find_map(|node| node.value.get(name))
    }

    fn flag(&self, name: &str) -> bool {
        self.wrappers.iter().chain([&self.node]).any(|node| node.flag(name))
    }

    fn outermost(&self) -> &Node<'a> {
        self.wrappers.first().unwrap_or(&self.node)
    }
}

/// Fields that may stand beside a wrapping `allOf` without making it more than a wrapper.
fn is_wrapping(node: &Node<'_>) -> bool {
    let single = node.value.get("allOf").and_then(Value::as_array).is_some_and(|all| all.len() == 1);
    let beside = [
        "allOf",
        "nullable",
        "default",
        "description",
        "title",
        "example",
        "externalDocs",
        "deprecated",
        "readOnly",
        "writeOnly",
    ];
    single && node.members().all(|(key, _)| beside.contains(&key) || key.starts_with("x-"))
}

fn view<'a>(side: super::tree::Side<'a>, node: &Node<'a>) -> View<'a> {
    view_through(side, node, true)
}

fn view_through<'a>(side: super::tree::Side<'a>, node: &Node<'a>, wrappers: bool) -> View<'a> {
    let mut view = View { node: node.clone(), wrappers: Vec::new(), through: Vec::new() };
    loop {
        let resolved = side.resolve(view.node.clone());
        view.through.extend(resolved.through);
        view.node = resolved.node;
        // A circle of wrappers is no schema; lint complains.
        if !wrappers
            || !is_wrapping(&view.node)
            || view.wrappers.iter().any(|wrapper| wrapper.at == view.node.at)
        {
            return view;
        }
        let inner = view.node.key("allOf").index(0);
        view.wrappers.push(std::mem::replace(&mut view.node, inner));
    }
}

impl<'a> Comparison<'a> {
    /// Compares two schemas, either of which may be absent.
    pub(super) fn schema(&mut self, old: &Node<'a>, new: &Node<'a>, used: Use) {
        if old.value.is_null() && new.value.is_null() {
            return;
        }
        let (mut before, mut after) = (view(self.old, old), view(self.new, new));
        if before.wrappers.is_empty() != after.wrappers.is_empty()
            && [&before, &after].iter().any(|view| view.node.get("allOf").is_some())
        {
            // One of them has several parts: compare part by part.
            (before, after) = (view_through(self.old, old, false), view_through(self.new, new, false));
        }
        self.reached.extend(before.through.iter().map(|at| (Version::Old, at.clone())));
        self.reached.extend(after.through.iter().map(|at| (Version::New, at.clone())));
        self.reference(old, new, &before, &after);
        self.nullable(&before, &after, used.direction);
        self.default(&before, &after, used);
        if !before.wrappers.is_empty() || !after.wrappers.is_empty() {
            let absent = |node: &Node<'a>| Node { value: &super::ABSENT, at: node.at.clone() };
            let (a, b) = (before.wrappers.first().cloned(), after.wrappers.first().cloned());
            let (a, b) = (a.unwrap_or_else(|| absent(old)), b.unwrap_or_else(|| absent(new)));
            self.remaining(
                &a,
                &b,
                &["allOf", "nullable", "default", "readOnly", "writeOnly"],
                used.direction,
            );
        }
        // Each component that no operation uses has its own turn.
        if used.direction.is_none() && !(before.through.is_empty() && after.through.is_empty()) {
            return;
        }
        if !self.seen.insert((before.node.at.clone(), after.node.at.clone(), used.direction)) {
            return;
        }
        self.facets(&before.node, &after.node, used.direction);
    }

    fn reference(&mut self, old: &Node<'a>, new: &Node<'a>, before: &View<'a>, after: &View<'a>) {
        let missing = |root: &Node<'_>, at: &Pointer| root.value.pointer(at.as_str()).is_none();
        let name = |at: &Pointer| at.tokens().last().map(|token| token.into_owned()).unwrap_or_default();
        match (before.through.first(), after.through.first()) {
            (Some(a), Some(b)) if a != b => {
                if missing(&self.new.root(), a) && missing(&self.old.root(), b) {
                    self.renamed.insert((a.clone(), b.clone()));
                    let why = "the generated type has another name; what goes over the wire is the same, unless told otherwise";
                    let message = format!("`{}` is called `{}` now", name(a), name(b));
                    let at = At::Both(b.clone());
                    self.report(
                        &kinds::COMPONENT_RENAMED,
                        at,
                        None,
                        Verdict::breaking([GeneratedCode], why),
                        message,
                    );
                } else {
                    let why = "generated code has another type here; what goes over the wire is the same, unless told otherwise";
                    let message = format!(
                        "{}: refers to `{}` now, it referred to `{}`",
                        self.owner(old, new),
                        name(b),
                        name(a)
                    );
                    self.report(
                        &kinds::REFERENCE_CHANGED,
                        At::both(new),
                        None,
                        Verdict::breaking([GeneratedCode], why),
                        message,
                    );
                }
            }
            (Some(a), None) | (None, Some(a))
                if before.node.value.get("type") == after.node.value.get("type") =>
            {
                let what = if after.through.is_empty() {
                    "is written in place now, it referred to"
                } else {
                    "refers to the component"
                };
                let why = "what goes over the wire is the same, unless told otherwise; generators may name the type otherwise";
                let message = format!("{}: {what} `{}`", self.owner(old, new), name(a));
                self.report(
                    &kinds::REFERENCE_CHANGED,
                    At::both(new),
                    None,
                    Verdict::compatible(why),
                    message,
                );
            }
            _ => {}
        }
    }

    fn nullable(&mut self, before: &View<'a>, after: &View<'a>, direction: Option<Direction>) {
        let (old, new) = (before.flag("nullable"), after.flag("nullable"));
        if old == new {
            return;
        }
        let (a, b) = if before.node.flag("nullable") == after.node.flag("nullable") {
            (before.outermost(), after.outermost())
        } else {
            (&before.node, &after.node)
        };
        let subject = self.owner(a, b);
        let message = format!("{subject} {}", if new { "may be null now" } else { "may no longer be null" });
        let typed = |view: &View<'_>| {
            ["type", "enum", "oneOf", "anyOf", "allOf"].iter().any(|key| view.node.value.get(key).is_some())
        };
        let verdict = if typed(before) || typed(after) {
            let variance = if new { Variance::Wider } else { Variance::Narrower };
            judge(
                direction,
                variance,
                "a caller that sends null is refused",
                "a reader that counts on a value fails on null",
            )
        } else {
            Verdict::compatible("without a type the schema admits null either way")
        };
        self.report(&kinds::NULLABLE_CHANGED, At::member(a, b, "nullable"), direction, verdict, message);
    }

    fn default(&mut self, before: &View<'a>, after: &View<'a>, used: Use) {
        let (old, new) = (before.field("default"), after.field("default"));
        if old.zip(new).is_some_and(|(a, b)| same(a, b)) || (old.is_none() && new.is_none()) {
            return;
        }
        let holder = |view: &View<'a>| {
            let nodes = view.wrappers.iter().chain([&view.node]);
            nodes.clone().find(|node| node.get("default").is_some()).unwrap_or(view.outermost()).clone()
        };
        let (a, b) = (holder(before), holder(after));
        let message = format!("{}: the default {}", self.owner(&a, &b), became(old, new));
        let verdict = match used.direction {
            None => Verdict::compatible("no operation uses it"),
            Some(_) if !used.optional => Verdict {
                effect: super::Effect::Documentation,
                who: Vec::new(),
                why: "the value cannot be left out, so nobody gets the default".into(),
            },
            Some(_) if old.is_none() => Verdict::compatible(
                "it says what was left open; an argument or member of generated code may become plain",
            ),
            Some(Direction::Request) => Verdict::breaking(
                [Caller],
                "a caller that leaves the value out gets another behaviour, silently",
            ),
            Some(Direction::Response) => Verdict::breaking(
                [Reader],
                "a reader that fills in what is left out fills in the wrong value",
            ),
        };
        self.report(&kinds::DEFAULT_CHANGED, At::member(&a, &b, "default"), used.direction, verdict, message);
    }

    /// Everything that a schema says by itself.
    fn facets(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let handled = [
            "$ref",
            "nullable",
            "default",
            "type",
            "format",
            "enum",
            "x-extensible-enum",
            "minimum",
            "exclusiveMinimum",
            "maximum",
            "exclusiveMaximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "pattern",
            "minItems",
            "maxItems",
            "uniqueItems",
            "minProperties",
            "maxProperties",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "oneOf",
            "anyOf",
            "allOf",
            "not",
            "discriminator",
            "readOnly",
            "writeOnly",
        ];
        self.type_name(old, new);
        let mut skipped = handled.to_vec();
        if self.names_a_type(old, new) {
            skipped.push("title");
        }
        self.remaining(old, new, &skipped, direction);
        self.dangling(old, new, direction);
        if self.other_type(old, new, direction) {
            return;
        }
        self.format(old, new, direction);
        self.values(old, new, direction);
        self.known_values(old, new, direction);
        self.ranges(old, new, direction);
        self.pattern(old, new, direction);
        self.properties(old, new, direction);
        self.additional_properties(old, new, direction);
        self.items(old, new, direction);
        self.composition(old, new, direction);
        self.discriminator(old, new, direction);
    }

    /// References that lead nowhere are compared as they stand.
    fn dangling(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.value.get("$ref"), new.value.get("$ref"));
        if before != after {
            let message = format!("{}: `$ref` {}", self.owner(old, new), became(before, after));
            self.unclassified(At::member(old, new, "$ref"), direction, message);
        }
    }

    /// Whether `title` is more than text: generators call the type of a nested schema by it.
    fn names_a_type(&self, old: &Node<'a>, new: &Node<'a>) -> bool {
        let nested = |node: &Node<'_>| {
            !(node.at.as_str().starts_with("/components/schemas/") && node.at.tokens().count() == 3)
        };
        let has_type = |node: &Node<'_>| {
            node.text("type") == Some("object")
                || ["enum", "oneOf", "anyOf", "allOf", "properties"].iter().any(|key| node.get(key).is_some())
        };
        nested(old) && nested(new) && has_type(old) && has_type(new)
    }

    fn type_name(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let (before, after) = (old.value.get("title"), new.value.get("title"));
        if before == after || !self.names_a_type(old, new) {
            return;
        }
        let why =
            "generators name the type of a nested schema by its title; what goes over the wire is the same";
        let message = format!("{}: the title {}", self.owner(old, new), became(before, after));
        self.report(
            &kinds::TYPE_NAME_CHANGED,
            At::member(old, new, "title"),
            None,
            Verdict::breaking([GeneratedCode], why),
            message,
        );
    }

    /// Whether the type is another one, so that nothing below can be compared.
    fn other_type(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) -> bool {
        let (before, after) = (old.value.get("type"), new.value.get("type"));
        if before == after {
            return false;
        }
        let variance = match (before.and_then(Value::as_str), after.and_then(Value::as_str)) {
            (Some("integer"), Some("number")) | (Some(_), None) => Variance::Wider,
            (Some("number"), Some("integer")) | (None, Some(_)) => Variance::Narrower,
            _ => Variance::Other,
        };
        let refused = "a caller that sends a value of the old type is refused";
        let surprised = "a reader that decodes the old type fails";
        let message = format!("{}: the type {}", self.owner(old, new), became(before, after));
        let verdict = retyped(direction, variance, refused, surprised);
        self.report(&kinds::TYPE_CHANGED, At::member(old, new, "type"), direction, verdict, message);
        before.is_some() && after.is_some()
    }

    fn format(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
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
        let refused = "a caller that sends a value of the old form is refused";
        let surprised = "a reader that decodes the old form fails";
        let verdict = if names_type(text(before)) || names_type(text(after)) {
            retyped(direction, variance, refused, surprised)
        } else {
            judge(direction, variance, refused, surprised)
        };
        let message = format!("{}: the format {}", self.owner(old, new), became(before, after));
        self.report(&kinds::FORMAT_CHANGED, At::member(old, new, "format"), direction, verdict, message);
    }

    fn values(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.get("enum"), new.get("enum"));
        let refused = "a caller that sends a value that is gone is refused";
        let surprised = "a reader that knows all old values meets one that it does not know";
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
        // Null comes and goes with `nullable`, which is told apart.
        let told = old.flag("nullable") != new.flag("nullable");
        let lacks = |list: &Node<'a>, item: &Node<'a>| {
            !list.items().any(|other| same(other.value, item.value)) && !(told && item.value.is_null())
        };
        let subject = self.owner(old, new);
        for item in after.items().filter(|item| lacks(&before, item)) {
            let message = format!("{subject}: the value {} is allowed now", brief(item.value));
            self.report(
                &kinds::ENUM_VALUE_ADDED,
                At::Came(item.at),
                direction,
                judge(direction, Variance::Wider, refused, surprised),
                message,
            );
        }
        for item in before.items().filter(|item| lacks(&after, item)) {
            let message = format!("{subject}: the value {} is no longer allowed", brief(item.value));
            self.report(
                &kinds::ENUM_VALUE_REMOVED,
                At::Gone(item.at),
                direction,
                judge(direction, Variance::Narrower, refused, surprised),
                message,
            );
        }
    }

    /// `x-extensible-enum` lists known values and says that others may come.
    fn known_values(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let key = "x-extensible-enum";
        if same_set(old.key(key).value, new.key(key).value) {
            return;
        }
        let (before, after) = (texts(&old.key(key)), texts(&new.key(key)));
        let subject = self.owner(old, new);
        for value in after.difference(&before) {
            let verdict =
                Verdict::compatible("the list is open: readers have to expect values that they do not know");
            self.report(
                &kinds::KNOWN_VALUE_ADDED,
                At::member(old, new, key),
                direction,
                verdict,
                format!("{subject}: `{value}` is a known value now"),
            );
        }
        for value in before.difference(&after) {
            let verdict = if direction == Some(Direction::Request) {
                Verdict::breaking([Caller], "a caller that sends the value may be refused")
            } else {
                Verdict::compatible("a reader that knows the value does not meet it")
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
            let verdict = Verdict::compatible("the list is open, and holds no other values than before");
            self.report(
                &kinds::KNOWN_VALUE_ADDED,
                At::member(old, new, key),
                direction,
                verdict,
                format!("{subject}: `{key}` is written otherwise"),
            );
        }
    }

    fn pattern(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.value.get("pattern"), new.value.get("pattern"));
        if before == after {
            return;
        }
        let variance = match (before, after) {
            (None, _) => Variance::Narrower,
            (_, None) => Variance::Wider,
            // Whether one pattern contains another is not decided here.
            _ => Variance::Other,
        };
        let verdict = judge(
            direction,
            variance,
            "a caller that sends a text that fitted before is refused",
            "a reader that checks the old pattern refuses the text",
        );
        let message = format!("{}: the pattern {}", self.owner(old, new), became(before, after));
        self.report(&kinds::PATTERN_CHANGED, At::member(old, new, "pattern"), direction, verdict, message);
    }

    fn ranges(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        for (key, lower) in BOUNDS {
            let bound = |node: &Node<'_>| {
                let value = node.value.get(key).and_then(Value::as_f64);
                // A length or a number of things is never below 0.
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
            "a caller that sends a value that was allowed before is refused",
            "a reader that counts on the old bound, or checks it, meets a value beyond it",
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

    fn properties(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.key("properties"), new.key("properties"));
        let required = (texts(&old.key("required")), texts(&new.key("required")));
        let names: BTreeSet<&str> = before.members().chain(after.members()).map(|(name, _)| name).collect();
        for name in &names {
            let is_required = (required.0.contains(name), required.1.contains(name));
            match (before.get(name), after.get(name)) {
                (Some(a), Some(b)) => self.property(&a, &b, (old, new), name, is_required, direction),
                (None, Some(b)) => self.property_added(old, &b, name, is_required.1, direction),
                (Some(a), None) => self.property_removed(&a, name, direction),
                (None, None) => {}
            }
        }
        for name in required.0.symmetric_difference(&required.1).filter(|name| !names.contains(**name)) {
            self.required(old, new, name, required.1.contains(name), direction);
        }
    }

    fn property(
        &mut self,
        a: &Node<'a>,
        b: &Node<'a>,
        holders: (&Node<'a>, &Node<'a>),
        name: &str,
        is_required: (bool, bool),
        direction: Option<Direction>,
    ) {
        let (before, after) = (view(self.old, a), view(self.new, b));
        for (field, hidden_in, other_end) in
            [("readOnly", Direction::Request, Caller), ("writeOnly", Direction::Response, Reader)]
        {
            if before.flag(field) == after.flag(field) || direction != Some(hidden_in) {
                continue;
            }
            let verdict = if after.flag(field) {
                let why = if other_end == Caller {
                    "what callers send is ignored or refused"
                } else {
                    "readers no longer get it"
                };
                Verdict::breaking([other_end, GeneratedCode], why)
            } else {
                Verdict::compatible("it is left out by those who do not know that it may be there")
            };
            let message = format!("{}: `{field}` is {} now", self.owner(a, b), after.flag(field));
            let at = At::member(before.outermost(), after.outermost(), field);
            self.report(&kinds::PROPERTY_DIRECTION, at, direction, verdict, message);
        }
        if is_hidden(&before, direction) && is_hidden(&after, direction) {
            return;
        }
        if is_required.0 != is_required.1 {
            self.required(holders.0, holders.1, name, is_required.1, direction);
        }
        self.schema(a, b, Use { direction, optional: !(is_required.0 && is_required.1) });
    }

    fn required(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        name: &str,
        now: bool,
        direction: Option<Direction>,
    ) {
        let variance = if now { Variance::Narrower } else { Variance::Wider };
        let verdict = judge(
            direction,
            variance,
            "a caller that leaves it out is refused",
            "a reader that counts on it fails where it is left out",
        );
        let message = format!(
            "{}: `{name}` is {} now",
            self.owner(old, new),
            if now { "required" } else { "optional" }
        );
        self.report(&kinds::PROPERTY_REQUIRED, At::member(old, new, "required"), direction, verdict, message);
    }

    fn property_added(
        &mut self,
        old: &Node<'a>,
        property: &Node<'a>,
        name: &str,
        required: bool,
        direction: Option<Direction>,
    ) {
        let after = view(self.new, property);
        if is_hidden(&after, direction) {
            return;
        }
        let closed = old.value.get("additionalProperties") == Some(&Value::Bool(false));
        let verdict = match direction {
            Some(Direction::Request) if required => {
                Verdict::breaking([Caller, GeneratedCode], "a caller that does not send it is refused")
            }
            Some(Direction::Request) => {
                Verdict::compatible("callers that do not send it are served as before")
            }
            Some(Direction::Response) if closed => Verdict::breaking(
                [Reader],
                "the object was closed (`additionalProperties: false`): a strict reader refuses what it does not know",
            ),
            Some(Direction::Response) => Verdict::compatible("readers skip what they do not know"),
            None => {
                Verdict::compatible("no operation uses it; only code that names the generated type sees it")
            }
        };
        let message = format!(
            "{}: the {} property `{name}` is new",
            holder(&self.new, property),
            if required { "required" } else { "optional" }
        );
        self.report(&kinds::PROPERTY_ADDED, At::Came(property.at.clone()), direction, verdict, message);
    }

    fn property_removed(&mut self, property: &Node<'a>, name: &str, direction: Option<Direction>) {
        if is_hidden(&view(self.old, property), direction) {
            return;
        }
        let verdict = match direction {
            Some(Direction::Request) => Verdict::breaking(
                [Caller, GeneratedCode],
                "what callers send is ignored or refused, and the generated member is gone",
            ),
            Some(Direction::Response) => Verdict::breaking(
                [Reader, GeneratedCode],
                "a reader that uses it does not find it, and the generated member is gone",
            ),
            None => Verdict::breaking([GeneratedCode], "the generated member is gone"),
        };
        let message = format!("{}: the property `{name}` is gone", holder(&self.old, property));
        self.report(&kinds::PROPERTY_REMOVED, At::Gone(property.at.clone()), direction, verdict, message);
    }

    fn additional_properties(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let key = "additionalProperties";
        let (before, after) = (old.value.get(key), new.value.get(key));
        let variance = match (Others::of(before), Others::of(after)) {
            (Others::Described, Others::Described) => {
                return self.schema(&old.key(key), &new.key(key), Use { direction, optional: false });
            }
            (a, b) if a == b => {
                if before != after {
                    let message = format!("{}: `{key}` {}", self.owner(old, new), became(before, after));
                    let verdict = Verdict::compatible(
                        "it means the same; generated code may keep such members, or no longer",
                    );
                    self.report(
                        &kinds::ADDITIONAL_PROPERTIES_CHANGED,
                        At::member(old, new, key),
                        direction,
                        verdict,
                        message,
                    );
                }
                return;
            }
            (a, b) if a < b => Variance::Wider,
            _ => Variance::Narrower,
        };
        let verdict = judge(
            direction,
            variance,
            "a caller that sends such members is refused",
            "a strict reader meets members that it does not expect",
        );
        let message = format!("{}: `{key}` {}", self.owner(old, new), became(before, after));
        self.report(
            &kinds::ADDITIONAL_PROPERTIES_CHANGED,
            At::member(old, new, key),
            direction,
            verdict,
            message,
        );
    }

    fn items(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        match (old.get("items"), new.get("items")) {
            (None, None) => {}
            (Some(a), Some(b)) => self.schema(&a, &b, Use { direction, optional: false }),
            (before, _) => {
                let variance = if before.is_some() { Variance::Wider } else { Variance::Narrower };
                let message = format!(
                    "{}: the items {}",
                    self.owner(old, new),
                    if before.is_some() { "are no longer described" } else { "are described now" }
                );
                let verdict = retyped(
                    direction,
                    variance,
                    "a caller that sends other items is refused",
                    "a reader that decodes the items meets others",
                );
                self.report(
                    &kinds::ITEMS_CHANGED,
                    At::member(old, new, "items"),
                    direction,
                    verdict,
                    message,
                );
            }
        }
    }

    pub(super) fn report_composition(
        &mut self,
        kind: &Kind,
        at: At,
        direction: Option<Direction>,
        variance: Variance,
        message: String,
    ) {
        let verdict = judge(
            direction,
            variance,
            "a caller that sends what is gone is refused",
            "a reader that knows all old forms meets one that it does not know",
        );
        self.report(kind, at, direction, verdict, message);
    }
}

/// Bounds by name, and whether they bound from below.
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

/// Formats by which generators choose a type.
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

/// Which members an object may have that are not described, from few to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Others {
    None,
    Described,
    Any,
}

impl Others {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Bool(true)) => Self::Any,
            Some(Value::Bool(false)) => Self::None,
            Some(Value::Object(members)) if members.is_empty() => Self::Any,
            Some(_) => Self::Described,
        }
    }
}

/// Whether values of this schema do not travel in this direction.
fn is_hidden(view: &View<'_>, direction: Option<Direction>) -> bool {
    match direction {
        Some(Direction::Request) => view.flag("readOnly"),
        Some(Direction::Response) => view.flag("writeOnly"),
        None => false,
    }
}

/// What the object of a property is called.
fn holder(side: &super::tree::Side<'_>, property: &Node<'_>) -> String {
    let holder = property.at.parent().and_then(|properties| properties.parent()).unwrap_or_default();
    side.subject(&holder)
}
