//! Reads a YAML or JSON document together with the line of every node.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::OnceLock;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Options, Spanned};

use crate::error::{Error, Place};
use crate::pointer::Pointer;
use crate::value::{Map, Tree, TreeVisitor, Value, sharing_texts};

/// The maximum size of a document, in bytes.
pub const MAX_BYTES: u64 = 64 << 20;

/// The maximum nesting depth of a document. Descriptions of large APIs have about 20 levels.
pub const MAX_DEPTH: usize = 64;

/// The maximum number of values in a document, after aliases are expanded.
const MAX_NODES: usize = 2_000_000;

/// A parsed document, with the line number of every node.
///
/// ```
/// use openapi_ledger::{Document, Pointer};
///
/// let document = Document::parse("petstore.yaml", "openapi: 3.0.3\ninfo:\n  title: Pets\n")?;
/// assert_eq!(document.value["info"]["title"], "Pets");
/// assert_eq!(document.line(&Pointer::root().key("info").key("title")), Some(3));
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    /// The name used in errors and findings: a path or a URL.
    pub name: String,
    /// The content. Members keep the order of the text.
    pub value: Value,
    lines: Lines,
}

impl Document {
    /// Reads a file, YAML or JSON.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than [`MAX_BYTES`], is not UTF-8, or does not parse.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        Self::from_bytes(name, &read_file(path)?)
    }

    /// Parses a document from bytes.
    ///
    /// # Errors
    /// The errors of [`Document::parse`], and an error if the bytes are not UTF-8.
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self, Error> {
        let name = name.into();
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(name, text),
            Err(e) => {
                let line = 1 + bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count();
                Err(Error::syntax(name, line, 1, "the text is not UTF-8; save the file as UTF-8"))
            }
        }
    }

    /// Parses YAML 1.2 or JSON text. A byte order mark and CRLF line ends are accepted.
    ///
    /// # Errors
    /// [`Error::Syntax`] with line and column if the text does not parse, has a duplicate key or a second
    /// document, or exceeds the limits on nesting and alias expansion.
    pub fn parse(name: impl Into<String>, text: &str) -> Result<Self, Error> {
        Self::parse_at_most(name.into(), text, MAX_NODES)
    }

    /// Creates a document from part of a JSON text, in which omitted values are null. Returns `None` if `value` is not part of it.
    pub(crate) fn from_part(name: &str, lines: Lines, value: Value) -> Option<Self> {
        lines.has_all(&value, 0).then(|| Self { name: name.to_owned(), value, lines })
    }

    fn parse_at_most(name: String, text: &str, max_nodes: usize) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err(Error::syntax(name, 1, 1, "the document is empty"));
        }
        let (value, lines) = match parse_json(text, max_nodes) {
            Ok(parsed) => parsed,
            Err(Some(end)) => {
                let before = &text[..end];
                let line = 1 + before.matches('\n').count();
                let column = end - before.rfind('\n').map_or(0, |at| at + 1);
                return Err(Error::syntax(name, line, column, too_many_nodes(max_nodes)));
            }
            Err(None) => parse_on_a_large_stack(&name, text, max_nodes)?,
        };
        Ok(Self { name, value, lines })
    }

    /// Returns the line (from 1) on which the node at `pointer` begins. If there is no such node, returns the line of
    /// its nearest existing ancestor. Returns `None` for a document without text.
    pub fn line(&self, pointer: &Pointer) -> Option<u32> {
        let (mut value, mut node) = (&self.value, 0);
        for token in pointer.tokens() {
            let child = match value {
                Value::Object(map) => map.position(&token).zip(map.get(&token)),
                Value::Array(items) => token.parse().ok().and_then(|n: usize| Some((n, items.get(n)?))),
                _ => None,
            };
            let Some((n, child)) = child else { break };
            (value, node) = (child, self.lines.child(node, n)?);
        }
        self.lines.nodes.get(node).map(|node| node.line)
    }

    /// Returns the keys of `paths`.
    pub fn paths(&self) -> Vec<String> {
        let paths = self.value["paths"].as_object();
        paths.into_iter().flatten().map(|(path, _)| path.to_string()).collect()
    }

    /// Returns the location of the node at `pointer`, for an error message.
    pub fn place(&self, pointer: &Pointer) -> Place {
        Place { file: self.name.clone(), pointer: pointer.clone(), line: self.line(pointer) }
    }

    /// Returns the node that a reference leads to, and its address. `at` is the address of the object with the reference.
    pub(crate) fn target(&self, reference: &str, at: &Pointer) -> Result<(&Value, Pointer), Error> {
        let found = Pointer::parse(reference).and_then(|to| Some((self.value.pointer(to.as_str())?, to)));
        let reason = match found {
            _ if !reference.starts_with('#') => {
                format!("`{reference}` refers to another file; bundle the document first")
            }
            Some(target) => return Ok(target),
            None => format!("`{reference}` does not exist; is the document complete?"),
        };
        Err(self.unsuitable(&at.key("$ref"), reason))
    }

    /// The error for a document that cannot be used because of a node.
    pub(crate) fn unsuitable(&self, at: &Pointer, reason: impl Into<String>) -> Error {
        Error::Unsuitable { place: self.place(at), reason: reason.into() }
    }

    /// Creates a document without text. Its findings have no line numbers.
    pub fn from_value(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), value: value.into(), lines: Lines::default() }
    }
}

