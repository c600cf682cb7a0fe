//! Rules about `$ref`: dangling references, cycles, and unused components.

use std::collections::{HashMap, HashSet};

use super::{Broken, Context, Node, Report, rules};
use crate::grammar::Kind;
use crate::pointer::Pointer;
use crate::text::did_you_mean;
use crate::value::Text;

pub(super) fn check(context: &Context, report: &mut Report) {
    targets(context, report);
    compositions(context, report);
    unused_components(context, report);
}

fn targets(context: &Context, report: &mut Report) {
    for (reference, end) in context.references.iter().zip(&context.resolved) {
        let target = reference.target;
        let wanted = reference.kind.title();
        let meant = || suggestion(context, target, reference.kind);
        let (rule, message, help) = match end {
            Ok(_) | Err(Broken::Further) => continue,
            Err(Broken::External) => (
                &rules::EXTERNAL_REF,
                format!("`{target}` is outside this document"),
                match reference.kind.section() {
                    Some(section) => {
                        format!(
                            "copy the {wanted} into `components`, and refer to `#/components/{section}/NAME`"
                        )
                    }
                    None => format!("define the {wanted} here"),
                },
            ),
            Err(Broken::Cycle) => (
                &rules::CYCLIC_REF,
                format!("`{target}` leads back to this reference instead of a {wanted}"),
                format!("define a {wanted} at one place of the cycle"),
            ),
            Err(Broken::WrongKind(found)) => {
                let found = found.map_or("not an OpenAPI object", Kind::title);
                (
                    &rules::REF_KIND,
                    format!("`{target}` is {}{found}, but a {wanted} is required here", article(found)),
                    meant().unwrap_or_else(|| format!("refer to a {wanted}")),
                )
            }
            Err(Broken::Missing) => (
                &rules::DANGLING_REF,
                format!("`{target}` does not exist"),
                meant().unwrap_or_else(|| format!("add the {wanted} there, or refer to one that exists")),
            ),
        };
        report.add(rule, &reference.pointer.key("$ref"), message, help);
    }
}

fn article(noun: &str) -> &'static str {
    match noun.chars().next() {
        _ if noun.starts_with("no ") => "",
        Some('A' | 'E' | 'I' | 'O') => "an ",
        _ => "a ",
    }
}

/// Suggests the component that a reference probably means.
pub(super) fn suggestion(context: &Context, target: &str, kind: Kind) -> Option<String> {
    let section = kind.section()?;
    let last = target.rsplit('/').next().filter(|last| !last.is_empty())?;
    let names = context.root["components"][section].as_object()?;
    let meant = did_you_mean(last, names.keys().map(Text::as_str))?;
    Some(format!("did you mean `#/components/{section}/{meant}`?"))
}

/// The fields through which a schema applies other schemas to the same value.
pub(super) const IN_PLACE: [&str; 4] = ["allOf", "oneOf", "anyOf", "not"];

/// The schemas that a schema applies to the same value.
pub(super) fn in_place(context: &Context, schema: usize) -> impl Iterator<Item = usize> {
    let nodes = context.children[schema].iter().filter(|node| IN_PLACE.contains(&context.edge(**node).0));
    nodes.filter_map(|node| context.follow(*node))
}

/// All schemas, each after those that it applies in place, unless they apply it as well.
pub(super) fn parts_first(context: &Context) -> Vec<usize> {
    let (mut order, mut seen) = (Vec::new(), HashSet::new());
    let mut open: Vec<_> = context.of_kind(Kind::Schema).map(|(schema, _)| (schema, false)).collect();
    while let Some((schema, are_parts_done)) = open.pop() {
        if are_parts_done {
            order.push(schema);
        } else if seen.insert(schema) {
            open.push((schema, true));
            open.extend(in_place(context, schema).map(|part| (part, false)));
        }
    }
    order
}

