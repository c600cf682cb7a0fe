//! Creating a group exactly once.

use std::future::IntoFuture;
use std::pin::Pin;

use posthog_groups_client::Properties;
use serde::Serialize;

use crate::data::group::Group;
use crate::data::input;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::resources::group_type::check_exists;
use crate::resources::groups::Groups;
use crate::write::{self, Target};

/// A request to create a group, returned by [`Groups::create`].
///
/// ```no_run
/// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
/// let props = serde_json::json!({"name": "Acme", "plan": "trial"});
/// match orgs.create("org:9").properties(&props).send().await {
///     Ok(group) => println!("created {}", group.key),
///     Err(e) if e.is_already_exists() => println!("the group already exists"),
///     Err(e) => return Err(e),
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "no request is sent until it is awaited"]
pub struct CreateGroup {
    groups: Groups,
    key: String,
    properties: Result<Option<Properties>>,
}

impl Groups {
    /// Creates a group. No request is sent until the builder is awaited.
    pub fn create(&self, key: impl Into<String>) -> CreateGroup {
        CreateGroup { groups: self.clone(), key: key.into(), properties: Ok(None) }
    }
}

impl CreateGroup {
    /// Sets the properties: any value that serializes to a JSON object. Values can be null.
    pub fn properties(mut self, properties: impl Serialize) -> Self {
        self.properties = input::properties(&properties).map(Some);
        self
    }

    /// Creates the group. Awaiting the builder does the same.
    ///
    /// White space around the key is removed, as on the server. The group type is checked first, because the server stores a group
    /// of an unknown type before it returns 404. If the response is lost, the group is read back, and the request is sent again only
    /// if the group does not exist.
    ///
    /// # Errors
    /// [`Error::is_already_exists`] if a group with this key exists, or if the group has other properties when it is read back.
    /// [`Error::is_invalid_input`] if the key is blank or too long, if the properties are not an object, and if the project does not
    /// have the group type. [`Error::is_outcome_unknown`] if reading back also failed.
    pub async fn send(self) -> Result<Group> {
        let key = input::stored_group_key(&self.key)?;
        let properties = self.properties?.unwrap_or_default();
        let session = self.groups.client().session("create");
        let index = self.groups.index(&session).await?;
        check_exists(&session, index).await?;
        let target = Target::lock(&session, index, key).await?;
        write::execute(&target, &write::Create { properties: &properties }).await
    }
}

impl IntoFuture for CreateGroup {
    type Output = Result<Group>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Same as [`send`](Self::send).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
