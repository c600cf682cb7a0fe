//! Rules about security schemes and requirements.

use crate::value::{Text, Value};

use super::{Context, Report, Site, rules};
use crate::grammar::Kind;
use crate::pointer::Pointer;
use crate::text::{listed, meant_or};

pub(super) fn check(context: &Context, report: &mut Report) {
    requirements(context, report);
    for (n, site) in context.of_kind(Kind::SecurityScheme) {
        scheme(context, n, site, report);
    }
}

fn requirements(context: &Context, report: &mut Report) {
    let schemes = &context.root["components"]["securitySchemes"];
    let folder = Pointer::root().key("components").key("securitySchemes");
    for (_, site) in context.of_kind(Kind::SecurityRequirement) {
        for (name, scopes) in site.object {
            let at = site.pointer.key(name);
            if schemes.get(name).is_none() {
                let otherwise = format!("define it under `{folder}`, or remove the requirement");
                let help = meant_or(name, schemes.members().map(|(name, _)| name.as_str()), otherwise);
                let message = format!("no security scheme is named `{name}`");
                report.add(&rules::SECURITY_UNDEFINED, &at, message, help);
                continue;
            }
            let node = context.node(&folder.key(name));
            let Some(n) = node.and_then(|node| context.follow(node)) else { continue };
            let Some(kind) = context.sites[n].text("type") else { continue };
            match (kind, scopes.items()) {
                ("openIdConnect", _) => {}
                ("oauth2", scopes) => undeclared_scopes(context, n, scopes, &at, report),
                (_, []) => {}
                _ => {
                    let message = format!("`{name}` is of type `{kind}`, which has no scopes");
                    let help =
                        "use `[]`, and state the required permissions in an extension of the operation";
                    report.add(&rules::SECURITY_SCOPES, &at, message, help);
                }
            }
        }
    }
}

fn flows<'c>(context: &'c Context, scheme: usize) -> impl Iterator<Item = &'c Site<'c>> {
    let flows = context.found_below(scheme, "flows").flat_map(|flows| context.children[flows].iter());
    flows.filter_map(|node| context.site(*node))
}

fn undeclared_scopes(context: &Context, scheme: usize, scopes: &[Value], at: &Pointer, report: &mut Report) {
    let declared = flows(context, scheme).filter_map(|flow| flow.map("scopes"));
    let declared: Vec<_> = declared.flat_map(|scopes| scopes.keys().map(Text::as_str)).collect();
    for (n, scope) in scopes.iter().enumerate() {
        let Some(scope) = scope.as_str().filter(|scope| !declared.contains(scope)) else { continue };
        let help = meant_or(scope, declared.iter().copied(), "declare it under `scopes` of a flow");
        let message = format!("no flow declares the scope `{scope}`");
        report.add(&rules::SECURITY_SCOPES, &at.index(n), message, help);
    }
}

fn scheme(context: &Context, n: usize, site: &Site, report: &mut Report) {
    const TYPES: [&str; 4] = ["apiKey", "http", "oauth2", "openIdConnect"];
    const PLACES: [&str; 3] = ["query", "header", "cookie"];
    // The registry of HTTP authentication schemes. Names are case-insensitive.
    #[rustfmt::skip]
    const SCHEMES: [&str; 13] = [
        "basic", "bearer", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "oauth", "privatetoken",
        "scram-sha-1", "scram-sha-256", "vapid",
    ];
    let mut add = |at: &Pointer, message: String, help: String| {
        report.add(&rules::SECURITY_SCHEME, at, message, help);
    };
    let Some(kind) = site.text("type") else { return };
    let needed: &[&str] = match kind {
        "apiKey" => &["name", "in"],
        "http" => &["scheme"],
        "oauth2" => &["flows"],
        "openIdConnect" => &["openIdConnectUrl"],
        _ => {
            let otherwise = if matches!(kind, "basic" | "bearer") {
                format!("write `type: http` and `scheme: {kind}`")
            } else {
                format!("write one of {}", listed(TYPES))
            };
            let message = format!("`{kind}` is not a type of security scheme");
            return add(&site.pointer.key("type"), message, meant_or(kind, TYPES, otherwise));
        }
    };
    for field in needed.iter().filter(|field| !site.has(field)) {
        let message = format!("a security scheme of type `{kind}` needs `{field}`");
        add(&site.pointer, message, format!("add `{field}:`"));
    }
    for field in ["name", "in", "scheme", "bearerFormat", "flows", "openIdConnectUrl"] {
        let belongs = needed.contains(&field) || (field == "bearerFormat" && kind == "http");
        if site.has(field) && !belongs {
            let message = format!("`{field}` does not belong to a security scheme of type `{kind}`");
            add(&site.pointer.key(field), message, format!("remove `{field}`"));
        }
    }
    if let Some(place) = site.text("in").filter(|place| kind == "apiKey" && !PLACES.contains(place)) {
        let help = meant_or(place, PLACES, "write `query`, `header` or `cookie`");
        add(&site.pointer.key("in"), format!("`{place}` is not a location of API keys"), help);
    }
    if let Some(name) = site.text("scheme").filter(|_| kind == "http")
        && !SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(name))
    {
        let help = meant_or(name, ["basic", "bearer", "digest"], "write `bearer` or `basic`");
        add(&site.pointer.key("scheme"), format!("`{name}` is not an HTTP authentication scheme"), help);
    }
    for flow in flows(context, n) {
        let needed: &[&str] = match flow.edge {
            "implicit" => &["authorizationUrl"],
            "authorizationCode" => &["authorizationUrl", "tokenUrl"],
            _ => &["tokenUrl"],
        };
        for field in needed.iter().filter(|field| !flow.has(field)) {
            let message = format!("the flow `{}` needs `{field}`", flow.edge);
            add(&flow.pointer, message, format!("add `{field}:`"));
        }
    }
    for flows in context.found_below(n, "flows").map(|flows| &context.sites[flows]) {
        if flows.object.is_empty() {
            let help = "describe one, such as `authorizationCode`".to_owned();
            add(&flows.pointer, "there is no flow".to_owned(), help);
        }
    }
}
