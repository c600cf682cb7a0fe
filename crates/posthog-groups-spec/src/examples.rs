//! Checks the example requests and responses in `spec/examples/` against the specification.

use std::fs;
use std::path::{Path, PathBuf};

use openapi_ledger::grammar::{Kind, for_each_object};
use openapi_ledger::lint::{Finding, Severity, sort};
use openapi_ledger::text::meant_or;
use openapi_ledger::{Document, Error, METHODS, Map, Place, Pointer, Value};

use crate::lint::examples::Operations;

/// Checks the files `dir/<operationId>/*.json` against the operations of `spec`.
///
/// A file contains one example:
///
/// ```json
/// {
///   "kind": "response", "era": "both", "status": 404, "note": "no such group",
///   "headers": {"X-Request-Id": "1"}, "body": {"code": "not_found"}
/// }
/// ```
///
/// A request has `query` instead of `status`. The default of `content_type` is `application/json`. Every operation requires an
/// example of a success and one of an error.
///
/// ```no_run
/// use std::path::Path;
/// use posthog_groups_spec::{Document, check_examples};
///
/// let spec = Document::read(Path::new("spec/openapi.yaml"))?;
/// for finding in check_examples(&spec, Path::new("spec/examples"))? {
///     eprintln!("{finding}");
/// }
/// # Ok::<(), posthog_groups_spec::Error>(())
/// ```
///
/// # Errors
/// If a folder or file cannot be read. Problems in the content of a file are findings.
pub fn check_examples(spec: &Document, dir: &Path) -> Result<Vec<Finding>, Error> {
    let mut operations = Operations::new(spec);
    let mut findings = Vec::new();
    let mut seen: Vec<(String, bool, bool)> = Vec::new();
    for folder in entries(dir)? {
        let id = file_name(&folder);
        if !folder.is_dir() {
            let message = "a file next to the folders of operations";
            let help = "move it into the folder of its operation";
            findings.push(finding("example-file", place(&folder), message, help));
            continue;
        }
        let Some(operation) = operations.find(&id) else {
            let help = meant_or(&id, operations.ids(), "use an operationId as the name of the folder");
            let message = format!("no operation has the operationId `{id}`");
            findings.push(finding("example-operation", place(&folder), message, help));
            continue;
        };
        let (mut success, mut error) = (false, false);
        for path in entries(&folder)? {
            if path.extension().is_none_or(|extension| extension != "json") {
                let help = "rename it to `*.json`, or move it";
                findings.push(finding("example-file", place(&path), "examples are JSON files", help));
                continue;
            }
            let document = match Document::read(&path) {
                Ok(document) => document,
                Err(e @ Error::Io { .. }) => return Err(e),
                Err(e) => {
                    let help = "write one JSON object";
                    findings.push(finding("example-file", place(&path), e.to_string(), help));
                    continue;
                }
            };
            let mut file = File { document: &document, findings: &mut findings };
            let status = file.check(&mut operations, operation);
            success |= status.is_some_and(|status| (200..400).contains(&status));
            error |= status.is_some_and(|status| status >= 400);
        }
        seen.push((id, success, error));
    }
    for id in operations.ids() {
        let known = seen.iter().find(|(seen, ..)| seen == id);
        let (success, error) = known.map_or((false, false), |(_, success, error)| (*success, *error));
        for (shown, what, file) in [(success, "a success", "success.json"), (error, "an error", "error.json")]
        {
            if !shown {
                let message = format!("the operation `{id}` has no example of {what} response");
                let help = format!("add `{}`", dir.join(id).join(file).display());
                findings.push(finding("example-missing", operations.place(id), message, help));
            }
        }
    }
    sort(&mut findings);
    Ok(findings)
}

/// The maximum number of examples of a media type. A response that all operations share would have hundreds.
const MAX_EXAMPLES: usize = 8;