/// Reads a regular file of at most [`MAX_BYTES`].
///
/// # Errors
/// If the file cannot be read, is larger, or is a device, a pipe or a directory.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io { action: "read", path: path.to_owned(), source };
    // Opening a pipe blocks, so check the file type first.
    if !fs::metadata(path).map_err(io)?.is_file() {
        let reason = format!("{} is not a regular file; pass the path of a document", path.display());
        return Err(Error::Invalid(reason));
    }
    read_bounded(&path.display().to_string(), fs::File::open(path).map_err(io)?)
}

/// Reads a stream of at most [`MAX_BYTES`]. `name` identifies it in errors.
///
/// # Errors
/// [`Error::Invalid`] if the stream is longer, or the error of the stream.
pub fn read_bounded(name: &str, stream: impl std::io::Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let io = |source| Error::Io { action: "read", path: name.into(), source };
    stream.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES {
        let reason =
            format!("{name} is larger than the limit of {MAX_BYTES} bytes; is it an OpenAPI document?");
        return Err(Error::Invalid(reason));
    }
    Ok(bytes)
}

/// The lines of all nodes in document order: each node is followed by its descendants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    nodes: Vec<NodeLine>,
    /// The children of nodes that have more than [`FEW`], computed on first use.
    wide: OnceLock<HashMap<usize, Vec<usize>>>,
}

/// The number of children that are counted one by one.
const FEW: usize = 32;

#[derive(Clone, Copy, Debug)]
struct NodeLine {
    /// The line of the node, from 1. The line of a member is the line of its name.
    line: u32,
    /// The number of descendants.
    below: u32,
}

impl Lines {
    fn new(mut nodes: Vec<NodeLine>) -> Self {
        nodes.shrink_to_fit();
        Self { nodes, wide: OnceLock::new() }
    }

    /// Returns the index of child `n` of a node.
    fn child(&self, node: usize, n: usize) -> Option<usize> {
        if n < FEW {
            return (0..n)
                .try_fold(node + 1, |child, _| Some(child + 1 + self.nodes.get(child)?.below as usize));
        }
        self.wide.get_or_init(|| self.wide()).get(&node)?.get(n).copied()
    }

    fn wide(&self) -> HashMap<usize, Vec<usize>> {
        let children = |node: usize| {
            let end = node + self.nodes[node].below as usize;
            let next = |child: &usize| Some(child + 1 + self.nodes.get(*child)?.below as usize);
            std::iter::successors(Some(node + 1), next).take_while(move |child| *child <= end)
        };
        let wide = (0..self.nodes.len()).filter(|node| children(*node).nth(FEW).is_some());
        wide.map(|node| (node, children(node).collect())).collect()
    }

