//! One row of an import.

use posthog_groups_client::{JsonValue, Properties};
use sha2::{Digest as _, Sha256};

use crate::data::input;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::write::members;

/// One row: the key of a group, and properties to merge into it.
///
/// ```
/// use posthog_groups::bulk::ImportRow;
/// use posthog_groups::Properties;
///
/// let row = ImportRow::new("org:5", Properties::new(&serde_json::json!({"plan": "enterprise"}))?).at_line(17);
/// assert_eq!((row.key.as_str(), row.line), ("org:5", 17));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportRow {
    /// The key of the group.
    pub key: String,
    /// The properties to merge. Other properties of the group are not changed.
    pub properties: Properties,
    /// The line number in errors and events. The default, 0, stands for the number of the row, counted from 1.
    pub line: u64,
}

impl ImportRow {
    /// Creates a row.
    pub fn new(key: impl Into<String>, properties: Properties) -> Self {
        Self { key: key.into(), properties, line: 0 }
    }

    /// Sets the number of the line that the row was read from.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = line;
        self
    }

    /// Checks that a server can store the row: its key, and the names and values of its properties.
    ///
    /// An import checks all rows before it sends a request.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the key is blank, has more than 400 characters or contains NUL, and if a name or a value cannot be
    /// stored and returned by the server: text with NUL or an unpaired surrogate, a number outside 64 bits, or more than 250
    /// levels of objects and arrays.
    pub fn check(&self) -> Result<()> {
        input::check_group_key(&self.key)?;
        input::check_properties(&self.properties)?;
        self.members().map(drop)
    }

    /// Returns the properties, ordered by name.
    pub(crate) fn members(&self) -> Result<Vec<(String, JsonValue)>> {
        members(&self.properties)
    }

    /// Returns the names of the properties, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.members().unwrap_or_default().into_iter().map(|(name, _)| name).collect()
    }

    /// Returns a hash of the key and the properties, from which the UUID of the event and the digest of all rows are derived.
    pub(crate) fn id(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        // JSON contains no NUL, so this separates the properties from the key.
        hash.update(self.properties.as_str());
        hash.update([0]);
        hash.update(&self.key);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(key: &str, properties: &str) -> [u8; 16] {
        ImportRow::new(key, serde_json::from_str(properties).unwrap()).id()
    }

    #[test]
    fn the_id_is_that_of_the_content() {
        let row = id("org:5", r#"{"a":1}"#);
        assert_eq!(row, id("org:5", r#"{"a":1}"#));
        for other in [id("org:6", r#"{"a":1}"#), id("org:5", r#"{"a":2}"#), id("", "{}")] {
            assert_ne!(row, other);
        }
    }
}
