//! The names and values of properties, counted by the server.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::pin::Pin;

use posthog_groups_client::types;
use serde::{Deserialize, Serialize};

use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::client::Client;
use crate::resources::groups::Groups;

/// A request for the values of a property, returned by [`Groups::property_values`].
#[derive(Clone, Debug)]
#[must_use = "no request is sent until it is awaited"]
pub struct PropertyValuesQuery {
    groups: Groups,
    name: String,
    containing: Option<String>,
}

impl Groups {
    /// Returns the most frequent values of a property. No request is sent until the builder is awaited.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// for value in orgs.property_values("plan").containing("ent").await? {
    ///     println!("{} x {}", value.count.unwrap_or_default(), value.value);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn property_values(&self, name: impl Into<String>) -> PropertyValuesQuery {
        PropertyValuesQuery { groups: self.clone(), name: name.into(), containing: None }
    }
}

impl PropertyValuesQuery {
    /// Returns only values that contain this text. Case is ignored; `%` matches any text, and `_` any character.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.containing = Some(text.into());
        self
    }

    /// Returns at most 20 values, the most frequent first. Awaiting the query does the same.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the name is blank.
    pub async fn send(self) -> Result<Vec<PropertyValue>> {
        if self.name.trim().is_empty() {
            return Err(Error::input("the name of the property is blank")
                .with_help("use the name as it appears on groups"));
        }
        let name = input::property_name(&self.name)?;
        let session = self.groups.client().session("property_values");
        let index = self.groups.index(&session).await?;
        let list = || {
            let query = session.raw().list_property_values();
            let query = query.project_id(session.project()).group_type_index(index).key(name);
            match self.containing.as_deref() {
                Some(text) => query.value(text),
                None => query,
            }
        };
        let values = session.read(list).await?;
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

    /// Same as [`send`](Self::send).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl Client {
    /// Returns the names of the properties of each group type, with the number of groups that have them.
    ///
    /// # Errors
    /// [`Error::is_not_offered`] on servers since 2026-06-26, which no longer have the endpoint. Use
    /// [`Groups::property_values`] or sample with [`Groups::list`] there.
    pub async fn property_definitions(&self) -> Result<PropertyDefinitions> {
        let session = self.session("property_definitions");
        let list = || session.raw().list_property_definitions().project_id(self.project());
        let definitions = session.read(list).await?;
        Ok(PropertyDefinitions::from(definitions))
    }
}

/// A value of a property with the number of groups that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyValue {
    /// The value as JSON text, except that strings have no quotes: `1` and `"1"` are not distinguished.
    pub value: String,
    /// The number of groups that have it; `None` on servers from 2022.
    pub count: Option<i64>,
}

/// The names of properties by group type, returned by [`Client::property_definitions`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PropertyDefinitions(BTreeMap<u8, Vec<PropertyDefinition>>);

/// The name of a property with the number of groups that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyDefinition {
    /// Its name.
    pub name: String,
    /// The number of groups that have it. Servers may also count outdated versions of a group.
    pub count: i64,
}

impl PropertyDefinitions {
    /// Returns the properties of the group type with this index, the most frequent first.
    pub fn of(&self, type_index: u8) -> &[PropertyDefinition] {
        self.0.get(&type_index).map_or(&[], Vec::as_slice)
    }

    /// Iterates over the group types that have properties, ordered by index.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[PropertyDefinition])> {
        self.0.iter().map(|(index, rows)| (*index, rows.as_slice()))
    }
}

impl FromIterator<(u8, Vec<PropertyDefinition>)> for PropertyDefinitions {
    fn from_iter<I: IntoIterator<Item = (u8, Vec<PropertyDefinition>)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
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