    /// Whether a value has all nodes of the text, except below omitted values, which are null.
    fn has_all(&self, value: &Value, node: usize) -> bool {
        let mut below = 0;
        let mut has_child = |child: &Value| {
            let at = node + 1 + below;
            let Some(line) = self.nodes.get(at) else { return false };
            below += 1 + line.below as usize;
            child.is_null() || self.has_all(child, at)
        };
        let has_children = match value {
            Value::Object(members) => members.values().all(&mut has_child),
            Value::Array(items) => items.iter().all(&mut has_child),
            _ => true,
        };
        has_children && self.nodes.get(node).is_some_and(|line| line.below as usize == below)
    }

    /// Computes the lines of the nodes of valid JSON. Returns `None` if they nest deeper than [`MAX_DEPTH`] or there are
    /// more than [`MAX_NODES`]. The result is unspecified for invalid JSON.
    pub(crate) fn of_json(text: &str) -> Option<Self> {
        Self::of_json_at_most(text, MAX_NODES).ok()
    }

    /// Like [`of_json`](Self::of_json). If there are more nodes than allowed, the error is the position after the first excess node.
    fn of_json_at_most(text: &str, max_nodes: usize) -> Result<Self, Option<usize>> {
        let (mut nodes, mut line): (Vec<NodeLine>, u32) = (Vec::new(), 1);
        // The open objects and lists: index, whether it is an object, and the line of a name whose value is next.
        let mut open: Vec<(usize, bool, Option<u32>)> = Vec::new();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'\n' => line = line.saturating_add(1),
                b'}' | b']' => {
                    let (node, ..) = open.pop().ok_or(None)?;
                    nodes[node].below = u32::try_from(nodes.len() - node - 1).map_err(|_| None)?;
                }
                b' ' | b'\t' | b'\r' | b',' | b':' => {}
                byte => {
                    let end = match byte {
                        b'"' => at + end_of_string(&bytes[at..]).ok_or(None)?,
                        b'{' | b'[' => at,
                        _ => at + bytes[at..].iter().take_while(|b| !b",:]} \t\r\n".contains(b)).count(),
                    };
                    at = end;
                    if let Some((_, true, name @ None)) = open.last_mut() {
                        *name = Some(line);
                        continue;
                    }
                    let name = open.last_mut().and_then(|(_, _, name)| name.take());
                    nodes.push(NodeLine { line: name.unwrap_or(line), below: 0 });
                    if matches!(byte, b'{' | b'[') {
                        open.push((nodes.len() - 1, *byte == b'{', None));
                    }
                    if open.len() > MAX_DEPTH {
                        return Err(None);
                    }
                    if nodes.len() > max_nodes {
                        return Err(Some(at));
                    }
                }
            }
        }
        Ok(Self::new(nodes))
    }
}

/// Returns the length of a JSON string after its opening quote, including the closing one.
fn end_of_string(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Parses JSON, which is much faster than parsing it as YAML. If it has more values than allowed, the error is the position after the
/// first excess value. The error is `None` if the text is not JSON or exceeds another limit; the YAML parser then reports what is
/// wrong and where.
fn parse_json(text: &str, max_nodes: usize) -> Result<(Value, Lines), Option<usize>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return Err(None);
    }
    // Computed before the values, which take far more memory.
    let lines = Lines::of_json_at_most(text, max_nodes)
        .map_err(|end| end.filter(|_| serde_json::from_str::<IgnoredAny>(text).is_ok()))?;
    let value: Value = sharing_texts(|| serde_json::from_str(text)).map_err(|_| None)?;
    // `serde_json` keeps only the last of several members with the same name.
    if lines.has_all(&value, 0) { Ok((value, lines)) } else { Err(None) }
}

/// The parser is recursive, and its stack frames are tens of kilobytes in a debug build, so it runs on a separate thread.
const PARSER_STACK: usize = 32 << 20;

