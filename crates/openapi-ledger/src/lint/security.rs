//! Rules about security schemes and requirements.

use crate::value::{Text, Value};

use super::{Context, Report, Site, rules};
use crate::grammar::Kind;
use crate::pointer::Pointer;
use crate::text::{did_you_mean, listed};

pub(super) fn check(context: &Context, report: &mut Report) {
    requirements(context, report);
    for (n, site) in context.of_kind(Kind::SecurityScheme) {
        scheme(context, n, site, report);
    }
}

fn requirements(context: &Context, report: &mut Report) {
    let section = context.root.get("components").and_then(|c| c.get("securitySchemes"));
    let defined: Vec<_> = section.and_then(Value::as_object).into_iter().flat_map(|m| m.keys()).collect();
    let folder = Pointer::root().key("components").key("securitySchemes");
    for (_, site) in context.of_kind(Kind::SecurityRequirement) {
        for (name, scopes) in site.object {
            let at = site.pointer.key(name);
            if !defined.contains(&name) {
                let help = match did_you_mean(name, defined.iter().map(|name| name.as_str())) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("define it under `{folder}`, or remove the requirement"),
                };
                report.add(
                    &rules::SECURITY_UNDEFINED,
                    &at,
                    format!("no security scheme is named `{name}`"),
                    help,
                );
                continue;
            }
            let node = context.node(&folder.key(name));
            let Some(n) = node.and_then(|node| context.follow(node)) else { continue };
            let scheme = &context.sites[n];
            let Some(kind) = scheme.text("type") else { continue };
            let scopes = scopes.as_array().map_or(&[][..], Vec::as_slice);
            match kind {
                "openIdConnect" => {}
                "oauth2" => undeclared_scopes(context, n, scopes, &at, report),
                _ if scopes.is_empty() => {}
                _ => report.add(
                    &rules::SECURITY_SCOPES,
                    &at,
                    format!("`{name}` is of type `{kind}`, which has no scopes"),
                    "use `[]`, and state the required permissions in an extension of the operation",
                ),
            }
        }
    }
}

fn undeclared_scopes(context: &Context, scheme: usize, scopes: &[Value], at: &Pointer, report: &mut Report) {
    let flows = context.found_below(scheme, "flows").flat_map(|flows| context.children[flows].iter());
    let declared: Vec<_> = flows
        .filter_map(|node| context.follow(*node))
        .filter_map(|flow| context.sites[flow].map("scopes"))
        .flat_map(|scopes| scopes.keys().map(Text::as_str))
        .collect();
    for (n, scope) in scopes.iter().enumerate() {
        let Some(scope) = scope.as_str().filter(|scope| !declared.contains(scope)) else { continue };
        let help = match did_you_mean(scope, declared.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "declare it under `scopes` of a flow".to_owned(),
        };
        report.add(
            &rules::SECURITY_SCOPES,
            &at.index(n),
            format!("no flow declares the scope `{scope}`"),
            help,
        );
    }
}

fn scheme(context: &Context, n: usize, site: &Site, report: &mut Report) {
    const TYPES: [&str; 4] = ["apiKey", "http", "oauth2", "openIdConnect"];
    let Some(kind) = site.text("type") else { return };
    let needed: &[&str] = match kind {
        "apiKey" => &["name", "in"],
        "http" => &["scheme"],
        "oauth2" => &["flows"],
        "openIdConnect" => &["openIdConnectUrl"],
        _ => {
            let help = match did_you_mean(kind, TYPES) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if matches!(kind, "basic" | "bearer") => {
                    format!("write `type: http` and `scheme: {kind}`")
                }
                None => format!("write one of {}", listed(TYPES)),
            };
            let at = site.pointer.key("type");
            report.add(
                &rules::SECURITY_SCHEME,
                &at,
                format!("`{kind}` is not a type of security scheme"),
                help,
            );
            return;
        }
    };
    for field in needed.iter().filter(|field| !site.has(field)) {
        let message = format!("a security scheme of type `{kind}` needs `{field}`");
        report.add(&rules::SECURITY_SCHEME, &site.pointer, message, format!("add `{field}:`"));
    }
    for field in ["name", "in", "scheme", "bearerFormat", "flows", "openIdConnectUrl"] {
        let belongs = needed.contains(&field) || (field == "bearerFormat" && kind == "http");
        if site.has(field) && !belongs {
            let message = format!("`{field}` does not belong to a security scheme of type `{kind}`");
            report.add(
                &rules::SECURITY_SCHEME,
                &site.pointer.key(field),
                message,
                format!("remove `{field}`"),
            );
        }
    }
    if let Some(place) =
        site.text("in").filter(|p| kind == "apiKey" && !["query", "header", "cookie"].contains(p))
    {
        let help = match did_you_mean(place, ["query", "header", "cookie"]) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "write `query`, `header` or `cookie`".to_owned(),
        };
        report.add(
            &rules::SECURITY_SCHEME,
            &site.pointer.key("in"),
            format!("`{place}` is not a location of API keys"),
            help,
        );
    }
    if let Some(name) = site.text("scheme").filter(|_| kind == "http") {
        // The registry of HTTP authentication schemes. Names are case-insensitive.
        #[rustfmt::skip]
        const KNOWN: [&str; 13] = [
            "basic", "bearer", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "oauth", "privatetoken",
            "scram-sha-1", "scram-sha-256", "vapid",
        ];
        if !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let help = match did_you_mean(name, ["basic", "bearer", "digest"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write `bearer` or `basic`".to_owned(),
            };
            let at = site.pointer.key("scheme");
            report.add(
                &rules::SECURITY_SCHEME,
                &at,
                format!("`{name}` is not an HTTP authentication scheme"),
                help,
            );
        }
    }
    for flows in context.found_below(n, "flows") {
        let known = context.children[flows].iter().filter_map(|node| context.follow(*node));
        let mut any = false;
        for flow in known.map(|flow| &context.sites[flow]) {
            any = true;
            let needed: &[&str] = match flow.edge {
                "implicit" => &["authorizationUrl"],
                "authorizationCode" => &["authorizationUrl", "tokenUrl"],
                _ => &["tokenUrl"],
            };
            for field in needed.iter().filter(|field| !flow.has(field)) {
                let message = format!("the flow `{}` needs `{field}`", flow.edge);
                report.add(&rules::SECURITY_SCHEME, &flow.pointer, message, format!("add `{field}:`"));
            }
        }
        if !any && context.sites[flows].object.is_empty() {
            let help = "describe one, such as `authorizationCode`";
            report.add(&rules::SECURITY_SCHEME, &context.sites[flows].pointer, "there is no flow", help);
        }
    }
}
