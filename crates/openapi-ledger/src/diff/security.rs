//! Security requirements of operations, and the security schemes.

use std::collections::{BTreeMap, BTreeSet};

use super::Who::{Caller, GeneratedCode};
use super::facets::texts;
use super::{At, Comparison, Node, Pair, REQUEST, Sides, Verdict, kinds};
use crate::text::listed;

/// One way to authenticate: schemes that are required together, each with its scopes.
type Way = BTreeMap<String, BTreeSet<String>>;

/// Whether credentials that satisfy `old` also satisfy `new`.
fn satisfies(old: &Way, new: &Way) -> bool {
    new.iter().all(|(scheme, scopes)| old.get(scheme).is_some_and(|had| scopes.is_subset(had)))
}

fn named(way: &Way) -> String {
    if way.is_empty() {
        return "no credentials".to_owned();
    }
    let with_scopes = way.iter().map(|(scheme, scopes)| match scopes.is_empty() {
        true => format!("`{scheme}`"),
        false => format!("`{scheme}` with {}", listed(scopes.iter().map(String::as_str))),
    });
    with_scopes.collect::<Vec<_>>().join(" and ")
}

/// The requirement that applies to an operation: its own, or that of the document.
fn in_force<'a>(root: &Node<'a>, operation: &Node<'a>) -> (Node<'a>, Vec<Way>) {
    let node = operation.get("security").unwrap_or_else(|| root.key("security"));
    let ways = node
        .items()
        .map(|way| {
            way.members()
                .map(|(scheme, scopes)| {
                    (scheme.to_owned(), texts(&scopes).into_iter().map(str::to_owned).collect())
                })
                .collect()
        })
        .collect();
    (node, ways)
}

impl<'a> Comparison<'a> {
    pub(super) fn security(&mut self, operation: &Pair<'a>) {
        let (old_node, before) = in_force(&self.old.root(), &operation.old);
        let (new_node, after) = in_force(&self.new.root(), &operation.new);
        let used: BTreeSet<&String> = before.iter().chain(&after).flat_map(BTreeMap::keys).collect();
        for name in used {
            self.scheme(name);
        }
        let at = match (old_node.value.is_null(), new_node.value.is_null()) {
            (false, true) => At::gone(old_node.at, REQUEST),
            (true, false) => At::came(new_node.at, REQUEST),
            _ => Pair { old: old_node, new: new_node, direction: REQUEST }.at(),
        };
        if before.is_empty() != after.is_empty() {
            let ways = |ways: &[Way]| ways.iter().map(named).collect::<Vec<_>>().join(", or ");
            if after.is_empty() {
                let why = "regenerated code sends no credentials, and neither do callers that follow the description";
                let message = format!("credentials are no longer required; required were: {}", ways(&before));
                let verdict = Verdict::breaking([GeneratedCode], why);
                self.report(&kinds::SECURITY_REMOVED, at, verdict, message);
            } else if after.iter().any(Way::is_empty) {
                let verdict = Verdict::compatible("requests without credentials still succeed");
                let message = format!("credentials are now optional: {}", ways(&after));
                self.report(&kinds::SECURITY_ALTERNATIVE_ADDED, at, verdict, message);
            } else {
                let verdict = Verdict::breaking([Caller], "requests without credentials are rejected");
                let message = format!("credentials are now required: {}", ways(&after));
                self.report(&kinds::SECURITY_ADDED, at, verdict, message);
            }
            return;
        }
        let same_schemes = |a: &Way, b: &Way| a.keys().eq(b.keys());
        for way in before.iter().filter(|way| !after.contains(way)) {
            let (kind, message) = match after.iter().find(|other| same_schemes(other, way)) {
                Some(other) => (
                    &kinds::SECURITY_SCOPES_CHANGED,
                    format!("now required: {}; before: {}", named(other), named(way)),
                ),
                None => {
                    (&kinds::SECURITY_ALTERNATIVE_REMOVED, format!("{} is no longer sufficient", named(way)))
                }
            };
            let verdict = if after.iter().any(|other| satisfies(way, other)) {
                Verdict::compatible("callers that authenticate this way satisfy the new requirement")
            } else {
                Verdict::breaking([Caller], "callers that authenticate this way are rejected")
            };
            self.report(kind, at.clone(), verdict, message);
        }
        for way in after.iter().filter(|way| !before.iter().any(|other| same_schemes(other, way))) {
            let verdict = Verdict::compatible("the existing ways to authenticate are still accepted");
            let message = format!("{} is now sufficient", named(way));
            self.report(&kinds::SECURITY_ALTERNATIVE_ADDED, at.clone(), verdict, message);
        }
    }

