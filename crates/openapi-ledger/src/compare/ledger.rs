//! The ledger: known differences between published documents and the specification, with evidence.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::value::{Text, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Difference;
use crate::document::Document;
use crate::error::Error;
use crate::marks::Marks;
use crate::pointer::Pointer;
use crate::template::without_names;

/// The paths that are compared, and every known defect of the published documents.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ledger {
    /// The part of a published document that is compared.
    pub scope: Scope,
    /// The extensions of the specification whose meaning is known.
    #[serde(default)]
    pub marks: Marks,
    /// The defects.
    pub defects: Vec<Defect>,
}

/// The part of a published document that is compared: the paths of the specification itself, and everything
/// below the roots.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// Paths below which everything belongs to the specification: a published path there that the
    /// specification does not have is a finding.
    pub roots: Vec<String>,
    /// Path prefixes that are aliases of others.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// Paths below a root that the specification deliberately omits, with everything below them.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// A path prefix that a server treats like another one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alias {
    /// The published prefix.
    pub published: String,
    /// The prefix in the specification.
    pub stands_for: String,
    /// The defect that describes it.
    pub id: String,
}

/// A path that the specification omits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeftOut {
    /// The path. Paths below it are omitted as well.
    pub path: String,
    /// The reason.
    pub why: String,
}

/// A defect of the published documents.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defect {
    /// A stable id, such as `D01`.
    pub id: String,
    /// The defect in one line.
    pub title: String,
    /// What is published.
    pub published: String,
    /// What the server really does.
    pub actual: String,
    /// The evidence: server source, tests, observed responses, issues.
    pub evidence: Vec<String>,
    /// The day or year since which servers behave like this. Absent if no other behaviour is known.
    #[serde(default)]
    pub since: Option<String>,
    /// The day or year until which servers behave like this.
    #[serde(default)]
    pub until: Option<String>,
    /// The structural differences that the defect accounts for.
    #[serde(default)]
    pub accounts: Vec<Account>,
    /// Why there is no structural difference. Exactly one of this and `accounts` is required.
    #[serde(default)]
    pub no_structure: Option<String>,
}

/// Differences that a defect accounts for: one kind, at one place of an operation, with one of the listed published
/// values.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Method and path, such as `GET /pets/{id}`. `*` matches any method or one segment of a path, and `**` matches any
    /// number of segments.
    pub operation: OneOrMany,
    /// The place within the operation, such as `parameters.limit.required` or
    /// `responses.200.results[].name`. `*` matches one segment, `**` any number of segments.
    pub place: OneOrMany,
    /// The kind of difference, as `compare` prints it.
    pub kind: String,
    /// The published value or values. A different value at this place is a finding.
    pub published: OneOrMany,
}

/// One text, or a list of them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Any of several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
        .iter()
        .map(String::as_str)
    }
}

impl Ledger {
    /// Reads a ledger from a document.
    ///
    /// # Errors
    /// [`Error::Unsuitable`] for an unknown field, a duplicate id, a defect with both or neither of `accounts` and
    /// `noStructure`, or an alias of an unknown defect.
    pub fn from_document(document: &Document) -> Result<Self, Error> {
        if !document.value.is_object() {
            let reason = "a ledger must be an object with `scope` and `defects`";
            return Err(document.unsuitable(&Pointer::root(), reason));
        }
        let ledger: Self = serde_path_to_error::deserialize(&serde_json::Value::from(&document.value))
            .map_err(|e| {
                let at = pointer_of(e.path());
                document.unsuitable(&at, e.into_inner().to_string())
            })?;
        let defects = Pointer::root().key("defects");
        let known: BTreeSet<&str> = ledger.defects.iter().map(|defect| defect.id.as_str()).collect();
        for (n, alias) in ledger.scope.aliases.iter().enumerate() {
            if !known.contains(alias.id.as_str()) {
                let at = Pointer::root().key("scope").key("aliases").index(n).key("id");
                return Err(document.unsuitable(&at, format!("there is no defect {}", alias.id)));
            }
        }
        let mut ids = BTreeSet::new();
        for (n, defect) in ledger.defects.iter().enumerate() {
            let at = defects.index(n);
            if !ids.insert(defect.id.as_str()) {
                let reason = format!("{} occurs twice; ids must be unique", defect.id);
                return Err(document.unsuitable(&at.key("id"), reason));
            }
            if defect.accounts.is_empty() == defect.no_structure.is_none()
                && !ledger.scope.aliases.iter().any(|alias| alias.id == defect.id)
            {
                let reason = format!(
                    "{} requires either `accounts`, the differences it accounts for, or `noStructure`, the reason why \
                     there are none",
                    defect.id
                );
                return Err(document.unsuitable(&at, reason));
            }
        }
        Ok(ledger)
    }

