//! Skipping the parts that are equal in both documents.

use std::collections::{HashMap, HashSet};

use crate::value::Value;

use crate::pointer::add_references;

/// The parts that are equal in both documents, including everything they refer to.
#[derive(Debug)]
pub(super) struct Unchanged {
    /// The references to equal components.
    components: HashSet<String>,
    /// Whether the security schemes and the default security requirement are equal.
    security: bool,
}

impl Unchanged {
    pub(super) fn between(old: &Value, new: &Value) -> Self {
        let mut equal: HashMap<String, Vec<&str>> = HashMap::new();
        for (section, all) in old["components"].members() {
            let others = new.get("components").and_then(|components| components.get(section));
            for (name, component) in all.members() {
                if others.and_then(|others| others.get(name)) == Some(component) {
                    let mut references = Vec::new();
                    add_references(component, &mut references);
                    equal.insert(format!("#/components/{section}/{name}"), references);
                }
            }
        }
        // A component that refers to a changed one has changed as well.
        let mut dependents: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, references) in &equal {
            references.iter().for_each(|target| dependents.entry(target).or_default().push(name));
        }
        let mut open: Vec<&str> =
            dependents.keys().copied().filter(|name| !equal.contains_key(*name)).collect();
        let mut changed = HashSet::new();
        while let Some(target) = open.pop() {
            let more = dependents.get(target).into_iter().flatten();
            open.extend(more.filter(|name| changed.insert(**name)));
        }
        let components = equal.keys().filter(|name| !changed.contains(name.as_str())).cloned().collect();
        Self { components, security: credentials(old) == credentials(new) }
    }

    /// Whether two nodes are equal, including everything they refer to.
    pub(super) fn contains(&self, old: &Value, new: &Value) -> bool {
        let mut references = Vec::new();
        add_references(old, &mut references);
        self.security && references.iter().all(|target| self.components.contains(*target)) && old == new
    }
}

/// Returns the default security requirement and the security schemes.
fn credentials(document: &Value) -> [Option<&Value>; 2] {
    let schemes = document.get("components").and_then(|components| components.get("securitySchemes"));
    [document.get("security"), schemes]
}
