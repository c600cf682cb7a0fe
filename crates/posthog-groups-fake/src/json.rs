//! JSON that is kept as text, so that numbers and strings survive a round trip unchanged.

use std::borrow::{Borrow, Cow};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// A JSON value, kept as its text.
///
/// ```
/// use posthog_groups_fake::Json;
///
/// let huge = Json::parse("123456789012345678901234567890").unwrap();
/// assert_eq!(huge.as_str(), "123456789012345678901234567890");
/// assert!(Json::parse("{").is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Parses JSON text. Whitespace around it is removed.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Creates a JSON string.
    pub fn string(text: &str) -> Self {
        Self::of(&text)
    }

    /// Creates a null.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The JSON form of a value, null if it has none.
    fn of(value: &impl Serialize) -> Self {
        Self(to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.as_str())
    }

    /// Decodes a JSON string. `None` for everything else.
    pub(crate) fn text(&self) -> Option<String> {
        serde_json::from_str(self.as_str()).ok()
    }

    /// Whether Python treats the value as false: null, false, zero and everything empty.
    pub(crate) fn is_falsy(&self) -> bool {
        match serde_json::from_str(self.as_str()) {
            Ok(Value::Null) => true,
            Ok(Value::Bool(flag)) => !flag,
            Ok(Value::Number(number)) => number.as_f64() == Some(0.0),
            Ok(Value::String(text)) => text.is_empty(),
            Ok(Value::Array(items)) => items.is_empty(),
            Ok(Value::Object(members)) => members.is_empty(),
            Err(_) => false,
        }
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::null()
    }
}

impl PartialEq for Json {
    /// Compares the text, so `1` and `1.0` differ.
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        Self::of(value)
    }
}

/// The kind of a JSON value, determined by its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    Number,
    String,
    List,
    Object,
}

impl Kind {
    pub(crate) fn of(text: &str) -> Self {
        match text.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::String,
            Some(b't') => Kind::True,
            Some(b'f') => Kind::False,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The Python type that the server decodes this into, which appears in error texts.
    pub(crate) fn python(self, text: &str) -> &'static str {
        match self {
            Kind::Null => "NoneType",
            Kind::True | Kind::False => "bool",
            Kind::Number if text.contains(['.', 'e', 'E']) => "float",
            Kind::Number => "int",
            Kind::String => "str",
            Kind::List => "list",
            Kind::Object => "dict",
        }
    }
}

/// The properties of a group: a JSON object that keeps the text of each value.
///
/// The server also stores values that are not objects (contract section 2.2). These are kept and have no members.
///
/// ```
/// use posthog_groups_fake::{Json, Properties};
///
/// let mut properties = Properties::parse(r#"{"name": "Mr. Krabs", "money": 1e400}"#).unwrap();
/// properties.set("plan", &Json::string("free"));
/// assert_eq!(properties.as_str(), r#"{"name":"Mr. Krabs","money":1e400,"plan":"free"}"#);
/// assert_eq!(properties.remove("name"), Some(Json::string("Mr. Krabs")));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Json")]
pub struct Properties(Json);

impl Properties {
    /// Creates an empty object.
    pub fn new() -> Self {
        Self(Json::of(&Members::default()))
    }

    /// Parses JSON text. If a name occurs twice, the last value is used.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        Json::parse(text).map(Self::from)
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        self.0.kind() == Kind::Object
    }

    /// Returns the value of a property.
    pub fn get(&self, name: &str) -> Option<Json> {
        self.members().get(name).map(|&value| Json(value.to_owned()))
    }

    /// Sets a property. A new one is appended.
    pub fn set(&mut self, name: &str, value: &Json) {
        let mut members = self.members();
        members.insert(Name(name.into()), &value.0);
        *self = Self(Json::of(&members));
    }

    /// Sets several properties. New ones are appended.
    pub(crate) fn merge(&mut self, set: &Self) {
        let changes = set.members();
        // Properties that are not an object are kept.
        if changes.is_empty() {
            return;
        }
        let mut members = self.members();
        members.extend(changes);
        *self = Self(Json::of(&members));
    }

    /// Removes a property and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let mut members = self.members();
        let value = Json(members.shift_remove(name)?.to_owned());
        *self = Self(Json::of(&members));
        Some(value)
    }

    /// Iterates over names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (String, Json)> {
        self.members().into_iter().map(|(name, value)| (name.0.into_owned(), Json(value.to_owned())))
    }

    /// The properties, none if this is not an object.
    pub(crate) fn members(&self) -> Members<'_> {
        members(self.as_str()).unwrap_or_default()
    }
}

impl Default for Properties {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Json> for Properties {
    fn from(json: Json) -> Self {
        match members(json.as_str()) {
            Some(members) => Self(Json::of(&members)),
            None => Self(json),
        }
    }
}

impl From<&RawValue> for Json {
    fn from(value: &RawValue) -> Self {
        Self(value.to_owned())
    }
}

impl<N: AsRef<str>> FromIterator<(N, Json)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, Json)>>(members: I) -> Self {
        let mut properties = Self::new();
        for (name, value) in members {
            properties.set(name.as_ref(), &value);
        }
        properties
    }
}

/// The members of an object. A name that occurs twice has the position of the first and the value of the last, as in Python.
pub(crate) type Members<'a> = IndexMap<Name<'a>, &'a RawValue>;

/// A name, borrowed unless it has escapes. (`Cow` alone always copies.)
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Borrow<str> for Name<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Returns the members of an object without copying their values. `None` if the text is not an object.
pub(crate) fn members(text: &str) -> Option<Members<'_>> {
    serde_json::from_str(text).ok()
}

/// Decodes a JSON string. `None` for everything else.
pub(crate) fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// Formats a value as JSON.
pub(crate) fn to_text(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_repeated_names_the_last_value_and_the_first_position_count() {
        let properties = Properties::parse(r#"{"a":1, "b":2, "a":3}"#).unwrap();
        assert_eq!(properties.as_str(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn falsy_values_are_those_of_python() {
        for text in ["null", "false", "0", "0.0", "-0", "\"\"", "[]", "[ ]", "{}"] {
            assert!(Json::parse(text).unwrap().is_falsy(), "{text}");
        }
        for text in ["true", "1", "0.1", "\"0\"", "[0]", "{\"a\":0}"] {
            assert!(!Json::parse(text).unwrap().is_falsy(), "{text}");
        }
    }

    #[test]
    fn escaped_names_are_decoded() {
        let properties = Properties::parse(r#"{"caf\u00e9":1}"#).unwrap();
        assert_eq!(properties.get("café").map(|v| v.as_str().to_owned()), Some("1".to_owned()));
    }
}
