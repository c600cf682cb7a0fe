//! The groups of one type.

use serde::Serialize;

use crate::data::group::Group;
use crate::data::input;
use crate::error::Result;
use crate::resources::client::Client;
use crate::resources::create::CreateGroup;
use crate::resources::group_type::GroupTypeRef;
use crate::resources::handle::GroupHandle;
use crate::resources::list::ListGroups;
use crate::resources::property_values::PropertyValuesQuery;
use crate::wire::session::Session;
use crate::write::find;

/// The groups of one type; [`Client::groups`] makes it.
///
/// Cheap to clone. Nothing is sent until a call is awaited.
#[derive(Clone, Debug)]
pub struct Groups {
    client: Client,
    group_type: GroupTypeRef,
}

impl Groups {
    pub(crate) fn new(client: Client, group_type: GroupTypeRef) -> Self {
        Self { client, group_type }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn index(&self, session: &Session) -> Result<u8> {
        self.group_type.index(session).await
    }

    /// The index of the type, from 0 to 4.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) when the project has no type of that name, or the index is out of
    /// range.
    pub async fn type_index(&self) -> Result<u8> {
        self.index(&self.client.session()).await
    }

    /// A group by its exact key, or `None`. Keys are case-sensitive.
    ///
    /// No notebook is created by looking, whatever the instance's settings.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) for a blank key or one of more than 400 characters.
    pub async fn find(&self, key: impl AsRef<str>) -> Result<Option<Group>> {
        match self.get(key).await {
            Ok(group) => Ok(Some(group)),
            Err(error) if error.is_group_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A group by its exact key.
    ///
    /// # Errors
    /// [`Error::is_not_found`](crate::Error::is_not_found) when there is none; otherwise as [`find`](Self::find).
    pub async fn get(&self, key: impl AsRef<str>) -> Result<Group> {
        let key = input::check_group_key(key.as_ref())?;
        let session = self.client.session();
        let index = self.index(&session).await?;
        find(&session, index, key).await
    }

    /// Lists groups, newest first.
    pub fn list(&self) -> ListGroups {
        ListGroups::new(self.clone())
    }

    /// Lists all groups, however many there are: as [`list`](Self::list), but without a deadline, waiting for the rate limit
    /// however long that is, and repeating after a 500 as after other failures.
    ///
    /// Two pages are held at a time, so that memory does not grow with the list. PostHog Cloud allows 4,800 pages of 100 groups
    /// an hour. [`Client::throttled_for`] tells when it waits, and [`GroupPage::next`](crate::GroupPage::next) where to go on.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// let mut all = orgs.export().stream();
    /// while let Some(group) = all.next().await {
    ///     let group = group?;
    ///     println!("{} {}", group.key, group.properties.as_str());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn export(&self) -> ListGroups {
        ListGroups::new(self.patient())
    }

    /// The same groups for work that takes as long as it takes.
    pub(crate) fn patient(&self) -> Self {
        Self::new(self.client.patient(), self.group_type.clone())
    }

    /// Creates a group. Nothing is sent until [`CreateGroup::send`] is awaited.
    pub fn create(&self, key: impl Into<String>) -> CreateGroup {
        CreateGroup::new(self.clone(), key.into())
    }

    /// A handle on one group, for reading and changing it. Nothing is sent, and the group need not exist.
    pub fn group(&self, key: impl Into<String>) -> GroupHandle {
        GroupHandle::new(self.clone(), key.into())
    }

    /// The most frequent values of a property; await it, or narrow it first.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// for value in orgs.property_values("plan").containing("ent").await? {
    ///     println!("{} x {}", value.count.unwrap_or_default(), value.value);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn property_values(&self, name: impl Into<String>) -> PropertyValuesQuery {
        PropertyValuesQuery::new(self.clone(), name.into())
    }

    /// Whether what a struct or map serializes to can be the properties of a group.
    ///
    /// The calls that write check the same; this is for telling sooner.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) when it is no JSON object, or holds what
    /// [`check_properties`](crate::check_properties) refuses.
    pub fn check_properties(&self, properties: impl Serialize) -> Result<()> {
        input::properties(&properties).map(|_| ())
    }
}
