//! Components that no operation led to, and names that generated code carries.

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
                            Verdict::breaking([GeneratedCode], "the generated type has another name");
                        let message = format!("`{name}` is called `{other}` now");
                        self.report(
                            &kinds::COMPONENT_RENAMED,
                            At::both(before.at, after.at),
                            None,
                            verdict,
                            message,
                        );
                        continue;
                    }
                    let why = "the generated type is gone; what it means for an operation is told there";
                    let verdict = Verdict::breaking([GeneratedCode], why);
                    self.report(
                        &kinds::COMPONENT_REMOVED,
                        At::gone(before.at),
                        None,
                        verdict,
                        format!("the schema `{name}` is gone"),
                    );
                }
                _ => {}
            }
        }
        for (name, after) in new.members().filter(|(name, _)| old.get(name).is_none()) {
            if self.renamed.iter().any(|(_, is)| *is == after.at) {
                continue;
            }
            let verdict = Verdict::compatible("nobody uses the new type yet");
            self.report(
                &kinds::COMPONENT_ADDED,
                At::came(after.at),
                None,
                verdict,
                format!("the schema `{name}` is new"),
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

    /// Parameters, responses, headers and the like have no names in generated code: what they say is told
    /// at the operations that use them.
    fn parts_of_operations(&mut self, old: &Node<'a>, new: &Node<'a>, section: &str) {
        for name in names(old, new) {
            let (what, at) = match (old.get(name), new.get(name)) {
                (Some(before), None) => ("is gone", At::gone(before.at)),
                (None, Some(after)) => ("is new", At::came(after.at)),
                (Some(a), Some(b)) if same(a.value, b.value) => continue,
                (Some(a), Some(b)) => {
                    let below = |at: &crate::pointer::Pointer| {
                        at.as_str() == a.at.as_str()
                            || at.as_str().starts_with(&format!("{}/", a.at.as_str()))
                    };
                    if self.found.keys().any(|identity| below(&identity.place.1)) {
                        continue;
                    }
                    (
                        "is different, but no operation uses it in a way that shows",
                        At::both(a.at.clone(), b.at),
                    )
                }
                (None, None) => continue,
            };
            let kind = match (&at.old, &at.new) {
                (Some(_), None) => &kinds::COMPONENT_REMOVED,
                (None, _) => &kinds::COMPONENT_ADDED,
                (Some(_), Some(_)) => &kinds::UNUSED_COMPONENT_CHANGED,
            };
            let verdict = Verdict::compatible(
                "it has no name in generated code; what it means for an operation is told there",
            );
            self.report(kind, at, None, verdict, format!("`{name}` of `components.{section}` {what}"));
        }
    }
}
