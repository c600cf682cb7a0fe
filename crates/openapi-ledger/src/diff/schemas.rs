//! Schemas: the values that are allowed before and after, from the perspective of callers and readers.

use crate::value::Value;

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::{became, same};
use super::{At, Comparison, Direction, Kind, Node, Verdict, Version, Who, kinds};
use crate::pointer::Pointer;

/// Where a schema is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// The direction of its values; `None` for a component that no operation uses.
    pub(super) direction: Option<Direction>,
    /// Whether the value is optional, so that a default matters.
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
    /// Who is affected by a breaking change, if anyone.
    pub(super) fn hurts(self, direction: Option<Direction>) -> Option<Who> {
        match (direction?, self) {
            (Direction::Request, Self::Narrower | Self::Other) => Some(Caller),
            (Direction::Response, Self::Wider | Self::Other) => Some(Reader),
            _ => None,
        }
    }
}

/// A verdict by direction: `refused` is the effect on callers, `surprised` the effect on readers.
pub(super) fn judge(
    direction: Option<Direction>,
    variance: Variance,
    refused: &str,
    surprised: &str,
) -> Verdict {
    match (variance.hurts(direction), direction) {
        (Some(Caller), _) => Verdict::breaking([Caller], refused),
        (Some(who), _) => Verdict::breaking([who], surprised),
        (None, Some(Direction::Request)) => {
            Verdict::compatible("values that callers send are still accepted")
        }
        (None, Some(Direction::Response)) => Verdict::compatible(
            "readers get only values that were allowed before; a generated type may become narrower",
        ),
        (None, None) => {
            Verdict::compatible("no operation uses it; only code that uses the generated type is affected")
        }
    }
}

/// A verdict on a change that changes a type in generated code, in any direction.
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
            "requests and responses match the old description, but generated code has a different type here",
        ),
    }
}

/// A schema after resolving references and an `allOf` that only wraps one schema.
pub(super) struct View<'a> {
    pub(super) node: Node<'a>,
    /// The wrappers, which may add text, a default, or null.
    wrappers: Vec<Node<'a>>,
    /// The components on the way.
    through: Vec<Pointer>,
}

impl<'a> View<'a> {
    /// The effective value of the field `name`: the outermost one.
    pub(super) fn field(&self, name: &str) -> Option<&'a Value> {
        self.wrappers.iter().chain([&self.node]).find_map(|node| node.value.get(name))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.wrappers.iter().chain([&self.node]).any(|node| node.flag(name))
    }

    pub(super) fn outermost(&self) -> &Node<'a> {
        self.wrappers.first().unwrap_or(&self.node)
    }
}

/// Whether a schema is an `allOf` with one member and only fields that a wrapper may have.
fn is_wrapping(node: &Node<'_>) -> bool {
    let single = node.value.get("allOf").and_then(Value::as_array).is_some_and(|all| all.len() == 1);
    #[rustfmt::skip]
    const BESIDE: [&str; 10] = [
        "allOf", "nullable", "default", "description", "title", "example", "externalDocs", "deprecated",
        "readOnly", "writeOnly",
    ];
    single && node.members().all(|(key, _)| BESIDE.contains(&key) || key.starts_with("x-"))
}

pub(super) fn view<'a>(side: super::tree::Side<'a>, node: &Node<'a>) -> View<'a> {
    view_through(side, node, true)
}

