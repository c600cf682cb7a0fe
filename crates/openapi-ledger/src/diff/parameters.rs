//! Parameters: how they are matched, and how they are sent.

use super::Who::{Caller, GeneratedCode};
use super::facets::same;
use super::operations::Site;
use super::tree::Side;
use super::{At, Comparison, Node, Pair, REQUEST, Verdict, kinds};
use crate::template::names_in;

impl<'a> Comparison<'a> {
    pub(super) fn parameters(&mut self, old: &Site<'a>, new: &Site<'a>) {
        let before = in_force(self.old, old);
        let mut after = in_force(self.new, new);
        let mut gone = Vec::new();
        for parameter in before {
            match after.iter().position(|other| identity(&parameter, old.path) == identity(other, new.path)) {
                Some(n) => {
                    self.parameter(&Pair { old: parameter, new: after.remove(n), direction: REQUEST });
                }
                None => gone.push(parameter),
            }
        }
        for parameter in gone {
            let name = parameter.text("name").unwrap_or("?");
            let place = |node: &Node<'a>| node.text("in").unwrap_or("?");
            let moved = after.iter().position(|other| other.text("name") == Some(name));
            let renamed = after.iter().position(|other| !self.exact && is_renamed(&parameter, other));
            let Some(n) = moved.or(renamed) else {
                let why = "the value that callers send is ignored or rejected, and the argument of the generated method is removed";
                let message = format!("parameter `{name}` ({}) was removed", place(&parameter));
                let verdict = Verdict::breaking([Caller, GeneratedCode], why);
                self.report(&kinds::PARAMETER_REMOVED, At::gone(parameter.at, REQUEST), verdict, message);
                continue;
            };
            let pair = Pair { old: parameter, new: after.remove(n), direction: REQUEST };
            if moved.is_some() {
                let why = "the server expects the value elsewhere and does not find it";
                let (from, to) = (place(&pair.old), place(&pair.new));
                let message = format!("parameter `{name}` moved from {from} to {to}");
                let verdict = Verdict::breaking([Caller], why);
                self.report(&kinds::PARAMETER_MOVED, pair.at(), verdict, message);
            } else {
                let why =
                    "the server does not know the old name, and generated code has a different argument";
                let now = pair.new.text("name").unwrap_or("?");
                let message = format!("parameter `{name}` was renamed to `{now}`");
                let verdict = Verdict::breaking([Caller, GeneratedCode], why);
                self.report(&kinds::PARAMETER_RENAMED, pair.at(), verdict, message);
            }
            self.parameter(&pair);
        }
        for parameter in after {
            let (what, verdict) = if parameter.flag("required") {
                ("required", Verdict::breaking([Caller, GeneratedCode], REQUIRED))
            } else {
                ("optional", Verdict::compatible("requests without it still succeed"))
            };
            let message = format!(
                "the {what} parameter `{}` ({}) was added",
                parameter.text("name").unwrap_or("?"),
                parameter.text("in").unwrap_or("?")
            );
            self.report(&kinds::PARAMETER_ADDED, At::came(parameter.at, REQUEST), verdict, message);
        }
    }

