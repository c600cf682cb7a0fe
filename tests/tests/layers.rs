//! The layers of the wrapper: imports go down only, and no two files import each other, not even by way of others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use posthog_groups_tests::workspace;
use syn::visit::Visit;

/// From top to bottom. A file imports from its own folder and from those below.
const LAYERS: [&str; 7] = ["blocking", "bulk", "resources", "write", "wire", "data", "error"];

/// The modules of a crate by their paths, such as `wire::retry`, and the files that they are in.
fn modules(src: &Path) -> BTreeMap<String, PathBuf> {
    let mut modules = BTreeMap::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(src).unwrap().with_extension("");
            let name = relative.to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "::");
            let name = name.strip_suffix("::mod").unwrap_or(&name).to_owned();
            // Property tests are beside the code, because they drive private functions.
            if !matches!(name.as_str(), "lib" | "main" | "property_tests") {
                modules.insert(name, path);
            }
        }
    }
    modules
}

/// Collects the paths within the crate that a file names, but for tests and documentation.
struct Paths {
    module: Vec<String>,
    found: Vec<Vec<String>>,
}

impl Paths {
    fn add(&mut self, segments: &[String]) {
        let (mut absolute, mut rest) = match segments.split_first() {
            Some((first, rest)) if first == "crate" => (Vec::new(), rest),
            Some((first, _)) if first == "self" || first == "super" => (self.module.clone(), segments),
            _ => return,
        };
        while let Some((first, next)) = rest.split_first() {
            match first.as_str() {
                "self" => {}
                "super" => drop(absolute.pop()),
                _ => break,
            }
            rest = next;
        }
        absolute.extend_from_slice(rest);
        self.found.push(absolute);
    }

    fn add_tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.add(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.add(prefix),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(prefix, tree)),
        }
    }
}

fn is_left_out(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().filter(|a| a.path().is_ident("cfg")).any(|a| match &a.meta {
        syn::Meta::List(list) => matches!(list.tokens.to_string().as_str(), "test" | "doc"),
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // A module that passes its children on does not depend on them.
        let passes_on = !matches!(item.vis, syn::Visibility::Inherited);
        if !is_left_out(&item.attrs) && !passes_on {
            self.add_tree(&[], &item.tree);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_left_out(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.add(&segments);
        syn::visit::visit_path(self, path);
    }
}

/// Which modules each module imports from. A path that leads through a `mod.rs` which passes it on counts for the file that
/// has the item, as far as that can be told from names.
fn imports(src: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules(src);
    let mut imports = BTreeMap::new();
    for (name, file) in &modules {
        let text = std::fs::read_to_string(file).unwrap();
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut paths = Paths { module: name.split("::").map(str::to_owned).collect(), found: Vec::new() };
        paths.visit_file(&syntax);
        let mut of_module = BTreeSet::new();
        for path in paths.found {
            let target =
                (1..=path.len()).rev().map(|n| path[..n].join("::")).find(|p| modules.contains_key(p));
            of_module.extend(target.filter(|target| target != name));
        }
        imports.insert(name.clone(), of_module);
    }
    imports
}

fn layer(module: &str) -> usize {
    let folder = module.split("::").next().unwrap();
    LAYERS.iter().position(|layer| *layer == folder).unwrap_or_else(|| panic!("{module} is in no layer"))
}

/// A way from a module back to itself, if there is one.
fn circle(imports: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        at: &str,
        imports: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = path.iter().position(|module| module == at) {
            return Some(path[start..].to_vec());
        }
        if !done.insert(at.to_owned()) {
            return None;
        }
        path.push(at.to_owned());
        let found = imports.get(at).into_iter().flatten().find_map(|next| walk(next, imports, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|module| walk(module, imports, &mut Vec::new(), &mut done))
}

#[test]
fn imports_of_the_wrapper_go_down_only() {
    let imports = imports(&workspace().join("crates/posthog-groups/src"));
    assert!(imports.len() > 40, "{} modules", imports.len());
    let upwards: Vec<String> = imports
        .iter()
        .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        .filter(|(from, to)| layer(from) > layer(to))
        .map(|(from, to)| format!("{from} imports {to}"))
        .collect();
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn no_files_of_the_wrapper_import_each_other_in_a_circle() {
    let mut imports = imports(&workspace().join("crates/posthog-groups/src"));
    // `bulk::import` holds the settings, which `bulk::run` and what it starts read.
    imports.retain(|module, _| !module.starts_with("bulk::"));
    assert_eq!(circle(&imports), None);
}

#[test]
fn no_files_of_the_command_line_import_each_other_in_a_circle() {
    let imports = imports(&workspace().join("crates/posthog-groups-cli/src"));
    assert!(imports.len() > 40, "{} modules", imports.len());
    assert_eq!(circle(&imports), None);
}

#[test]
fn a_circle_and_a_step_up_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod wire; mod error;");
    write("wire/mod.rs", "mod a; mod b; mod c;");
    write("wire/a.rs", "use super::b::B; #[cfg(test)] mod tests { use crate::bulk::X; }");
    write("wire/b.rs", "use crate::{error::{Error, Result}, wire::c};");
    write("wire/c.rs", "fn c() -> crate::wire::a::A { todo!() }");
    write("error/mod.rs", "");
    let imports = imports(folder.path());
    assert_eq!(circle(&imports).unwrap(), ["wire::a", "wire::b", "wire::c"]);
    assert_eq!(imports["wire::b"], BTreeSet::from(["error".to_owned(), "wire::c".to_owned()]));
    assert!(layer("error") > layer("wire::b") && layer("bulk") < layer("resources"));
}
