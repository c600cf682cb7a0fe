//! `upsert`: merges properties into a group, or creates it.

use crate::arguments::Upsert;
use crate::assignment::{Assignment, given};
use crate::connection::Context;
use crate::exit::Failure;
use crate::group_changes::{as_properties, of_setting, show_done, show_dry_run};

pub(crate) async fn run(context: &Context, arguments: &Upsert) -> Result<(), Failure> {
    if arguments.properties.properties.as_deref() == Some("-") {
        context.check_stdin_is_free("properties", "--properties @FILE")?;
    }
    let wanted = given(&arguments.properties)?;
    if wanted.is_empty() && !arguments.create {
        return Err(
            Failure::usage("no properties are given").help("add --set NAME=VALUE or --properties JSON")
        );
    }
    merge(context, &arguments.key, &wanted, arguments.create, arguments.dry_run).await
}

/// The failure of a group that may not exist, and could be created.
fn not_there(key: &str, error: posthog_groups::Error) -> Failure {
    let is_missing = error.is_not_found();
    let failure = Failure::of_group(key, error);
    if is_missing { failure.help("`posthog-groups upsert --create` creates the group") } else { failure }
}

/// Reads the group, writes what differs, and shows before and after.
pub(crate) async fn merge(
    context: &Context,
    key: &str,
    wanted: &[Assignment],
    create: bool,
    dry_run: bool,
) -> Result<(), Failure> {
    let handle = context.groups().await?.group(key);
    let before =
        if create { handle.find().await? } else { Some(handle.get().await.map_err(|e| not_there(key, e))?) };
    let changes = of_setting(key, before.as_ref(), wanted);
    if dry_run {
        return show_dry_run(context, changes);
    }
    let upsert = handle.upsert(as_properties(wanted)?);
    let done = if create { upsert.create_if_missing().await } else { upsert.await };
    let done = done.map_err(|e| {
        // Properties are written one by one, so those before the failure are written.
        let several = changes.changes.iter().filter(|change| change.changed).count() > 1 && e.attempts() > 0;
        let failure = Failure::from(e);
        if several {
            failure.help("some properties may have been written; run the same command again for the rest")
        } else {
            failure
        }
    })?;
    match done.group {
        Some(group) => show_done(context, &changes, group),
        None => Ok(()),
    }
}
