//! `oneOf`, `anyOf`, `allOf`, `not`, and the discriminator that distinguishes alternatives.

use std::collections::{BTreeMap, BTreeSet};

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::{became, same};
use super::schemas::{Use, Variance, judge, retyped};
use super::{At, Comparison, Direction, Node, Verdict, kinds};

impl<'a> Comparison<'a> {
    pub(super) fn composition(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        self.negation(old, new, direction);
        self.parts(old, new, direction);
        let keyword = |node: &Node<'a>| {
            ["oneOf", "anyOf"].into_iter().filter(|key| node.get(key).is_some()).collect::<Vec<_>>()
        };
        match (keyword(old).as_slice(), keyword(new).as_slice()) {
            ([a], [b]) if a != b => {
                // `anyOf` also allows values that match several alternatives.
                let variance = if *b == "anyOf" { Variance::Wider } else { Variance::Narrower };
                let message = format!("{}: `{a}` was replaced by `{b}`", self.owner(old, new));
                let verdict = retyped(
                    direction,
                    variance,
                    "requests with a value that matches several alternatives are rejected",
                    "readers can get a value that matches several alternatives",
                );
                self.report(
                    &kinds::COMPOSITION_CHANGED,
                    At::both(old.at.key(a), new.at.key(b)),
                    direction,
                    verdict,
                    message,
                );
                self.alternatives(&old.key(a), &new.key(b), direction);
            }
            _ => {
                for key in ["oneOf", "anyOf"] {
                    match (old.get(key), new.get(key)) {
                        (Some(a), Some(b)) => self.alternatives(&a, &b, direction),
                        (None, None) => {}
                        (a, _) => self.appeared_or_went(old, new, key, a.is_some(), direction),
                    }
                }
            }
        }
    }

    fn negation(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        match (old.get("not"), new.get("not")) {
            (None, None) => {}
            (Some(a), Some(b)) if same(a.value, b.value) => {}
            (Some(a), Some(b)) => {
                let message =
                    format!("{}: `not` {}", self.owner(old, new), became(Some(a.value), Some(b.value)));
                let verdict = retyped(
                    direction,
                    Variance::Other,
                    "requests with a value that is now excluded are rejected",
                    "readers can get values that were excluded",
                );
                self.report(&kinds::COMPOSITION_CHANGED, At::both(a.at, b.at), direction, verdict, message);
            }
            (a, _) => self.appeared_or_went(old, new, "not", a.is_some(), direction),
        }
    }

    fn parts(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = match (old.get("allOf"), new.get("allOf")) {
            (Some(before), Some(after)) => (before, after),
            (None, None) => return,
            (before, _) => return self.appeared_or_went(old, new, "allOf", before.is_some(), direction),
        };
        let pairing = self.pair(&before, &after);
        for (a, b) in pairing.both {
            self.schema(&a, &b, Use { direction, optional: false });
        }
        for part in pairing.gone {
            let message =
                format!("{}: a part of `allOf` was removed: {}", self.owner(old, new), called(&part));
            let verdict = retyped(direction, Variance::Wider, "", "a reader that depends on this part fails");
            self.report(&kinds::PART_REMOVED, At::gone(part.at), direction, verdict, message);
        }
        for part in pairing.came {
            let message = format!("{}: a part of `allOf` was added: {}", self.owner(old, new), called(&part));
            let verdict = judge(
                direction,
                Variance::Narrower,
                "requests with a value that does not match the new part are rejected",
                "",
            );
            self.report(&kinds::PART_ADDED, At::came(part.at), direction, verdict, message);
        }
    }

    fn alternatives(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let pairing = self.pair(old, new);
        for (a, b) in pairing.both {
            self.schema(&a, &b, Use { direction, optional: false });
        }
        let subject = self.new.subject(&new.at);
        for alternative in pairing.gone {
            let message = format!("{subject}: the alternative {} was removed", called(&alternative));
            self.report_composition(
                &kinds::ALTERNATIVE_REMOVED,
                At::gone(alternative.at),
                direction,
                Variance::Narrower,
                message,
            );
        }
        for alternative in pairing.came {
            let message = format!("{subject}: the alternative {} was added", called(&alternative));
            self.report_composition(
                &kinds::ALTERNATIVE_ADDED,
                At::came(alternative.at),
                direction,
                Variance::Wider,
                message,
            );
        }
    }

    fn appeared_or_went(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        key: &str,
        went: bool,
        direction: Option<Direction>,
    ) {
        let variance = if went { Variance::Wider } else { Variance::Narrower };
        let message =
            format!("{}: `{key}` {}", self.owner(old, new), if went { "was removed" } else { "was added" });
        let verdict = retyped(
            direction,
            variance,
            "requests with a value that does not match are rejected",
            "readers can get values that were excluded",
        );
        self.report(&kinds::COMPOSITION_CHANGED, At::member(old, new, key), direction, verdict, message);
    }

    /// Pairs the members of two lists: by reference, by content, by title, then by renamed component or by position if
    /// the same number is left on both sides.
    fn pair(&self, old: &Node<'a>, new: &Node<'a>) -> Pairing<'a> {
        let mut pairing =
            Pairing { both: Vec::new(), gone: old.items().collect(), came: new.items().collect() };
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

    pub(super) fn discriminator(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = match (old.get("discriminator"), new.get("discriminator")) {
            (Some(before), Some(after)) => (before, after),
            (None, None) => return,
            (before, _) => {
                let (what, why) = if before.is_some() {
                    ("was removed", "readers can no longer use it to distinguish the alternatives")
                } else {
                    (
                        "was added",
                        "generated code distinguishes the alternatives differently, and has a different type",
                    )
                };
                let who = if before.is_some() { vec![Reader, GeneratedCode] } else { vec![GeneratedCode] };
                let message = format!("{}: the discriminator {what}", self.owner(old, new));
                let at = At::member(old, new, "discriminator");
                self.report(
                    &kinds::DISCRIMINATOR_CHANGED,
                    at,
                    direction,
                    Verdict::breaking(who, why),
                    message,
                );
                return;
            }
        };
        let names = (before.value.get("propertyName"), after.value.get("propertyName"));
        if names.0 != names.1 {
            let message = format!(
                "{}: the property of the discriminator {}",
                self.owner(old, new),
                became(names.0, names.1)
            );
            let verdict = Verdict::breaking(
                [Caller, Reader, GeneratedCode],
                "the other side uses a different property to distinguish the alternatives",
            );
            self.report(
                &kinds::DISCRIMINATOR_CHANGED,
                At::member(&before, &after, "propertyName"),
                direction,
                verdict,
                message,
            );
        }
        self.mapping((old, &before), (new, &after), direction);
        self.remaining(&before, &after, &["propertyName", "mapping"], direction);
    }

    fn mapping(
        &mut self,
        old: (&Node<'a>, &Node<'a>),
        new: (&Node<'a>, &Node<'a>),
        direction: Option<Direction>,
    ) {
        let (before, after) = (mapped(old.0, old.1), mapped(new.0, new.1));
        let (a, b) = (old.1.key("mapping"), new.1.key("mapping"));
        let subject = self.owner(old.0, new.0);
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (verdict, what) = match (before.get(name), after.get(name)) {
                (Some(a), Some(b)) if a == b => continue,
                (None, Some(target)) => {
                    let surprised = "readers can get a discriminator value that they do not know";
                    (
                        judge(direction, Variance::Wider, "", surprised),
                        format!("now maps to `{target}`; it was not mapped before"),
                    )
                }
                (Some(target), None) => {
                    let refused = "requests with the value are rejected";
                    (
                        judge(direction, Variance::Narrower, refused, ""),
                        format!("is no longer mapped; it mapped to `{target}`"),
                    )
                }
                (Some(a), Some(b)) if self.is_renaming(a, b) => continue,
                (a, b) => {
                    let text = |name: Option<&String>| name.cloned().unwrap_or_default();
                    let why = "the value identifies a different schema than the other side expects";
                    (
                        Verdict::breaking([Caller, Reader, GeneratedCode], why),
                        format!("now maps to `{}`; it mapped to `{}`", text(b), text(a)),
                    )
                }
            };
            let at = match At::member(&a, &b, name) {
                _ if a.get(name).is_none() && b.get(name).is_none() => {
                    At::both(old.1.at.clone(), new.1.at.clone())
                }
                at => at,
            };
            self.report(
                &kinds::MAPPING_CHANGED,
                at,
                direction,
                verdict,
                format!("{subject}: the value `{name}` of the discriminator {what}"),
            );
        }
    }

    /// Whether one component was renamed to the other, which is reported at the reference.
    fn is_renaming(&self, old: &str, new: &str) -> bool {
        let schema = |root: &Node<'_>, name: &str| root.key("components").key("schemas").get(name).is_some();
        !schema(&self.new.root(), old) && !schema(&self.old.root(), new)
    }
}

