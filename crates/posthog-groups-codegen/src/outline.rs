//! Outlines of Rust source for reviewers.

use syn::visit_mut::VisitMut;
use syn::{Fields, ImplItem, Item, Visibility};

use crate::generate::Error;

/// Returns the public items of Rust source with their signatures, without bodies, attributes, private parts and trait
/// implementations.
///
/// # Errors
/// Fails if `source` is not valid Rust.
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

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Keeps the public items and their public parts.
fn prune(items: &mut Vec<Item>) {
    items.retain_mut(|item| match item {
        Item::Const(item) => is_public(&item.vis),
        Item::Enum(item) => is_public(&item.vis),
        Item::Fn(item) => is_public(&item.vis),
        Item::Static(item) => {
            // The rows are data, and their number is part of the type.
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
