//! Taking one property away.

use posthog_groups_client::types;

use crate::client::{Client, Scope};
use crate::error::{Error, Result};
use crate::group::Group;
use crate::groups::look_up;
use crate::handle::GroupHandle;
use crate::input;
use crate::patience::{Patience, could_not_look, needs_a_look};

pub(crate) async fn unset(handle: &GroupHandle, name: &str) -> Result<Group> {
    let key = input::group_key(&handle.key)?;
    let client = handle.groups.client();
    let scope = client.scope();
    let index = handle.groups.index(&scope).await?;
    let _turn = scope.bounded(client.shared().turns.take(index, key)).await?;
    let mut patience = Patience::new(client, &scope);
    loop {
        let error = match send(client, &scope, index, key, name).await {
            Ok(group) => return Ok(group),
            Err(error) => error,
        };
        // Servers of 2025 say 500 where the property is not there.
        if !needs_a_look(&error) && !says_it_is_gone(&error) {
            return Err(error);
        }
        match look_up(client, &scope, index, key).await {
            Ok(found) if found.property(name).is_none() => {
                // What is gone is done.
                return Ok(if error.is_event_not_sent() { found.without_event() } else { found });
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

fn says_it_is_gone(error: &Error) -> bool {
    error.status() == Some(400)
        && error.detail().is_some_and(|detail| detail.contains("does not exist on this group"))
}

async fn send(client: &Client, scope: &Scope, index: u8, key: &str, name: &str) -> Result<Group> {
    let body = types::DeletePropertyRequest { unset: name.to_owned() };
    let call = client.begin("delete_property", scope);
    let sent = call
        .raw()
        .delete_property()
        .project_id(client.project())
        .group_type_index(index)
        .group_key(key)
        .body(body)
        .send()
        .await;
    call.finish::<posthog_groups_client::Group>(sent).map(Group::from)
}
