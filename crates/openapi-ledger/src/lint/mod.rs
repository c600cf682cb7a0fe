//! A linter for OpenAPI 3.0 documents.
//!
//! One walk over the document, driven by the table of OpenAPI objects in [`grammar`](crate::grammar), reports structural
//! errors and collects typed sites and references. Each rule is a small function over these. Projects add rules with
//! [`lint_with`].

mod operations;
mod parameters;
mod references;
mod report;
mod rules;
mod schemas;
mod security;
mod servers;
mod shape;

mod values;

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::document::Document;
use crate::error::{Error, Place};
pub use crate::grammar::Kind;
use crate::pointer::Pointer;
use crate::value::{Map, Value};
use crate::version::{Version, openapi_version};
pub use operations::{Status, status};
pub use report::{Tool, findings_to_json, findings_to_sarif};
pub use values::{Direction, Validators};

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document is invalid, or code generation fails.
    Error,
    /// The document can be used, but may cause problems.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// The subject of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleGroup {
    /// The structure of the document: fields, types, names, servers, tags.
    Structure,
    /// `$ref` and components.
    References,
    /// Paths, operations, parameters, requests and responses.
    Operations,
    /// Schemas, and values that must match them.
    Schemas,
    /// Security schemes and requirements.
    Security,
    /// Constructs that a code generator does not support, or supports badly; for rules that a project adds.
    GeneratorFitness,
}

/// One rule of the linter.
///
/// ```
/// use openapi_ledger::lint::{RuleGroup, rules};
///
/// let rule = rules().iter().find(|rule| rule.name == "dangling-ref").unwrap();
/// assert_eq!(rule.group, RuleGroup::References);
/// assert_eq!(rule.summary, "a `$ref` whose target does not exist");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Rule {
    /// The name in findings.
    pub name: &'static str,
    /// The severity of its findings.
    pub severity: Severity,
    /// Its subject.
    pub group: RuleGroup,
    /// The problem that it finds, in one line.
    pub summary: &'static str,
    /// Why the problem matters.
    pub reason: &'static str,
}

/// All rules, by group.
///
/// ```
/// assert!(openapi_ledger::lint::rules().len() > 60);
/// ```
pub fn rules() -> &'static [Rule] {
    rules::ALL
}

/// A problem in a document: where, what, and how to fix it.
///
/// Displays on one line:
///
/// ```
/// use openapi_ledger::{Document, lint::lint};
///
/// let document = Document::parse("pets.yaml", "openapi: 3.0.3\ninfo: {title: Pets}\npaths: {}\n")?;
/// assert_eq!(
///     lint(&document)[0].to_string(),
///     "pets.yaml:2 #/info error[missing-field]: this Info Object lacks the required field `version`; \
///      help: add `version:`"
/// );
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static str,
    /// The severity.
    pub severity: Severity,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub help: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, severity, place, message, help } = self;
        write!(f, "{place} {severity}[{rule}]: {message}; help: {help}")
    }
}

/// Checks a document against the rules of this crate. The findings are in the order of the text.
///
/// The document does not have to be OpenAPI; use [`check_openapi`] to check that first.
///
/// ```
/// use openapi_ledger::{Document, lint::lint};
///
/// let text = "openapi: 3.0.3\ninfo: {title: Pets, versoin: '1'}\npaths: {}\n";
/// let findings = lint(&Document::parse("pets.yaml", text)?);
/// assert_eq!(findings.len(), 1);
/// assert_eq!(findings[0].rule, "unknown-field");
/// assert_eq!(findings[0].help, "did you mean `version`?");
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
pub fn lint(document: &Document) -> Vec<Finding> {
    lint_with(document, &[])
}

