//! The structure of the crates: the layers of the wrapper, import cycles, and the documents for contributors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use posthog_groups_tests::workspace;
use syn::visit::Visit;

/// The layers from top to bottom. A file imports from its own folder and from lower ones.
const LAYERS: [&str; 7] = ["blocking", "bulk", "resources", "write", "wire", "data", "error"];

/// Import cycles that are kept: the crate, the modules (each with its submodules), and the reason.
const KEPT: [(&str, &[&str], &str); 4] = [
    (
        "posthog-groups-client",
        &["call", "generated", "operation", "related", "transport"],
        "generated code uses these types, which use the generated client, its types and its table",
    ),
    ("openapi-ledger", &["compare"], "`compare` has the type of a difference, which its steps use"),
    ("openapi-ledger", &["diff"], "`diff` has the type of a change, which its comparisons use"),
    ("openapi-ledger", &["lint"], "`lint` has the type of a finding, which its rules use"),
];

type Imports = BTreeMap<String, BTreeSet<String>>;

/// The modules of a crate by their paths, such as `wire::retry`, and the files that they are in. The root has an empty path.
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
            let name = name.strip_suffix("::mod").unwrap_or(&name);
            // A program next to a library is a separate crate and imports the library by name.
            let is_second_root = name == "main" && src.join("lib.rs").exists();
            if path.extension().is_some_and(|extension| extension == "rs") && !is_second_root {
                let is_root = name == "lib" || name == "main";
                modules.insert(if is_root { String::new() } else { name.to_owned() }, path);
            }
        }
    }
    modules
}

/// Collects the paths within the crate that a file uses, except in tests and documentation.
struct Paths<'a> {
    modules: &'a BTreeMap<String, PathBuf>,
    module: Vec<String>,
    /// The paths of imported names.
    aliases: BTreeMap<String, Vec<String>>,
    /// The paths of re-exported names.
    exports: BTreeMap<String, Vec<String>>,
    /// Test modules in separate files.
    tests: Vec<String>,
    found: Vec<Vec<String>>,
}

impl Paths<'_> {
    /// The path from the root of the crate, if the path stays within it.
    fn absolute(&self, segments: &[String]) -> Option<Vec<String>> {
        let (first, mut rest) = segments.split_first()?;
        let mut absolute = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => {
                rest = segments;
                self.module.clone()
            }
            name => {
                let child = [self.module.as_slice(), &[name.to_owned()]].concat();
                match self.aliases.get(name) {
                    Some(path) => path.clone(),
                    None if self.modules.contains_key(&child.join("::")) => child,
                    None => return None,
                }
            }
        };
        while let Some(next) = rest.strip_prefix(&["super".to_owned()]) {
            absolute.pop();
            rest = next;
        }
        absolute.extend_from_slice(rest);
        Some(absolute)
    }

    fn add_use(&mut self, segments: &[String], name: &str, is_export: bool) {
        let Some(mut path) = self.absolute(segments) else { return };
        path.pop_if(|last| last == "self");
        if is_export {
            self.exports.insert(name.to_owned(), path);
        } else {
            self.aliases.insert(name.to_owned(), path.clone());
            self.found.push(path);
        }
    }

    fn add_tree(&mut self, prefix: &[String], tree: &syn::UseTree, is_export: bool) {
        let with = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree, is_export),
            syn::UseTree::Name(name) => {
                let shown = if name.ident == "self" {
                    prefix.last().unwrap().clone()
                } else {
                    name.ident.to_string()
                };
                self.add_use(&with(&name.ident), &shown, is_export);
            }
            syn::UseTree::Rename(name) => {
                self.add_use(&with(&name.ident), &name.rename.to_string(), is_export);
            }
            syn::UseTree::Glob(_) => self.add_use(prefix, "*", is_export),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_tree(prefix, tree, is_export));
            }
        }
    }
}