/// Returns the schemas that contain themselves through these fields: the strongly connected components, by Kosaraju's algorithm.
pub(super) fn cyclic_schemas(context: &Context) -> HashSet<usize> {
    let order = parts_first(context);
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    for &schema in &order {
        in_place(context, schema).for_each(|part| users.entry(part).or_default().push(schema));
    }
    let (mut cyclic, mut seen) = (HashSet::new(), HashSet::new());
    for &root in order.iter().rev() {
        let (mut component, mut open) = (Vec::new(), vec![root]);
        while let Some(schema) = open.pop() {
            if seen.insert(schema) {
                component.push(schema);
                open.extend(users.get(&schema).into_iter().flatten());
            }
        }
        if component.len() > 1 || component.iter().any(|one| in_place(context, *one).any(|part| part == *one))
        {
            cyclic.extend(component);
        }
    }
    cyclic
}

fn compositions(context: &Context, report: &mut Report) {
    let cyclic = cyclic_schemas(context);
    for &site in &cyclic {
        // An inline member of the cycle is part of the component that is reported.
        if IN_PLACE.contains(&context.sites[site].edge) {
            continue;
        }
        report.add(
            &rules::CYCLIC_COMPOSITION,
            &context.sites[site].pointer,
            "this schema contains itself through allOf, oneOf, anyOf or not",
            "remove the schema itself from the list; use recursion only under `properties` or `items`",
        );
    }
}

/// The component (`/components/SECTION/NAME`) that contains a place.
fn component_of(pointer: &Pointer) -> Option<&str> {
    let text = pointer.as_str();
    let rest = text.strip_prefix("/components/")?;
    let section = rest.find('/')?;
    let name = rest[section + 1..].find('/').map_or(rest.len(), |n| section + 1 + n);
    Some(&text[.."/components/".len() + name])
}

fn unused_components(context: &Context, report: &mut Report) {
    // From each component (or "" for everything else) to the components that it refers to.
    let mut edges: HashMap<&str, Vec<String>> = HashMap::new();
    for reference in &context.references {
        let from = component_of(&reference.pointer).unwrap_or_default();
        edges.entry(from).or_default().extend(target_component(reference.target));
    }
    for site in &context.sites {
        let from = component_of(&site.pointer).unwrap_or_default();
        match site.kind {
            Kind::SecurityRequirement => {
                let schemes = site.object.keys();
                let targets = schemes.map(|name| pointer_of("securitySchemes", name));
                edges.entry(from).or_default().extend(targets);
            }
            Kind::Discriminator => {
                let mapping = site.map("mapping").into_iter().flat_map(|mapping| mapping.values());
                for target in mapping.filter_map(|value| value.as_str()) {
                    let component = if target.starts_with('#') {
                        target_component(target)
                    } else {
                        Some(pointer_of("schemas", target))
                    };
                    edges.entry(from).or_default().extend(component);
                }
            }
            _ => {}
        }
    }
    let mut reached: HashSet<&str> = HashSet::new();
    let mut open = vec![""];
    while let Some(from) = open.pop() {
        for target in edges.get(from).into_iter().flatten() {
            if reached.insert(target) {
                open.push(target);
            }
        }
    }
    for (_, site) in context.of_kind(Kind::Components) {
        for (section, members) in site.object.iter().filter(|(name, _)| !name.starts_with("x-")) {
            for name in members.as_object().into_iter().flat_map(|members| members.keys()) {
                let at = site.pointer.key(section).key(name);
                let known = context.node(&at).is_some();
                if known && !reached.contains(at.as_str()) {
                    let by_unused = edges.iter().any(|(from, to)| {
                        !from.is_empty() && *from != at.as_str() && to.iter().any(|to| to == at.as_str())
                    });
                    let message = if by_unused {
                        format!("`{name}` is used only by unused components")
                    } else {
                        format!("`{name}` is not used")
                    };
                    report.add(&rules::UNUSED_COMPONENT, &at, message, "remove it, or refer to it");
                }
            }
        }
    }
}

fn pointer_of(section: &str, name: &str) -> String {
    Pointer::root().key("components").key(section).key(name).as_str().to_owned()
}

fn target_component(reference: &str) -> Option<String> {
    component_of(&Pointer::parse(reference)?).map(str::to_owned)
}

impl Context<'_> {
    /// Whether a reference leads to a part of a component instead of a component.
    pub fn leads_inside_a_component(&self, node: Node) -> bool {
        let Node::Reference(n) = node else { return false };
        Pointer::parse(self.references[n].target)
            .is_none_or(|pointer| component_of(&pointer) != Some(pointer.as_str()))
    }
}
