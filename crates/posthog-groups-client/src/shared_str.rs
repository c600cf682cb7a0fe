//! Text that may be a slice of a larger text.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string that may be a slice of a larger one, such as of a response body.
///
/// It dereferences to `str`. Clones share the text, which stays in memory as long as any slice of it;
/// [`into_owned`](Self::into_owned) copies the slice.
///
/// ```
/// use posthog_groups_client::SharedStr;
///
/// let key = SharedStr::from("org:5");
/// assert_eq!(key, "org:5");
/// assert!(key.starts_with("org:"));
/// assert_eq!(String::from(key), "org:5");
/// ```
#[derive(Clone)]
pub struct SharedStr {
    text: Arc<str>,
    range: Range<usize>,
}

impl SharedStr {
    /// Returns the text.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// Copies the text, so that the string does not keep a larger one in memory.
    #[must_use]
    pub fn into_owned(self) -> Self {
        if self.range.len() == self.text.len() { self } else { Self::from(self.as_str()) }
    }

    /// Returns `part`, which borrows from this string, as a string that shares its text. Any other text is copied.
    #[inline]
    pub(crate) fn slice_ref(&self, part: &str) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        match start.checked_add(part.len()) {
            Some(end) if end <= self.text.len() => Self { text: self.text.clone(), range: start..end },
            _ => Self::from(part),
        }
    }
}

impl Deref for SharedStr {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for SharedStr {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for SharedStr {
    fn borrow(&self) -> &str {
        self
    }
}

impl Default for SharedStr {
    fn default() -> Self {
        Self::from("")
    }
}

impl fmt::Debug for SharedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for SharedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl PartialEq for SharedStr {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for SharedStr {}

impl PartialEq<str> for SharedStr {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for SharedStr {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for SharedStr {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialOrd for SharedStr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SharedStr {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other)
    }
}

impl Hash for SharedStr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl From<Arc<str>> for SharedStr {
    fn from(text: Arc<str>) -> Self {
        Self { range: 0..text.len(), text }
    }
}

impl From<&str> for SharedStr {
    fn from(text: &str) -> Self {
        Self::from(Arc::<str>::from(text))
    }
}

impl From<&String> for SharedStr {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for SharedStr {
    fn from(text: String) -> Self {
        Self::from(Arc::<str>::from(text))
    }
}

impl From<Box<str>> for SharedStr {
    fn from(text: Box<str>) -> Self {
        Self::from(Arc::<str>::from(text))
    }
}

impl From<Cow<'_, str>> for SharedStr {
    fn from(text: Cow<'_, str>) -> Self {
        Self::from(Arc::<str>::from(text))
    }
}

impl From<SharedStr> for String {
    fn from(text: SharedStr) -> Self {
        text.as_str().to_owned()
    }
}

impl Serialize for SharedStr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for SharedStr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_shares_the_text_until_it_is_detached() {
        let page = SharedStr::from("key: é, rest");
        let key = page.slice_ref(&page[5..7]);
        assert_eq!(key, "é");
        assert!(Arc::ptr_eq(&key.text, &page.text));
        let inner = key.slice_ref(&key[..0]);
        assert_eq!(inner, "");
        let owned = key.into_owned();
        assert_eq!((&*owned, owned.text.len()), ("é", 2));
        assert_eq!(page.slice_ref("other"), "other");
    }

    #[test]
    fn json_and_order_are_those_of_a_string() {
        let text: SharedStr = serde_json::from_str(r#""a\u00e9\n""#).unwrap();
        assert_eq!(text, "aé\n");
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""aé\n""#);
        assert!(serde_json::from_str::<SharedStr>("7").is_err());
        let later = SharedStr::from("b");
        assert!(later > text);
        let keys = std::collections::HashSet::from([SharedStr::from("a")]);
        assert!(keys.contains("a"));
    }
}
