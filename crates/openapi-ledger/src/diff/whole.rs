//! The document itself: version, info, tags, servers.

use std::collections::BTreeSet;

use crate::value::Value;

use super::Who::{Caller, GeneratedCode};
use super::facets::{became, same};
use super::{At, Comparison, Node, Verdict, kinds};

/// Compares the documents as they were read (`old` and `new`), before conversion between versions.
pub(super) fn compare(comparison: &mut Comparison<'_>, old: &Value, new: &Value) {
    openapi_version(comparison, old, new);
    let (old, new) = (comparison.old.root(), comparison.new.root());
    comparison.remaining(&old.key("info"), &new.key("info"), &["version"], None);
    tags(comparison, &old.key("tags"), &new.key("tags"));
    comparison.servers(&old, &new);
    comparison.remaining(
        &old,
        &new,
        &["openapi", "info", "tags", "servers", "paths", "components", "security"],
        None,
    );
}

fn openapi_version(comparison: &mut Comparison<'_>, old: &Value, new: &Value) {
    let (before, after) = (&old["openapi"], &new["openapi"]);
    if before == after {
        return;
    }
    let minor = |version: &Value| version.as_str().unwrap_or_default().chars().take(3).collect::<String>();
    let at = At::member(&comparison.old.root(), &comparison.new.root(), "openapi");
    let verdict = if minor(before) == minor(after) {
        Verdict::documentation()
    } else {
        Verdict::compatible(
            "calls are not affected, but tools that support only the other version have to be replaced",
        )
    };
    let message = format!("`openapi` {}", became(Some(before), Some(after)));
    comparison.report(&kinds::OPENAPI_VERSION_CHANGED, at, None, verdict, message);
}

fn tags(comparison: &mut Comparison<'_>, old: &Node<'_>, new: &Node<'_>) {
    let find = |node: &Node<'_>, name: &str| {
        node.items().find(|tag| tag.text("name") == Some(name)).map(|tag| (tag.value.clone(), tag.at))
    };
    let names: BTreeSet<&str> = old.items().chain(new.items()).filter_map(|tag| tag.text("name")).collect();
    for name in names {
        let (at, what) = match (find(old, name), find(new, name)) {
            (Some((_, at)), None) => (At::gone(at), "was removed"),
            (None, Some((_, at))) => (At::came(at), "was added"),
            (Some((a, old)), Some((b, new))) if !same(&a, &b) => {
                (At::both(old, new), "has a different description")
            }
            _ => continue,
        };
        comparison.report(
            &kinds::TAGS_CHANGED,
            at,
            None,
            Verdict::documentation(),
            format!("the tag `{name}` {what}"),
        );
    }
}

impl Comparison<'_> {
    /// The servers of the document, a path or an operation.
    pub(super) fn servers(&mut self, old: &Node<'_>, new: &Node<'_>) {
        let (old, new) = (old.key("servers"), new.key("servers"));
        let url = |server: &Node<'_>| server.text("url").unwrap_or_default().trim_end_matches('/').to_owned();
        for before in old.items() {
            match new.items().find(|after| url(after) == url(&before)) {
                Some(after) => self.server(&before, &after),
                None => {
                    let verdict = Verdict::breaking(
                        [Caller, GeneratedCode],
                        "callers that use this URL, and generated code that contains it, no longer work",
                    );
                    let message = format!("the server {} was removed", url(&before));
                    self.report(&kinds::SERVER_REMOVED, At::gone(before.at), None, verdict, message);
                }
            }
        }
        for after in new.items() {
            if !old.items().any(|before| url(&before) == url(&after)) {
                let verdict = Verdict::compatible("the other servers are still listed");
                let message = format!("the server {} was added", url(&after));
                self.report(&kinds::SERVER_ADDED, At::came(after.at), None, verdict, message);
            }
        }
    }

    fn server(&mut self, old: &Node<'_>, new: &Node<'_>) {
        self.remaining(old, new, &["url", "variables"], None);
        let (old, new) = (old.key("variables"), new.key("variables"));
        let names: BTreeSet<&str> = old.members().chain(new.members()).map(|(name, _)| name).collect();
        for name in names {
            let (before, after) = (old.key(name), new.key(name));
            let values = |node: &Node<'_>| {
                super::facets::texts(&node.key("enum"))
                    .into_iter()
                    .map(str::to_owned)
                    .collect::<BTreeSet<_>>()
            };
            let narrower = match (before.get("enum"), after.get("enum")) {
                (_, None) => false,
                (None, Some(_)) => true,
                _ => !values(&before).is_subset(&values(&after)),
            };
            let other_default = before.value.get("default") != after.value.get("default");
            if narrower || other_default {
                let verdict = Verdict::breaking(
                    [Caller],
                    "callers that use the default or a removed value reach a different URL",
                );
                let message =
                    format!("the server variable `{name}` {}", became(Some(before.value), Some(after.value)));
                self.report(
                    &kinds::SERVER_VARIABLE_CHANGED,
                    At::both(before.at.clone(), after.at.clone()),
                    None,
                    verdict,
                    message,
                );
            } else if before.get("enum").is_some() && values(&before) != values(&after) {
                let verdict = Verdict::compatible("all values that were allowed still are");
                let message = format!("the server variable `{name}` allows more values");
                self.report(
                    &kinds::SERVER_VARIABLE_CHANGED,
                    At::both(before.at.clone(), after.at.clone()),
                    None,
                    verdict,
                    message,
                );
            }
            self.remaining(&before, &after, &["default", "enum"], None);
        }
    }
}
