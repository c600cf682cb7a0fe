//! `unset`: properties taken away, after a question.

use crate::arguments::Unset;
use crate::confirm;
use crate::connection::Context;
use crate::exit::{Failure, text_of};
use crate::group_changes::{GroupChanges, of_removing, show_done, show_dry_run};
use crate::json_text::compact;
use crate::visible::visible;

pub(crate) async fn run(context: &Context, arguments: &Unset) -> Result<(), Failure> {
    if !arguments.yes && !arguments.dry_run && !confirm::is_possible() {
        return Err(Failure::usage("there is no terminal to ask on whether to remove properties")
            .mend("add --yes to remove them without a question, or --dry-run to see them"));
    }
    let mut names: Vec<String> = Vec::new();
    for name in &arguments.names {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let handle = context.groups().await?.group(&arguments.key);
    let mut group = handle.get().await.map_err(|e| Failure::of_group(&arguments.key, e))?;
    let changes = of_removing(&group, &names);
    if arguments.dry_run {
        return show_dry_run(context, changes);
    }
    let there: Vec<String> = changes.changes.iter().filter(|c| c.changed).map(|c| c.name.clone()).collect();
    if !arguments.yes && !there.is_empty() {
        confirm::ask(&question(&changes))?;
    }
    let mut failed = Vec::new();
    for name in &there {
        match handle.unset(name).await {
            Ok(after) => group = after,
            // One name: its own failure. Of several, the others may go well.
            Err(e) if there.len() == 1 => return Err(e.into()),
            Err(e) => failed.push((name.clone(), e)),
        }
    }
    let total = there.len();
    if failed.len() == total
        && let Some((_, first)) = failed.pop()
    {
        return Err(first.into());
    }
    let done = GroupChanges {
        changes: changes
            .changes
            .into_iter()
            .filter(|c| failed.iter().all(|(name, _)| *name != c.name))
            .collect(),
        ..changes
    };
    show_done(context, &done, group)?;
    if failed.is_empty() {
        return Ok(());
    }
    let failures: Vec<String> = failed.iter().map(|(name, e)| format!("`{name}`: {}", text_of(e))).collect();
    Err(Failure::partial(format!(
        "{} of {total} properties were not removed: {}",
        failed.len(),
        failures.join("; ")
    ))
    .mend("the same command again tries those that are left"))
}

fn question(changes: &GroupChanges) -> String {
    let mut text = format!("From {}, remove\n", visible(&changes.group_key));
    for change in &changes.changes {
        if let Some(before) = &change.before {
            text.push_str(&format!("  {}: {}\n", visible(&change.name), compact(before.as_str())));
        }
    }
    text.push_str("Go ahead?");
    text
}
