//! JSON values that use little memory: a complete document has hundreds of thousands of nodes, but few distinct strings.

use std::borrow::{Borrow, Cow};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, Index, IndexMut};
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

/// An immutable string that may share its memory with equal strings.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

thread_local! {
    /// The strings of the document that this thread is parsing. A thread-local, because parsers pass no state to `Deserialize`.
    static TEXTS: RefCell<Option<HashSet<Text>>> = const { RefCell::new(None) };
}

/// Runs a parser. Equal strings in the values that it creates share their memory.
pub(crate) fn sharing_texts<T>(parse: impl FnOnce() -> T) -> T {
    TEXTS.set(Some(HashSet::new()));
    let parsed = parse();
    TEXTS.set(None);
    parsed
}

impl Text {
    /// Returns the string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for Text {
    fn from(text: &T) -> Self {
        let text = text.as_ref();
        TEXTS.with_borrow_mut(|texts| {
            let Some(texts) = texts else { return Self(text.into()) };
            texts.get(text).cloned().unwrap_or_else(|| {
                let text = Self(text.into());
                texts.insert(text.clone());
                text
            })
        })
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(&text)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Text),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Map),
}

static NULL: Value = Value::Null;

impl Value {
    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is a boolean.
    pub fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// Whether this is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether this is a whole number, such as 1 or 1.0.
    pub fn is_whole(&self) -> bool {
        self.as_number()
            .is_some_and(|number| !number.is_f64() || number.as_f64().is_some_and(|n| n.fract() == 0.0))
    }

    /// Whether this is a string.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether this is a list.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Returns the boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    /// Returns the number.
    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// Returns the number if it is an integer in the range of the type.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// Returns the number if it is an integer in the range of the type.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// Returns the number.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    /// Returns the string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// Returns the list.
    pub fn as_array(&self) -> Option<&Vec<Value>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// Returns the list.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// Returns the object.
    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// Returns the object.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// Returns the items of a list, or none for any other value.
    pub fn items(&self) -> &[Value] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    /// Iterates over the members of an object. Any other value has none.
    pub fn members(&self) -> impl Iterator<Item = (&Text, &Value)> + Clone {
        self.as_object().into_iter().flatten()
    }

    /// Returns a member of an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// Returns a member of an object.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.as_object_mut()?.get_mut(name)
    }

    /// Returns the value at a JSON Pointer (RFC 6901).
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        steps(pointer)?.try_fold(self, |value, step| match value {
            Self::Object(members) => members.get(&step),
            Self::Array(items) => items.get(index(&step)?),
            _ => None,
        })
    }

    /// Returns the value at a JSON Pointer (RFC 6901).
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Value> {
        steps(pointer)?.try_fold(self, |value, step| match value {
            Self::Object(members) => members.get_mut(&step),
            Self::Array(items) => items.get_mut(index(&step)?),
            _ => None,
        })
    }

    /// Returns the value and replaces it with null.
    pub fn take(&mut self) -> Self {
        mem::take(self)
    }
}

fn steps(pointer: &str) -> Option<impl Iterator<Item = Cow<'_, str>>> {
    (pointer.is_empty() || pointer.starts_with('/')).then(|| tokens(pointer))
}

/// The unescaped tokens of a pointer.
pub(crate) fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(|token| {
        if token.contains('~') {
            Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
        } else {
            Cow::Borrowed(token)
        }
    })
}

fn index(step: &str) -> Option<usize> {
    let is_number = step == "0" || !step.starts_with(['+', '0']);
    step.parse().ok().filter(|_| is_number)
}

/// Returns null for a member that does not exist.
impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&NULL)
    }
}

/// Adds a member that does not exist. A value of the wrong type becomes an object.
impl IndexMut<&str> for Value {
    fn index_mut(&mut self, name: &str) -> &mut Value {
        if !self.is_object() {
            *self = Map::new().into();
        }
        match self {
            Self::Object(members) => members.get_or_insert_with(name, Self::default),
            other => other,
        }
    }
}

/// Returns null for an item that does not exist.
impl Index<usize> for Value {
    type Output = Value;

    fn index(&self, n: usize) -> &Value {
        self.items().get(n).unwrap_or(&NULL)
    }
}

/// Adds an item that does not exist. A value of the wrong type becomes a list.
impl IndexMut<usize> for Value {
    fn index_mut(&mut self, n: usize) -> &mut Value {
        if !self.is_array() {
            *self = Vec::new().into();
        }
        match self {
            Self::Array(items) => {
                items.resize(items.len().max(n + 1), Self::Null);
                &mut items[n]
            }
            other => other,
        }
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

impl<N: Into<Text>> FromIterator<(N, Value)> for Value {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(members: I) -> Self {
        Self::Object(members.into_iter().collect())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_pretty, out) = (f.alternate(), Out(f));
        let written = if is_pretty {
            serde_json::to_writer_pretty(out, self)
        } else {
            serde_json::to_writer(out, self)
        };
        written.map_err(|_| fmt::Error)
    }
}

/// Forwards the output of serde_json, which is UTF-8, to a formatter.
struct Out<'f, 'b>(&'f mut fmt::Formatter<'b>);

impl io::Write for Out<'_, '_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let written = str::from_utf8(text).map(|text| self.0.write_str(text));
        if let Ok(Ok(())) = written { Ok(text.len()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(text),
            other => Err(D::Error::custom(format_args!("{other} is not a string"))),
        }
    }
}

