//! Creating a group exactly once.

use posthog_groups_client::{Properties, types};
use serde::Serialize;

use crate::client::{Client, Scope};
use crate::compare::same_properties;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::group_type::check_exists;
use crate::groups::{Groups, look_up};
use crate::input;
use crate::patience::{Patience, could_not_look, needs_a_look};

/// A group to be created; [`Groups::create`] makes it.
///
/// ```no_run
/// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
/// let props = serde_json::json!({"name": "Acme", "plan": "trial"});
/// match orgs.create("org:9").properties(&props).send().await {
///     Ok(group) => println!("created {}", group.key),
///     Err(e) if e.is_already_exists() => println!("it was there before"),
///     Err(e) => return Err(e),
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent until `send` is awaited"]
pub struct CreateGroup {
    groups: Groups,
    key: String,
    properties: Result<Option<Properties>>,
}

impl CreateGroup {
    pub(crate) fn new(groups: Groups, key: String) -> Self {
        Self { groups, key, properties: Ok(None) }
    }

    /// Its properties: whatever serializes to a JSON object. Values may be null here.
    pub fn properties(mut self, properties: impl Serialize) -> Self {
        self.properties = input::properties(&properties).map(Some);
        self
    }

    /// Creates the group.
    ///
    /// Blanks around the key are removed, as the server does. The group type is checked first, because the server would store a
    /// group of an unknown type before it refuses. After a lost answer the group is looked for: it is sent again only when it
    /// is not there, so that there is exactly one.
    ///
    /// # Errors
    /// [`Error::is_already_exists`] when the key is taken: by a group that was there before, or, after a lost answer, by one with
    /// other properties. [`Error::is_invalid_input`] for a blank or too long key, properties that are no object, and a
    /// group type that the project does not have. [`Error::is_outcome_unknown`] when not even a look succeeded.
    pub async fn send(self) -> Result<Group> {
        let key = input::new_group_key(&self.key)?;
        let properties = self.properties?.unwrap_or_default();
        let client = self.groups.client();
        let scope = client.scope();
        let index = self.groups.index(&scope).await?;
        check_exists(client, &scope, index).await?;
        let _turn = scope.bounded(client.shared().turns.take(index, key)).await?;
        create_in_turn(client, &scope, index, key, &properties).await
    }
}

/// Creates a group of a type that exists, while no other write of this client to the group is under way.
pub(crate) async fn create_in_turn(
    client: &Client,
    scope: &Scope,
    index: u8,
    key: &str,
    properties: &Properties,
) -> Result<Group> {
    let mut patience = Patience::new(client, scope);
    let mut unclear = false;
    loop {
        let error = match send(client, scope, index, key, properties).await {
            Ok(group) => return Ok(group),
            Err(error) => error,
        };
        let taken = error.is_already_exists();
        if taken && !unclear {
            // Nothing of this call can have created it.
            return Err(error);
        }
        if !taken && !needs_a_look(&error) {
            return Err(error);
        }
        match look_up(client, scope, index, key).await {
            // The server says itself that it has stored what it was sent.
            Ok(found) if error.is_event_not_sent() => return Ok(found.without_event()),
            Ok(found) if same_properties(&found.properties, properties) => {
                // 404: stored without a type, so that nothing followed.
                return Ok(if error.is_not_found() { found.without_event() } else { found });
            }
            Ok(_) => return Err(Error::not_ours().of("create_group", error.attempts()).with_source(error)),
            Err(look) if look.is_group_not_found() && !taken && !error.is_event_not_sent() => {
                unclear = true;
                patience.again(error).await?;
            }
            Err(look) => return Err(could_not_look(error, &look)),
        }
    }
}

async fn send(
    client: &Client,
    scope: &Scope,
    index: u8,
    key: &str,
    properties: &Properties,
) -> Result<Group> {
    let body = types::CreateGroupRequest {
        group_key: key.to_owned(),
        group_properties: Some(properties.clone()),
        group_type_index: i64::from(index),
    };
    let call = client.begin("create_group", scope);
    let sent = call.raw().create_group().project_id(client.project()).body(body).send().await;
    call.finish::<posthog_groups_client::Group>(sent).map(Group::from)
}
