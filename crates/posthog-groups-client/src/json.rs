//! JSON as the server wrote it. Numbers of any size, the order of members, and escapes are preserved.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::not_an_object::NotAnObject;
use crate::scan;
use crate::shared_str::SharedStr;

/// Any JSON value, stored as its text and decoded on demand.
///
/// Two values are equal if their texts are. Clones share the text. The text can be a slice of a response body, which stays
/// in memory as long as any slice of it; [`into_owned`](Self::into_owned) copies the text.
///
/// ```
/// use posthog_groups_client::JsonValue;
///
/// let seats = JsonValue::new(&42)?;
/// assert_eq!(seats.as_str(), "42");
/// assert_eq!(seats.decode::<u8>()?, 42);
/// // 2^53 + 1 does not fit a double.
/// assert_eq!(JsonValue::parse("9007199254740993")?.as_str(), "9007199254740993");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct JsonValue(SharedStr);

impl JsonValue {
    /// Serializes a value.
    ///
    /// # Errors
    /// Fails if `value` does not serialize, such as a map whose keys are not strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Self> {
        serde_json::to_string(value).map(|text| Self(text.into()))
    }

    /// Creates a value from JSON text, which is kept unchanged.
    ///
    /// # Errors
    /// Fails if `text` is not a single JSON value.
    pub fn parse(text: impl Into<String>) -> serde_json::Result<Self> {
        RawValue::from_string(text.into()).map(Self::from)
    }

    /// Returns the JSON text.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Copies the text, so that the value does not keep a response body in memory.
    #[must_use]
    pub fn into_owned(self) -> Self {
        Self(self.0.into_owned())
    }

    /// Decodes the value as a Rust type, which can borrow from the text.
    ///
    /// # Errors
    /// Fails if the value does not match the type.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        serde_json::from_str(self.as_str())
    }

    /// Returns true if the value is `null`.
    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }
}

impl fmt::Debug for JsonValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for JsonValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonValue {}

impl Serialize for JsonValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // serde_json has validated the text.
        let raw: &RawValue = serde_json::from_str(self.as_str()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl From<Box<RawValue>> for JsonValue {
    fn from(value: Box<RawValue>) -> Self {
        Self(Box::<str>::from(value).into())
    }
}

impl From<serde_json::Value> for JsonValue {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string().into())
    }
}

impl From<&str> for JsonValue {
    fn from(text: &str) -> Self {
        Self::from(serde_json::Value::from(text))
    }
}

impl From<String> for JsonValue {
    fn from(text: String) -> Self {
        Self::from(serde_json::Value::from(text))
    }
}

impl From<bool> for JsonValue {
    fn from(value: bool) -> Self {
        Self::from(serde_json::Value::from(value))
    }
}

impl From<i64> for JsonValue {
    fn from(value: i64) -> Self {
        Self::from(serde_json::Value::from(value))
    }
}

impl From<i32> for JsonValue {
    fn from(value: i32) -> Self {
        Self::from(serde_json::Value::from(value))
    }
}

/// The properties of a group or a person: a JSON object, stored as the server's text.
///
/// The properties of a listed group are a slice of its page, about 20 kB, and keep the page in memory. To keep a few groups
/// of many pages, use [`into_owned`](Self::into_owned).
///
/// ```
/// use posthog_groups_client::Properties;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Account { plan: String, seats: u32 }
///
/// let properties: Properties = serde_json::from_str(r#"{"plan": "scale", "seats": 42}"#)?;
/// let account: Account = properties.decode()?;
/// assert_eq!((account.plan.as_str(), account.seats), ("scale", 42));
/// assert_eq!(properties.get("seats")?.map(|v| v.as_str().to_owned()).as_deref(), Some("42"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Properties(JsonValue);

