//! The writes that consist of one request.

use posthog_groups_client::{JsonValue, Properties, types};

use super::decision::Kind;
use super::execute::Write;
use super::target::Target;
use crate::data::compare::{same_properties, same_value};
use crate::data::group::Group;
use crate::error::Result;

/// Creates a group. Its group type must exist.
#[derive(Debug)]
pub(crate) struct Create<'p> {
    pub(crate) properties: &'p Properties,
}

impl Write for Create<'_> {
    const KIND: Kind = Kind::Create;

    async fn send(&self, target: &Target<'_>) -> Result<Group> {
        let session = target.session;
        let create = || {
            session.raw().create_group().project_id(session.project()).body(types::CreateGroupRequest {
                group_key: target.key.to_owned(),
                group_properties: Some(self.properties.clone()),
                group_type_index: i64::from(target.index),
            })
        };
        session.send(create).await.map(Group::from)
    }

    fn is_in_effect(&self, group: &Group) -> bool {
        same_properties(&group.properties, self.properties)
    }
}

/// Sets one property.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) value: JsonValue,
}

impl Write for Set {
    const KIND: Kind = Kind::Set;

    async fn send(&self, target: &Target<'_>) -> Result<Group> {
        let session = target.session;
        let update = || {
            let body = types::UpdatePropertyRequest { key: self.name.clone(), value: self.value.clone() };
            session
                .raw()
                .update_property()
                .project_id(session.project())
                .group_type_index(target.index)
                .group_key(target.key)
                .body(body)
        };
        session.send(update).await.map(Group::from)
    }

    fn is_in_effect(&self, group: &Group) -> bool {
        group.property(&self.name).is_some_and(|stored| same_value(&stored, &self.value))
    }
}

/// Removes one property.
#[derive(Debug)]
pub(crate) struct Unset {
    pub(crate) name: String,
}

impl Write for Unset {
    const KIND: Kind = Kind::Unset;

    async fn send(&self, target: &Target<'_>) -> Result<Group> {
        let session = target.session;
        let delete = || {
            session
                .raw()
                .delete_property()
                .project_id(session.project())
                .group_type_index(target.index)
                .group_key(target.key)
                .body(types::DeletePropertyRequest { unset: self.name.clone() })
        };
        session.send(delete).await.map(Group::from)
    }

    fn is_in_effect(&self, group: &Group) -> bool {
        group.property(&self.name).is_none()
    }
}