    /// Returns the JSON Schema of a ledger, for editors.
    pub fn json_schema() -> serde_json::Value {
        serde_json::to_value(schemars::schema_for!(Self)).unwrap_or_default()
    }

    /// Returns the defect with this id.
    pub fn defect(&self, id: &str) -> Option<&Defect> {
        self.defects.iter().find(|defect| defect.id == id)
    }
}

/// The place of an error in a document.
fn pointer_of(path: &serde_path_to_error::Path) -> Pointer {
    use serde_path_to_error::Segment;
    path.iter().fold(Pointer::root(), |at, segment| match segment {
        Segment::Seq { index } => at.index(*index),
        Segment::Map { key } => at.key(key),
        Segment::Enum { .. } | Segment::Unknown => at,
    })
}

impl Account {
    pub(super) fn is_about_operation(&self, operation: &str) -> bool {
        self.operation.iter().any(|pattern| matches(pattern, operation, '/'))
    }

    pub(super) fn is_about_place(&self, place: &str) -> bool {
        self.place.iter().any(|pattern| matches(pattern, place, '.'))
    }

    /// Whether it accounts for a difference, including its published value.
    pub(super) fn covers(&self, difference: &Difference) -> bool {
        self.kind == difference.kind
            && self.is_about_operation(&difference.operation)
            && self.is_about_place(&difference.place)
            && self.published.iter().any(|value| *value == difference.pin)
    }
}

/// Whether a text matches a pattern. `*` matches within a segment, `**` across segments.
fn matches(pattern: &str, text: &str, separator: char) -> bool {
    let Some((literal, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(literal) else { return false };
    let (rest, across) = rest.strip_prefix('*').map_or((rest, false), |rest| (rest, true));
    let reach = if across { text.len() } else { text.find(separator).unwrap_or(text.len()) };
    (0..=reach).filter(|n| text.is_char_boundary(*n)).any(|n| matches(rest, &text[n..], separator))
}

/// How a published path relates to the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// The path as the specification writes it.
    pub(crate) path: String,
    /// The alias that it begins with.
    pub(crate) alias: Option<String>,
    /// Whether the specification deliberately omits it.
    pub(crate) left_out: bool,
}

/// A path within the scope: where it belongs, as the document writes it, and its item.
pub(crate) type PathItem<'a> = (Site, &'a Text, &'a Value);

impl Scope {
    /// Returns the paths of a document that are within the scope, or `None` if no path is below a root.
    pub(crate) fn sites<'a>(
        &self,
        document: &'a Document,
        known: &[String],
    ) -> Option<(Base, Vec<PathItem<'a>>)> {
        let paths = document.value["paths"].as_object()?;
        let base = self.base(document, paths.keys(), known)?;
        let site = |(path, item): (&'a Text, &'a Value)| {
            Some((self.canonical(&base.without(path)?, known)?, path, item))
        };
        let sites = paths.iter().filter_map(site).collect();
        Some((base, sites))
    }

    /// Determines how the document writes paths: like the specification, relative to a server URL with a path, or with a
    /// prefix.
    fn base<'a>(
        &self,
        document: &Document,
        paths: impl Iterator<Item = &'a Text> + Clone,
        known: &[String],
    ) -> Option<Base> {
        let is_ours = |path: &str| {
            self.canonical(path, known).is_some_and(|site| !site.left_out && self.has_root(&site.path))
        };
        if paths.clone().any(|path| is_ours(path)) {
            return Some(Base::Same);
        }
        let servers = document.value["servers"].items().iter();
        let urls = servers.filter_map(|server| server["url"].as_str());
        for prefix in urls.map(path_of_url).filter(|prefix| !prefix.is_empty()) {
            if paths.clone().any(|path| is_ours(&format!("{prefix}{path}"))) {
                return Some(Base::Server(prefix.to_owned()));
            }
        }
        paths.into_iter().find_map(|path| {
            let mut slashes = path.match_indices('/').skip(1);
            slashes.find(|(n, _)| is_ours(&path[*n..])).map(|(n, _)| Base::Prefix(path[..n].to_owned()))
        })
    }

    /// Returns the site of a path, or `None` if it is out of scope. Parameter names and a trailing slash are ignored.
    pub(crate) fn canonical(&self, path: &str, known: &[String]) -> Option<Site> {
        let alias = self.aliases.iter().find(|alias| is_below(path, &alias.published));
        let path = match alias {
            None => path.to_owned(),
            Some(alias) => {
                let steps = alias.published.trim_end_matches('/').split('/').count();
                let rest: Vec<_> = path.split('/').skip(steps).collect();
                format!("{}/{}", alias.stands_for.trim_end_matches('/'), rest.join("/"))
            }
        };
        let known = known.iter().find(|known| wire_form(known) == wire_form(&path));
        let left_out = known.is_none() && self.left_out.iter().any(|left| is_below(&path, &left.path));
        if known.is_none() && !self.roots.iter().any(|root| is_below(&path, root)) {
            return None;
        }
        Some(Site {
            path: known.cloned().unwrap_or(path),
            alias: alias.map(|alias| alias.published.clone()),
            left_out,
        })
    }

    /// The error for a document that has no path within the scope.
    pub(crate) fn nothing_of(&self, document: &Document) -> Error {
        let roots = self.roots.join("` or `");
        let reason = format!("no path begins with `{roots}`; is this the document of a different API?");
        document.unsuitable(&Pointer::root().key("paths"), reason)
    }

    pub(crate) fn has_root(&self, path: &str) -> bool {
        self.roots.iter().any(|root| is_below(path, root))
    }
}

