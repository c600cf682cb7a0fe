//! The marks of the spec as a table: `operation_id -> scopes, idempotency, availability`.

use posthog_groups_spec::METHODS;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::{Map, Value};

/// `pub static OPERATIONS`, sorted by operationId.
pub(crate) fn operations_table(spec: &Value) -> TokenStream {
    let mut rows: Vec<(&str, TokenStream)> = Vec::new();
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        let fields = item.as_object().into_iter().flatten();
        for (method, operation) in fields.filter(|(field, _)| METHODS.contains(&field.as_str())) {
            if let Some(id) = operation["operationId"].as_str() {
                rows.push((id, row(id, method, path, operation)));
            }
        }
    }
    rows.sort_by_key(|(id, _)| *id);
    let count = rows.len();
    let rows = rows.into_iter().map(|(_, row)| row);
    quote! {
        /// What the spec marks every operation with, sorted by operation id.
        pub static OPERATIONS: [crate::Operation; #count] = [#(#rows),*];
    }
}

fn row(id: &str, method: &str, path: &str, operation: &Value) -> TokenStream {
    let http_method = method.to_uppercase();
    let scopes = operation["x-required-scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let idempotency = format_ident!("{}", idempotency(operation["x-idempotency"].as_str(), method));
    let availability = operation["x-availability"].as_object();
    let (since, until) = (date(availability, "since"), date(availability, "until"));
    quote! {
        crate::Operation {
            id: #id,
            method: #http_method,
            path: #path,
            scopes: &[#(#scopes),*],
            idempotency: crate::Idempotency::#idempotency,
            since: #since,
            until: #until,
        }
    }
}

/// The variant of `Idempotency` for a mark. Reads without a mark are safe, all else is unknown.
fn idempotency(mark: Option<&str>, method: &str) -> &'static str {
    match (mark, method) {
        (Some("safe"), _) | (None, "get" | "head" | "options") => "Safe",
        (Some("idempotent"), _) => "Idempotent",
        (Some("look-before-repeat"), _) => "LookBeforeRepeat",
        (Some("gone-is-done"), _) => "GoneIsDone",
        _ => "Unknown",
    }
}

fn date(availability: Option<&Map<String, Value>>, key: &str) -> TokenStream {
    match availability.and_then(|members| members.get(key)).and_then(Value::as_str) {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_mark_is_repeated_only_when_it_reads() {
        let cases = [
            (Some("look-before-repeat"), "post", "LookBeforeRepeat"),
            (Some("gone-is-done"), "post", "GoneIsDone"),
            (Some("idempotent"), "put", "Idempotent"),
            (None, "get", "Safe"),
            (None, "post", "Unknown"),
            (Some("tomorrow's word"), "get", "Unknown"),
        ];
        for (mark, method, expected) in cases {
            assert_eq!(idempotency(mark, method), expected, "{mark:?} {method}");
        }
    }
}
