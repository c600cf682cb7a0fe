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
            Named::Name(_) => find(session, &self.0).await,
        }
    }
}

/// The error for a type that the project does not have. It lists the existing types.
fn unknown_type(wanted: &Named, types: &[GroupType], session: &Session) -> Error {
    let wanted = match wanted {
        Named::Index(index) => format!("with the index {index}"),
        Named::Name(name) => format!("called `{name}`"),
    };
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
    find(session, &Named::Index(index.into())).await.map(drop)
}

/// Requests the group types, ignoring the cache.
pub(crate) async fn fetch(session: &Session) -> Result<Arc<[GroupType]>> {
    let list = || session.raw().list_group_types().project_id(session.project());
    let types = session.read(list).await?;
    let types: Arc<[GroupType]> = types.into();
    session.shared.group_types.put(types.clone());
    Ok(types)
}

/// Returns the index of a type. If the cache does not have it, the types are requested.
async fn find(session: &Session, wanted: &Named) -> Result<u8> {
    let is_wanted = |t: &&GroupType| match wanted {
        Named::Index(index) => t.group_type_index == *index,
        Named::Name(name) => t.group_type == *name,
    };
    let pick = |types: &[GroupType]| u8::try_from(types.iter().find(is_wanted)?.group_type_index).ok();
    let cache = &session.shared.group_types;
    if let Some(index) = cache.get().as_deref().and_then(pick) {
        return Ok(index);
    }
    let missed = Instant::now();
    let _one_fetches = session.queue("requests the group types", cache.fetching.lock()).await?;
    // Another call may have requested them while this one waited.
    let types = match cache.get_since(missed) {
        Some(types) => types,
        None => fetch(session).await?,
    };
    pick(&types).ok_or_else(|| unknown_type(wanted, &types, session))
}
