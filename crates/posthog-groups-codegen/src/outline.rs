//! What a reviewer of a regeneration reads: the public surface, and the code of one item at a time.

use std::collections::BTreeMap;

use syn::visit_mut::VisitMut;
use syn::{Fields, ImplItem, Item, Visibility};

use crate::generate::Error;

/// The public items of Rust source with their signatures: no bodies, no attributes, no private parts,
/// no trait implementations.
///
/// # Errors
/// When `source` is no Rust.
///
/// ```
/// use posthog_groups_codegen::outline;
///
/// let source = "/// Doc.\npub struct A { pub b: u8, c: u8 } impl A { pub fn d(&self) -> u8 { 1 } fn e() {} }";
/// assert_eq!(outline(source)?, "pub struct A {\n    pub b: u8,\n}\nimpl A {\n    pub fn d(&self) -> u8 {}\n}\n");
/// # Ok::<(), posthog_groups_codegen::Error>(())
/// ```
pub fn outline(source: &str) -> Result<String, Error> {
    let mut file = syn::parse_file(source)?;
    file.attrs.clear();
    prune(&mut file.items);
    EmptyBodies.visit_file_mut(&mut file);
    Ok(prettyplease::unparse(&file))
}

/// The code of every operation and of every type by itself: `operation list_groups`, `type Group`.
/// Setters and conversions that are alike for all are left out.
///
/// # Errors
/// When `source` is no Rust.
///
/// ```
/// use posthog_groups_codegen::pieces;
///
/// let pieces = pieces("pub mod types { pub struct Group { pub key: String } }")?;
/// assert_eq!(pieces["type Group"], "pub struct Group {\n    pub key: String,\n}\n");
/// # Ok::<(), posthog_groups_codegen::Error>(())
/// ```
pub fn pieces(source: &str) -> Result<BTreeMap<String, String>, Error> {
    let file = syn::parse_file(source)?;
    let mut pieces = BTreeMap::new();
    for item in &file.items {
        match module(item) {
            Some(("types", items)) => {
                for item in items {
                    if let Item::Struct(syn::ItemStruct { ident, .. })
                    | Item::Enum(syn::ItemEnum { ident, .. }) = item
                    {
                        pieces.insert(format!("type {ident}"), unparse(vec![item.clone()]));
                    }
                }
            }
            Some(("builder", items)) => add_operations(&file.items, items, &mut pieces),
            _ => {}
        }
    }
    Ok(pieces)
}

/// An operation is its method on the client and the struct with `send` that the method returns.
fn add_operations(top: &[Item], builders: &[Item], pieces: &mut BTreeMap<String, String>) {
    let methods = top.iter().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    });
    for block in methods {
        for member in &block.items {
            let ImplItem::Fn(method) = member else { continue };
            let Some(builder) = returned_builder(&method.sig.output) else { continue };
            let only = syn::ItemImpl { items: vec![member.clone()], ..block.clone() };
            let mut code = vec![Item::Impl(only)];
            code.extend(builders.iter().filter(|item| is_about(item, &builder)).cloned());
            pieces.insert(format!("operation {}", method.sig.ident), unparse(code));
        }
    }
}

/// `ListGroups` of `-> builder::ListGroups<'_>`.
fn returned_builder(output: &syn::ReturnType) -> Option<String> {
    let syn::ReturnType::Type(_, ty) = output else { return None };
    let syn::Type::Path(path) = ty.as_ref() else { return None };
    let segments = &path.path.segments;
    (segments.len() == 2 && segments.first()?.ident == "builder")
        .then(|| segments.last().map(|s| s.ident.to_string()))?
}

fn is_about(item: &Item, name: &str) -> bool {
    match item {
        Item::Struct(item) => item.ident == name,
        Item::Impl(block) if block.trait_.is_none() => match block.self_ty.as_ref() {
            syn::Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == name),
            _ => false,
        },
        _ => false,
    }
}

fn module(item: &Item) -> Option<(&'static str, &[Item])> {
    let Item::Mod(module) = item else { return None };
    let (_, items) = module.content.as_ref()?;
    let name = ["types", "builder"].into_iter().find(|name| module.ident == name)?;
    Some((name, items))
}

fn unparse(items: Vec<Item>) -> String {
    prettyplease::unparse(&syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items })
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Keeps public items, and of those what is public in them.
fn prune(items: &mut Vec<Item>) {
    items.retain_mut(|item| match item {
        Item::Const(item) => is_public(&item.vis),
        Item::Enum(item) => is_public(&item.vis),
        Item::Fn(item) => is_public(&item.vis),
        Item::Static(item) => {
            // The rows are data; their count is part of the type.
            *item.expr = syn::parse_quote!(..);
            is_public(&item.vis)
        }
        Item::Trait(item) => is_public(&item.vis),
        Item::Type(item) => is_public(&item.vis),
        Item::Use(item) => is_public(&item.vis),
        Item::Struct(item) => {
            if let Fields::Named(fields) = &mut item.fields {
                let public = fields.named.iter().filter(|field| is_public(&field.vis)).cloned().collect();
                fields.named = public;
            }
            is_public(&item.vis)
        }
        Item::Impl(block) => {
            block.items.retain(|member| matches!(member, ImplItem::Fn(method) if is_public(&method.vis)));
            block.trait_.is_none() && !block.items.is_empty()
        }
        Item::Mod(module) => {
            if let Some((_, items)) = &mut module.content {
                prune(items);
            }
            is_public(&module.vis)
        }
        _ => false,
    });
}

struct EmptyBodies;

impl VisitMut for EmptyBodies {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
        attributes.clear();
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.clear();
    }
}
