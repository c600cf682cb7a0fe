//! The document itself: version, info, tags, servers.

use std::collections::BTreeSet;

use crate::value::Value;

use super::Who::{Caller, GeneratedCode};
use super::facets::{became, same, texts};
use super::{At, Comparison, Node, Pair, Verdict, kinds};

/// Compares the documents as they were read (`old` and `new`), before conversion between versions.
pub(super) fn compare(comparison: &mut Comparison<'_>, old: &Value, new: &Value) {
    openapi_version(comparison, old, new);
    let roots = comparison.roots();
    comparison.remaining(&roots.key("info"), &["version"]);
    tags(comparison, &roots.key("tags"));
    comparison.servers(&roots);
    comparison.remaining(&roots, &["openapi", "info", "tags", "servers", "paths", "components", "security"]);
}

fn openapi_version(comparison: &mut Comparison<'_>, old: &Value, new: &Value) {
    let (before, after) = (&old["openapi"], &new["openapi"]);
    if before == after {
        return;
    }
    let minor = |version: &Value| version.as_str().unwrap_or_default().chars().take(3).collect::<String>();
    let verdict = if minor(before) == minor(after) {
        Verdict::documentation()
    } else {
        Verdict::compatible(
            "calls are not affected, but tools that support only the other version have to be replaced",
        )
    };
    let at = comparison.roots().at_key("openapi");
    let message = format!("`openapi` {}", became(Some(before), Some(after)));
    comparison.report(&kinds::OPENAPI_VERSION_CHANGED, at, verdict, message);
}

fn tags<'a>(comparison: &mut Comparison<'a>, tags: &Pair<'a>) {
    let kind = &kinds::TAGS_CHANGED;
    let find = |node: &Node<'a>, name: &str| node.items().find(|tag| tag.text("name") == Some(name));
    let all = tags.old.items().chain(tags.new.items());
    let names: BTreeSet<&str> = all.filter_map(|tag| tag.text("name")).collect();
    for name in names {
        let sides = (find(&tags.old, name), find(&tags.new, name));
        let what = format!("the tag `{name}`");
        let (added, removed) = ((kind, Verdict::documentation()), (kind, Verdict::documentation()));
        if let Some(tag) = comparison.in_both(sides, None, &what, added, removed)
            && !same(tag.old.value, tag.new.value)
        {
            let message = format!("{what} has a different description");
            comparison.report(kind, tag.at(), Verdict::documentation(), message);
        }
    }
}

impl<'a> Comparison<'a> {
    /// The servers of the document, a path or an operation.
    pub(super) fn servers(&mut self, holder: &Pair<'a>) {
        let servers = holder.key("servers");
        let url = |server: &Node<'_>| server.text("url").unwrap_or_default().trim_end_matches('/').to_owned();
        for before in servers.old.items() {
            let Some(after) = servers.new.items().find(|after| url(after) == url(&before)) else {
                let verdict = Verdict::breaking(
                    [Caller, GeneratedCode],
                    "callers that use this URL, and generated code that contains it, no longer work",
                );
                let message = format!("the server {} was removed", url(&before));
                self.report(&kinds::SERVER_REMOVED, At::gone(before.at, None), verdict, message);
                continue;
            };
            let server = Pair { old: before, new: after, direction: None };
            self.remaining(&server, &["url", "variables"]);
            let variables = server.key("variables");
            for name in variables.names() {
                self.server_variable(&variables.key(name), name);
            }
        }
        for after in servers.new.items() {
            if !servers.old.items().any(|before| url(&before) == url(&after)) {
                let verdict = Verdict::compatible("the other servers are still listed");
                let message = format!("the server {} was added", url(&after));
                self.report(&kinds::SERVER_ADDED, At::came(after.at, None), verdict, message);
            }
        }
    }

    fn server_variable(&mut self, variable: &Pair<'a>, name: &str) {
        let (old, new) = (variable.old.key("enum"), variable.new.key("enum"));
        let (old_values, new_values) = (texts(&old), texts(&new));
        let (was_limited, is_limited) = variable.get("enum");
        let narrower = is_limited.is_some() && (was_limited.is_none() || !old_values.is_subset(&new_values));
        let (old_default, new_default) = variable.values("default");
        let what = format!("the server variable `{name}`");
        if narrower || old_default != new_default {
            let verdict = Verdict::breaking(
                [Caller],
                "callers that use the default or a removed value reach a different URL",
            );
            let became = became(Some(variable.old.value), Some(variable.new.value));
            let message = format!("{what} {became}");
            self.report(&kinds::SERVER_VARIABLE_CHANGED, variable.at(), verdict, message);
        } else if was_limited.is_some() && old_values != new_values {
            let verdict = Verdict::compatible("all values that were allowed still are");
            let message = format!("{what} allows more values");
            self.report(&kinds::SERVER_VARIABLE_CHANGED, variable.at(), verdict, message);
        }
        self.remaining(variable, &["default", "enum"]);
    }
}
