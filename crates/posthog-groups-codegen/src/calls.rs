//! Rewrites the generated calls, and removes work that requests do not need.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::{VisitMut, visit_block_mut, visit_expr_mut, visit_field_mut, visit_item_mod_mut};
use syn::{Expr, ImplItem, ImplItemFn, Item, Stmt, Token, Type, parse_quote};

/// The arguments of a call.
type Arguments = Punctuated<Expr, Token![,]>;

/// Rewrites the generated calls:
///
/// * Builders implement `Call` of the client crate, which builds the request without sending it. `send` uses it.
/// * The error for a missing parameter is created when the request is built, instead of with the builder.
/// * The header `api-version`, which PostHog servers do not use, is removed.
/// * The base URL is parsed once per client, and the query is written into the URL.
/// * Bodies are decoded by `FromBody` of the client crate. Every response type gets an implementation.
/// * Timestamps are parsed by position.
pub(crate) fn rewrite_calls(file: &mut syn::File) {
    let mut calls = Calls::default();
    calls.visit_file_mut(file);
    // The hooks are not used.
    file.items.retain(|item| !item.to_token_stream().to_string().contains("assert_client_hooks"));
    calls.responses.sort();
    calls.responses.dedup();
    for response in calls.responses {
        // `Vec` and the types of the client crate are implemented in the client crate.
        if let Some(name) = response.strip_prefix("types :: ") {
            let name = format_ident!("{name}");
            file.items.push(parse_quote!(impl crate::FromBody for types::#name {}));
        }
    }
}

#[derive(Default)]
struct Calls {
    /// The response types, as the generator writes them.
    responses: Vec<String>,
}

impl VisitMut for Calls {
    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        visit_item_mod_mut(self, module);
        let Some((_, items)) = &mut module.content else { return };
        let calls: Vec<Item> = items.iter_mut().filter_map(|item| self.split_send(item)).collect();
        items.extend(calls);
    }

    fn visit_item_struct_mut(&mut self, item: &mut syn::ItemStruct) {
        if item.ident == "Client"
            && let syn::Fields::Named(fields) = &mut item.fields
        {
            fields.named.push(parse_quote!(pub(crate) base: Option<::reqwest::Url>));
        }
        syn::visit_mut::visit_item_struct_mut(self, item);
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
            Expr::Struct(made) if made.fields.iter().any(|field| field.member == parse_quote!(baseurl)) => {
                made.fields.push(parse_quote!(base: ::reqwest::Url::parse(baseurl).ok()));
            }
            Expr::Call(error) if is_not_initialized(error) => *expression = parse_quote!(Err(String::new())),
            Expr::MethodCall(call) if call.method == "headers" && call.args.iter().all(is_header_map) => {
                *expression = (*call.receiver).clone();
            }
            Expr::MethodCall(call) if call.method == "build" => {
                let mut parameters = Vec::new();
                take_query(&mut call.receiver, &mut parameters);
                write_url(&mut call.receiver, &parameters);
            }
            _ => {}
        }
    }
}

impl Calls {
    /// Moves the first part of `send` to an implementation of `Call`, and calls it from `send`.
    fn split_send(&mut self, item: &mut Item) -> Option<Item> {
        let Item::Impl(builder) = item else { return None };
        let name = match &*builder.self_ty {
            Type::Path(path) => path.path.segments.last()?.ident.clone(),
            _ => return None,
        };
        let send = builder.items.iter_mut().find_map(|item| match item {
            ImplItem::Fn(function) if function.sig.ident == "send" => Some(function),
            _ => None,
        })?;
        let response = response(send)?;
        let end = send.block.stmts.iter().position(is_info)?;
        let (build, after) = send.block.stmts.split_at(end);
        let operation = operation_id(after)?;
        let statuses = Some(successes(after)).filter(|patterns| !patterns.is_empty())?;
        let mut build = build.to_vec();
        build.iter_mut().for_each(name_parameter);
        self.responses.push(response.to_token_stream().to_string());
        send.block = parse_quote!({
            let client = self.client;
            crate::call::send(client, self).await
        });
        Some(parse_quote! {
            impl crate::Call for #name<'_> {
                type Response = #response;
                const OPERATION_ID: &'static str = #operation;
                fn is_success(status: u16) -> bool {
                    matches!(status, #(#statuses)|*)
                }
                fn request(self) -> Result<::reqwest::Request, Error<()>> {
                    #(#build)*
                    Ok(request)
                }
            }
        })
    }
}