/// How a document writes the paths of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// Like the specification.
    Same,
    /// Relative to a server URL with this path.
    Server(String),
    /// With a prefix.
    Prefix(String),
}

impl Base {
    /// Converts a path of the document to one of the specification. Returns `None` if it lacks the prefix.
    fn without<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        match self {
            Self::Same => Some(path.into()),
            Self::Server(prefix) => Some(format!("{prefix}{path}").into()),
            Self::Prefix(prefix) => path.strip_prefix(prefix.as_str()).map(Cow::from),
        }
    }

    /// Converts a path of the specification to one of the document. Returns `None` if the server URL does not cover it.
    pub(crate) fn with(&self, path: &str) -> Option<String> {
        match self {
            Self::Same => Some(path.to_owned()),
            Self::Server(prefix) => path.strip_prefix(prefix.as_str()).map(str::to_owned),
            Self::Prefix(prefix) => Some(format!("{prefix}{path}")),
        }
    }
}

/// Returns the path of an absolute or relative URL, without a trailing slash.
fn path_of_url(url: &str) -> &str {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |n| &rest[n..]),
        None => url,
    };
    path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}

fn wire_form(path: &str) -> String {
    without_names(path).trim_end_matches('/').to_owned()
}

/// Whether a path is `root` or continues it after a slash.
fn is_below(path: &str, root: &str) -> bool {
    let (path, root) = (wire_form(path), wire_form(root));
    path.strip_prefix(&root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_a_step_or_for_any_number() {
        let cases = [
            ("a.b", "a.b", true),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("a.**", "a.b.c", true),
            ("**.name", "responses.200[].name", true),
            ("*.name", "a.b.name", false),
            ("responses.*", "responses.4XX", true),
            ("a", "ab", false),
        ];
        for (pattern, text, fits) in cases {
            assert_eq!(matches(pattern, text, '.'), fits, "{pattern} {text}");
        }
        assert!(matches("* /api/**", "GET /api/a/b/", '/'));
        assert!(!matches("GET /api/*/", "GET /api/a/b/", '/'));
    }

    #[test]
    fn a_path_is_known_whatever_its_parameters_are_called_and_by_its_alias() {
        let scope = Scope {
            roots: vec!["/p/{project}/pets/".into()],
            aliases: vec![Alias {
                published: "/env/{id}/".into(),
                stands_for: "/p/{project}/".into(),
                id: "D1".into(),
            }],
            left_out: vec![LeftOut { path: "/p/{project}/pets/{pet}/photos/".into(), why: "later".into() }],
        };
        let known = vec!["/p/{project}/pets/{pet}/".to_owned(), "/me/".to_owned()];
        let site = |path| scope.canonical(path, &known);
        assert_eq!(site("/p/{id}/pets/{n}").map(|s| s.path).as_deref(), Some("/p/{project}/pets/{pet}/"));
        assert_eq!(
            site("/env/{e}/pets/{n}/"),
            Some(Site { path: known[0].clone(), alias: Some("/env/{id}/".into()), left_out: false })
        );
        assert!(site("/p/{p}/pets/{n}/photos/{m}/").is_some_and(|site| site.left_out));
        assert_eq!(site("/p/{p}/pets/new/").map(|s| s.path).as_deref(), Some("/p/{p}/pets/new/"));
        assert_eq!(site("/me").map(|s| s.path).as_deref(), Some("/me/"));
        assert_eq!(site("/p/{p}/petsitters/"), None);
    }
}