struct Pairing<'a> {
    both: Vec<(Node<'a>, Node<'a>)>,
    gone: Vec<Node<'a>>,
    came: Vec<Node<'a>>,
}

impl<'a> Pairing<'a> {
    /// Pairs each object with the one that shares most of its properties.
    fn take_most_similar(&mut self) {
        let shared = |a: &Node<'_>, b: &Node<'_>| {
            let properties = a.key("properties");
            properties.members().filter(|(name, _)| b.key("properties").get(name).is_some()).count()
        };
        for a in std::mem::take(&mut self.gone) {
            // The first of several equally similar ones.
            match (0..self.came.len()).rev().max_by_key(|n| shared(&a, &self.came[*n])) {
                Some(n) if shared(&a, &self.came[n]) > 0 => {
                    let b = self.came.remove(n);
                    self.both.push((a, b));
                }
                _ => self.gone.push(a),
            }
        }
    }

    fn take(&mut self, fits: impl Fn(&Node<'_>, &Node<'_>) -> bool) {
        let gone = std::mem::take(&mut self.gone);
        for a in gone {
            match self.came.iter().position(|b| fits(&a, b)) {
                Some(n) => {
                    let b = self.came.remove(n);
                    self.both.push((a, b));
                }
                None => self.gone.push(a),
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
