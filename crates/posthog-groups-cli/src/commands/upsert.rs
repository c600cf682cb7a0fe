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

/// The failure for a group that may not exist and could be created.
fn missing_group(key: &str, error: posthog_groups::Error) -> Failure {
    let is_missing = error.is_not_found();
    let failure = Failure::of_group(key, error);
    if is_missing { failure.help("`posthog-groups upsert --create` creates the group") } else { failure }
}

/// Writes the properties that differ, and shows them before and after.
pub(crate) async fn merge(
    context: &Context,
    key: &str,
    wanted: &[Assignment],
    create: bool,
    dry_run: bool,
) -> Result<(), Failure> {
    let properties = as_properties(wanted)?;
    let upsert = context.group(key).await?.upsert(properties);
    let upsert = if create { upsert.create_if_missing() } else { upsert };
    if dry_run {
        let plan = upsert.plan().await.map_err(|e| missing_group(key, e))?;
        return show_dry_run(context, of_setting(key, plan.before.as_ref(), wanted));
    }
    let done = upsert.send().await.map_err(|e| {
        // Properties are written one by one, so those before the failure are written.
        let partly =
            wanted.len() > 1 && (e.is_outcome_unknown() || e.is_server_error() || e.is_rate_limited());
        let failure = missing_group(key, e);
        if partly {
            failure.help("some properties may have been written; run the same command again for the rest")
        } else {
            failure
        }
    })?;
    let changes = of_setting(key, done.before.as_ref(), wanted);
    match done.group {
        Some(group) => show_done(context, &changes, group),
        None => Ok(()),
    }
}
