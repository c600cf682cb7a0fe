//! Merging several properties, on servers that can and on those that cannot.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use posthog_groups_client::{JsonValue, Properties};

use crate::client::{Client, Scope};
use crate::compare::same_value;
use crate::create::create_in_turn;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::group_type::check_exists;
use crate::groups::look_up;
use crate::handle::GroupHandle;
use crate::input;
use crate::patience::{Patience, could_not_look, needs_a_look};
use crate::set::set_in_turn;

/// Properties to be merged into a group; await it. [`GroupHandle::upsert`] makes it.
///
/// The group is read first, and only what differs is written: by the server's own endpoint where it has one (servers of
/// September 2025), otherwise property by property. Values are compared as JSON: the order of members and the way a number
/// is written do not matter, its exact value does. Nothing to merge means nothing is sent.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Upsert {
    handle: GroupHandle,
    properties: Result<Properties>,
    create_if_missing: bool,
}

/// What an upsert has done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Upserted {
    /// The group as it is now; `None` only when there was nothing to merge, and nothing was sent.
    pub group: Option<Group>,
    /// The group was created.
    pub created: bool,
    /// The names of the properties that were written, because they were missing or different.
    pub written: Vec<String>,
}

impl Upsert {
    pub(crate) fn new(handle: GroupHandle, properties: Result<Properties>) -> Self {
        Self { handle, properties, create_if_missing: false }
    }

    /// Creates the group where it is missing, with these properties.
    pub fn create_if_missing(mut self) -> Self {
        self.create_if_missing = true;
        self
    }

    async fn send(self) -> Result<Upserted> {
        let key = input::group_key(&self.handle.key)?;
        if self.create_if_missing && input::new_group_key(key)? != key {
            return Err(Error::input(
                "the group key has blanks around it, which the server removes when it creates a group; remove them",
            ));
        }
        let properties = self.properties?;
        let wanted = wanted(&properties)?;
        if wanted.is_empty() && !self.create_if_missing {
            return Ok(Upserted { group: None, created: false, written: Vec::new() });
        }
        let client = self.handle.groups.client();
        let scope = client.scope();
        let index = self.handle.groups.index(&scope).await?;
        let _turn = scope.bounded(client.shared().turns.take(index, key)).await?;
        let found = match look_up(client, &scope, index, key).await {
            Err(missing) if missing.is_group_not_found() && self.create_if_missing => {
                check_exists(client, &scope, index).await?;
                match create_in_turn(client, &scope, index, key, &properties).await {
                    Ok(group) => {
                        let written = wanted.into_iter().map(|(name, _)| name).collect();
                        return Ok(Upserted { group: Some(group), created: true, written });
                    }
                    // Somebody else has created it in between: then it is merged.
                    Err(error) if error.is_already_exists() => look_up(client, &scope, index, key).await?,
                    Err(error) => return Err(error),
                }
            }
            found => found?,
        };
        merge(client, &scope, index, key, found, wanted).await
    }
}

impl IntoFuture for Upsert {
    type Output = Result<Upserted>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Merges the properties.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for a null among the values, and for properties that are no object;
    /// [`Error::is_not_found`] when the group is missing and is not to be created. After an error in the middle some properties may be
    /// written; the same upsert again completes it.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The properties one by one, in the order of their names.
pub(crate) fn members(properties: &Properties) -> Result<Vec<(String, JsonValue)>> {
    let members: BTreeMap<String, JsonValue> =
        properties.decode().map_err(|e| Error::input("the properties cannot be read").with_source(e))?;
    Ok(members.into_iter().collect())
}

/// The properties to be merged, none of which may be null.
fn wanted(properties: &Properties) -> Result<Vec<(String, JsonValue)>> {
    let members = members(properties)?;
    for (name, value) in &members {
        input::property_name(name)?;
        if value.is_null() {
            return Err(Error::input(format!(
                "the value of `{name}` is null, which the server takes for missing; call `unset(\"{name}\")`, or leave it out \
                 (`#[serde(skip_serializing_if = \"Option::is_none\")]`)"
            )));
        }
    }
    Ok(members)
}

/// Which of the wanted properties the group does not hold.
pub(crate) fn different(group: &Group, wanted: &[(String, JsonValue)]) -> Vec<(String, JsonValue)> {
    let differs = |name: &str, value| !group.property(name).is_some_and(|stored| same_value(&stored, value));
    wanted.iter().filter(|(name, value)| differs(name, value)).cloned().collect()
}

/// Merges into a group that exists, while no other write of this client to the group is under way.
pub(crate) async fn merge(
    client: &Client,
    scope: &Scope,
    index: u8,
    key: &str,
    found: Group,
    wanted: Vec<(String, JsonValue)>,
) -> Result<Upserted> {
    let mut to_write = different(&found, &wanted);
    if to_write.is_empty() {
        return Ok(Upserted { group: Some(found), created: false, written: Vec::new() });
    }
    let written: Vec<String> = to_write.iter().map(|(name, _)| name.clone()).collect();
    let done = |group| Ok(Upserted { group: Some(group), created: false, written });
    if !client.shared().upsert_is_missing.load(Ordering::Relaxed) {
        match merge_at_once(client, scope, index, key, &to_write).await {
            Ok(group) => return done(group),
            Err(error) if error.is_not_offered() || error.status() == Some(405) => {
                client.shared().upsert_is_missing.store(true, Ordering::Relaxed);
            }
            Err(error) => return Err(error),
        }
    }
    let mut group = found;
    let mut no_event = false;
    for (name, value) in to_write.drain(..) {
        group = set_in_turn(client, scope, index, key, &name, &value).await?;
        no_event |= group.event_not_sent();
    }
    done(if no_event { group.without_event() } else { group })
}

/// Merges by the server's own endpoint.
async fn merge_at_once(
    client: &Client,
    scope: &Scope,
    index: u8,
    key: &str,
    to_write: &[(String, JsonValue)],
) -> Result<Group> {
    let body: BTreeMap<&str, &JsonValue> =
        to_write.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let body = input::properties(&body)?;
    let mut patience = Patience::new(client, scope);
    loop {
        let call = client.begin("upsert_properties", scope);
        let sent = call
            .raw()
            .upsert_properties()
            .project_id(client.project())
            .group_type_index(index)
            .group_key(key)
            .body(body.clone())
            .send()
            .await;
        let error = match call.finish::<posthog_groups_client::Group>(sent) {
            Ok(group) => return Ok(group.into()),
            Err(error) => error,
        };
        if !needs_a_look(&error) {
            return Err(error);
        }
        match look_up(client, scope, index, key).await {
            Ok(found) if different(&found, to_write).is_empty() => {
                let no_event = error.is_event_not_sent() || error.is_not_found();
                return Ok(if no_event { found.without_event() } else { found });
            }
            Ok(_) if error.is_event_not_sent() => return Err(error),
            Ok(_) => patience.again(error).await?,
            // Without a group nothing can have taken effect.
            Err(look) if look.is_group_not_found() => {
                return Err(if error.is_not_found() { error } else { look });
            }
            Err(look) => return Err(could_not_look(error, &look)),
        }
    }
}