fn view_through<'a>(side: super::tree::Side<'a>, node: &Node<'a>, wrappers: bool) -> View<'a> {
    let mut view = View { node: node.clone(), wrappers: Vec::new(), through: Vec::new() };
    loop {
        let resolved = side.resolve(view.node.clone());
        view.through.extend(resolved.through);
        view.node = resolved.node;
        // A cycle of wrappers is not a schema; the linter reports it.
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
    /// Compares two schemas. Either of them may be absent.
    pub(super) fn schema(&mut self, old: &Node<'a>, new: &Node<'a>, used: Use) {
        if old.value.is_null() && new.value.is_null() {
            return;
        }
        let (mut before, mut after) = (view(self.old, old), view(self.new, new));
        if before.wrappers.is_empty() != after.wrappers.is_empty()
            && [&before, &after].iter().any(|view| view.node.get("allOf").is_some())
        {
            // If one of them has several parts, they are compared part by part.
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
        // Components that no operation uses are compared separately.
        if used.direction.is_none() && !(before.through.is_empty() && after.through.is_empty()) {
            return;
        }
        if !self.seen.insert((before.node.at.clone(), after.node.at.clone(), used.direction)) {
            return;
        }
        if before.through.is_empty() && after.through.is_empty() {
            self.facets(&before.node, &after.node, used.direction);
        } else {
            self.pending.push((before.node, after.node, used.direction));
        }
    }

    fn reference(&mut self, old: &Node<'a>, new: &Node<'a>, before: &View<'a>, after: &View<'a>) {
        let missing = |root: &Node<'_>, at: &Pointer| root.value.pointer(at.as_str()).is_none();
        let name = |at: &Pointer| at.tokens().last().map(|token| token.into_owned()).unwrap_or_default();
        match (before.through.first(), after.through.first()) {
            (Some(a), Some(b)) if a != b => {
                if missing(&self.new.root(), a) && missing(&self.old.root(), b) {
                    self.renamed.insert((a.clone(), b.clone()));
                    let why = "the generated type has a different name; requests and responses are the same unless another change says otherwise";
                    let message = format!("`{}` was renamed to `{}`", name(a), name(b));
                    let at = At::both(a.clone(), b.clone());
                    self.report(
                        &kinds::COMPONENT_RENAMED,
                        at,
                        None,
                        Verdict::breaking([GeneratedCode], why),
                        message,
                    );
                } else {
                    let why = "generated code has a different type here; requests and responses are the same unless another change says otherwise";
                    let message = format!(
                        "{}: now refers to `{}` instead of `{}`",
                        self.owner(old, new),
                        name(b),
                        name(a)
                    );
                    self.report(
                        &kinds::REFERENCE_CHANGED,
                        At::both(old.at.clone(), new.at.clone()),
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
                    "is now inline; it referred to"
                } else {
                    "now refers to the component"
                };
                let why = "requests and responses are the same unless another change says otherwise; generators may choose a different name for the type";
                let message = format!("{}: {what} `{}`", self.owner(old, new), name(a));
                self.report(
                    &kinds::REFERENCE_CHANGED,
                    At::both(old.at.clone(), new.at.clone()),
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
        let message = format!("{subject} {}", if new { "can now be null" } else { "can no longer be null" });
        let typed = |view: &View<'_>| {
            ["type", "enum", "oneOf", "anyOf", "allOf"].iter().any(|key| view.node.value.get(key).is_some())
        };
        let verdict = if typed(before) || typed(after) {
            let variance = if new { Variance::Wider } else { Variance::Narrower };
            judge(
                direction,
                variance,
                "requests with null are rejected",
                "a reader that requires a value fails on null",
            )
        } else {
            Verdict::compatible("a schema without a type always allows null")
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
                why: "the value is required, so the default is never used".into(),
            },
            Some(_) if old.is_none() => Verdict::compatible(
                "the default was not stated before; an argument or field of generated code may no longer be optional",
            ),
            Some(Direction::Request) => {
                Verdict::breaking([Caller], "requests without the value silently have a different effect")
            }
            Some(Direction::Response) => {
                Verdict::breaking([Reader], "readers that fill in the default fill in the wrong value")
            }
        };
        self.report(&kinds::DEFAULT_CHANGED, At::member(&a, &b, "default"), used.direction, verdict, message);
    }

    /// Compares everything except references.
    pub(super) fn facets(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        #[rustfmt::skip]
        const HANDLED: [&str; 31] = [
            "$ref", "nullable", "default", "type", "format", "enum", "x-extensible-enum", "minimum",
            "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
            "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "properties",
            "required", "additionalProperties", "items", "oneOf", "anyOf", "allOf", "not", "discriminator",
            "readOnly", "writeOnly",
        ];
        self.type_name(old, new);
        let mut skipped: Vec<_> = HANDLED.to_vec();
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

    /// Dangling references are compared as text.
    fn dangling(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.value.get("$ref"), new.value.get("$ref"));
        if before != after {
            let message = format!("{}: `$ref` {}", self.owner(old, new), became(before, after));
            self.unclassified(At::member(old, new, "$ref"), direction, message);
        }
    }

    /// Whether `title` is more than text, because generators use it as the name of a nested type.
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
            "generators use the title as the name of a nested type; requests and responses are the same";
        let message = format!("{}: the title {}", self.owner(old, new), became(before, after));
        self.report(
            &kinds::TYPE_NAME_CHANGED,
            At::member(old, new, "title"),
            None,
            Verdict::breaking([GeneratedCode], why),
            message,
        );
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
            "requests with the removed alternative are rejected",
            "readers can get an alternative that they do not know",
        );
        self.report(kind, at, direction, verdict, message);
    }
}
