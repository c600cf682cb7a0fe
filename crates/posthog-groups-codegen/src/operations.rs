//! The table of operations: scopes, idempotency and availability by operation ID.

use posthog_groups_spec::{METHODS, Value};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// Generates `pub static OPERATIONS`, sorted by operation ID.
pub(crate) fn operations_table(spec: &Value) -> TokenStream {
    let mut rows: Vec<(&str, TokenStream)> = Vec::new();
    for (path, item) in spec["paths"].members() {
        let fields = item.members();
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
        /// The metadata of every operation, sorted by operation ID.
        pub static OPERATIONS: [crate::Operation; #count] = [#(#rows),*];
    }
}

fn row(id: &str, method: &str, path: &str, operation: &Value) -> TokenStream {
    let http_method = method.to_uppercase();
    let scopes = operation["x-required-scopes"].items().iter().filter_map(Value::as_str);
    let idempotency = format_ident!("{}", idempotency(operation["x-idempotency"].as_str(), method));
    let availability = &operation["x-availability"];
    let (since, until) = (date(&availability["since"]), date(&availability["until"]));
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

/// The variant of `Idempotency` for an `x-idempotency`. Without one, reads are safe and all other methods unknown.
fn idempotency(mark: Option<&str>, method: &str) -> &'static str {
    match (mark, method) {
        (Some("safe"), _) | (None, "get" | "head" | "options") => "Safe",
        (Some("idempotent"), _) => "Idempotent",
        (Some("read-before-retry"), _) => "ReadBeforeRetry",
        (Some("not-found-is-success"), _) => "NotFoundIsSuccess",
        _ => "Unknown",
    }
}

fn date(date: &Value) -> TokenStream {
    match date.as_str() {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_mark_only_reads_are_safe() {
        let cases = [
            (Some("read-before-retry"), "post", "ReadBeforeRetry"),
            (Some("not-found-is-success"), "post", "NotFoundIsSuccess"),
            (Some("idempotent"), "put", "Idempotent"),
            (None, "get", "Safe"),
            (None, "post", "Unknown"),
            (Some("unknown-mark"), "get", "Unknown"),
        ];
        for (mark, method, expected) in cases {
            assert_eq!(idempotency(mark, method), expected, "{mark:?} {method}");
        }
    }
}
