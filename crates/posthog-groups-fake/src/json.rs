//! JSON that is kept as text, so that numbers and strings survive a round trip unchanged.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON value, kept as its text.
///
/// ```
/// use posthog_groups_fake::Json;
///
/// let huge = Json::parse("123456789012345678901234567890").unwrap();
/// assert_eq!(huge.as_str(), "123456789012345678901234567890");
/// assert!(Json::parse("{").is_err());
/// ```
#[derive(Clone, Serialize, Deserialize)]
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
        Self::build(quoted(text))
    }

    /// Creates a null.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// Decodes the value. Numbers beyond 64 bits lose digits.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(self.as_str()).unwrap_or_default()
    }

    /// Wraps text that this module has built. Invalid text becomes null.
    fn build(text: String) -> Self {
        Self(RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
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
        match self.kind() {
            Kind::Null | Kind::False => true,
            Kind::True => false,
            Kind::Number => self.as_str().parse::<f64>().is_ok_and(|n| n == 0.0),
            Kind::String => self.as_str() == "\"\"",
            Kind::List => serde_json::from_str::<Vec<&RawValue>>(self.as_str()).is_ok_and(|l| l.is_empty()),
            Kind::Object => members(self.as_str()).is_some_and(|m| m.is_empty()),
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Json {
    /// Compares the text, so `1` and `1.0` differ.
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        Self::build(value.to_string())
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
#[derive(Clone, PartialEq)]
pub struct Properties(Json);

impl Properties {
    /// Creates an empty object.
    pub fn new() -> Self {
        Self(Json::build("{}".to_owned()))
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
        self.members().into_iter().find(|(n, _)| n == name).map(|(_, value)| Json(value.to_owned()))
    }

    /// Sets a property. A new one is appended.
    pub fn set(&mut self, name: &str, value: &Json) {
        let mut members = self.members();
        match members.iter_mut().find(|(n, _)| n == name) {
            Some(member) => member.1 = &value.0,
            None => members.push((Cow::Borrowed(name), &value.0)),
        }
        let text = object_text(&members);
        self.0 = Json::build(text);
    }

    /// Sets several properties. New ones are appended.
    pub(crate) fn merge(&mut self, set: &Self) {
        let set = set.members();
        if set.is_empty() {
            return;
        }
        let members = last_of_each(self.members().into_iter().chain(set).collect());
        let text = object_text(&members);
        self.0 = Json::build(text);
    }

    /// Removes a property and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let mut members = self.members();
        let at = members.iter().position(|(n, _)| n == name)?;
        let value = Json(members.remove(at).1.to_owned());
        let text = object_text(&members);
        self.0 = Json::build(text);
        Some(value)
    }

    /// Iterates over names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (String, Json)> {
        self.members()
            .into_iter()
            .map(|(name, value)| (name.into_owned(), Json(value.to_owned())))
            .collect::<Vec<_>>()
            .into_iter()
    }

    pub(crate) fn members(&self) -> Vec<(Cow<'_, str>, &RawValue)> {
        members(self.as_str()).unwrap_or_default()
    }

    /// Creates an object with one property.
    pub(crate) fn one(name: &str, value: &Json) -> Self {
        Self(Json::build(object_text(&[(Cow::Borrowed(name), &value.0)])))
    }
}

impl Default for Properties {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Json> for Properties {
    fn from(json: Json) -> Self {
        match members(json.as_str()) {
            Some(members) => Self(Json::build(object_text(&members))),
            None => Self(json),
        }
    }
}

impl From<Box<RawValue>> for Properties {
    fn from(json: Box<RawValue>) -> Self {
        Self::from(Json(json))
    }
}

impl From<&serde_json::Value> for Properties {
    fn from(value: &serde_json::Value) -> Self {
        Self::from(Json::from(value))
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

impl Serialize for Properties {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(Self::from)
    }
}

/// Returns the members of an object without copying their values. `None` if the text is not an object.
pub(crate) fn members(text: &str) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members: Self::Value = Vec::new();
            while let Some(Name(name)) = map.next_key()? {
                members.push((name, map.next_value()?));
            }
            Ok(members)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    (&mut deserializer).deserialize_map(Members).ok().map(last_of_each)
}

/// The members of an object, searched linearly because there are few.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Returns `None` if the value is not an object.
    pub(crate) fn of(value: &'a RawValue) -> Option<Self> {
        members(value.get()).map(Self)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(n, _)| n == name).map(|&(_, value)| value)
    }

    /// Returns a member that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }
}

/// A name, borrowed unless it has escapes. (`Cow` alone always copies.)
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Keeps the position of the first and the value of the last member of each name, as a Python dict does.
fn last_of_each<'a>(members: Vec<(Cow<'a, str>, &'a RawValue)>) -> Vec<(Cow<'a, str>, &'a RawValue)> {
    // Most objects are small, and then comparing is faster than hashing.
    const FEW: usize = 16;
    if members.len() <= FEW {
        let mut kept: Vec<(Cow<'a, str>, &'a RawValue)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            match kept.iter_mut().find(|(kept, _)| *kept == name) {
                Some(member) => member.1 = value,
                None => kept.push((name, value)),
            }
        }
        return kept;
    }
    let mut places: HashMap<Cow<'a, str>, usize> = HashMap::with_capacity(members.len());
    let mut kept: Vec<(Cow<'a, str>, &'a RawValue)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        match places.get(&name) {
            Some(&place) => kept[place].1 = value,
            None => {
                places.insert(name.clone(), kept.len());
                kept.push((name, value));
            }
        }
    }
    kept
}

fn object_text(members: &[(Cow<'_, str>, &RawValue)]) -> String {
    let mut text = String::from("{");
    for (name, value) in members {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&quoted(name));
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    text
}

/// Formats a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_repeated_names_the_last_value_and_the_first_position_count() {
        let properties = Properties::parse(r#"{"a":1, "b":2, "a":3}"#).unwrap();
        assert_eq!(properties.as_str(), r#"{"a":3,"b":2}"#);
        // The same among many.
        let many = |last: &str| {
            let names = (0..50).map(|n| format!(r#""n{n}":{n}"#)).collect::<Vec<_>>().join(",");
            format!(r#"{{"a":{last},{names}}}"#)
        };
        let twice = many("1").replace('}', r#","a":3}"#);
        assert_eq!(Properties::parse(&twice).unwrap().as_str(), many("3"));
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
