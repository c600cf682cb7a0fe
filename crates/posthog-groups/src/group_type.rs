//! Group types: named once, then known by their index.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use posthog_groups_client::types::GroupType;
use tokio::time::Instant;

use crate::client::{Client, Scope, read};
use crate::error::{Error, Result};
use crate::poison::unpoisoned;

/// The most group types that a project has.
const MOST_TYPES: u8 = 5;

/// A group type: its index from 0 to 4, or its name.
///
/// It is made of a number or of text, so `groups(0)` and `groups("organization")` both work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTypeRef(Named);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Index(i64),
    Name(String),
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for GroupTypeRef {
            fn from(index: $number) -> Self {
                Self(Named::Index(i64::from(index)))
            }
        }
    )*};
}

from_number!(u8, i32, u32, i64);

impl From<&str> for GroupTypeRef {
    fn from(name: &str) -> Self {
        Self(Named::Name(name.to_owned()))
    }
}

impl From<String> for GroupTypeRef {
    fn from(name: String) -> Self {
        Self(Named::Name(name))
    }
}

impl From<&String> for GroupTypeRef {
    fn from(name: &String) -> Self {
        Self(Named::Name(name.clone()))
    }
}

impl GroupTypeRef {
    /// The index, from the table of group types where it takes a look.
    pub(crate) async fn index(&self, client: &Client, scope: &Scope) -> Result<u8> {
        match &self.0 {
            Named::Index(index) => match u8::try_from(*index) {
                Ok(index) if index < MOST_TYPES => Ok(index),
                _ => Err(Error::input(format!(
                    "there is no group type with the index {index}; indexes go from 0 to 4"
                ))),
            },
            Named::Name(name) => {
                let found =
                    client.shared().group_types.find(client, scope, |t| t.group_type == *name).await?;
                found.map_err(|types| unknown_type(&format!("called `{name}`"), &types))
            }
        }
    }
}

/// A type that the project does not have, refused with what it has.
fn unknown_type(wanted: &str, types: &[GroupType]) -> Error {
    let known: Vec<String> =
        types.iter().map(|t| format!("`{}` ({})", t.group_type, t.group_type_index)).collect();
    let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
    Error::input(format!(
        "the project has no group type {wanted}, but {known}; group types come from events, send one with \
         `$group_type` first"
    ))
}

/// Refuses an index that no group type has: the server would store a group of it before it says 404.
pub(crate) async fn check_exists(client: &Client, scope: &Scope, index: u8) -> Result<()> {
    let wanted = i64::from(index);
    let found = client.shared().group_types.find(client, scope, |t| t.group_type_index == wanted).await?;
    found.map(|_| ()).map_err(|types| unknown_type(&format!("with the index {index}"), &types))
}

/// The group types of the project, kept for a while.
#[derive(Debug)]
pub(crate) struct GroupTypeTable {
    keep: Duration,
    rows: Mutex<Option<(Instant, Arc<[GroupType]>)>>,
    // Held while asking, so that many calls that miss the table make one request.
    asking: tokio::sync::Mutex<()>,
}

impl GroupTypeTable {
    pub(crate) fn new(keep: Duration) -> Self {
        Self { keep, rows: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    fn known(&self, since: Option<Instant>) -> Option<Arc<[GroupType]>> {
        let rows = unpoisoned(self.rows.lock());
        let (at, types) = rows.as_ref()?;
        let fresh = since.map_or_else(|| at.elapsed() < self.keep, |since| *at >= since);
        fresh.then(|| types.clone())
    }

    /// Asks the server, whatever is known.
    pub(crate) async fn fetch(&self, client: &Client, scope: &Scope) -> Result<Arc<[GroupType]>> {
        let types = read!(client, scope, "list_group_types", |raw| raw
            .list_group_types()
            .project_id(client.project()))?;
        let types: Arc<[GroupType]> = types.into();
        *unpoisoned(self.rows.lock()) = Some((Instant::now(), types.clone()));
        Ok(types)
    }

    /// The index of the type that `wanted` picks; asks again before it says that there is none, and then has the types that
    /// there are.
    async fn find(
        &self,
        client: &Client,
        scope: &Scope,
        wanted: impl Fn(&GroupType) -> bool + Send + Sync,
    ) -> Result<std::result::Result<u8, Arc<[GroupType]>>> {
        let pick = |types: &[GroupType]| {
            let found = types.iter().find(|t| wanted(t))?;
            u8::try_from(found.group_type_index).ok()
        };
        if let Some(index) = self.known(None).as_deref().and_then(pick) {
            return Ok(Ok(index));
        }
        let missed = Instant::now();
        let _one_asks = self.asking.lock().await;
        // Another call may have asked while this one waited.
        let types = match self.known(Some(missed)) {
            Some(types) => types,
            None => self.fetch(client, scope).await?,
        };
        Ok(pick(&types).ok_or(types))
    }
}
