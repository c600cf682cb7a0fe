//! Removes work from the generated calls that a request does not need.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit_mut::{VisitMut, visit_block_mut, visit_expr_mut, visit_field_mut, visit_type_path_mut};
use syn::{Expr, Stmt, Token, parse_quote};

/// The arguments of a call.
type Arguments = Punctuated<Expr, Token![,]>;

/// Rewrites the generated calls:
///
/// * The header `api-version`, which PostHog servers do not use, is removed.
/// * The query is written before the URL is parsed, instead of being appended parameter by parameter.
/// * Bodies are decoded by `body::read` of the client crate, which does not copy the headers. Every response type gets an
///   `impl FromBody`.
/// * Timestamps are parsed by position.
pub(crate) fn rewrite_calls(file: &mut syn::File) {
    let mut calls = Calls::default();
    calls.visit_file_mut(file);
    for answer in calls.answers {
        // `Vec` and the types of the client crate are implemented in the client crate.
        if let Some(name) = answer.strip_prefix("types :: ") {
            let name = quote::format_ident!("{name}");
            file.items.push(parse_quote!(impl crate::FromBody for types::#name {}));
        }
    }
}

#[derive(Default)]
struct Calls {
    /// The arguments of `ResponseValue`, as the generator writes them.
    answers: BTreeSet<String>,
}

impl VisitMut for Calls {
    fn visit_type_path_mut(&mut self, path: &mut syn::TypePath) {
        if let Some(last) = path.path.segments.last()
            && last.ident == "ResponseValue"
            && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
        {
            self.answers.extend(arguments.args.iter().map(|answer| answer.to_token_stream().to_string()));
        }
        visit_type_path_mut(self, path);
    }

    fn visit_field_mut(&mut self, field: &mut syn::Field) {
        if field.ty == parse_quote!(::chrono::DateTime<::chrono::offset::Utc>) {
            field.attrs.push(parse_quote!(#[serde(deserialize_with = "crate::timestamp::deserialize")]));
        }
        visit_field_mut(self, field);
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain(|statement| !sets_up_headers(statement));
        visit_block_mut(self, block);
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_expr_mut(self, expression);
        match expression {
            Expr::MethodCall(call) if call.method == "headers" && call.args.iter().all(is_header_map) => {
                *expression = (*call.receiver).clone();
            }
            Expr::Path(path) if *path == parse_quote!(ResponseValue::from_response) => {
                *expression = parse_quote!(crate::body::read);
            }
            Expr::MethodCall(call) if call.method == "build" => {
                let mut parameters = Vec::new();
                take_query(&mut call.receiver, &mut parameters);
                if !parameters.is_empty() {
                    write_query(&mut call.receiver, &parameters);
                }
            }
            _ => {}
        }
    }
}

/// Removes the calls `.query(&QueryParam::new(name, value))` from a chain of calls, and collects their arguments in order.
fn take_query(chain: &mut Expr, parameters: &mut Vec<Arguments>) {
    let Expr::MethodCall(call) = chain else { return };
    take_query(&mut call.receiver, parameters);
    if call.method == "query"
        && let Some(Expr::Reference(parameter)) = call.args.first()
        && let Expr::Call(constructor) = &*parameter.expr
    {
        parameters.push(constructor.args.clone());
        *chain = (*call.receiver).clone();
    }
}

/// Replaces the `url` of `client.client.get(url)` at the start of a chain of calls by a URL with a query.
fn write_query(chain: &mut Expr, parameters: &[Arguments]) {
    let Expr::MethodCall(call) = chain else { return };
    if matches!(&*call.receiver, Expr::MethodCall(_)) {
        return write_query(&mut call.receiver, parameters);
    }
    let url = &call.args;
    let url: Expr = parse_quote!(crate::query::Query::new(#url)#(.with(#parameters))*.finish()?);
    call.args = [url].into_iter().collect();
}

/// Whether a statement is `let mut header_map = ..` or `header_map.append(..)`.
fn sets_up_headers(statement: &Stmt) -> bool {
    match statement {
        Stmt::Local(local) => matches!(&local.pat, syn::Pat::Ident(name) if name.ident == "header_map"),
        Stmt::Expr(Expr::MethodCall(call), _) => is_header_map(&call.receiver),
        _ => false,
    }
}

fn is_header_map(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident("header_map"))
}
