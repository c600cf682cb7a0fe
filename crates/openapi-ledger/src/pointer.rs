//! JSON Pointers (RFC 6901), the addresses in findings and errors.

use std::borrow::Cow;
use std::fmt;

use crate::value::{Value, tokens};
use percent_encoding::percent_decode_str;

/// The address of one node in a document, such as `/paths/~1api~1users~1/get`.
///
/// ```
/// use openapi_ledger::Pointer;
///
/// let at = Pointer::root().key("paths").key("/api/users/").key("get");
/// assert_eq!(at.as_str(), "/paths/~1api~1users~1/get");
/// assert_eq!(at.tokens().collect::<Vec<_>>(), ["paths", "/api/users/", "get"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

impl Pointer {
    /// The address of the whole document: the empty text.
    pub fn root() -> Self {
        Self::default()
    }

    /// Parses a pointer, or a URI fragment: with a leading `#` and percent-encoded. Returns `None` if the text is not a pointer, which
    /// is empty or begins with `/`.
    ///
    /// ```
    /// use openapi_ledger::Pointer;
    ///
    /// assert_eq!(Pointer::parse("#/a/b%7D"), Some(Pointer::root().key("a").key("b}")));
    /// assert_eq!(Pointer::parse("a/b"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let text = match text.strip_prefix('#') {
            Some(fragment) => percent_decode_str(fragment).decode_utf8_lossy(),
            None => Cow::Borrowed(text),
        };
        (text.is_empty() || text.starts_with('/')).then(|| Self(text.into_owned()))
    }

    /// The address of the member `name` of the object at this address.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        let mut text = String::with_capacity(self.0.len() + name.len() + 1);
        text.push_str(&self.0);
        text.push('/');
        for c in name.chars() {
            match c {
                '~' => text.push_str("~0"),
                '/' => text.push_str("~1"),
                c => text.push(c),
            }
        }
        Self(text)
    }

    /// The address of item `n` (from 0) of the list at this address.
    #[must_use]
    pub fn index(&self, n: usize) -> Self {
        Self(format!("{}/{n}", self.0))
    }

    /// The address of the object or list that contains this node; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent.to_owned()))
    }

    /// The unescaped tokens from the root to the node.
    pub fn tokens(&self) -> impl Iterator<Item = Cow<'_, str>> {
        tokens(&self.0)
    }

    /// The pointer as text, for [`serde_json::Value::pointer`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl serde::Serialize for Pointer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Adds the texts below `value` that may be references: `$ref`, and texts that begin with `#/`, such as those of `mapping`.
pub(crate) fn add_references<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.starts_with("#/") => references.push(text),
        Value::Object(members) => {
            let other = members["$ref"].as_str().filter(|text| !text.starts_with("#/"));
            references.extend(other);
            members.values().for_each(|member| add_references(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| add_references(item, references)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_unescapes_slash_and_tilde() {
        let at = Pointer::root().key("a/b").key("~").index(3);
        assert_eq!(at.as_str(), "/a~1b/~0/3");
        assert_eq!(at.tokens().collect::<Vec<_>>(), ["a/b", "~", "3"]);
        assert_eq!(at.parent().map(|p| p.to_string()).as_deref(), Some("#/a~1b/~0"));
        assert_eq!(Pointer::root().parent(), None);
    }
}
