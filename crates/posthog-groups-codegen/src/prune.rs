//! Removes generated code that is not used.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{ImplItem, Item};

/// Removes builders of types that are not used by the calls. The generator writes one for every type, but only those of
/// request bodies are used. The others would be half of the code and of its build time.
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

/// Removes the generator's `Client::new`, which panics if TLS is not available and has a fixed timeout. `new_with_client`
/// remains.
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

/// Whether an item of `types` is kept. Removes unused builders from the module of builders.
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

/// The name of the builder that an item of the builder module belongs to.
fn subject(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        // The last segment is the same in `impl TryFrom<Group> for super::Group` and `impl From<super::Group> for Group`.
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
