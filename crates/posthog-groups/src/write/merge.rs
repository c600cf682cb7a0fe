//! Merges several properties into an existing group, with or without the server's endpoint for it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use posthog_groups_client::{JsonValue, Properties};

use super::decision::Kind;
use super::execute::{Write, execute};
use super::operations::Set;
use super::target::Target;
use crate::data::compare::same_value;
use crate::data::group::Group;
use crate::data::input;
use crate::error::{Error, Result};

/// Returns the properties ordered by name.
pub(crate) fn members(properties: &Properties) -> Result<Vec<(String, JsonValue)>> {
    let members: BTreeMap<String, JsonValue> =
        properties.decode().map_err(|e| Error::input("the properties cannot be decoded").with_source(e))?;
    Ok(members.into_iter().collect())
}

/// Returns the properties ordered by name. Fails if one of them is null.
pub(crate) fn to_merge(properties: &Properties) -> Result<Vec<(String, JsonValue)>> {
    let members = members(properties)?;
    for (name, value) in &members {
        input::property_name(name)?;
        if value.is_null() {
            return Err(Error::input(format!("the value of `{name}` is null, which the server treats as missing")).with_help(format!("call `unset(\"{name}\")`, or leave it out (`#[serde(skip_serializing_if = \"Option::is_none\")]`)")));
        }
    }
    Ok(members)
}

/// Returns the properties that are missing or different in the group.
pub(crate) fn different(group: &Group, wanted: &[(String, JsonValue)]) -> Vec<(String, JsonValue)> {
    let differs = |name: &str, value| !group.property(name).is_some_and(|stored| same_value(&stored, value));
    wanted.iter().filter(|(name, value)| differs(name, value)).cloned().collect()
}

/// Merges properties into a group that was read. Returns the group after the writes, and the names of the written properties.
pub(crate) async fn merge(
    target: &Target<'_>,
    found: Group,
    wanted: &[(String, JsonValue)],
) -> Result<(Group, Vec<String>)> {
    let to_write = different(&found, wanted);
    let written: Vec<String> = to_write.iter().map(|(name, _)| name.clone()).collect();
    if written.is_empty() {
        return Ok((found, written));
    }
    let upsert_is_missing = &target.session.shared.upsert_is_missing;
    if !upsert_is_missing.load(Ordering::Relaxed) {
        match execute(target, &SetAtOnce { properties: &to_write }).await {
            Ok(group) => return Ok((group, written)),
            // The group was found just before: a 404 that does not speak of it is about the endpoint.
            Err(error) if matches!(error.status(), Some(404 | 405)) && !error.is_not_found() => {
                upsert_is_missing.store(true, Ordering::Relaxed);
            }
            Err(error) => return Err(error),
        }
    }
    let mut group = found;
    let mut no_event = false;
    for (name, value) in to_write {
        group = execute(target, &Set { name, value }).await?;
        no_event |= group.event_not_sent();
    }
    Ok((if no_event { group.without_event() } else { group }, written))
}

/// Sets several properties with the server's endpoint for it.
#[derive(Debug)]
struct SetAtOnce<'p> {
    properties: &'p [(String, JsonValue)],
}

impl Write for SetAtOnce<'_> {
    const KIND: Kind = Kind::Set;

    async fn send(&self, target: &Target<'_>) -> Result<Group> {
        let body: BTreeMap<&str, &JsonValue> =
            self.properties.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let body = input::properties(&body)?;
        let session = target.session;
        let upsert = || {
            session
                .raw()
                .upsert_properties()
                .project_id(session.project())
                .group_type_index(target.index)
                .group_key(target.key)
                .body(body.clone())
        };
        session.send(upsert).await.map(Group::from)
    }

    fn is_in_effect(&self, group: &Group) -> bool {
        different(group, self.properties).is_empty()
    }
}