/// A parsed value, with or without positions.
pub(crate) trait Tree<'de>: From<Value> {
    fn list<A: SeqAccess<'de>>(access: A) -> Result<Self, A::Error>;
    fn object<A: MapAccess<'de>>(access: A) -> Result<Self, A::Error>;
}

impl<'de> Tree<'de> for Value {
    fn list<A: SeqAccess<'de>>(mut access: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        items.shrink_to_fit();
        Ok(Self::Array(items))
    }

    fn object<A: MapAccess<'de>>(mut access: A) -> Result<Self, A::Error> {
        let mut members = Map::new();
        while let Some((name, member)) = access.next_entry::<Text, Self>()? {
            members.insert(name, member);
        }
        members.shrink_to_fit();
        Ok(Self::Object(members))
    }
}

/// Creates a tree of any JSON or YAML.
pub(crate) struct TreeVisitor<T>(pub(crate) PhantomData<T>);

impl<'de, T: Tree<'de>> Visitor<'de> for TreeVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<T, E> {
        Ok(Value::from(flag).into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(Value::from(number).into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(Value::from(number).into())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("a number must be finite"))?;
        Ok(Value::Number(number).into())
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(Value::from(text).into())
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(Value::Null.into())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        T::list(access)
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        T::object(access)
    }
}

macro_rules! from {
    ($($type:ty: $value:ident => $made:expr,)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        })*
    };
}

from! {
    bool: flag => Self::Bool(flag),
    i32: number => Self::Number(number.into()),
    i64: number => Self::Number(number.into()),
    u64: number => Self::Number(number.into()),
    &str: text => Self::String(text.into()),
    String: text => Self::String(text.into()),
    Text: text => Self::String(text),
    Vec<Value>: items => Self::Array(items),
    Map: members => Self::Object(members),
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(flag),
            Json::Number(number) => Self::Number(number),
            Json::String(text) => text.into(),
            Json::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => {
                Self::Object(members.into_iter().map(|(name, v)| (name, Self::from(v))).collect())
            }
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => text.as_str().into(),
            Value::Array(items) => items.iter().map(Self::from).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, v)| (name.to_string(), Self::from(v))).collect()
            }
        }
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(other)
    }
}

/// Creates a [`Value`] from a JSON literal, like `serde_json::json!`.
///
/// ```
/// use openapi_ledger::json;
///
/// assert_eq!(json!({"a": [1, 2]})["a"][1], json!(2));
/// ```
#[macro_export]
macro_rules! json {
    ($($json:tt)+) => { $crate::Value::from($crate::serde_json::json!($($json)+)) };
}

/// The members of an object, in the order in which they were inserted.
#[derive(Clone, Default)]
pub struct Map {
    entries: Vec<(Text, Value)>,
    /// The positions of the members, by name, if there are more than [`FEW`].
    #[expect(clippy::box_collection, reason = "few objects have one")]
    positions: Option<Box<HashMap<Text, usize>>>,
}

/// Up to this number of members, a linear search is fast.
const FEW: usize = 16;

impl Map {
    /// Creates an object without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of members.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        match &self.positions {
            Some(positions) => positions.get(name).copied(),
            None => self.entries.iter().position(|(key, _)| key == name),
        }
    }

    /// Returns a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|n| &self.entries[n].1)
    }

    /// Returns a member.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.position(name).map(|n| &mut self.entries[n].1)
    }

    /// Whether there is a member with this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Sets a member, and returns its previous value.
    pub fn insert(&mut self, name: impl Into<Text>, value: Value) -> Option<Value> {
        let name = name.into();
        if let Some(n) = self.position(&name) {
            return Some(mem::replace(&mut self.entries[n].1, value));
        }
        if let Some(positions) = &mut self.positions {
            positions.insert(name.clone(), self.entries.len());
        }
        self.entries.push((name, value));
        if self.positions.is_none() {
            self.find_positions();
        }
        None
    }

    /// Returns a member. Adds it if it does not exist.
    pub fn get_or_insert_with(&mut self, name: impl Into<Text>, value: impl FnOnce() -> Value) -> &mut Value {
        let name = name.into();
        let n = self.position(&name).unwrap_or_else(|| {
            self.insert(name, value());
            self.len() - 1
        });
        &mut self.entries[n].1
    }

    /// Removes a member. The others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let (_, value) = self.entries.remove(self.position(name)?);
        self.find_positions();
        Some(value)
    }

    /// Keeps only the members for which `keep` returns true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Text, &Value) -> bool) {
        self.entries.retain(|(name, value)| keep(name, value));
        self.find_positions();
    }

    /// Sorts the members by comparing their names.
    pub fn sort_by(&mut self, compare: impl Fn(&str, &str) -> std::cmp::Ordering) {
        self.entries.sort_by(|(a, _), (b, _)| compare(a, b));
        self.find_positions();
    }

    fn find_positions(&mut self) {
        let names = || self.entries.iter().enumerate().map(|(n, (name, _))| (name.clone(), n));
        self.positions = (self.len() > FEW).then(|| Box::new(names().collect()));
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
    }

    /// Iterates over the members.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> + DoubleEndedIterator + Clone {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// Iterates over the members.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Text, &mut Value)> {
        self.entries.iter_mut().map(|(name, value)| (&*name, value))
    }

    /// Iterates over the names.
    pub fn keys(&self) -> impl Iterator<Item = &Text> + Clone {
        self.entries.iter().map(|(name, _)| name)
    }

    /// Iterates over the values.
    pub fn values(&self) -> impl Iterator<Item = &Value> + Clone {
        self.entries.iter().map(|(_, value)| value)
    }

    /// Iterates over the values.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

