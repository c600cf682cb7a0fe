//! Components that no operation refers to, and the names of generated types.

use std::collections::BTreeSet;

use super::Who::GeneratedCode;
use super::facets::same;
use super::schemas::Use;
use super::{At, Comparison, Node, Verdict, Version, kinds};

pub(super) fn compare(comparison: &mut Comparison<'_>) {
    comparison.enter(None);
    let (old, new) = (comparison.old.root().key("components"), comparison.new.root().key("components"));
    let sections: BTreeSet<&str> = old.members().chain(new.members()).map(|(section, _)| section).collect();
    for section in sections {
        let (before, after) = (old.key(section), new.key(section));
        match section {
            "schemas" => comparison.schemas(&before, &after),
            "securitySchemes" => comparison.unused_schemes(&before, &after),
            section if section.starts_with("x-") => {
                comparison.remaining(&old, &new, &others(&old, &new, section), None)
            }
            _ => comparison.parts_of_operations(&before, &after, section),
        }
    }
}

fn others<'n>(old: &Node<'n>, new: &Node<'n>, section: &str) -> Vec<&'n str> {
    old.members().chain(new.members()).map(|(key, _)| key).filter(|key| *key != section).collect()
}

fn names<'n>(old: &Node<'n>, new: &Node<'n>) -> BTreeSet<&'n str> {
    old.members().chain(new.members()).map(|(name, _)| name).collect()
}

impl<'a> Comparison<'a> {
    fn schemas(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for name in names(old, new) {
            match (old.get(name), new.get(name)) {
                (Some(before), Some(after)) => {
                    let reached = self.reached.contains(&(Version::Old, before.at.clone()))
                        && self.reached.contains(&(Version::New, after.at.clone()));
                    if !reached && !self.unchanged.contains(before.value, after.value) {
                        self.schema(&before, &after, Use { direction: None, optional: false });
                    }
                }
                (Some(before), None) => {
                    if self.renamed.iter().any(|(was, _)| *was == before.at) {
                        continue;
                    }
                    let twin = new
                        .members()
                        .find(|(other, schema)| old.get(other).is_none() && same(schema.value, before.value));
                    if let Some((other, after)) = twin {
                        self.renamed.insert((before.at.clone(), after.at.clone()));
                        let verdict =
                            Verdict::breaking([GeneratedCode], "the generated type has a different name");
                        let message = format!("`{name}` was renamed to `{other}`");
                        self.report(
                            &kinds::COMPONENT_RENAMED,
                            At::both(before.at, after.at),
                            None,
                            verdict,
                            message,
                        );
                        continue;
                    }
                    let why = "the generated type was removed; the effects on operations are reported there";
                    let verdict = Verdict::breaking([GeneratedCode], why);
                    self.report(
                        &kinds::COMPONENT_REMOVED,
                        At::gone(before.at),
                        None,
                        verdict,
                        format!("the schema `{name}` was removed"),
                    );
                }
                _ => {}
            }
        }
        for (name, after) in new.members().filter(|(name, _)| old.get(name).is_none()) {
            if self.renamed.iter().any(|(_, is)| *is == after.at) {
                continue;
            }
            let verdict = Verdict::compatible("the new type is not used yet");
            self.report(
                &kinds::COMPONENT_ADDED,
                At::came(after.at),
                None,
                verdict,
                format!("the schema `{name}` was added"),
            );
        }
    }

    fn unused_schemes(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for name in names(old, new) {
            let told = self
                .found
                .keys()
                .any(|identity| identity.place.1.as_str().starts_with(old.at.key(name).as_str()));
            if !told {
                self.scheme(name);
            }
        }
    }

    /// Parameters, responses, headers and the like have no names in generated code, so their changes are reported at the
    /// operations that use them.
    fn parts_of_operations(&mut self, old: &Node<'a>, new: &Node<'a>, section: &str) {
        for name in names(old, new) {
            let (what, at) = match (old.get(name), new.get(name)) {
                (Some(before), None) => ("was removed", At::gone(before.at)),
                (None, Some(after)) => ("was added", At::came(after.at)),
                (Some(a), Some(b)) if same(a.value, b.value) => continue,
                (Some(a), Some(b)) => {
                    let below = |at: &crate::pointer::Pointer| {
                        at.as_str() == a.at.as_str()
                            || at.as_str().starts_with(&format!("{}/", a.at.as_str()))
                    };
                    if self.found.keys().any(|identity| below(&identity.place.1)) {
                        continue;
                    }
                    ("changed, but no operation is affected", At::both(a.at.clone(), b.at))
                }
                (None, None) => continue,
            };
            let kind = match (&at.old, &at.new) {
                (Some(_), None) => &kinds::COMPONENT_REMOVED,
                (None, _) => &kinds::COMPONENT_ADDED,
                (Some(_), Some(_)) => &kinds::UNUSED_COMPONENT_CHANGED,
            };
            let verdict = Verdict::compatible(
                "it has no name in generated code; the effects on operations are reported there",
            );
            self.report(kind, at, None, verdict, format!("`{name}` of `components.{section}` {what}"));
        }
    }
}