/// Adds the files `dir/<operationId>/*.json` to `spec` as `examples` of request bodies and responses, so that reference pages and
/// mock servers show real bodies. A media type that already has an example keeps it.
///
/// # Errors
/// If a folder or file cannot be read or does not parse.
pub fn embed_examples(spec: &mut Value, dir: &Path) -> Result<(), Error> {
    let mut holders = Vec::new();
    for (path, item) in spec["paths"].members() {
        for method in METHODS {
            if let Some(id) = item.get(method).and_then(|operation| operation["operationId"].as_str()) {
                holders.push((id.to_owned(), Pointer::root().key("paths").key(path).key(method)));
            }
        }
    }
    for (id, operation) in holders {
        let folder = dir.join(&id);
        if !folder.is_dir() {
            continue;
        }
        for path in entries(&folder)? {
            let example = Document::read(&path)?.value;
            let Some(body) = example.get("body") else { continue };
            let holder = match example["status"].as_u64() {
                None => operation.key("requestBody"),
                Some(status) => {
                    let responses = operation.key("responses");
                    let keys = [status.to_string(), format!("{}XX", status / 100), "default".to_owned()];
                    let described = keys.iter().map(|key| responses.key(key));
                    let mut described = described.filter(|at| spec.pointer(at.as_str()).is_some());
                    let Some(at) = described.next() else { continue };
                    at
                }
            };
            let reference = spec.pointer(holder.as_str()).and_then(|holder| holder["$ref"].as_str());
            let shared = reference.and_then(Pointer::parse);
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let name = if shared.is_some() { format!("{id}.{stem}") } else { stem };
            let media = example["content_type"].as_str().unwrap_or("application/json");
            let at = shared.unwrap_or(holder).key("content").key(media);
            let Some(Value::Object(media)) = spec.pointer_mut(at.as_str()) else { continue };
            if media.contains_key("example") {
                continue;
            }
            let mut entry = Map::new();
            if let Some(note) = example.get("note") {
                entry.insert("summary", note.clone());
            }
            entry.insert("value", body.clone());
            let examples = media.get_or_insert_with("examples", || Value::Object(Map::new()));
            if let Some(examples) = examples.as_object_mut()
                && examples.len() < MAX_EXAMPLES
                && !examples.values().any(|other| other.get("value") == Some(body))
            {
                examples.insert(name, entry.into());
            }
        }
    }
    Ok(())
}

/// Returns `spec` without the `examples` of its media types.
pub fn without_examples(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for_each_object(&mut spec, &mut |members, shape, _| {
        if shape.kind() == Some(Kind::MediaType) {
            members.remove("examples");
        }
    });
    spec
}

/// Returns the entries of a folder, sorted by name, without hidden ones.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io { action: "read", path: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if !file_name(&path).starts_with('.') {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn place(path: &Path) -> Place {
    Place { file: path.display().to_string(), pointer: Pointer::root(), line: None }
}

fn finding(rule: &'static str, place: Place, message: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding { rule, severity: Severity::Error, place, message: message.into(), help: help.into() }
}

/// One example file and the list of findings.
struct File<'f> {
    document: &'f Document,
    findings: &'f mut Vec<Finding>,
}

