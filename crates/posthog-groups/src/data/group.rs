//! Groups.

use chrono::{DateTime, Utc};
use posthog_groups_client::{self as raw, JsonValue, Properties, SharedStr, types};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A group of a project.
///
/// `P` is the type of its properties: by default the JSON text of the server, which is decoded on demand and keeps numbers of any
/// size.
///
/// ```no_run
/// # async fn example(posthog: posthog_groups::Client) -> posthog_groups::Result<()> {
/// #[derive(serde::Deserialize)]
/// struct Account { plan: String, seats: Option<u32> }
///
/// let acme = posthog.groups("organization").get("org:5").await?.typed::<Account>()?;
/// println!("{} is on {}", acme.key, acme.properties.plan);
/// # Ok(()) }
/// ```
///
/// The key and the untyped properties of a listed group are slices of its page, about 20 kB for 100 groups, which stays in memory
/// as long as one of its groups exists. [`into_owned`](Self::into_owned) copies them; a typed group owns its properties.
///
/// A group serializes to the JSON that servers send: `group_type_index`, `group_key`, `group_properties`, `created_at`. Two groups
/// are equal if all fields are equal. Properties are compared as text; use [`same_value`](crate::same_value) to compare their
/// meaning.
///
/// Use [`Group::new`] to create one in tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group<P = Properties> {
    /// The index of the group type, from 0 to 4.
    #[serde(rename = "group_type_index")]
    pub type_index: u8,
    /// The key.
    #[serde(rename = "group_key")]
    pub key: SharedStr,
    /// The properties.
    #[serde(rename = "group_properties")]
    pub properties: P,
    /// When the group was created. On servers from 2026, the fraction of a second can differ between lists and single groups.
    pub created_at: DateTime<Utc>,
    /// The short ID of the notebook of the group, if the server returned one.
    #[serde(default, skip_serializing)]
    pub notebook: Option<String>,
    #[serde(skip)]
    event_not_sent: bool,
}

impl<P> Group<P> {
    /// Creates a group, for tests.
    ///
    /// ```
    /// use posthog_groups::{Group, Properties};
    ///
    /// let acme = Group::new(0, "org:5", Properties::new(&serde_json::json!({"plan": "scale"}))?, Default::default());
    /// assert_eq!(acme.property("plan").unwrap().as_str(), "\"scale\"");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(type_index: u8, key: impl Into<SharedStr>, properties: P, created_at: DateTime<Utc>) -> Self {
        Self { type_index, key: key.into(), properties, created_at, notebook: None, event_not_sent: false }
    }

    /// Returns true if the server stored the write but could not send the event for it, so that destinations that receive
    /// events have not received it. Always false for a group that was read.
    pub fn event_not_sent(&self) -> bool {
        self.event_not_sent
    }

    pub(crate) fn stored(index: i64, key: SharedStr, properties: P, created_at: DateTime<Utc>) -> Self {
        // Servers have five indexes.
        let type_index = u8::try_from(index).unwrap_or(u8::MAX);
        Self::new(type_index, key, properties, created_at)
    }

    pub(crate) fn map<Q>(self, properties: impl FnOnce(P) -> Q) -> Group<Q> {
        Group {
            type_index: self.type_index,
            key: self.key,
            properties: properties(self.properties),
            created_at: self.created_at,
            notebook: self.notebook,
            event_not_sent: self.event_not_sent,
        }
    }
}

impl Group {
    /// Decodes the properties.
    ///
    /// # Errors
    /// [`Error::is_decode`] if they do not match `P`. The error has the path, the group key, and the JSON.
    pub fn typed<P: DeserializeOwned>(self) -> Result<Group<P>> {
        let properties = decode(&self.key, &self.properties)?;
        Ok(Group { key: self.key.clone().into_owned(), ..self.map(|_| properties) })
    }

    /// Copies the key and the properties, so that the group does not keep its page in memory.
    #[must_use]
    pub fn into_owned(self) -> Self {
        Self { key: self.key.into_owned(), properties: self.properties.into_owned(), ..self }
    }

    /// Returns a property by its exact name, or `None` if the group does not have it. A property can be null.
    pub fn property(&self, name: &str) -> Option<JsonValue> {
        self.properties.get(name).ok().flatten()
    }

    pub(crate) fn without_event(mut self) -> Self {
        self.event_not_sent = true;
        self
    }
}

/// Decodes the properties of the group with this key.
pub(crate) fn decode<P: DeserializeOwned>(key: &str, properties: &Properties) -> Result<P> {
    // Tracking the path is slow, and is only needed for errors.
    if let Ok(decoded) = properties.decode() {
        return Ok(decoded);
    }
    let mut json = serde_json::Deserializer::from_str(properties.as_str());
    serde_path_to_error::deserialize(&mut json)
        .map_err(|e| Error::decode_group(Some(key.to_owned()), properties.as_str(), e))
}

impl From<raw::Group> for Group {
    fn from(group: raw::Group) -> Self {
        Self::stored(group.group_type_index, group.group_key, group.group_properties, group.created_at)
    }
}

impl From<types::FoundGroup> for Group {
    fn from(group: types::FoundGroup) -> Self {
        let found = Self::stored(
            group.group_type_index,
            group.group_key.into(),
            group.group_properties,
            group.created_at,
        );
        Self { notebook: group.notebook, ..found }
    }
}
