//! `oneOf`, `anyOf`, `allOf`, `not`, and the discriminator that distinguishes alternatives.

use std::collections::{BTreeMap, BTreeSet};

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::same;
use super::schemas::{Variance, judge, retyped};
use super::{At, Comparison, Node, Pair, Verdict, kinds};

impl<'a> Comparison<'a> {
    pub(super) fn composition(&mut self, schema: &Pair<'a>) {
        self.negation(schema);
        self.parts(schema);
        let keyword = |node: &Node<'a>| {
            ["oneOf", "anyOf"].into_iter().filter(|key| node.get(key).is_some()).collect::<Vec<_>>()
        };
        match (keyword(&schema.old).as_slice(), keyword(&schema.new).as_slice()) {
            ([a], [b]) if a != b => {
                // `anyOf` also allows values that match several alternatives.
                let variance = if *b == "anyOf" { Variance::Wider } else { Variance::Narrower };
                let message = format!("{}: `{a}` was replaced by `{b}`", self.owner(schema));
                let verdict = retyped(
                    schema.direction,
                    variance,
                    "requests with a value that matches several alternatives are rejected",
                    "readers can get a value that matches several alternatives",
                );
                let (old, new) = (schema.old.key(a), schema.new.key(b));
                let alternatives = Pair { old, new, direction: schema.direction };
                self.report(&kinds::COMPOSITION_CHANGED, alternatives.at(), verdict, message);
                self.alternatives(&alternatives);
            }
            _ => {
                for key in ["oneOf", "anyOf"] {
                    if let Some(alternatives) = self.keyword(schema, key) {
                        self.alternatives(&alternatives);
                    }
                }
            }
        }
    }

    fn negation(&mut self, schema: &Pair<'a>) {
        let Some(not) = self.keyword(schema, "not") else { return };
        if !same(not.old.value, not.new.value) {
            let verdict = retyped(
                schema.direction,
                Variance::Other,
                "requests with a value that is now excluded are rejected",
                "readers can get values that were excluded",
            );
            let what = format!("{}: `not`", self.owner(schema));
            self.changed(&kinds::COMPOSITION_CHANGED, schema, "not", verdict, &what);
        }
    }

    fn parts(&mut self, schema: &Pair<'a>) {
        let Some(parts) = self.keyword(schema, "allOf") else { return };
        let pairing = self.pair(&parts);
        for part in pairing.both {
            self.schema(&part, false);
        }
        let (direction, subject) = (schema.direction, self.owner(schema));
        for part in pairing.gone {
            let message = format!("{subject}: a part of `allOf` was removed: {}", called(&part));
            let verdict = retyped(direction, Variance::Wider, "", "a reader that depends on this part fails");
            self.report(&kinds::PART_REMOVED, At::gone(part.at, direction), verdict, message);
        }
        for part in pairing.came {
            let message = format!("{subject}: a part of `allOf` was added: {}", called(&part));
            let refused = "requests with a value that does not match the new part are rejected";
            let verdict = judge(direction, Variance::Narrower, refused, "");
            self.report(&kinds::PART_ADDED, At::came(part.at, direction), verdict, message);
        }
    }

    fn alternatives(&mut self, alternatives: &Pair<'a>) {
        let pairing = self.pair(alternatives);
        for alternative in pairing.both {
            self.schema(&alternative, false);
        }
        let (direction, subject) = (alternatives.direction, self.new.subject(&alternatives.new.at));
        let refused = "requests with the removed alternative are rejected";
        let surprised = "readers can get an alternative that they do not know";
        for alternative in pairing.gone {
            let message = format!("{subject}: the alternative {} was removed", called(&alternative));
            let verdict = judge(direction, Variance::Narrower, refused, surprised);
            self.report(&kinds::ALTERNATIVE_REMOVED, At::gone(alternative.at, direction), verdict, message);
        }
        for alternative in pairing.came {
            let message = format!("{subject}: the alternative {} was added", called(&alternative));
            let verdict = judge(direction, Variance::Wider, refused, surprised);
            self.report(&kinds::ALTERNATIVE_ADDED, At::came(alternative.at, direction), verdict, message);
        }
    }

    /// Returns a keyword that both schemas have, and reports one that only one of them has.
    fn keyword(&mut self, schema: &Pair<'a>, key: &str) -> Option<Pair<'a>> {
        let sides = schema.get(key);
        if sides.0.is_none() && sides.1.is_none() {
            return None;
        }
        let verdict = |variance| {
            retyped(
                schema.direction,
                variance,
                "requests with a value that does not match are rejected",
                "readers can get values that were excluded",
            )
        };
        let what = format!("{}: `{key}`", self.owner(schema));
        let added = (&kinds::COMPOSITION_CHANGED, verdict(Variance::Narrower));
        let removed = (&kinds::COMPOSITION_CHANGED, verdict(Variance::Wider));
        self.in_both(sides, schema.direction, &what, added, removed)
    }

    /// Pairs the members of two lists: by reference, by content, by title, then by renamed component or by position if
    /// the same number is left on both sides.
    fn pair(&self, lists: &Pair<'a>) -> Pairing<'a> {
        let mut pairing = Pairing {
            both: Vec::new(),
            gone: lists.old.items().collect(),
            came: lists.new.items().collect(),
            direction: lists.direction,
        };
        let fits: [fn(&Node<'_>, &Node<'_>) -> bool; 3] = [
            |a, b| a.text("$ref").is_some() && a.text("$ref") == b.text("$ref"),
            |a, b| same(a.value, b.value),
            |a, b| a.text("title").is_some() && a.text("title") == b.text("title"),
        ];
        for fit in fits {
            pairing.take(fit);
        }
        pairing.take_most_similar();
        let (a, b) = (self.old.root(), self.new.root());
        let lacks = |root: &Node<'_>, node: &Node<'_>| {
            let at = node.text("$ref").and_then(crate::pointer::Pointer::parse);
            at.is_some_and(|at| root.value.pointer(at.as_str()).is_none())
        };
        if pairing.gone.len() == pairing.came.len() {
            let inline = |node: &Node<'_>| node.text("$ref").is_none();
            pairing.take(|x, y| (inline(x) && inline(y)) || (lacks(&b, x) && lacks(&a, y)));
        }
        pairing
    }

    pub(super) fn discriminator(&mut self, schema: &Pair<'a>) {
        let sides = schema.get("discriminator");
        if sides.0.is_none() && sides.1.is_none() {
            return;
        }
        let added = Verdict::breaking(
            [GeneratedCode],
            "generated code distinguishes the alternatives differently, and has a different type",
        );
        let removed = Verdict::breaking(
            [Reader, GeneratedCode],
            "readers can no longer use it to distinguish the alternatives",
        );
        let kind = &kinds::DISCRIMINATOR_CHANGED;
        let what = format!("{}: the discriminator", self.owner(schema));
        let both = self.in_both(sides, schema.direction, &what, (kind, added), (kind, removed));
        let Some(discriminator) = both else { return };
        let (before, after) = discriminator.values("propertyName");
        if before != after {
            let verdict = Verdict::breaking(
                [Caller, Reader, GeneratedCode],
                "the other side uses a different property to distinguish the alternatives",
            );
            let what = format!("{}: the property of the discriminator", self.owner(schema));
            self.changed(kind, &discriminator, "propertyName", verdict, &what);
        }
        self.mapping(schema, &discriminator);
        self.remaining(&discriminator, &["propertyName", "mapping"]);
    }

    fn mapping(&mut self, schema: &Pair<'a>, discriminator: &Pair<'a>) {
        let before = mapped(&schema.old, &discriminator.old);
        let after = mapped(&schema.new, &discriminator.new);
        let mapping = discriminator.key("mapping");
        let direction = schema.direction;
        let subject = self.owner(schema);
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (verdict, what) = match (before.get(name), after.get(name)) {
                (Some(a), Some(b)) if a == b => continue,
                (None, Some(target)) => {
                    let surprised = "readers can get a discriminator value that they do not know";
                    let what = format!("now maps to `{target}`; it was not mapped before");
                    (judge(direction, Variance::Wider, "", surprised), what)
                }
                (Some(target), None) => {
                    let refused = "requests with the value are rejected";
                    let what = format!("is no longer mapped; it mapped to `{target}`");
                    (judge(direction, Variance::Narrower, refused, ""), what)
                }
                (Some(a), Some(b)) if self.is_renaming(a, b) => continue,
                (a, b) => {
                    let text = |name: Option<&String>| name.cloned().unwrap_or_default();
                    let why = "the value identifies a different schema than the other side expects";
                    let what = format!("now maps to `{}`; it mapped to `{}`", text(b), text(a));
                    (Verdict::breaking([Caller, Reader, GeneratedCode], why), what)
                }
            };
            let at = match mapping.get(name) {
                (None, None) => discriminator.at(),
                _ => mapping.at_key(name),
            };
            let message = format!("{subject}: the value `{name}` of the discriminator {what}");
            self.report(&kinds::MAPPING_CHANGED, at, verdict, message);
        }
    }

    /// Whether one component was renamed to the other, which is reported at the reference.
    fn is_renaming(&self, old: &str, new: &str) -> bool {
        let schema = |root: &Node<'_>, name: &str| root.key("components").key("schemas").get(name).is_some();
        !schema(&self.new.root(), old) && !schema(&self.old.root(), new)
    }
}