fn is_left_out(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().filter(|a| a.path().is_ident("cfg")).any(|a| match &a.meta {
        syn::Meta::List(list) => matches!(list.tokens.to_string().as_str(), "test" | "doc"),
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // A re-export is not a dependency of the module; using the item through it is.
        let is_export = !matches!(item.vis, syn::Visibility::Inherited);
        if !is_left_out(&item.attrs) {
            self.add_tree(&[], &item.tree, is_export);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_left_out(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        } else if item.content.is_none() {
            self.tests.push([self.module.as_slice(), &[item.ident.to_string()]].concat().join("::"));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        // A path of one segment is a local name, or an import that was found already.
        if segments.len() > 1 {
            self.found.extend(self.absolute(&segments));
        }
        syn::visit::visit_path(self, path);
    }
}

/// Which modules each module imports from. A path through a module that re-exports the item counts for the module that
/// defines it.
fn imports(src: &Path) -> Imports {
    let modules = modules(src);
    let mut files = BTreeMap::new();
    for (name, file) in &modules {
        let text = std::fs::read_to_string(file).unwrap();
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let module = name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let mut paths = Paths {
            modules: &modules,
            module,
            aliases: BTreeMap::new(),
            exports: BTreeMap::new(),
            tests: Vec::new(),
            found: Vec::new(),
        };
        paths.visit_file(&syntax);
        files.insert(name.clone(), paths);
    }
    let tests: Vec<String> = files.values().flat_map(|paths| paths.tests.clone()).collect();
    let defining = |path: &[String]| {
        let mut path = path.to_vec();
        // Re-exports of re-exports are followed up to a limit, because they can be circular.
        for _ in 0..8 {
            let holder = (0..=path.len()).rev().find(|n| modules.contains_key(&path[..*n].join("::")))?;
            let module = path[..holder].join("::");
            let Some(export) = path.get(holder).and_then(|item| files[&module].exports.get(item)) else {
                return Some(module);
            };
            path = [export.as_slice(), &path[holder + 1..]].concat();
        }
        None
    };
    files
        .iter()
        .filter(|(name, _)| !tests.contains(name))
        .map(|(name, paths)| {
            let targets = paths.found.iter().filter_map(|path| defining(path));
            (name.clone(), targets.filter(|target| target != name && !target.is_empty()).collect())
        })
        .collect()
}

fn layer(module: &str) -> usize {
    let folder = module.split("::").next().unwrap();
    LAYERS.iter().position(|layer| *layer == folder).unwrap_or_else(|| panic!("{module} is in no layer"))
}

/// The modules that `start` imports directly or indirectly.
fn reachable(start: &str, imports: &Imports) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(module) = open.pop() {
        open.extend(
            imports
                .get(module)
                .into_iter()
                .flatten()
                .filter(|next| seen.insert((*next).clone()))
                .map(String::as_str),
        );
    }
    seen
}

/// Each set of modules that import each other directly or indirectly.
fn cycles(imports: &Imports) -> BTreeSet<Vec<String>> {
    let reach: Imports = imports.keys().map(|module| (module.clone(), reachable(module, imports))).collect();
    let cycle_of = |module: &String| {
        let others =
            reach[module].iter().filter(|other| reach.get(*other).is_some_and(|back| back.contains(module)));
        others.cloned().collect::<Vec<_>>()
    };
    imports.keys().map(cycle_of).filter(|cycle| !cycle.is_empty()).collect()
}

/// The source folders of the workspace's crates, by the names of the crates.
fn crates() -> Vec<(String, PathBuf)> {
    let folders = std::fs::read_dir(workspace().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut crates: Vec<_> = folders
        .chain([workspace().join("xtask"), workspace().join("tests")])
        .map(|folder| (folder.file_name().unwrap().to_str().unwrap().to_owned(), folder.join("src")))
        .filter(|(_, src)| src.is_dir())
        .collect();
    crates.sort();
    crates
}

#[test]
fn imports_of_the_wrapper_go_down_only() {
    let imports = imports(&workspace().join("crates/posthog-groups/src"));
    assert!(imports.len() > 40, "{} modules", imports.len());
    let upwards: Vec<String> = imports
        .iter()
        .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        .filter(|(from, to)| !from.is_empty() && layer(from) > layer(to))
        .map(|(from, to)| format!("{from} imports {to}"))
        .collect();
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn import_cycles_are_only_the_listed_ones() {
    let crates = crates();
    assert!(crates.len() > 7, "{crates:?}");
    let mut used = BTreeSet::new();
    let mut new = Vec::new();
    for (name, src) in &crates {
        for cycle in cycles(&imports(src)) {
            match KEPT
                .iter()
                .position(|(kept, below, _)| kept == name && cycle.iter().all(|m| is_below(m, below)))
            {
                Some(position) => drop(used.insert(position)),
                None => new.push(format!("{name}: {}", cycle.join(", "))),
            }
        }
    }
    assert!(new.is_empty(), "new cycles; move what both sides need to a file of its own: {new:#?}");
    let gone: Vec<_> = (0..KEPT.len()).filter(|position| !used.contains(position)).map(|p| KEPT[p]).collect();
    assert!(gone.is_empty(), "these cycles no longer exist; remove them from KEPT: {gone:#?}");
}

fn is_below(module: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| {
        module.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

/// The documents for contributors.
const DOCUMENTS: [&str; 2] = ["ARCHITECTURE.md", "CONTRIBUTING.md"];

fn document(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name)).unwrap()
}

/// The tracked files, by their paths from the root; none in an unpacked archive.
fn tracked() -> Vec<String> {
    let mut git = std::process::Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(workspace());
    match git.output() {
        Ok(output) if output.status.success() => {
            let list = String::from_utf8(output.stdout).unwrap();
            let exists = |name: &&str| !name.is_empty() && workspace().join(name).exists();
            list.split('\0').filter(exists).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The file names between backquotes, such as `wire/retry.rs`: the end of a path, or all of it.
fn cited_files(text: &str) -> impl Iterator<Item = &str> {
    let is_file = |word: &&str| {
        let ending = word.rsplit_once('.').map(|(_, ending)| ending);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        matches!(ending, Some("rs" | "md" | "yaml" | "json" | "jsonl" | "py" | "go" | "ts"))
            && word.chars().all(is_plain)
    };
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(is_file)
}

#[test]
fn every_file_that_the_documents_for_contributors_cite_exists() {
    let tracked = tracked();
    if tracked.is_empty() {
        println!("skipped: this is no git checkout");
        return;
    }
    let mut seen = 0;
    for name in DOCUMENTS {
        for cited in cited_files(&document(name)) {
            seen += 1;
            let end = format!("/{cited}");
            assert!(
                tracked.iter().any(|file| file == cited || file.ends_with(&end)),
                "{name}: no file {cited}"
            );
        }
    }
    assert!(seen > 60, "only {seen} files cited");
}

/// A file that names at least this many operations counts as naming all of them. The command line offers eleven of seventeen.
const MANY: usize = 10;

#[test]
fn contributing_lists_the_files_that_name_every_operation() {
    let tracked = tracked();
    if tracked.is_empty() {
        println!("skipped: this is no git checkout");
        return;
    }
    let operations: Vec<&str> =
        posthog_groups_client::OPERATIONS.iter().map(|operation| operation.id).collect();
    let is_generated = |name: &str| {
        name.ends_with(".snap")
            || name.ends_with("src/generated.rs")
            || (name.contains("openapi") && name.ends_with(".json"))
    };
    let names_many = |name: &str| {
        let Ok(text) = std::fs::read_to_string(workspace().join(name)) else { return false };
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        operations.iter().filter(|operation| words.contains(*operation)).count() >= MANY
    };
    let found: BTreeSet<&str> =
        tracked.iter().map(String::as_str).filter(|name| !is_generated(name) && names_many(name)).collect();

    let text = document("CONTRIBUTING.md");
    let list = text
        .split_once("<!-- operations: begin")
        .and_then(|(_, rest)| rest.split_once("<!-- operations: end"));
    let listed: BTreeSet<&str> = cited_files(list.unwrap().0).collect();
    assert_eq!(found, listed, "found, and listed in CONTRIBUTING.md under `Add an operation`");
}

#[test]
fn cycles_and_upward_imports_are_detected() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod wire; mod error; mod data; pub use data::Data; #[cfg(test)] mod trials;");
    write("trials.rs", "use crate::error;");
    write("wire/mod.rs", "mod a; mod b; mod c; pub(crate) use c::C; fn f(a: u8) -> u8 { a }");
    write("wire/a.rs", "use super::b::B; #[cfg(test)] mod tests { use crate::bulk::X; }");
    write("wire/b.rs", "use crate::{error::{Error, Result}, wire::C};");
    write("wire/c.rs", "use crate::wire; fn c() -> wire::a::A { wire::a::new() }");
    write("error.rs", "use crate::Data;");
    write("data/mod.rs", "mod names; fn f() { names::check() }");
    write("data/names.rs", "");
    let imports = imports(folder.path());
    assert_eq!(
        cycles(&imports),
        BTreeSet::from([["wire::a", "wire::b", "wire::c"].map(str::to_owned).to_vec()])
    );
    assert_eq!(imports["wire::b"], BTreeSet::from(["error".to_owned(), "wire::c".to_owned()]));
    assert_eq!(imports["error"], BTreeSet::from(["data".to_owned()]));
    assert!(!imports.contains_key("trials"));
    assert_eq!(imports["data"], BTreeSet::from(["data::names".to_owned()]));
    assert!(layer("error") > layer("wire::b") && layer("bulk") < layer("resources"));
}
