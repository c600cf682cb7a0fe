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

/// Something that events can belong to besides a person, for example a company or a project.
///
/// The key and the properties of a group of a [`GroupPage`] are slices of the response body: no text is copied, and the
/// body, about 20 kB for 100 groups, stays in memory as long as any of its groups. [`into_owned`](Self::into_owned) detaches
/// a group from it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Group {
    /// When the group was first stored. On servers of 2026 the fraction of the second may differ between the list and the
    /// other operations, so do not use it to tell whether two groups are the same.
    #[serde(deserialize_with = "timestamp::deserialize")]
    pub created_at: DateTime<Utc>,
    /// Key of the group; unique within its type.
    pub group_key: SharedStr,
    /// Properties of the group.
    pub group_properties: Properties,
    /// Index of the group type.
    pub group_type_index: i64,
}

impl Group {
    /// The same group with copies of its texts, so that it keeps no response body in memory.
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
    /// Address of the next page, or `None` on the last page. Take only the parameter `cursor` from it: behind a proxy, scheme
    /// and host may be those of the instance inside. Stop when a cursor comes back that you have followed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Address of the page before; always `None` since 2026-05-07.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Up to 100 groups, newest first. Only `next` tells whether more follow.
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
    /// The group as slices of `text`, which it borrows from.
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