struct Pairing<'a> {
    both: Vec<Pair<'a>>,
    gone: Vec<Node<'a>>,
    came: Vec<Node<'a>>,
    direction: Option<super::Direction>,
}

impl<'a> Pairing<'a> {
    /// Pairs each object with the one that shares most of its properties.
    fn take_most_similar(&mut self) {
        let shared = |a: &Node<'_>, b: &Node<'_>| {
            let properties = a.key("properties");
            properties.members().filter(|(name, _)| b.key("properties").get(name).is_some()).count()
        };
        self.take_by(|a, came| {
            // The first of several equally similar ones.
            let most = (0..came.len()).rev().max_by_key(|n| shared(a, &came[*n]))?;
            (shared(a, &came[most]) > 0).then_some(most)
        });
    }

    fn take(&mut self, fits: impl Fn(&Node<'_>, &Node<'_>) -> bool) {
        self.take_by(|a, came| came.iter().position(|b| fits(a, b)));
    }

    fn take_by(&mut self, choose: impl Fn(&Node<'a>, &[Node<'a>]) -> Option<usize>) {
        for old in std::mem::take(&mut self.gone) {
            match choose(&old, &self.came) {
                Some(n) => {
                    let new = self.came.remove(n);
                    self.both.push(Pair { old, new, direction: self.direction });
                }
                None => self.gone.push(old),
            }
        }
    }
}

/// The values of the discriminator with the component of each: the mapped values, and the names of the alternatives
/// that are not mapped.
fn mapped(schema: &Node<'_>, discriminator: &Node<'_>) -> BTreeMap<String, String> {
    let name = |target: &str| target.rsplit('/').next().unwrap_or_default().to_owned();
    let mapping = discriminator.key("mapping");
    let mut mapped: BTreeMap<_, _> = mapping
        .members()
        .map(|(value, target)| (value.to_owned(), name(target.value.as_str().unwrap_or_default())))
        .collect();
    let alternatives = schema.key("oneOf").items().chain(schema.key("anyOf").items());
    for alternative in alternatives.filter_map(|node| node.text("$ref").map(name)) {
        if !mapped.values().any(|target| *target == alternative) {
            mapped.insert(alternative.clone(), alternative);
        }
    }
    mapped
}

fn called(node: &Node<'_>) -> String {
    let name = node.text("$ref").and_then(|target| target.rsplit('/').next()).or_else(|| node.text("title"));
    match (name, node.text("type")) {
        (Some(name), _) => format!("`{name}`"),
        (None, Some(kind)) => format!("of type {kind}"),
        (None, None) => crate::text::brief(node.value),
    }
}
