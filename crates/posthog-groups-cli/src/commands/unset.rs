//! `unset`: removes properties after confirmation.

use posthog_groups::{Error, Group, GroupHandle};

use crate::arguments::Unset;
use crate::confirm;
use crate::connection::Context;
use crate::exit::{Failure, text_of};
use crate::group_changes::{GroupChanges, of_removing, show_done, show_dry_run};
use crate::json_text::compact;
use crate::visible::visible;

pub(crate) async fn run(context: &Context, arguments: &Unset) -> Result<(), Failure> {
    confirm::check_possible(!arguments.yes && !arguments.dry_run, "removing properties")?;
    let mut names: Vec<String> = Vec::new();
    for name in &arguments.names {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let handle = context.group(&arguments.key).await?;
    let mut group = match handle.get().await {
        Ok(group) => group,
        Err(e) if e.status() == Some(500) && !arguments.dry_run => {
            return without_reading(context, &handle, &names, arguments.yes, &e).await;
        }
        Err(e) => return Err(Failure::of_group(&arguments.key, e)),
    };
    let mut changes = of_removing(&group, &names);
    if arguments.dry_run {
        return show_dry_run(context, changes);
    }
    let there: Vec<String> = changes.changes.iter().filter(|c| c.changed).map(|c| c.name.clone()).collect();
    if !arguments.yes && !there.is_empty() {
        confirm::ask(&question(&changes))?;
    }
    let (after, failed) = remove(&handle, &there).await?;
    group = after.unwrap_or(group);
    changes.changes.retain(|change| failed.iter().all(|(name, _)| *name != change.name));
    show_done(context, &changes, group)?;
    outcome(there.len(), &failed)
}

/// Removes properties of a group that the server cannot return, which repairs the group if one of them is the reason.
async fn without_reading(
    context: &Context,
    handle: &GroupHandle,
    names: &[String],
    yes: bool,
    error: &Error,
) -> Result<(), Failure> {
    context.warn(&format!(
        "the group cannot be read ({}); removing properties without reading it",
        text_of(error)
    ));
    if !yes {
        let names: Vec<_> = names.iter().map(|name| visible(name)).collect();
        let question = format!("Remove from {}: {}. Continue?", visible(handle.key()), names.join(", "));
        confirm::ask(&question)?;
    }
    let (after, failed) = remove(handle, names).await?;
    match after {
        Some(group) if context.output.is_for_programs() => context.output.one(group)?,
        _ => {
            let removed = |name: &&String| failed.iter().all(|(failed, _)| failed != *name);
            for name in names.iter().filter(removed) {
                context.output.line(&format!("{}: removed", visible(name)))?;
            }
        }
    }
    outcome(names.len(), &failed)
}

type Failed = Vec<(String, Error)>;

/// Removes the properties one by one. Returns the group after the last removal, and the properties that were not removed.
///
/// Fails with the first error if none was removed.
async fn remove(handle: &GroupHandle, names: &[String]) -> Result<(Option<Group>, Failed), Failure> {
    let mut group = None;
    let mut failed = Vec::new();
    for name in names {
        match handle.unset(name).await {
            Ok(after) => group = Some(after),
            Err(e) => failed.push((name.clone(), e)),
        }
    }
    if failed.len() < names.len() || failed.is_empty() {
        return Ok((group, failed));
    }
    let (_, first) = failed.swap_remove(0);
    Err(first.into())
}

fn outcome(total: usize, failed: &Failed) -> Result<(), Failure> {
    if failed.is_empty() {
        return Ok(());
    }
    let failures: Vec<String> = failed.iter().map(|(name, e)| format!("`{name}`: {}", text_of(e))).collect();
    Err(Failure::partial(format!(
        "{} of {total} properties were not removed: {}",
        failed.len(),
        failures.join("; ")
    ))
    .help("run the same command again for the rest"))
}

fn question(changes: &GroupChanges) -> String {
    let mut text = format!("Remove from {}:\n", visible(&changes.group_key));
    for change in &changes.changes {
        if let Some(before) = &change.before {
            text.push_str(&format!("  {}: {}\n", visible(&change.name), compact(before.as_str())));
        }
    }
    text.push_str("Continue?");
    text
}
