//! `$groupidentify` events that capture accepted and ingestion does not drop (contract section 3.4).

use std::time::Instant;

use chrono::{DateTime, Utc};

use serde_json::value::RawValue;

use crate::json::{self, Json, Kind, Members, Properties};
use crate::limits::Limits;

/// The content of a `$groupidentify`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identify {
    pub(crate) group_type: String,
    pub(crate) key: String,
    pub(crate) set: Properties,
    pub(crate) timestamp: Option<String>,
}

impl Identify {
    /// Reads the content of an event. `None` means that ingestion drops it without an error.
    pub(crate) fn new(event: &Members<'_>, properties: &Members<'_>) -> Option<Self> {
        let text = |name: &str| {
            let value = properties.get(name)?.get();
            match Kind::of(value) {
                Kind::String => serde_json::from_str(value).ok(),
                Kind::Number => Some(value.to_owned()),
                _ => None,
            }
            .filter(|text: &String| !text.is_empty())
        };
        let kind = |value: &RawValue| Kind::of(value.get());
        if properties.get("$process_person_profile").is_some_and(|value| kind(value) == Kind::False) {
            return None;
        }
        let set = match properties.get("$group_set") {
            Some(set) if Limits::of(set.get()).is_unstorable() => return None,
            Some(set) if kind(set) == Kind::Object => Json::from(*set).into(),
            Some(set) if kind(set) != Kind::Null => return None,
            _ => Properties::new(),
        };
        let (group_type, key) = (text("$group_type")?, text("$group_key")?);
        let timestamp = event.get("timestamp").and_then(|time| json::string(time));
        (key.chars().count() <= 400).then_some(Self { group_type, key, set, timestamp })
    }
}

/// An accepted event that has not changed its group yet.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) at: Instant,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) project: i64,
    pub(crate) event: Identify,
}