impl File<'_> {
    fn add(
        &mut self,
        rule: &'static str,
        pointer: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = self.document.place(pointer);
        self.findings.push(finding(rule, place, message, help));
    }

    /// Checks the file. For a response, returns its status.
    fn check(&mut self, operations: &mut Operations, operation: usize) -> Option<u64> {
        let root = Pointer::root();
        let document = self.document;
        let Value::Object(members) = &document.value else {
            let help = "write `{\"kind\": \"response\", ...}`";
            self.add("example-file", &root, "an example must be an object", help);
            return None;
        };
        let kind = members["kind"].as_str().unwrap_or_default();
        let known: &[&str] = match kind {
            "request" => &["kind", "era", "content_type", "note", "query", "headers", "body"],
            "response" => &["kind", "era", "status", "content_type", "note", "headers", "body"],
            _ => {
                let help = "write `\"kind\": \"request\"` or `\"kind\": \"response\"`";
                self.add("example-file", &root.key("kind"), format!("`kind` is `{kind}`"), help);
                return None;
            }
        };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let help = meant_or(name, known.iter().copied(), "remove it");
            let message = format!("`{name}` is not a field of a {kind} example");
            self.add("example-file", &root.key(name), message, help);
        }
        let era = members["era"].as_str().unwrap_or_default();
        if !matches!(era, "2025" | "2026" | "both") {
            let help = "write `\"era\": \"2025\"`, `\"2026\"` or `\"both\"`";
            self.add("example-file", &root.key("era"), format!("`era` is `{era}`"), help);
        }
        for name in ["note", "content_type"] {
            if members.get(name).is_some_and(|value| !value.is_string()) {
                let message = format!("`{name}` is not a string");
                self.add("example-file", &root.key(name), message, "write a string");
            }
        }
        for name in ["query", "headers"] {
            if members.get(name).is_some_and(|value| !value.is_object()) {
                let help = "write `{\"name\": value}`";
                self.add("example-file", &root.key(name), format!("`{name}` is not an object"), help);
            }
        }
        let content_type = members["content_type"].as_str().unwrap_or("application/json");
        if kind == "request" {
            self.request(operations, operation, members, content_type);
            return None;
        }
        let status = members["status"].as_u64().filter(|status| (100..600).contains(status));
        let Some(status) = status else {
            let message = "`status` is not a status code";
            self.add("example-file", &root.key("status"), message, "write it as a number");
            return None;
        };
        self.response(operations, operation, members, content_type, status);
        Some(status)
    }

    fn request(&mut self, operations: &mut Operations, operation: usize, members: &Map, content_type: &str) {
        let root = Pointer::root();
        for (field, place) in [("query", "query"), ("headers", "header")] {
            let empty = Map::new();
            let given = members[field].as_object().unwrap_or(&empty);
            let declared = operations.parameters(operation, place);
            let same = |a: &str, b: &str| if place == "header" { a.eq_ignore_ascii_case(b) } else { a == b };
            for (name, value) in given {
                let at = root.key(field).key(name);
                let Some(parameter) = declared.iter().find(|parameter| same(&parameter.name, name)) else {
                    let names = declared.iter().map(|parameter| parameter.name.as_str());
                    let help = meant_or(name, names, "remove it, or declare it in the specification");
                    let message = format!("the operation has no {place} parameter `{name}`");
                    self.add("example-parameter", &at, message, help);
                    continue;
                };
                if let Some(schema) = parameter.schema {
                    let problems = operations.problems(schema, true, value);
                    self.compare("example-parameter", &at, problems, "parameter");
                }
            }
            // The query of a request must be complete. Its headers may be added by other programs.
            for parameter in declared.iter().filter(|parameter| parameter.required && place == "query") {
                if !given.contains_key(&parameter.name) {
                    let message = format!("the required query parameter `{}` is missing", parameter.name);
                    let help = format!("add `{}`", parameter.name);
                    self.add("example-parameter", &root.key("query"), message, help);
                }
            }
        }
        let body = members.get("body");
        match (operations.request_body(operation), body) {
            (None, Some(_)) => {
                let message = "the operation has no request body";
                self.add("example-body", &root.key("body"), message, "remove `body`");
            }
            (Some((_, true)), None) => {
                self.add("example-body", &root, "the operation requires a body", "add `body`");
            }
            (Some((holder, _)), Some(body)) => self.body(operations, holder, content_type, body, true),
            (_, None) => {}
        }
    }

    fn response(
        &mut self,
        operations: &mut Operations,
        operation: usize,
        members: &Map,
        content_type: &str,
        status: u64,
    ) {
        let root = Pointer::root();
        let Some(response) = operations.response(operation, status) else {
            let help = "describe the response in the specification, or correct the status";
            let message = format!("the operation has no {status} response");
            self.add("example-status", &root.key("status"), message, help);
            return;
        };
        let headers = members["headers"].as_object();
        let declared = operations.headers(response);
        for (name, value) in headers.into_iter().flatten() {
            let header = declared.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            let at = root.key("headers").key(name);
            match header.map(|header| header.schema) {
                None => {
                    let message = format!("the {status} response does not declare the header `{name}`");
                    self.add("example-header", &at, message, "remove it, or declare it in the specification");
                }
                Some(Some(schema)) => {
                    self.compare("example-header", &at, operations.problems(schema, false, value), "header");
                }
                Some(None) => {}
            }
        }
        for header in declared.iter().filter(|header| header.required) {
            let given = headers
                .into_iter()
                .flat_map(|h| h.keys())
                .any(|name| name.eq_ignore_ascii_case(&header.name));
            if !given {
                let message = format!("the required header `{}` is missing", header.name);
                self.add("example-header", &root.key("headers"), message, format!("add `{}`", header.name));
            }
        }
        match members.get("body") {
            Some(body) => self.body(operations, response, content_type, body, false),
            None if operations.has_content(response) => {
                self.add("example-body", &root, format!("the {status} response has a body"), "add `body`");
            }
            None => {}
        }
    }

    fn body(
        &mut self,
        operations: &mut Operations,
        holder: usize,
        content_type: &str,
        body: &Value,
        sent: bool,
    ) {
        let root = Pointer::root();
        let Some(schema) = operations.media_type(holder, content_type) else {
            let offered = operations.media_types(holder);
            let message = format!("`{content_type}` is not declared; the specification has {offered}");
            let help = "correct `content_type`, or declare it in the specification";
            self.add("example-body", &root.key("content_type"), message, help);
            return;
        };
        if let Some(schema) = schema {
            self.compare("example-body", &root.key("body"), operations.problems(schema, sent, body), "body");
        }
    }

    fn compare(&mut self, rule: &'static str, at: &Pointer, problems: Vec<(String, String)>, what: &str) {
        for (inside, problem) in problems {
            let at = Pointer::parse(&format!("{}{inside}", at.as_str())).unwrap_or_else(|| at.clone());
            let message = format!("the {what} does not match its schema: {problem}");
            self.add(rule, &at, message, "correct the example or the schema");
        }
    }
}
