//! Groups and pages of groups, whose texts are slices of the response body.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::body::FromBody;
use crate::borrowed::BorrowedGroup;
use crate::json::Properties;
use crate::shared_str::SharedStr;
use crate::{scan, timestamp};

/// A group: an entity other than a person that events belong to, such as a company or a project.
///
/// The key and the properties of a group from a [`GroupPage`] are slices of the response body, which stays in memory as long
/// as any of its groups (about 20 kB for 100 groups). [`into_owned`](Self::into_owned) copies them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Group {
    /// When the group was first stored. On servers from 2026, the fraction of a second can differ between the list and the
    /// other operations, so do not use it to identify a group.
    #[serde(deserialize_with = "timestamp::deserialize")]
    pub created_at: DateTime<Utc>,
    /// The key of the group, unique within its type.
    pub group_key: SharedStr,
    /// The properties of the group.
    pub group_properties: Properties,
    /// The index of the group type.
    pub group_type_index: i64,
}

impl Group {
    /// Copies the key and the properties, so that the group does not keep the response body in memory.
    #[must_use]
    pub fn into_owned(self) -> Self {
        Self {
            group_key: self.group_key.into_owned(),
            group_properties: self.group_properties.into_owned(),
            ..self
        }
    }
}

impl FromBody for Group {
    fn from_body(body: &Bytes) -> serde_json::Result<Self> {
        let Ok(text) = str::from_utf8(body) else { return serde_json::from_slice(body) };
        let text = SharedStr::from(text);
        let group = scan::single(&text).map_or_else(|| serde_json::from_str(&text), Ok)?;
        Ok(group.share(&text))
    }
}

/// One page of groups.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct GroupPage {
    /// The URL of the next page; `None` on the last page. Use only its parameter `cursor`: behind a proxy, the scheme and host
    /// can be internal. Stop if a cursor is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The URL of the previous page; always `None` since 2026-05-07.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Up to 100 groups, newest first. A page can be empty although more pages follow.
    pub results: Vec<Group>,
}

impl FromBody for GroupPage {
    fn from_body(body: &Bytes) -> serde_json::Result<Self> {
        let Ok(text) = str::from_utf8(body) else { return serde_json::from_slice(body) };
        let text = SharedStr::from(text);
        let page = scan::page(&text).map_or_else(|| serde_json::from_str(&text), Ok)?;
        let results = page.results.into_iter().map(|group| group.share(&text)).collect();
        Ok(Self { next: page.next, previous: page.previous, results })
    }
}

impl BorrowedGroup<'_> {
    /// Converts to a group that shares slices of `text`.
    fn share(self, text: &SharedStr) -> Group {
        let group_key = match self.group_key {
            Cow::Borrowed(key) => text.slice_ref(key),
            Cow::Owned(key) => key.into(),
        };
        let share = |object| Properties::from_object(text.slice_ref(object));
        Group {
            created_at: self.created_at,
            group_key,
            group_properties: self.group_properties.map(share).unwrap_or_default(),
            group_type_index: self.group_type_index,
        }
    }
}