/// A check added by a project.
pub type Check = fn(&Context<'_>, &mut Report);

/// Like [`lint`], with additional checks.
///
/// ```
/// use openapi_ledger::Document;
/// use openapi_ledger::lint::{Context, Kind, Report, Rule, RuleGroup, Severity, lint_with};
///
/// const UNTAGGED: Rule = Rule {
///     name: "untagged",
///     severity: Severity::Warning,
///     group: RuleGroup::Operations,
///     summary: "an operation without tags",
///     reason: "The reference page lists it under `default`.",
/// };
///
/// fn untagged(context: &Context<'_>, report: &mut Report) {
///     for (_, operation) in context.of_kind(Kind::Operation).filter(|(_, operation)| !operation.has("tags")) {
///         report.add(&UNTAGGED, &operation.pointer, "this operation has no tags", "add `tags: [...]`");
///     }
/// }
///
/// let text = "{openapi: 3.0.3, info: {title: Pets, version: '1'}, paths: {/pets: {get: {operationId: pets,
///     responses: {'200': {description: Fine}, 4XX: {description: Refused}}}}}}";
/// let findings = lint_with(&Document::parse("pets.yaml", text)?, &[untagged]);
/// assert_eq!(findings[0].rule, "untagged");
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
pub fn lint_with(document: &Document, own: &[Check]) -> Vec<Finding> {
    let mut report = Report::default();
    let context = shape::walk(document, &mut report);
    let checks: [Check; 7] = [
        servers::check,
        references::check,
        operations::check,
        parameters::check,
        schemas::check,
        values::check,
        security::check,
    ];
    for check in checks.iter().chain(own) {
        check(&context, &mut report);
    }
    drop(context);
    report.finish(document)
}

/// Checks that a document is OpenAPI 3.0.
///
/// ```
/// use openapi_ledger::{Document, lint::check_openapi};
///
/// let document = Document::parse("old.yaml", "swagger: '2.0'\npaths: {}\n")?;
/// let error = check_openapi(&document).unwrap_err();
/// assert!(error.to_string().contains("Swagger 2.0"));
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsuitable`], which says what was found instead.
pub fn check_openapi(document: &Document) -> Result<(), Error> {
    if check_operations(document)? == Version::V3_1 {
        let version = document.value["openapi"].as_str().unwrap_or_default();
        let reason = format!("this is an OpenAPI {version} document; use a document of version 3.0.x");
        return Err(document.unsuitable(&Pointer::root().key("openapi"), reason));
    }
    Ok(())
}

/// The version of a document that is OpenAPI 3.0 or 3.1 and has paths.
pub(crate) fn check_operations(document: &Document) -> Result<Version, Error> {
    let version = openapi_version(document)?;
    let root = Pointer::root();
    let (pointer, reason) = match document.value.get("paths") {
        Some(Value::Object(_)) => return Ok(version),
        Some(other) => {
            let found = crate::text::json_type(other);
            (root.key("paths"), format!("`paths` is {found}; it must be an object"))
        }
        None => (root, "there is no `paths` field, so the document has no operations".to_owned()),
    };
    Err(document.unsuitable(&pointer, reason))
}

/// Collects findings. The rule determines the severity, and the document the line.
#[derive(Debug, Default)]
pub struct Report {
    entries: Vec<(&'static str, Severity, Pointer, String, String)>,
}

impl Report {
    /// Adds a finding: where, what is wrong, and how to fix it.
    pub fn add(
        &mut self,
        rule: &Rule,
        pointer: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.entries.push((rule.name, rule.severity, pointer.clone(), message.into(), help.into()));
    }

    fn finish(self, document: &Document) -> Vec<Finding> {
        let mut findings: Vec<_> = self
            .entries
            .into_iter()
            .map(|(rule, severity, pointer, message, help)| Finding {
                rule,
                severity,
                place: document.place(&pointer),
                message,
                help,
            })
            .collect();
        sort(&mut findings);
        findings
    }
}

/// Sorts findings by their place and removes duplicates.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        let (x, y) = (&a.place, &b.place);
        (&x.file, x.line, &x.pointer, a.rule, &a.message)
            .cmp(&(&y.file, y.line, &y.pointer, b.rule, &b.message))
    });
    findings.dedup();
}

/// An OpenAPI object in the document.
#[derive(Debug)]
pub struct Site<'a> {
    /// The kind of the object.
    pub kind: Kind,
    /// Where it is.
    pub pointer: Pointer,
    /// Its members.
    pub object: &'a Map,
    /// The object that contains it.
    pub parent: Option<usize>,
    /// The field of the parent that contains it.
    pub edge: &'static str,
    /// Its name, if the field is a map.
    pub key: &'a str,
    /// Whether it describes a request that the server sends.
    pub in_callback: bool,
}

impl<'a> Site<'a> {
    /// A field that is text.
    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.object[field].as_str()
    }

    /// A boolean field; false if it is missing.
    pub fn flag(&self, field: &str) -> bool {
        self.object[field].as_bool().unwrap_or(false)
    }

    /// Returns the items of a field, or an empty slice if it is not a list.
    pub fn list(&self, field: &str) -> &'a [Value] {
        self.object[field].items()
    }

    /// A field that is an object.
    pub fn map(&self, field: &str) -> Option<&'a Map> {
        self.object[field].as_object()
    }

    /// Whether a field is present.
    pub fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }
}

/// A Reference Object: `{$ref: ...}`.
#[derive(Debug)]
pub struct Reference<'a> {
    /// The kind of object that it must refer to.
    pub kind: Kind,
    /// Where it is.
    pub pointer: Pointer,
    /// The text of `$ref`.
    pub target: &'a str,
    /// The field of the parent that contains it.
    pub edge: &'static str,
    /// Its name, if the field is a map.
    pub key: &'a str,
}

/// A node: an object, or a reference to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// An object, by its index in [`Context::sites`].
    Site(usize),
    /// A reference, by its index in [`Context::references`].
    Reference(usize),
}

/// Why a reference cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Broken {
    External,
    Missing,
    WrongKind(Option<Kind>),
    Cycle,
    /// Another reference on the way is broken, and is reported itself.
    Further,
}

/// The view of the document that rules get.
#[derive(Debug)]
pub struct Context<'a> {
    /// The whole document.
    pub root: &'a Value,
    /// Every OpenAPI object, in the order of the text.
    pub sites: Vec<Site<'a>>,
    /// Every reference.
    pub references: Vec<Reference<'a>>,
    /// The children of each site, in document order.
    pub children: Vec<Vec<Node>>,
    /// The node of each object, by its address: pointers to all of them would take more memory than the document.
    nodes: HashMap<*const Map, Node>,
    /// The object that each reference leads to.
    resolved: Vec<Result<usize, Broken>>,
}

impl<'a> Context<'a> {
    /// Walks the document without reporting findings, for callers that only need the objects.
    pub fn of(document: &'a Document) -> Self {
        shape::walk(document, &mut Report::default())
    }

    /// Whether the reference with this index leads to an object of the right kind.
    pub fn is_resolved(&self, reference: usize) -> bool {
        self.resolved.get(reference).is_some_and(Result::is_ok)
    }

    /// The typed place at a pointer.
    fn node(&self, at: &Pointer) -> Option<Node> {
        self.nodes.get(&std::ptr::from_ref(self.root.pointer(at.as_str())?.as_object()?)).copied()
    }

    fn adopt(&mut self, parent: Option<usize>, node: Node) {
        if let Some(children) = parent.and_then(|n| self.children.get_mut(n)) {
            children.push(node);
        }
    }

    fn resolve_all(&mut self) {
        self.resolved = (0..self.references.len()).map(|n| self.resolve(n)).collect();
    }

    fn resolve(&self, first: usize) -> Result<usize, Broken> {
        let mut seen = HashSet::new();
        let mut n = first;
        loop {
            if !seen.insert(n) {
                // Only the members of the cycle are reported, not references into it.
                return Err(if n == first { Broken::Cycle } else { Broken::Further });
            }
            let reference = &self.references[n];
            let broken = |problem| if n == first { problem } else { Broken::Further };
            if !reference.target.starts_with('#') {
                return Err(broken(Broken::External));
            }
            let Some(pointer) = Pointer::parse(reference.target) else {
                return Err(broken(Broken::Missing));
            };
            match self.node(&pointer) {
                Some(Node::Site(site)) if self.sites[site].kind == reference.kind => return Ok(site),
                Some(Node::Site(site)) => {
                    return Err(broken(Broken::WrongKind(Some(self.sites[site].kind))));
                }
                Some(Node::Reference(next)) if self.references[next].kind == reference.kind => n = next,
                Some(Node::Reference(next)) => {
                    return Err(broken(Broken::WrongKind(Some(self.references[next].kind))));
                }
                None if self.root.pointer(pointer.as_str()).is_some() => {
                    return Err(broken(Broken::WrongKind(None)));
                }
                None => return Err(broken(Broken::Missing)),
            }
        }
    }

    /// Returns the index of the object of a node, after resolving references.
    pub fn follow(&self, node: Node) -> Option<usize> {
        match node {
            Node::Site(site) => Some(site),
            Node::Reference(reference) => self.resolved.get(reference)?.as_ref().ok().copied(),
        }
    }

    /// Returns the object of a node, after resolving references.
    pub fn site(&self, node: Node) -> Option<&Site<'a>> {
        self.follow(node).map(|n| &self.sites[n])
    }

    /// Returns the field that contains a node, and its name if the field is a map.
    pub fn edge(&self, node: Node) -> (&'static str, &'a str) {
        match node {
            Node::Site(n) => (self.sites[n].edge, self.sites[n].key),
            Node::Reference(n) => (self.references[n].edge, self.references[n].key),
        }
    }

    /// The location of a node.
    pub fn pointer(&self, node: Node) -> &Pointer {
        match node {
            Node::Site(n) => &self.sites[n].pointer,
            Node::Reference(n) => &self.references[n].pointer,
        }
    }

    /// The objects of one kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (usize, &Site<'a>)> {
        self.sites.iter().enumerate().filter(move |(_, site)| site.kind == kind)
    }

    /// Iterates over the children of `site` in the field `edge`.
    pub fn below<'c>(&'c self, site: usize, edge: &'c str) -> impl Iterator<Item = Node> + 'c {
        self.children[site].iter().copied().filter(move |node| self.edge(*node).0 == edge)
    }

    /// Iterates over the objects below `site` in the field `edge`, after resolving references.
    pub fn found_below<'c>(&'c self, site: usize, edge: &'c str) -> impl Iterator<Item = usize> + 'c {
        self.below(site, edge).filter_map(|node| self.follow(node))
    }

    /// Returns all schemas that a value described by `schema` is checked against, including referenced ones, each once.
    pub fn closure(&self, schema: usize) -> Vec<usize> {
        let mut seen = HashSet::from([schema]);
        let mut found = vec![schema];
        let mut next = 0;
        while let Some(&site) = found.get(next) {
            next += 1;
            for child in self.children[site].iter().filter_map(|node| self.follow(*node)) {
                if self.sites[child].kind == Kind::Schema && seen.insert(child) {
                    found.push(child);
                }
            }
        }
        found
    }

    /// The path items under `paths`.
    pub fn paths(&self) -> impl Iterator<Item = (usize, &Site<'a>)> {
        self.of_kind(Kind::PathItem).filter(|(_, site)| !site.in_callback && site.edge.is_empty())
    }

    /// The operations of a path item.
    pub fn operations_of(&self, item: usize) -> impl Iterator<Item = usize> + '_ {
        self.children[item].iter().filter_map(|node| match node {
            Node::Site(n) if self.sites[*n].kind == Kind::Operation => Some(*n),
            _ => None,
        })
    }

    /// The parameters of an operation: its own, and those of the path item that it does not override.
    pub fn parameters_of(&self, operation: usize) -> Vec<usize> {
        let own: Vec<_> = self.found_below(operation, "parameters").collect();
        let identity = |n: &usize| (self.sites[*n].text("name"), self.sites[*n].text("in"));
        let overridden: HashSet<_> = own.iter().map(identity).collect();
        let item = self.sites[operation].parent;
        let mut all: Vec<_> = item
            .into_iter()
            .flat_map(|item| self.found_below(item, "parameters"))
            .filter(|n| !overridden.contains(&identity(n)))
            .collect();
        all.extend(own);
        all
    }

    /// The responses of an operation by their keys.
    pub fn responses_of(&self, operation: usize) -> Vec<(&'a str, Node)> {
        let responses = self.children[operation].iter().find_map(|node| match node {
            Node::Site(n) if self.sites[*n].kind == Kind::Responses => Some(*n),
            _ => None,
        });
        let nodes = responses.map_or(&[][..], |n| self.children[n].as_slice());
        nodes
            .iter()
            .map(|node| match self.edge(*node) {
                ("", key) => (key, *node),
                (edge, _) => (edge, *node),
            })
            .collect()
    }
}
