//! Leaving out generated code that nobody calls.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{ImplItem, Item};

/// The generator writes a builder for every type. Only those of request bodies are used by the calls;
/// the others, of answers, would be half of the code and of its build time.
pub(crate) fn drop_unused_builders(file: &mut syn::File) {
    let calls =
        file.items.iter().filter(|item| matches!(item, Item::Mod(module) if module.ident == "builder"));
    let text: String = calls.map(|item| item.to_token_stream().to_string()).collect();
    let used: BTreeSet<&str> = text
        .split("types :: builder :: ")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .collect();
    for item in &mut file.items {
        if let Item::Mod(types) = item
            && types.ident == "types"
            && let Some((_, items)) = &mut types.content
        {
            items.retain_mut(|item| keep(item, &used));
        }
    }
}

/// The generator's `Client::new` panics where no TLS is to be had, and has a timeout that nobody chose.
/// `new_with_client` remains.
pub(crate) fn drop_panicking_constructor(file: &mut syn::File) {
    for item in &mut file.items {
        if let Item::Impl(block) = item
            && block.trait_.is_none()
            && last_segment(&block.self_ty).as_deref() == Some("Client")
        {
            block.items.retain(|member| !matches!(member, ImplItem::Fn(method) if method.sig.ident == "new"));
        }
    }
}

/// Whether an item of `types` stays; a builder module keeps the used builders.
fn keep(item: &mut Item, used: &BTreeSet<&str>) -> bool {
    match item {
        Item::Mod(builders) if builders.ident == "builder" => {
            if let Some((_, items)) = &mut builders.content {
                items.retain(|item| subject(item).is_none_or(|name| used.contains(name.as_str())));
            }
            true
        }
        Item::Impl(block) if block.trait_.is_none() => {
            let name = last_segment(&block.self_ty).unwrap_or_default();
            if !used.contains(name.as_str()) {
                block.items.retain(
                    |member| !matches!(member, ImplItem::Fn(method) if method.sig.ident == "builder"),
                );
            }
            !block.items.is_empty()
        }
        _ => true,
    }
}

/// The builder that an item of the builder module is about.
fn subject(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        // `impl TryFrom<Group> for super::Group` and `impl From<super::Group> for Group` name it alike.
        Item::Impl(block) => last_segment(&block.self_ty),
        _ => None,
    }
}

fn last_segment(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}
