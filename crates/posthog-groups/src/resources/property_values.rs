//! The names and values of properties, counted by the server.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::pin::Pin;

use posthog_groups_client::types;

use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::groups::Groups;
use crate::wire::session::read;

/// A question for the values of a property; await it. [`Groups::property_values`] makes it.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct PropertyValuesQuery {
    groups: Groups,
    name: String,
    containing: Option<String>,
}

impl PropertyValuesQuery {
    pub(crate) fn new(groups: Groups, name: String) -> Self {
        Self { groups, name, containing: None }
    }

    /// Keeps values that contain this text; case does not matter. `%` stands for any text here, and `_` for any
    /// character.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.containing = Some(text.into());
        self
    }

    async fn send(self) -> Result<Vec<PropertyValue>> {
        if self.name.trim().is_empty() {
            return Err(Error::input(
                "the name of the property is blank; give the name as it appears on groups",
            ));
        }
        let name = input::property_name(&self.name)?;
        let session = self.groups.client().session();
        let index = self.groups.index(&session).await?;
        let values = read!(session, "list_property_values", |raw| {
            let query =
                raw.list_property_values().project_id(session.project()).group_type_index(index).key(name);
            match self.containing.as_deref() {
                Some(text) => query.value(text),
                None => query,
            }
        })?;
        let rows = match values {
            types::PropertyValues::List(rows) => rows.0,
            types::PropertyValues::Page(page) => page.results,
        };
        Ok(rows.into_iter().map(|row| PropertyValue { value: row.name, count: row.count }).collect())
    }
}

impl IntoFuture for PropertyValuesQuery {
    type Output = Result<Vec<PropertyValue>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// At most 20 values, the most frequent first.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A value of a property, and how many groups have it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PropertyValue {
    /// The value as text: numbers, booleans and nested JSON as their JSON, text without quotes. `1` and `"1"` are one.
    pub value: String,
    /// How many groups have it; servers of 2022 do not tell.
    pub count: Option<i64>,
}

/// The names of properties by group type; [`Client::property_definitions`](crate::Client::property_definitions) gets them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyDefinitions(BTreeMap<u8, Vec<PropertyDefinition>>);

/// The name of a property, and how many groups have it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PropertyDefinition {
    /// Its name.
    pub name: String,
    /// How many groups have it. Servers may count replaced versions of a group as well.
    pub count: i64,
}

impl PropertyDefinitions {
    /// The properties of the group type with this index, the most frequent first.
    pub fn of(&self, type_index: u8) -> &[PropertyDefinition] {
        self.0.get(&type_index).map_or(&[], Vec::as_slice)
    }

    /// All group types that have properties, by index.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[PropertyDefinition])> {
        self.0.iter().map(|(index, rows)| (*index, rows.as_slice()))
    }
}

impl From<types::PropertyDefinitions> for PropertyDefinitions {
    fn from(definitions: types::PropertyDefinitions) -> Self {
        let rows = definitions.0.into_iter().filter_map(|(index, rows)| {
            let rows = rows.into_iter().map(|row| PropertyDefinition { name: row.name, count: row.count });
            Some((index.parse().ok()?, rows.collect()))
        });
        Self(rows.collect())
    }
}
