//! Groups that borrow from the text of a page.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

use crate::not_an_object::NotAnObject;
use crate::timestamp;

/// A page that borrows from its text.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct BorrowedPage<'a> {
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
    #[serde(borrow)]
    pub(crate) results: Vec<BorrowedGroup<'a>>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct BorrowedGroup<'a> {
    #[serde(deserialize_with = "timestamp::deserialize")]
    pub(crate) created_at: DateTime<Utc>,
    #[serde(borrow)]
    pub(crate) group_key: Cow<'a, str>,
    /// The text of an object, or `None` for null.
    #[serde(borrow, deserialize_with = "object_text")]
    pub(crate) group_properties: Option<&'a str>,
    pub(crate) group_type_index: i64,
}

fn object_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    match <&RawValue>::deserialize(deserializer)?.get() {
        "null" => Ok(None),
        text if text.starts_with('{') => Ok(Some(text)),
        _ => Err(D::Error::custom(NotAnObject)),
    }
}
