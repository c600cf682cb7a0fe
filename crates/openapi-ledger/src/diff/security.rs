//! Security requirements of operations, and the security schemes.

use std::collections::{BTreeMap, BTreeSet};

use super::Who::{Caller, GeneratedCode};
use super::facets::{became, texts};
use super::{At, Comparison, Direction, Node, Verdict, kinds};
use crate::text::listed;

const REQUEST: Option<Direction> = Some(Direction::Request);

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
    pub(super) fn security(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let (old_node, before) = in_force(&self.old.root(), old);
        let (new_node, after) = in_force(&self.new.root(), new);
        self.schemes(&before, &after);
        let at = match (old_node.value.is_null(), new_node.value.is_null()) {
            (false, true) => At::gone(old_node.at),
            (true, false) => At::came(new_node.at),
            _ => At::both(old_node.at, new_node.at),
        };
        if before.is_empty() != after.is_empty() {
            let ways = |ways: &[Way]| ways.iter().map(named).collect::<Vec<_>>().join(", or ");
            if after.is_empty() {
                let why = "regenerated code sends no credentials, and neither do callers that follow the description";
                let message = format!("credentials are no longer required; required were: {}", ways(&before));
                self.report(
                    &kinds::SECURITY_REMOVED,
                    at,
                    REQUEST,
                    Verdict::breaking([GeneratedCode], why),
                    message,
                );
            } else if after.iter().any(Way::is_empty) {
                let verdict = Verdict::compatible("requests without credentials still succeed");
                let message = format!("credentials are now optional: {}", ways(&after));
                self.report(&kinds::SECURITY_ALTERNATIVE_ADDED, at, REQUEST, verdict, message);
            } else {
                let verdict = Verdict::breaking([Caller], "requests without credentials are rejected");
                let message = format!("credentials are now required: {}", ways(&after));
                self.report(&kinds::SECURITY_ADDED, at, REQUEST, verdict, message);
            }
            return;
        }
        let schemes = |way: &Way| way.keys().cloned().collect::<Vec<_>>();
        for way in before.iter().filter(|way| !after.contains(way)) {
            let other = after.iter().find(|other| schemes(other) == schemes(way));
            let kind = if other.is_some() {
                &kinds::SECURITY_SCOPES_CHANGED
            } else {
                &kinds::SECURITY_ALTERNATIVE_REMOVED
            };
            let message = match other {
                Some(other) => format!("now required: {}; before: {}", named(other), named(way)),
                None => format!("{} is no longer sufficient", named(way)),
            };
            let verdict = if after.iter().any(|other| satisfies(way, other)) {
                Verdict::compatible("callers that authenticate this way satisfy the new requirement")
            } else {
                Verdict::breaking([Caller], "callers that authenticate this way are rejected")
            };
            self.report(kind, at.clone(), REQUEST, verdict, message);
        }
        for way in after.iter().filter(|way| !before.iter().any(|other| schemes(other) == schemes(way))) {
            let verdict = Verdict::compatible("the existing ways to authenticate are still accepted");
            self.report(
                &kinds::SECURITY_ALTERNATIVE_ADDED,
                at.clone(),
                REQUEST,
                verdict,
                format!("{} is now sufficient", named(way)),
            );
        }
    }

    /// Compares the definitions of the schemes that an operation requires, before and after.
    fn schemes(&mut self, before: &[Way], after: &[Way]) {
        let used: BTreeSet<&String> = before.iter().chain(after).flat_map(BTreeMap::keys).collect();
        for name in used {
            self.scheme(name);
        }
    }

    /// Compares one definition, which the current operation uses.
    pub(super) fn scheme(&mut self, name: &str) {
        let place = |root: Node<'a>| root.key("components").key("securitySchemes");
        let (old, new) = (place(self.old.root()), place(self.new.root()));
        let (before, after) = match (old.get(name), new.get(name)) {
            (Some(before), Some(after)) => (self.old.resolve(before).node, self.new.resolve(after).node),
            (None, None) => return,
            (Some(before), None) => {
                let verdict = Verdict::breaking([Caller, GeneratedCode], "callers that use it are rejected");
                self.report(
                    &kinds::SECURITY_SCHEME_REMOVED,
                    At::gone(before.at),
                    REQUEST,
                    verdict,
                    format!("security scheme `{name}` was removed"),
                );
                return;
            }
            (None, Some(after)) => {
                let verdict = Verdict::compatible("the effects on operations are reported there");
                self.report(
                    &kinds::SECURITY_SCHEME_ADDED,
                    At::came(after.at),
                    REQUEST,
                    verdict,
                    format!("security scheme `{name}` was added"),
                );
                return;
            }
        };
        for field in ["type", "in", "name", "scheme", "openIdConnectUrl"] {
            let (a, b) =
                (before.text(field).map(str::to_lowercase), after.text(field).map(str::to_lowercase));
            if a != b {
                let message = format!(
                    "security scheme `{name}`: `{field}` {}",
                    became(before.value.get(field), after.value.get(field))
                );
                let verdict = Verdict::breaking(
                    [Caller],
                    "callers send credentials in a way that the server no longer accepts",
                );
                self.report(
                    &kinds::SECURITY_SCHEME_CHANGED,
                    At::member(&before, &after, field),
                    REQUEST,
                    verdict,
                    message,
                );
            }
        }
        if before.value.get("bearerFormat") != after.value.get("bearerFormat") {
            let message = format!(
                "security scheme `{name}`: `bearerFormat` {}",
                became(before.value.get("bearerFormat"), after.value.get("bearerFormat"))
            );
            let at = At::member(&before, &after, "bearerFormat");
            self.report(&kinds::SECURITY_SCHEME_CHANGED, at, None, Verdict::documentation(), message);
        }
        self.flows(&before.key("flows"), &after.key("flows"), name);
        let handled = ["type", "in", "name", "scheme", "openIdConnectUrl", "bearerFormat", "flows"];
        self.remaining(&before, &after, &handled, REQUEST);
    }

    fn flows(&mut self, old: &Node<'a>, new: &Node<'a>, scheme: &str) {
        let kind = &kinds::SECURITY_SCHEME_CHANGED;
        let names: BTreeSet<&str> = old.members().chain(new.members()).map(|(name, _)| name).collect();
        for name in names {
            let subject = format!("security scheme `{scheme}`, flow `{name}`");
            let (before, after) = match (old.get(name), new.get(name)) {
                (Some(before), Some(after)) => (before, after),
                (before, _) => {
                    let (what, verdict) = if before.is_some() {
                        (
                            "was removed",
                            Verdict::breaking([Caller], "callers can no longer use it to get tokens"),
                        )
                    } else {
                        (
                            "was added",
                            Verdict::compatible("callers that use other flows can still get tokens"),
                        )
                    };
                    self.report(
                        kind,
                        At::member(old, new, name),
                        REQUEST,
                        verdict,
                        format!("{subject} {what}"),
                    );
                    continue;
                }
            };
            for url in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
                if before.value.get(url) != after.value.get(url) {
                    let verdict = Verdict::breaking([Caller], "callers request tokens at the old URL");
                    let message =
                        format!("{subject}: `{url}` {}", became(before.value.get(url), after.value.get(url)));
                    self.report(kind, At::member(&before, &after, url), REQUEST, verdict, message);
                }
            }
            let (a, b) = (before.key("scopes"), after.key("scopes"));
            let scopes: BTreeSet<&str> = a.members().chain(b.members()).map(|(scope, _)| scope).collect();
            for scope in scopes.into_iter().filter(|scope| a.value.get(scope) != b.value.get(scope)) {
                let (what, verdict) = match (a.get(scope), b.get(scope)) {
                    (Some(_), None) => (
                        "was removed",
                        Verdict::breaking([Caller], "callers that request the scope get no token"),
                    ),
                    (None, _) => (
                        "was added",
                        Verdict::compatible("callers that do not request the scope are not affected"),
                    ),
                    _ => ("has a different description", Verdict::documentation()),
                };
                self.report(
                    kind,
                    At::member(&a, &b, scope),
                    REQUEST,
                    verdict,
                    format!("{subject}: the scope `{scope}` {what}"),
                );
            }
            self.remaining(
                &before,
                &after,
                &["authorizationUrl", "tokenUrl", "refreshUrl", "scopes"],
                REQUEST,
            );
        }
    }
}
