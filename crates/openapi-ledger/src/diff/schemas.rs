//! Schemas: the values that are allowed before and after, from the perspective of callers and readers.

use crate::value::Value;

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::{became, same};
use super::tree::Side;
use super::{At, Comparison, Direction, Node, Pair, Verdict, Version, Who, kinds};
use crate::pointer::Pointer;

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
    let single = node.value["allOf"].as_array().is_some_and(|all| all.len() == 1);
    #[rustfmt::skip]
    const BESIDE: [&str; 10] = [
        "allOf", "nullable", "default", "description", "title", "example", "externalDocs", "deprecated",
        "readOnly", "writeOnly",
    ];
    single && node.members().all(|(key, _)| BESIDE.contains(&key) || key.starts_with("x-"))
}

pub(super) fn view<'a>(side: Side<'a>, node: &Node<'a>) -> View<'a> {
    view_through(side, node, true)
}

fn view_through<'a>(side: Side<'a>, node: &Node<'a>, wrappers: bool) -> View<'a> {
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
    /// Compares two schemas. Either of them may be absent. The direction is `None` for a component that no operation uses.
    /// `optional` states whether the value is optional, so that a default matters.
    pub(super) fn schema(&mut self, schema: &Pair<'a>, optional: bool) {
        let (old, new, direction) = (&schema.old, &schema.new, schema.direction);
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
        self.reference(&schema.clone().with(None), &before, &after);
        self.nullable(&before, &after, direction);
        self.default(&before, &after, direction, optional);
        if !before.wrappers.is_empty() || !after.wrappers.is_empty() {
            let wrapper = |view: &View<'a>, outside: &Node<'a>| {
                let absent = || Node { value: &super::ABSENT, at: outside.at.clone() };
                view.wrappers.first().cloned().unwrap_or_else(absent)
            };
            let wrappers = Pair { old: wrapper(&before, old), new: wrapper(&after, new), direction };
            self.remaining(&wrappers, &["allOf", "nullable", "default", "readOnly", "writeOnly"]);
        }
        let is_inline = before.through.is_empty() && after.through.is_empty();
        // Components that no operation uses are compared separately.
        if direction.is_none() && !is_inline {
            return;
        }
        let definition = Pair { old: before.node, new: after.node, direction };
        if !self.seen.insert((definition.old.at.clone(), definition.new.at.clone(), direction)) {
            return;
        }
        if is_inline {
            self.facets(&definition);
        } else {
            self.pending.push(definition);
        }
    }

    fn reference(&mut self, schema: &Pair<'a>, before: &View<'a>, after: &View<'a>) {
        let missing = |root: &Node<'_>, at: &Pointer| root.value.pointer(at.as_str()).is_none();
        let name = |at: &Pointer| at.tokens().last().map(|token| token.into_owned()).unwrap_or_default();
        let (message, verdict) = match (before.through.first(), after.through.first()) {
            (Some(a), Some(b)) if a != b && missing(&self.new.root(), a) && missing(&self.old.root(), b) => {
                self.renamed.insert((a.clone(), b.clone()));
                let why = "the generated type has a different name; requests and responses are the same unless another change says otherwise";
                let at = At { old: Some(a.clone()), new: Some(b.clone()), direction: None };
                return self.component_renamed(at, why, [&name(a), &name(b)]);
            }
            (Some(a), Some(b)) if a != b => {
                let why = "generated code has a different type here; requests and responses are the same unless another change says otherwise";
                let message = format!("now refers to `{}` instead of `{}`", name(b), name(a));
                (message, Verdict::breaking([GeneratedCode], why))
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
                (format!("{what} `{}`", name(a)), Verdict::compatible(why))
            }
            _ => return,
        };
        let message = format!("{}: {message}", self.owner(schema));
        self.report(&kinds::REFERENCE_CHANGED, schema.at(), verdict, message);
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
        let schema = Pair { old: a.clone(), new: b.clone(), direction };
        let can = if new { "can now be null" } else { "can no longer be null" };
        let message = format!("{} {can}", self.owner(&schema));
        let typed = |view: &View<'_>| {
            ["type", "enum", "oneOf", "anyOf", "allOf"].iter().any(|key| view.node.value.get(key).is_some())
        };
        let verdict = if typed(before) || typed(after) {
            judge(
                direction,
                if new { Variance::Wider } else { Variance::Narrower },
                "requests with null are rejected",
                "a reader that requires a value fails on null",
            )
        } else {
            Verdict::compatible("a schema without a type always allows null")
        };
        self.report(&kinds::NULLABLE_CHANGED, schema.at_key("nullable"), verdict, message);
    }

    fn default(&mut self, before: &View<'a>, after: &View<'a>, direction: Option<Direction>, optional: bool) {
        let (old, new) = (before.field("default"), after.field("default"));
        if old.zip(new).is_some_and(|(a, b)| same(a, b)) || (old.is_none() && new.is_none()) {
            return;
        }
        let holder = |view: &View<'a>| {
            let nodes = view.wrappers.iter().chain([&view.node]);
            nodes.clone().find(|node| node.get("default").is_some()).unwrap_or(view.outermost()).clone()
        };
        let holder = Pair { old: holder(before), new: holder(after), direction };
        let message = format!("{}: the default {}", self.owner(&holder), became(old, new));
        let verdict = match direction {
            None => Verdict::compatible("no operation uses it"),
            Some(_) if !optional => Verdict {
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
        self.report(&kinds::DEFAULT_CHANGED, holder.at_key("default"), verdict, message);
    }

    /// Compares everything except references.
    pub(super) fn facets(&mut self, schema: &Pair<'a>) {
        #[rustfmt::skip]
        const HANDLED: [&str; 31] = [
            "$ref", "nullable", "default", "type", "format", "enum", "x-extensible-enum", "minimum",
            "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
            "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "properties",
            "required", "additionalProperties", "items", "oneOf", "anyOf", "allOf", "not", "discriminator",
            "readOnly", "writeOnly",
        ];
        let mut handled = HANDLED.to_vec();
        if names_a_type(schema) {
            self.type_name(&schema.clone().with(None));
            handled.push("title");
        }
        self.remaining(schema, &handled);
        // Dangling references are compared as text.
        let (before, after) = schema.values("$ref");
        if before != after {
            self.unclassified(schema, "$ref");
        }
        if self.other_type(schema) {
            return;
        }
        self.format(schema);
        self.values(schema);
        self.known_values(schema);
        self.ranges(schema);
        self.pattern(schema);
        self.properties(schema);
        self.additional_properties(schema);
        self.items(schema);
        self.composition(schema);
        self.discriminator(schema);
    }

    fn type_name(&mut self, schema: &Pair<'a>) {
        let (before, after) = schema.values("title");
        if before != after {
            let why =
                "generators use the title as the name of a nested type; requests and responses are the same";
            let what = format!("{}: the title", self.owner(schema));
            let verdict = Verdict::breaking([GeneratedCode], why);
            self.changed(&kinds::TYPE_NAME_CHANGED, schema, "title", verdict, &what);
        }
    }
}

/// Whether `title` is more than text, because generators use it as the name of a nested type.
fn names_a_type(schema: &Pair<'_>) -> bool {
    let nested = |node: &Node<'_>| {
        !(node.at.as_str().starts_with("/components/schemas/") && node.at.tokens().count() == 3)
    };
    let has_type = |node: &Node<'_>| {
        node.text("type") == Some("object")
            || ["enum", "oneOf", "anyOf", "allOf", "properties"].iter().any(|key| node.get(key).is_some())
    };
    [&schema.old, &schema.new].into_iter().all(|node| nested(node) && has_type(node))
}
