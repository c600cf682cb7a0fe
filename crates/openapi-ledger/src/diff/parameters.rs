//! Parameters: how they are matched, and how they are sent.

use super::Who::{Caller, GeneratedCode};
use super::facets::same;
use super::operations::{Site, names_in};
use super::schemas::Use;
use super::tree::Side;
use super::{At, Comparison, Direction, Node, Verdict, kinds};

const REQUEST: Option<Direction> = Some(Direction::Request);

impl<'a> Comparison<'a> {
    pub(super) fn parameters(&mut self, old: &Site<'a>, new: &Site<'a>) {
        let before = in_force(self.old, old);
        let mut after = in_force(self.new, new);
        let mut gone = Vec::new();
        for parameter in before {
            match after.iter().position(|other| identity(&parameter, old.path) == identity(other, new.path)) {
                Some(n) => self.parameter(&parameter, &after.remove(n)),
                None => gone.push(parameter),
            }
        }
        for parameter in gone {
            let name = parameter.text("name").unwrap_or("?");
            let renamed = after.iter().position(|other| !self.exact && is_renamed(&parameter, other));
            let moved = after.iter().position(|other| other.text("name") == Some(name));
            if let Some(n) = moved {
                let other = after.remove(n);
                let verdict = Verdict::breaking(
                    [Caller],
                    "the server expects the value elsewhere and does not find it",
                );
                let place = |node: &Node<'_>| node.text("in").unwrap_or("?").to_owned();
                let message =
                    format!("parameter `{name}` moved from {} to {}", place(&parameter), place(&other));
                self.report(
                    &kinds::PARAMETER_MOVED,
                    At::both(parameter.at.clone(), other.at.clone()),
                    REQUEST,
                    verdict,
                    message,
                );
                self.parameter(&parameter, &other);
            } else if let Some(n) = renamed {
                let other = after.remove(n);
                let why =
                    "the server does not know the old name, and generated code has a different argument";
                let message =
                    format!("parameter `{name}` was renamed to `{}`", other.text("name").unwrap_or("?"));
                let verdict = Verdict::breaking([Caller, GeneratedCode], why);
                self.report(
                    &kinds::PARAMETER_RENAMED,
                    At::both(parameter.at.clone(), other.at.clone()),
                    REQUEST,
                    verdict,
                    message,
                );
                self.parameter(&parameter, &other);
            } else {
                let why = "the value that callers send is ignored or rejected, and the argument of the generated method is removed";
                let message =
                    format!("parameter `{name}` ({}) was removed", parameter.text("in").unwrap_or("?"));
                let verdict = Verdict::breaking([Caller, GeneratedCode], why);
                self.report(&kinds::PARAMETER_REMOVED, At::gone(parameter.at), REQUEST, verdict, message);
            }
        }
        for parameter in after {
            let required = parameter.flag("required");
            let verdict = if required {
                Verdict::breaking(
                    [Caller, GeneratedCode],
                    "requests without it are rejected, and the generated method requires it",
                )
            } else {
                Verdict::compatible("requests without it still succeed")
            };
            let message = format!(
                "the {} parameter `{}` ({}) was added",
                if required { "required" } else { "optional" },
                parameter.text("name").unwrap_or("?"),
                parameter.text("in").unwrap_or("?")
            );
            self.report(&kinds::PARAMETER_ADDED, At::came(parameter.at), REQUEST, verdict, message);
        }
    }

    fn parameter(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let subject = self.owner(old, new);
        let required = |node: &Node<'_>| node.flag("required") || node.text("in") == Some("path");
        if required(old) != required(new) {
            let (what, verdict) = if required(new) {
                (
                    "required",
                    Verdict::breaking(
                        [Caller, GeneratedCode],
                        "requests without it are rejected, and the generated method requires it",
                    ),
                )
            } else {
                (
                    "optional",
                    Verdict::compatible(
                        "requests with it still succeed; the argument of the generated method becomes optional",
                    ),
                )
            };
            let at = At::member(old, new, "required");
            self.report(&kinds::PARAMETER_REQUIRED, at, REQUEST, verdict, format!("{subject} is now {what}"));
        }
        for field in ["style", "explode", "allowReserved", "allowEmptyValue"] {
            let (before, after) = (written(old, field), written(new, field));
            // The defaults depend on the location.
            if before == after || old.text("in") != new.text("in") {
                continue;
            }
            let verdict = if before == "false" && field.starts_with("allow") {
                Verdict::compatible("values that callers send are still understood")
            } else {
                Verdict::breaking([Caller], "the server expects a different format than callers send")
            };
            let message = format!("{subject}: `{field}` changed from {before} to {after}");
            self.report(&kinds::PARAMETER_STYLE, At::member(old, new, field), REQUEST, verdict, message);
        }
        let optional = !(required(old) && required(new));
        self.schema_or_content(old, new, Direction::Request, optional, &subject);
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
        self.remaining(old, new, &handled, REQUEST);
    }

    /// The value of a parameter or header.
    pub(super) fn schema_or_content(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        direction: Direction,
        optional: bool,
        subject: &str,
    ) {
        if old.get("content").is_some() != new.get("content").is_some() {
            let verdict = Verdict::breaking([Caller, GeneratedCode], "the format of the value is different");
            let message = format!(
                "{subject}: now described by `{}`",
                if new.get("content").is_some() { "content" } else { "schema" }
            );
            self.report(
                &kinds::PARAMETER_FORM,
                At::both(old.at.clone(), new.at.clone()),
                Some(direction),
                verdict,
                message,
            );
            return;
        }
        self.content(&old.key("content"), &new.key("content"), direction, subject);
        self.schema(&old.key("schema"), &new.key("schema"), Use { direction: Some(direction), optional });
    }
}

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