fn parse_on_a_large_stack(name: &str, text: &str, max_nodes: usize) -> Result<(Value, Lines), Error> {
    let parse = || {
        let root: Spanned<Node> = serde_saphyr::from_str_with_options(text, options(max_nodes))
            .map_err(|e| syntax_error(name.to_owned(), &e, max_nodes))?;
        let mut lines = Vec::new();
        let value = root.value.take(root.referenced.line(), &mut lines);
        Ok((value, Lines::new(lines)))
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("spec parser".into()).stack_size(PARSER_STACK);
        let started = thread.spawn_scoped(scope, || sharing_texts(parse)).map_err(|source| Error::Io {
            action: "start a thread to read",
            path: name.into(),
            source,
        })?;
        started
            .join()
            .unwrap_or_else(|_| Err(Error::syntax(name, 1, 1, "the YAML parser gave up on this text")))
    })
}

fn options(max_nodes: usize) -> Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        // In YAML 1.2, `no` and `off` are strings.
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: max_nodes,
            max_events: 4 * max_nodes,
            max_recorded_anchor_events: 200_000,
        },
    }
}

fn syntax_error(name: String, error: &serde_saphyr::Error, max_nodes: usize) -> Error {
    use serde_saphyr::Error as Yaml;

    let error = error.without_snippet();
    let (line, column) = error.location().map_or((1, 1), |at| (at.line() as usize, at.column() as usize));
    let reason = match error {
        Yaml::DuplicateMappingKey { key, .. } => {
            format!(
                "the key `{}` occurs twice in one object; remove one of them",
                key.as_deref().unwrap_or("?")
            )
        }
        Yaml::MultipleDocuments { .. } => {
            "a second YAML document begins here; keep one document per file".into()
        }
        Yaml::NullIntoString { .. } => "the name of a field must be a string; put it in quotes".into(),
        Yaml::Budget { breach: BudgetBreach::Depth { .. }, .. } => too_deep(),
        Yaml::Budget { breach: BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. }, .. } => {
            too_many_nodes(max_nodes)
        }
        Yaml::Budget { .. }
        | Yaml::AliasReplayLimitExceeded { .. }
        | Yaml::AliasExpansionLimitExceeded { .. }
        | Yaml::AliasReplayStackDepthExceeded { .. } => unfolds(),
        error => {
            let text = error.to_string();
            let reason = text.lines().next().unwrap_or_default();
            let reason = reason.split_once(" at line ").map_or(reason, |(reason, _)| reason);
            match reason {
                deep if deep.starts_with("recursion limit") => too_deep(),
                many if ["Nodes", "Events"]
                    .iter()
                    .any(|limit| many.starts_with(&format!("budget breached: {limit}"))) =>
                {
                    too_many_nodes(max_nodes)
                }
                bomb if bomb.starts_with("budget breached") => unfolds(),
                reason => format!("not YAML or JSON: {reason}"),
            }
        }
    };
    Error::syntax(name, line, column, reason)
}

fn unfolds() -> String {
    "the document grows too large when its aliases are expanded; write it without anchors".into()
}

fn too_many_nodes(max_nodes: usize) -> String {
    format!("the document has more than {max_nodes} values after alias expansion; is it an OpenAPI document?")
}

fn too_deep() -> String {
    format!("the document is nested deeper than {MAX_DEPTH} levels; is it an OpenAPI document?")
}

/// A parsed value.
struct Node {
    value: Value,
    /// The lines of its descendants.
    below: Vec<NodeLine>,
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, below: Vec::new() }
    }
}

impl Node {
    /// Adds the lines of the node and its descendants, and returns the value.
    fn take(self, line: u64, lines: &mut Vec<NodeLine>) -> Value {
        let below = u32::try_from(self.below.len()).unwrap_or(u32::MAX);
        lines.push(NodeLine { line: u32::try_from(line).unwrap_or(u32::MAX), below });
        lines.extend(self.below);
        self.value
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor(PhantomData))
    }
}

