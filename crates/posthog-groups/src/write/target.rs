//! The group that a call writes to and reads back.

use crate::data::group::Group;
use crate::error::{Error, Result};
use crate::wire::keyed_locks::KeyGuard;
use crate::wire::session::Session;

/// A group that is locked against other writes of the client.
pub(crate) struct Target<'s> {
    pub(crate) session: &'s Session,
    pub(crate) index: u8,
    pub(crate) key: &'s str,
    _guard: KeyGuard<'s>,
}

impl<'s> Target<'s> {
    /// Waits until no other call of the client writes to the group, because the server reads all properties, changes one, and
    /// writes all back without a lock.
    pub(crate) async fn lock(session: &'s Session, index: u8, key: &'s str) -> Result<Self> {
        let locks = &session.shared.write_locks;
        let guard = session.queue("writes to the same group", locks.lock(index, key)).await?;
        Ok(Self { session, index, key, _guard: guard })
    }

    /// Reads the group.
    pub(crate) async fn find(&self) -> Result<Group> {
        find(self.session, self.index, self.key).await
    }

    /// Reads the group, or creates it if it is missing. Returns whether it was created.
    pub(crate) async fn find_or(&self, create: impl Future<Output = Result<Group>>) -> Result<(Group, bool)> {
        match self.find().await {
            Err(missing) if missing.is_group_not_found() => match create.await {
                // Another client has created it in the meantime.
                Err(error) if error.is_already_exists() => Ok((self.find().await?, false)),
                created => Ok((created?, true)),
            },
            found => Ok((found?, false)),
        }
    }
}

/// Reads a group by its exact key.
pub(crate) async fn find(session: &Session, index: u8, key: &str) -> Result<Group> {
    let find = || {
        session
            .raw()
            .find_group()
            .project_id(session.project())
            .group_type_index(index)
            .group_key(key)
            // Without this parameter, reading can create a notebook. Older servers ignore it.
            .skip_create_notebook(true)
    };
    let group = session.read(find).await.map(Group::from).map_err(Error::with_repair_help)?;
    if group.key == key && group.type_index == index {
        return Ok(group);
    }
    Err(session.fail(Error::other_group(&group.key, group.type_index.into())))
}