    fn parameter(&mut self, parameter: &Pair<'a>) {
        let subject = self.owner(parameter);
        let required = |node: &Node<'_>| node.flag("required") || node.text("in") == Some("path");
        let (was, is) = (required(&parameter.old), required(&parameter.new));
        if was != is {
            let (what, verdict) = if is {
                ("required", Verdict::breaking([Caller, GeneratedCode], REQUIRED))
            } else {
                let why =
                    "requests with it still succeed; the argument of the generated method becomes optional";
                ("optional", Verdict::compatible(why))
            };
            let message = format!("{subject} is now {what}");
            self.report(&kinds::PARAMETER_REQUIRED, parameter.at_key("required"), verdict, message);
        }
        for field in ["style", "explode", "allowReserved", "allowEmptyValue"] {
            let (before, after) = (written(&parameter.old, field), written(&parameter.new, field));
            // The defaults depend on the location.
            if before == after || parameter.old.text("in") != parameter.new.text("in") {
                continue;
            }
            let verdict = if before == "false" && field.starts_with("allow") {
                Verdict::compatible("values that callers send are still understood")
            } else {
                Verdict::breaking([Caller], "the server expects a different format than callers send")
            };
            let message = format!("{subject}: `{field}` changed from {before} to {after}");
            self.report(&kinds::PARAMETER_STYLE, parameter.at_key(field), verdict, message);
        }
        self.schema_or_content(parameter, !(was && is), &subject);
        let handled = [
            "name",
            "in",
            "required",
            "style",
            "explode",
            "allowReserved",
            "allowEmptyValue",
            "schema",
            "content",
        ];
        self.remaining(parameter, &handled);
    }

    /// The value of a parameter or header.
    pub(super) fn schema_or_content(&mut self, pair: &Pair<'a>, optional: bool, subject: &str) {
        let now = match pair.get("content") {
            (None, Some(_)) => "content",
            (Some(_), None) => "schema",
            _ => {
                self.content(&pair.key("content"), subject);
                return self.schema(&pair.key("schema"), optional);
            }
        };
        let verdict = Verdict::breaking([Caller, GeneratedCode], "the format of the value is different");
        self.report(
            &kinds::PARAMETER_FORM,
            pair.at(),
            verdict,
            format!("{subject}: now described by `{now}`"),
        );
    }
}

/// Why a parameter that becomes required is breaking.
const REQUIRED: &str = "requests without it are rejected, and the generated method requires it";

/// The parameters of an operation: its own, and those of its path item that it does not override.
fn in_force<'a>(side: Side<'a>, site: &Site<'a>) -> Vec<Node<'a>> {
    let resolved = |node: &Node<'a>| {
        node.key("parameters").items().map(|item| side.resolve(item).node).collect::<Vec<_>>()
    };
    let mut all = resolved(&site.node);
    for inherited in resolved(&site.item) {
        if !all.iter().any(|own| identity(own, site.path) == identity(&inherited, site.path)) {
            all.push(inherited);
        }
    }
    all
}

/// The identity of a parameter: its position for a path parameter, otherwise its name.
fn identity(parameter: &Node<'_>, path: &str) -> (String, String) {
    let (place, name) =
        (parameter.text("in").unwrap_or_default(), parameter.text("name").unwrap_or_default());
    let name = match place {
        "header" => name.to_lowercase(),
        "path" => {
            names_in(path).iter().position(|n| *n == name).map_or_else(|| name.to_owned(), |n| n.to_string())
        }
        _ => name.to_owned(),
    };
    (place.to_owned(), name)
}

/// Whether two parameters with different names are otherwise the same.
fn is_renamed(old: &Node<'_>, new: &Node<'_>) -> bool {
    let same_text = old.text("description").is_some() && old.text("description") == new.text("description");
    old.text("in") == new.text("in")
        && old.flag("required") == new.flag("required")
        && same(old.key("schema").value, new.key("schema").value)
        && (same_text || alike(old.text("name"), new.text("name")))
}

fn alike(old: Option<&str>, new: Option<&str>) -> bool {
    old.zip(new).is_some_and(|(old, new)| strsim::jaro_winkler(old, new) > 0.7)
}

/// How the values of a parameter are serialized, with OpenAPI's defaults.
fn written(parameter: &Node<'_>, field: &str) -> String {
    let style = parameter.text("style").unwrap_or(match parameter.text("in") {
        Some("query" | "cookie") => "form",
        _ => "simple",
    });
    match (field, parameter.value.get(field)) {
        ("style", _) => style.to_owned(),
        (_, Some(value)) => value.to_string(),
        ("explode", None) => (style == "form").to_string(),
        (_, None) => "false".to_owned(),
    }
}