impl<'de> Tree<'de> for Node {
    fn list<A: SeqAccess<'de>>(mut access: A) -> Result<Self, A::Error> {
        let (mut items, mut below) = (Vec::new(), Vec::new());
        while let Some(item) = access.next_element::<Spanned<Self>>()? {
            items.push(item.value.take(item.referenced.line(), &mut below));
        }
        items.shrink_to_fit();
        Ok(Self { value: items.into(), below })
    }

    fn object<A: MapAccess<'de>>(mut access: A) -> Result<Self, A::Error> {
        let (mut members, mut below) = (Map::new(), Vec::new());
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let member = access.next_value::<Self>()?;
            members.insert(key.value, member.take(key.referenced.line(), &mut below));
        }
        members.shrink_to_fit();
        Ok(Self { value: members.into(), below })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn line(text: &str, pointer: &str) -> Option<u32> {
        let pointer = Pointer::parse(pointer).unwrap_or_default();
        Document::parse("t", text).ok()?.line(&pointer)
    }

    fn refusal(text: &str) -> String {
        Document::parse("t.yaml", text).map_or_else(|e| e.to_string(), |d| format!("accepted: {}", d.value))
    }

    #[test]
    fn knows_the_line_of_every_node_in_yaml_and_in_json() {
        let yaml = "a: 1\nb:\n  - x\n  -\n    c: 2\n";
        assert_eq!(line(yaml, "/a"), Some(1));
        assert_eq!(line(yaml, "/b/1/c"), Some(5));
        assert_eq!(line(yaml, "/b/0/gone"), Some(3), "a missing node has the line of what would hold it");
        assert_eq!(line("{\n \"a\": [1,\n  2]}", "/a/1"), Some(3));
    }

    #[test]
    fn knows_the_lines_of_many_children() {
        let list: Vec<String> = (0..3 * FEW).map(|n| format!("[{n}\n]")).collect();
        let json = format!("{{\"a\": [{}], \"b\": 1}}", list.join(","));
        let yaml = format!("a:\n{}b: 1\n", "- [1]\n".repeat(3 * FEW));
        for n in [0, FEW - 1, FEW, FEW + 1, 3 * FEW - 1] {
            assert_eq!(line(&json, &format!("/a/{n}/0")), u32::try_from(n + 1).ok());
            assert_eq!(line(&yaml, &format!("/a/{n}/0")), u32::try_from(n + 2).ok());
        }
        assert_eq!(line(&json, "/b"), u32::try_from(3 * FEW + 1).ok());
    }

    #[test]
    fn reads_json_with_tabs_and_surrogate_pairs_as_json_means_them() {
        let text = "{\"a\": \"\\ud83d\\ude00\\/\",\n\t\"b\": [1, 2.5, true, null, \"yes\"]}";
        let document = Document::parse("t.json", text).map(|d| d.value);
        assert_eq!(document.ok(), Some(json!({"a": "\u{1F600}/", "b": [1, 2.5, true, null, "yes"]})));
    }

    #[test]
    fn takes_response_codes_without_quotes_and_survives_bom_and_crlf() {
        let document = Document::parse("t", "\u{feff}responses:\r\n  200:\r\n    description: ok\r\n");
        let expected = json!({"responses": {"200": {"description": "ok"}}});
        assert_eq!(document.map(|d| d.value).ok(), Some(expected));
    }

    #[test]
    fn refuses_what_is_broken_with_line_and_help() {
        assert_eq!(
            refusal("a: 1\nb: 2\na: 3\n"),
            "t.yaml:3:1: the key `a` occurs twice in one object; remove one of them"
        );
        assert_eq!(
            refusal("a: x\n---\nb: 1\n"),
            "t.yaml:3:1: a second YAML document begins here; keep one document per file"
        );
        assert_eq!(refusal("a: [1,\n"), "t.yaml:1:4: not YAML or JSON: unclosed bracket '['");
        assert_eq!(refusal(" \n"), "t.yaml:1:1: the document is empty");
        assert_eq!(refusal("~: 1"), "t.yaml:1:1: the name of a field must be a string; put it in quotes");
        let not_utf8 = Document::from_bytes("t.yaml", b"a: 1\nb: \xff\n").map_err(|e| e.to_string()).err();
        assert_eq!(not_utf8.as_deref(), Some("t.yaml:2:1: the text is not UTF-8; save the file as UTF-8"));
    }

    #[test]
    fn json_is_read_as_the_yaml_that_it_is() {
        let yaml = |text: &str| parse_on_a_large_stack("t", text, MAX_NODES).ok();
        let lines =
            |lines: &Lines| lines.nodes.iter().map(|node| (node.line, node.below)).collect::<Vec<_>>();
        for text in [
            "{}",
            " [1, -2.5e3, true, null, \"\"] ",
            "{\"a\": {\"b\\\"}\":\r\n [1,\n 2, {\"c\": \"]\\u00e9\\n\"}]},\n\n \"d\":\n\tfalse}\n",
            "[[], {}, [[{\"x\": []}]], \"\\\\\"]",
        ] {
            let (value, found) = parse_json(text, MAX_NODES).unwrap_or_default();
            let (expected, at) = yaml(text).unwrap_or_default();
            assert_eq!((value, lines(&found)), (expected, lines(&at)), "{text}");
        }
        let deep = format!("{}1{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        for refused in ["{\"a\": 1, \"a\": 2}", "{a: 1}", "[1] 2", "a: 1", &deep] {
            assert_eq!(parse_json(refused, MAX_NODES).err(), Some(None), "{refused}");
        }
        assert_eq!(parse_json("[1, 2]", 2).err(), Some(Some(5)));
        assert_eq!(parse_json("[1, 2, a b]", 2).err(), Some(None), "it may have fewer values in YAML");
    }

    #[test]
    fn a_word_that_yaml_1_1_takes_for_a_boolean_is_text() {
        let document = Document::parse("t", "{a: no, b: on, c: y, d: true, e: False}").map(|d| d.value);
        let expected = json!({"a": "no", "b": "on", "c": "y", "d": true, "e": false});
        assert_eq!(document.ok(), Some(expected));
    }

    #[test]
    fn says_which_limit_a_large_document_exceeds() {
        let many = format!("[{}]", "1,".repeat(1_100));
        let error = Document::parse_at_most("t".into(), &many, 1_000).map_err(|e| e.to_string()).err();
        let error = error.unwrap_or_default();
        assert!(
            error.ends_with(
                "the document has more than 1000 values after alias expansion; is it an OpenAPI document?"
            ),
            "{error}"
        );
        assert!(Document::parse_at_most("t".into(), &many, 2_000).is_ok());
        let error = Document::parse_at_most("t".into(), "[1,\n 2]", 2).map_err(|e| e.to_string()).err();
        assert!(error.unwrap_or_default().starts_with("t:2:2: the document has more than 2 values"));
    }

    #[test]
    fn refuses_what_is_no_file_and_a_stream_without_an_end() {
        let error = Document::read(Path::new(".")).map_err(|e| e.to_string()).err();
        assert_eq!(error.as_deref(), Some(". is not a regular file; pass the path of a document"));
        let endless = read_bounded("endless", std::io::repeat(b' ')).map_err(|e| e.to_string()).err();
        let expected =
            format!("endless is larger than the limit of {MAX_BYTES} bytes; is it an OpenAPI document?");
        assert_eq!(endless, Some(expected));
    }

    #[test]
    fn refuses_bottomless_nesting_and_alias_bombs_quickly() {
        let deep = "[".repeat(100_000);
        assert!(refusal(&deep).contains("is nested deeper than 64 levels"), "{}", refusal(&deep));
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..9 {
            let previous = format!("*a{}, ", n - 1).repeat(10);
            bomb.push_str(&format!("a{n}: &a{n} [{previous}]\n"));
        }
        assert!(
            refusal(&bomb).contains("grows too large when its aliases are expanded"),
            "{}",
            refusal(&bomb)
        );
        let chain: String = (1..20_000).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect();
        let chain = format!("a0: &a0 [x]\n{chain}");
        assert!(
            refusal(&chain).contains("grows too large when its aliases are expanded"),
            "{}",
            refusal(&chain)
        );
    }
}