/// Returns the `T` of `Result<ResponseValue<T>, _>`.
fn response(send: &ImplItemFn) -> Option<Type> {
    fn argument(of: &Type) -> Option<&Type> {
        let Type::Path(path) = of else { return None };
        let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
            return None;
        };
        match arguments.args.first()? {
            syn::GenericArgument::Type(argument) => Some(argument),
            _ => None,
        }
    }
    let syn::ReturnType::Type(_, result) = &send.sig.output else { return None };
    argument(argument(result)?).cloned()
}

/// Whether a statement is `let info = ..`.
fn is_info(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Local(local) if matches!(&local.pat, syn::Pat::Ident(name) if name.ident == "info"))
}

/// Returns the literal of `operation_id: "..."`.
fn operation_id(statements: &[Stmt]) -> Option<syn::LitStr> {
    let text = statements.iter().map(ToTokens::to_token_stream).collect::<TokenStream>().to_string();
    let after = text.split_once("operation_id : \"")?.1;
    Some(syn::LitStr::new(after.split_once('"')?.0, proc_macro2::Span::call_site()))
}

/// Returns the patterns of the statuses for which `match response.status().as_u16()` decodes a response.
fn successes(statements: &[Stmt]) -> Vec<syn::Pat> {
    #[derive(Default)]
    struct Successes(Vec<syn::Pat>);

    impl VisitMut for Successes {
        fn visit_expr_match_mut(&mut self, expression: &mut syn::ExprMatch) {
            let arms = expression.arms.iter();
            let decoding = arms.filter(|arm| !arm.body.to_token_stream().to_string().contains("Err ("));
            self.0.extend(decoding.map(|arm| arm.pat.clone()));
        }
    }

    let mut successes = Successes::default();
    statements.to_vec().iter_mut().for_each(|statement| successes.visit_stmt_mut(statement));
    successes.0
}

/// Takes the calls `.query(&QueryParam::new(name, value))` out of a chain of calls, and their arguments in order.
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
fn write_url(chain: &mut Expr, parameters: &[Arguments]) {
    let Expr::MethodCall(call) = chain else { return };
    if matches!(&*call.receiver, Expr::MethodCall(_)) {
        return write_url(&mut call.receiver, parameters);
    }
    let text = &call.args;
    let url = quote!(client.url(&#text)?);
    let url: Expr = match parameters {
        [] => parse_quote!(#url),
        _ => parse_quote!(crate::query::Query::new(#url)#(.with(#parameters))*.finish()?),
    };
    call.args = [url].into_iter().collect();
}

/// Whether a call is `Err("x was not initialized".to_string())`.
fn is_not_initialized(call: &syn::ExprCall) -> bool {
    call.to_token_stream().to_string().ends_with("was not initialized\" . to_string ())")
}

/// Makes the error of `let x = x.map_err(Error::InvalidRequest)?` name the missing parameter.
fn name_parameter(statement: &mut Stmt) {
    if let Stmt::Local(local) = statement
        && let syn::Pat::Ident(name) = &local.pat
        && let Some(init) = &mut local.init
        && let Expr::Try(tried) = &mut *init.expr
        && let Expr::MethodCall(call) = &mut *tried.expr
        && call.method == "map_err"
        && call.args.first() == Some(&parse_quote!(Error::InvalidRequest))
    {
        let name = name.ident.to_string();
        call.args = parse_quote!(|error| crate::call::invalid(#name, error));
    }
}

/// `let mut header_map = ..` and `header_map.append(..)`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_is_decoded_is_a_success() {
        let response: Stmt = parse_quote! {
            let result = match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16..=299u16 => { ResponseValue::from_response(response).await }
                404u16 => Err(Error::ErrorResponse(ResponseValue::from_response(response).await?)),
                _ => Err(Error::UnexpectedResponse(response)),
            };
        };
        let expected: [syn::Pat; 2] = [parse_quote!(200u16), parse_quote!(202u16..=299u16)];
        assert_eq!(successes(&[response]), expected);
    }
}