impl Properties {
    /// Serializes a struct or a map.
    ///
    /// # Errors
    /// Fails if `value` does not serialize to a JSON object.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Self> {
        Self::try_from(JsonValue::new(value)?).map_err(serde_json::Error::custom)
    }

    /// Creates properties from text that is known to be a JSON object.
    pub(crate) fn from_object(text: SharedStr) -> Self {
        Self(JsonValue(text))
    }

    /// Returns the JSON text, an object.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Copies the text, so that the properties do not keep a response body in memory.
    #[must_use]
    pub fn into_owned(self) -> Self {
        Self(self.0.into_owned())
    }

    /// Decodes all properties as a Rust type, which can borrow from the text.
    ///
    /// # Errors
    /// Fails if the properties do not match the type.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        self.0.decode()
    }

    /// Returns a property by its exact name, or `None` if there is none.
    ///
    /// # Errors
    /// None is known, because the text is a valid object.
    pub fn get(&self, name: &str) -> serde_json::Result<Option<JsonValue>> {
        if let Some(found) = scan::member(self.as_str(), name) {
            return Ok(found.map(|value| JsonValue(self.0.0.slice_ref(value))));
        }
        // If a name occurs twice, the last value is used, as in other JSON parsers.
        let members: HashMap<String, &RawValue> = self.decode()?;
        Ok(members.get(name).map(|value| JsonValue(self.0.0.slice_ref(value.get()))))
    }

    /// Returns true if there are no properties.
    pub fn is_empty(&self) -> bool {
        self.as_str().trim_start_matches('{').trim_start().starts_with('}')
    }
}

impl Default for Properties {
    /// Returns an empty object, `{}`.
    fn default() -> Self {
        Self(JsonValue(SharedStr::from("{}")))
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<JsonValue> for Properties {
    type Error = NotAnObject;

    fn try_from(value: JsonValue) -> Result<Self, NotAnObject> {
        // The text of a raw value has no leading white space.
        if value.as_str().starts_with('{') { Ok(Self(value)) } else { Err(NotAnObject) }
    }
}

impl TryFrom<serde_json::Value> for Properties {
    type Error = NotAnObject;

    fn try_from(value: serde_json::Value) -> Result<Self, NotAnObject> {
        Self::try_from(JsonValue::from(value))
    }
}

impl From<serde_json::Map<String, serde_json::Value>> for Properties {
    fn from(members: serde_json::Map<String, serde_json::Value>) -> Self {
        Self(JsonValue::from(serde_json::Value::Object(members)))
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = JsonValue::deserialize(deserializer)?;
        // No known server sends null here; it is accepted as an empty object.
        if value.is_null() { Ok(Self::default()) } else { Self::try_from(value).map_err(D::Error::custom) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_preserved_byte_for_byte() {
        for text in [
            r#"{"big":123456789012345678901234567890,"f":1.0,"e":1E3,"u":"\u00e9é","n":null,"o":{"z":1,"a":[]}}"#,
            "{}",
            r#"{"":""}"#,
        ] {
            let properties: Properties = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&properties).unwrap(), text);
        }
    }

    #[test]
    fn properties_are_an_object_or_null() {
        assert_eq!(serde_json::from_str::<Properties>("null").unwrap(), Properties::default());
        for text in ["[]", "1", "\"{}\""] {
            assert!(serde_json::from_str::<Properties>(text).is_err(), "{text}");
        }
        assert!(Properties::new(&["a"]).is_err());
        assert!(Properties::default().is_empty());
        assert!(!Properties::new(&serde_json::json!({"a": 1})).unwrap().is_empty());
    }

    #[test]
    fn a_property_is_found_by_its_exact_name_with_any_escapes() {
        let properties: Properties =
            serde_json::from_str(r#"{ "a\"b": [1, 2], "plan": "x", "plan": "y"}"#).unwrap();
        let get = |name| properties.get(name).unwrap().map(|value| value.as_str().to_owned());
        assert_eq!(get("a\"b").as_deref(), Some("[1, 2]"));
        assert_eq!(get("plan").as_deref(), Some("\"y\""));
        assert_eq!(get("Plan"), None);
    }
}
