//! Persons and groups in one list, distinguished by `type`.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use crate::json::JsonValue;
use crate::types::{RelatedGroup, RelatedPerson};

/// An actor returned by `list_related`.
///
/// The implementation of `Deserialize` is manual, because serde buffers tagged enums and would lose the JSON text of the
/// properties.
///
/// ```
/// use posthog_groups_client::RelatedActor;
///
/// let actors: Vec<RelatedActor> = serde_json::from_str(r#"[
///     {"type": "group", "id": "acct_1", "group_key": "acct_1", "group_type_index": 1, "created_at": null,
///      "properties": {"seats": 9007199254740993}, "matched_recordings": [], "value_at_data_point": null},
///     {"type": "robot", "id": "r2"}
/// ]"#)?;
/// let RelatedActor::Group(group) = &actors[0] else { panic!("a group") };
/// assert_eq!(group.properties.as_str(), r#"{"seats": 9007199254740993}"#);
/// assert!(matches!(actors[1], RelatedActor::Unknown(_)), "an unknown type of actor is kept");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RelatedActor {
    /// A person.
    Person(RelatedPerson),
    /// A group.
    Group(RelatedGroup),
    /// An actor of a type that this version does not know, as JSON.
    Unknown(JsonValue),
}

impl<'de> Deserialize<'de> for RelatedActor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(rename = "type", borrow)]
            kind: std::borrow::Cow<'a, str>,
        }

        let actor = JsonValue::deserialize(deserializer)?;
        let kind = actor.decode::<Tag<'_>>().map_err(D::Error::custom)?.kind;
        match kind.as_ref() {
            "person" => actor.decode().map(Self::Person).map_err(D::Error::custom),
            "group" => actor.decode().map(Self::Group).map_err(D::Error::custom),
            _ => Ok(Self::Unknown(actor)),
        }
    }
}
