//! Related persons and groups.

use posthog_groups_client::types::{RelatedGroup, RelatedPerson};
use posthog_groups_client::{JsonValue, RelatedActor};
use serde::{Deserialize, Serialize};

/// The persons and groups that share an event of the last 90 days with a group or a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Related {
    /// The persons; always empty in the result of [`Client::related_to_person`](crate::Client::related_to_person).
    pub persons: Vec<RelatedPerson>,
    /// The groups, by type.
    pub groups: Vec<RelatedGroup>,
    /// Actors of types that this version does not know, as JSON.
    pub others: Vec<JsonValue>,
}

impl Related {
    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty() && self.groups.is_empty() && self.others.is_empty()
    }
}

impl From<Vec<RelatedActor>> for Related {
    fn from(actors: Vec<RelatedActor>) -> Self {
        let mut related = Self::default();
        for actor in actors {
            match actor {
                RelatedActor::Person(person) => related.persons.push(person),
                RelatedActor::Group(group) => related.groups.push(group),
                RelatedActor::Unknown(text) => related.others.push(text),
                // The enum is `non_exhaustive`; future variants are kept as JSON.
                other => related.others.extend(JsonValue::new(&other)),
            }
        }
        related
    }
}
