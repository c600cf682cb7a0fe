//! Group types, by name or index.

use std::sync::Arc;

use posthog_groups_client::types::GroupType;
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::wire::session::Session;

/// The maximum number of group types in a project.
const MOST_TYPES: u8 = 5;

/// A group type: its index from 0 to 4, or its name.
///
/// It converts from a number and from text, so `groups(0)` and `groups("organization")` both work.
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
    /// Returns the index. A name is looked up in the group types of the project.
    pub(crate) async fn index(&self, session: &Session) -> Result<u8> {
        match &self.0 {
            Named::Index(index) => match u8::try_from(*index) {
                Ok(index) if index < MOST_TYPES => Ok(index),
                _ => Err(Error::input(format!("there is no group type with the index {index}"))
                    .with_help("indexes go from 0 to 4")),
            },
            Named::Name(name) => {
                let found = find(session, |t| t.group_type == *name).await?;
                found.map_err(|types| unknown_type(&format!("called `{name}`"), &types, session))
            }
        }
    }
}

/// The error for a type that the project does not have. It lists the existing types.
fn unknown_type(wanted: &str, types: &[GroupType], session: &Session) -> Error {
    let known: Vec<String> =
        types.iter().map(|t| format!("`{}` ({})", t.group_type, t.group_type_index)).collect();
    let known = match known.is_empty() {
        true => "it has no group types".to_owned(),
        false => format!("its group types are {}", known.join(", ")),
    };
    Error::input(format!("the project has no group type {wanted}; {known}"))
        .with_help("group types are created by events with `$group_type`")
        .redacted(&session.shared.connection.key)
}

/// Fails for an index without a group type, because the server would store a group of it before it returns 404.
pub(crate) async fn check_exists(session: &Session, index: u8) -> Result<()> {
    let wanted = i64::from(index);
    let found = find(session, |t| t.group_type_index == wanted).await?;
    found.map(|_| ()).map_err(|types| unknown_type(&format!("with the index {index}"), &types, session))
}

/// Requests the group types, ignoring the cache.
pub(crate) async fn fetch(session: &Session) -> Result<Arc<[GroupType]>> {
    let list = || session.raw().list_group_types().project_id(session.project());
    let types = session.read(list).await?;
    let types: Arc<[GroupType]> = types.into();
    session.shared.group_types.put(types.clone());
    Ok(types)
}

/// Returns the index of the type that `wanted` selects. If the cache does not have it, the types are requested. If there is still
/// no such type, returns the types.
async fn find(
    session: &Session,
    wanted: impl Fn(&GroupType) -> bool + Send + Sync,
) -> Result<std::result::Result<u8, Arc<[GroupType]>>> {
    let pick = |types: &[GroupType]| {
        let found = types.iter().find(|t| wanted(t))?;
        u8::try_from(found.group_type_index).ok()
    };
    let cache = &session.shared.group_types;
    if let Some(index) = cache.get().as_deref().and_then(pick) {
        return Ok(Ok(index));
    }
    let missed = Instant::now();
    let _one_fetches = session.queue("requests the group types", cache.fetching.lock()).await?;
    // Another call may have requested them while this one waited.
    let types = match cache.get_since(missed) {
        Some(types) => types,
        None => fetch(session).await?,
    };
    Ok(pick(&types).ok_or(types))
}
