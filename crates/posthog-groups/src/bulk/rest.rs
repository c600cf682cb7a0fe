//! One row by REST.

use chrono::DateTime;
use posthog_groups_client::{JsonValue, Properties};

use super::index::Seen;
use super::pending::PendingRow;
use super::report::RowOutcome;
use super::row::ImportRow;
use crate::data::group::Group;
use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::groups::Groups;
use crate::write::{self, Target, different, merge};

/// Reads the group of a row, and returns what writing it would do.
pub(crate) async fn plan(groups: &Groups, index: u8, row: &ImportRow) -> Result<RowOutcome> {
    let wanted = row.members()?;
    match write::find(&groups.client().session("import"), index, &row.key).await {
        Ok(found) => {
            let properties: Vec<_> = different(&found, &wanted).into_iter().map(|(name, _)| name).collect();
            Ok(if properties.is_empty() { RowOutcome::Unchanged } else { RowOutcome::Changed { properties } })
        }
        Err(missing) if missing.is_group_not_found() => Ok(created(row)),
        Err(error) => Err(error),
    }
}

/// Makes a group match its row, with as few writes as possible.
///
/// A group that was listed with other values is read again first, unless the list is consistent.
pub(crate) async fn write(
    groups: &Groups,
    index: u8,
    pending: &PendingRow,
    is_consistent: bool,
) -> Result<RowOutcome> {
    let PendingRow { row, seen, differing, .. } = pending;
    let session = groups.client().session("import");
    let key = row.key.as_str();
    let wanted = row.members()?;
    let target = Target::lock(&session, index, key).await?;
    let create = async || {
        check_key_is_trimmed(key)?;
        write::execute(&target, &write::Create { properties: &row.properties }).await
    };
    // The list may be out of date. If the group exists, the row is merged into it.
    if *seen == Seen::Absent {
        match create().await {
            Ok(_) => return Ok(created(row)),
            Err(error) if error.is_already_exists() => {}
            Err(error) => return Err(error),
        }
    }
    if *seen == Seen::Different && is_consistent {
        check_settable(row, differing)?;
        let to_write: Vec<_> = wanted.iter().filter(|(name, _)| differing.contains(name)).cloned().collect();
        // Without the properties that differ; `merge` writes those that are missing in the group.
        let listed =
            Group::stored(index.into(), row.key.as_str().into(), Properties::default(), DateTime::UNIX_EPOCH);
        match merge(&target, listed, &to_write).await {
            Ok((_, written)) => return Ok(RowOutcome::Changed { properties: written }),
            // Another writer has removed it in the meantime.
            Err(error) if error.is_group_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    let (found, is_new) = target.find_or(create()).await?;
    if is_new {
        return Ok(created(row));
    }
    let to_write = different(&found, &wanted);
    check_settable(row, &to_write.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())?;
    let (_, written) = merge(&target, found, &to_write).await?;
    Ok(match written {
        written if written.is_empty() => RowOutcome::Unchanged,
        properties => RowOutcome::Changed { properties },
    })
}

/// Rejects a new group whose key the REST API would change.
pub(crate) fn check_key_is_trimmed(key: &str) -> Result<()> {
    if input::stored_group_key(key)? == key {
        return Ok(());
    }
    Err(Error::input(
        "the group key has white space around it, which the server removes when it creates a group",
    )
    .with_help("remove it, or send events instead"))
}

/// Rejects a row if the REST API cannot set one of these properties on an existing group: it treats null and, since 2026, an empty
/// name as missing (contract section 2.9).
pub(crate) fn check_settable(row: &ImportRow, properties: &[String]) -> Result<()> {
    let is_unsettable = |name: &str, value: &JsonValue| name.is_empty() || value.is_null();
    let members = row.members()?;
    let Some((name, _)) =
        members.iter().find(|(name, value)| properties.contains(name) && is_unsettable(name, value))
    else {
        return Ok(());
    };
    let (what, help) = match name.as_str() {
        "" => ("the name of a property is empty".to_owned(), "omit it, or send events instead"),
        name => (format!("the value of `{name}` is null"), "omit it, unset it, or send events instead"),
    };
    Err(Error::input(format!("{what}, which the REST API cannot set on an existing group")).with_help(help))
}

fn created(row: &ImportRow) -> RowOutcome {
    RowOutcome::Created { properties: row.names() }
}
