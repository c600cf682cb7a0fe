//! Components that no operation refers to, and the names of generated types.

use super::Who::GeneratedCode;
use super::facets::same;
use super::{At, Comparison, Pair, Verdict, Version, kinds};

pub(super) fn compare(comparison: &mut Comparison<'_>) {
    comparison.enter(None);
    let components = comparison.roots().key("components");
    let (extensions, sections): (Vec<_>, Vec<_>) =
        components.names().into_iter().partition(|name| name.starts_with("x-"));
    for section in &sections {
        let members = components.key(section);
        match *section {
            "schemas" => comparison.schemas(&members),
            "securitySchemes" => comparison.unused_schemes(&members),
            section => comparison.parts_of_operations(&members, section),
        }
    }
    if !extensions.is_empty() {
        comparison.remaining(&components, &sections);
    }
}

impl<'a> Comparison<'a> {
    fn schemas(&mut self, schemas: &Pair<'a>) {
        for name in schemas.names() {
            match schemas.get(name) {
                (Some(before), Some(after)) => {
                    let reached = self.reached.contains(&(Version::Old, before.at.clone()))
                        && self.reached.contains(&(Version::New, after.at.clone()));
                    if !reached && !self.unchanged.contains(before.value, after.value) {
                        self.schema(&schemas.key(name), false);
                    }
                }
                (Some(before), None) => {
                    if self.renamed.iter().any(|(was, _)| *was == before.at) {
                        continue;
                    }
                    let twin = schemas.new.members().find(|(other, schema)| {
                        schemas.old.get(other).is_none() && same(schema.value, before.value)
                    });
                    if let Some((other, after)) = twin {
                        self.renamed.insert((before.at.clone(), after.at.clone()));
                        self.component_renamed(
                            Pair { old: before, new: after, direction: None }.at(),
                            "the generated type has a different name",
                            [name, other],
                        );
                        continue;
                    }
                    let why = "the generated type was removed; the effects on operations are reported there";
                    let verdict = Verdict::breaking([GeneratedCode], why);
                    let message = format!("the schema `{name}` was removed");
                    self.report(&kinds::COMPONENT_REMOVED, At::gone(before.at, None), verdict, message);
                }
                _ => {}
            }
        }
        for (name, after) in schemas.new.members().filter(|(name, _)| schemas.old.get(name).is_none()) {
            if !self.renamed.iter().any(|(_, is)| *is == after.at) {
                let verdict = Verdict::compatible("the new type is not used yet");
                let message = format!("the schema `{name}` was added");
                self.report(&kinds::COMPONENT_ADDED, At::came(after.at, None), verdict, message);
            }
        }
    }

    pub(super) fn component_renamed(&mut self, at: At, why: &str, [old, new]: [&str; 2]) {
        let verdict = Verdict::breaking([GeneratedCode], why);
        self.report(&kinds::COMPONENT_RENAMED, at, verdict, format!("`{old}` was renamed to `{new}`"));
    }

    fn unused_schemes(&mut self, schemes: &Pair<'a>) {
        for name in schemes.names() {
            let at = schemes.old.at.key(name);
            if !self.found.keys().any(|identity| identity.place.1.as_str().starts_with(at.as_str())) {
                self.scheme(name);
            }
        }
    }

    /// Parameters, responses, headers and the like have no names in generated code, so their changes are reported at the
    /// operations that use them.
    fn parts_of_operations(&mut self, parts: &Pair<'a>, section: &str) {
        let why = "it has no name in generated code; the effects on operations are reported there";
        for name in parts.names() {
            let what = format!("`{name}` of `components.{section}`");
            let added = (&kinds::COMPONENT_ADDED, Verdict::compatible(why));
            let removed = (&kinds::COMPONENT_REMOVED, Verdict::compatible(why));
            let Some(part) = self.in_both(parts.get(name), None, &what, added, removed) else { continue };
            let at = part.old.at.as_str();
            let is_below = |text: &str| {
                text.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if same(part.old.value, part.new.value)
                || self.found.keys().any(|identity| is_below(identity.place.1.as_str()))
            {
                continue;
            }
            let message = format!("{what} changed, but no operation is affected");
            self.report(&kinds::UNUSED_COMPONENT_CHANGED, part.at(), Verdict::compatible(why), message);
        }
    }
}
