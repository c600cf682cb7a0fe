//! Setting one property.

use posthog_groups_client::{JsonValue, types};

use crate::client::{Client, Scope};
use crate::compare::same_value;
use crate::error::Result;
use crate::group::Group;
use crate::groups::look_up;
use crate::handle::GroupHandle;
use crate::input;
use crate::patience::{Patience, could_not_look, needs_a_look};

pub(crate) async fn set(handle: &GroupHandle, name: &str, value: JsonValue) -> Result<Group> {
    let key = input::group_key(&handle.key)?;
    let client = handle.groups.client();
    let scope = client.scope();
    let index = handle.groups.index(&scope).await?;
    let _turn = scope.bounded(client.shared().turns.take(index, key)).await?;
    set_in_turn(client, &scope, index, key, name, &value).await
}

/// Sets a property while no other write of this client to the group is under way.
pub(crate) async fn set_in_turn(
    client: &Client,
    scope: &Scope,
    index: u8,
    key: &str,
    name: &str,
    value: &JsonValue,
) -> Result<Group> {
    let mut patience = Patience::new(client, scope);
    loop {
        let error = match send(client, scope, index, key, name, value).await {
            Ok(group) => return Ok(group),
            Err(error) => error,
        };
        if !needs_a_look(&error) {
            return Err(error);
        }
        match look_up(client, scope, index, key).await {
            Ok(found) if found.property(name).is_some_and(|stored| same_value(&stored, value)) => {
                // 404 with the value in place: the group's type is missing, so that nothing followed the write.
                let no_event = error.is_event_not_sent() || error.is_not_found();
                return Ok(if no_event { found.without_event() } else { found });
            }
            Ok(_) if error.is_event_not_sent() => {
                // Stored, the server said, and already replaced by somebody else.
                return Err(error);
            }
            Ok(_) => patience.again(error).await?,
            // Without a group nothing can have taken effect.
            Err(look) if look.is_group_not_found() => {
                return Err(if error.is_not_found() { error } else { look });
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
    name: &str,
    value: &JsonValue,
) -> Result<Group> {
    let body = types::UpdatePropertyRequest { key: name.to_owned(), value: value.clone() };
    let call = client.begin("update_property", scope);
    let sent = call
        .raw()
        .update_property()
        .project_id(client.project())
        .group_type_index(index)
        .group_key(key)
        .body(body)
        .send()
        .await;
    call.finish::<posthog_groups_client::Group>(sent).map(Group::from)
}