    /// Compares one definition, which the current operation uses.
    pub(super) fn scheme(&mut self, name: &str) {
        let kind = &kinds::SECURITY_SCHEME_CHANGED;
        let schemes = self.roots().with(REQUEST).key("components").key("securitySchemes");
        let what = format!("security scheme `{name}`");
        let added = Verdict::compatible("the effects on operations are reported there");
        let removed = Verdict::breaking([Caller, GeneratedCode], "callers that use it are rejected");
        let (added, removed) =
            ((&kinds::SECURITY_SCHEME_ADDED, added), (&kinds::SECURITY_SCHEME_REMOVED, removed));
        let Some(scheme) = self.in_both(schemes.get(name), REQUEST, &what, added, removed) else { return };
        let scheme = self.resolved(&scheme);
        for field in ["type", "in", "name", "scheme", "openIdConnectUrl"] {
            let text = |node: &Node<'_>| node.text(field).map(str::to_lowercase);
            if text(&scheme.old) != text(&scheme.new) {
                let why = "callers send credentials in a way that the server no longer accepts";
                let verdict = Verdict::breaking([Caller], why);
                self.changed(kind, &scheme, field, verdict, &format!("{what}: `{field}`"));
            }
        }
        let (before, after) = scheme.values("bearerFormat");
        if before != after {
            let (field, what) = ("bearerFormat", format!("{what}: `bearerFormat`"));
            self.changed(kind, &scheme.clone().with(None), field, Verdict::documentation(), &what);
        }
        let flows = scheme.key("flows");
        for name in flows.names() {
            self.flow(flows.get(name), &format!("{what}, flow `{name}`"));
        }
        let handled = ["type", "in", "name", "scheme", "openIdConnectUrl", "bearerFormat", "flows"];
        self.remaining(&scheme, &handled);
    }

    fn flow(&mut self, sides: Sides<'a>, subject: &str) {
        let kind = &kinds::SECURITY_SCHEME_CHANGED;
        let added = Verdict::compatible("callers that use other flows can still get tokens");
        let removed = Verdict::breaking([Caller], "callers can no longer use it to get tokens");
        let flow = self.in_both(sides, REQUEST, subject, (kind, added), (kind, removed));
        let Some(flow) = flow else { return };
        for url in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
            let (before, after) = flow.values(url);
            if before != after {
                let verdict = Verdict::breaking([Caller], "callers request tokens at the old URL");
                self.changed(kind, &flow, url, verdict, &format!("{subject}: `{url}`"));
            }
        }
        let scopes = flow.key("scopes");
        for name in scopes.names() {
            let what = format!("{subject}: the scope `{name}`");
            let added = Verdict::compatible("callers that do not request the scope are not affected");
            let removed = Verdict::breaking([Caller], "callers that request the scope get no token");
            let scope = self.in_both(scopes.get(name), REQUEST, &what, (kind, added), (kind, removed));
            if let Some(scope) = scope.filter(|scope| scope.old.value != scope.new.value) {
                let message = format!("{what} has a different description");
                self.report(kind, scope.at(), Verdict::documentation(), message);
            }
        }
        self.remaining(&flow, &["authorizationUrl", "tokenUrl", "refreshUrl", "scopes"]);
    }
}