/// The order of members is ignored.
impl Eq for Map {}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// Returns null for a member that does not exist.
impl Index<&str> for Map {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&NULL)
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Value);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (Text, Value)>, fn(&'a (Text, Value)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter().map(|(name, value)| (name, value))
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a Text, &'a mut Value);
    type IntoIter =
        std::iter::Map<std::slice::IterMut<'a, (Text, Value)>, fn(&'a mut (Text, Value)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter_mut().map(|(name, value)| (&*name, value))
    }
}

impl<N: Into<Text>> FromIterator<(N, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(members: I) -> Self {
        let mut map = Self::new();
        map.extend(members);
        map
    }
}

impl<N: Into<Text>> Extend<(N, Value)> for Map {
    fn extend<I: IntoIterator<Item = (N, Value)>>(&mut self, members: I) {
        for (name, value) in members {
            self.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(map: &Map) -> Vec<&str> {
        map.keys().map(Text::as_str).collect()
    }

    #[test]
    fn a_large_document_takes_little_memory() {
        assert!(size_of::<(Text, Value)>() <= 48, "{}", size_of::<(Text, Value)>());
        let text = r#"[{"type": "string"}, {"type": "string"}]"#;
        let value: Value = sharing_texts(|| serde_json::from_str(text)).unwrap();
        let member = |n: usize| value[n].as_object().and_then(|object| object.iter().next()).unwrap();
        let ((first_name, first), (name, second)) = (member(0), member(1));
        assert!(Arc::ptr_eq(&first_name.0, &name.0));
        assert!(matches!((first, second), (Value::String(a), Value::String(b)) if Arc::ptr_eq(&a.0, &b.0)));
    }

    #[test]
    fn few_and_many_members_are_found_and_keep_their_order() {
        for count in [1, FEW, FEW + 1, 3 * FEW] {
            let mut map: Map = (0..count).rev().map(|n| (n.to_string(), json!(n))).collect();
            assert_eq!(map.insert("0", json!("again")), Some(json!(0)));
            map.insert("new", json!(null));
            assert_eq!(map.len(), count + 1);
            assert!((1..count).all(|n| map.get(&n.to_string()) == Some(&json!(n))), "{map:?}");
            assert_eq!(map.remove("0"), Some(json!("again")));
            assert_eq!(map.get("new"), Some(&Value::Null), "{map:?}");
            assert_eq!(map.remove("0"), None);
            let mut reversed: Map = map.clone().into_iter().rev().collect();
            assert_eq!(reversed, map, "the order has no meaning");
            assert_eq!(names(&reversed)[0], "new");
            reversed.sort_by(|a, b| b.cmp(a));
            reversed.retain(|name, _| name == "new" || name == "1");
            assert_eq!(reversed.get("new"), Some(&Value::Null));
            assert_ne!(reversed.insert("new", json!(1)), None);
            assert_ne!(reversed, map);
        }
    }

    #[test]
    fn indexing_never_panics() {
        let mut value = json!({"a": ["x"]});
        assert_eq!(value["a"][0], "x");
        assert!(value["a"][1].is_null() && value["b"]["c"].is_null() && value["a"]["b"].is_null());
        value["a"]["b"] = true.into();
        value["c"][1] = 1.into();
        assert_eq!(value.to_string(), r#"{"a":{"b":true},"c":[null,1]}"#);
        assert_eq!(format!("{value:#}"), serde_json::to_string_pretty(&value).unwrap());
    }

    #[test]
    fn pointers_are_those_of_serde_json() {
        let json = serde_json::json!({"a/b": {"~": [1, {"": 2}]}, "01": 3});
        let mut value = Value::from(json.clone());
        for pointer in
            ["", "/", "/a~1b/~0/0", "/a~1b/~0/1/", "/a~1b/~0/01", "/a~1b/~0/+1", "/01", "a", "/a~1b/~0/2"]
        {
            let expected = json.pointer(pointer).cloned().map(Value::from);
            assert_eq!(value.pointer(pointer), expected.as_ref(), "{pointer}");
            assert_eq!(value.pointer_mut(pointer).cloned(), expected, "{pointer}");
        }
    }
}
