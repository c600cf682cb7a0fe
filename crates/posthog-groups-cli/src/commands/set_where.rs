//! `set --where`: sets properties of all groups that match conditions, after a plan and a confirmation.

use std::io;

use posthog_groups::bulk::{Engine, ImportRow, Stopped};

use crate::arguments::{Format, Set};
use crate::assignment::{Assignment, assignments};
use crate::condition::{conditions, meets};
use crate::confirm;
use crate::connection::Context;
use crate::exit::Failure;
use crate::group_changes::{GroupChanges, as_properties, of_setting};
use crate::transfer::events::Listener;
use crate::transfer::interrupt::{Interrupt, Signal, nothing_written};
use crate::transfer::progress::grouped;
use crate::transfer::totals::{Totals, show as show_totals};
use crate::visible::visible;

/// The number of groups that the question shows.
const SHOWN: usize = 10;

pub(crate) async fn run(context: &Context, arguments: &Set) -> Result<(), Failure> {
    let conditions = conditions(&arguments.conditions)?;
    let wanted = assignments(&arguments.words, arguments.string)?;
    let properties = as_properties(&wanted)?;
    confirm::check_possible(!arguments.yes && !arguments.dry_run, "writing to several groups")?;
    let groups = context.groups().await?;
    let interrupt = Interrupt::listen()?;

    let progress = context.progress("Listing", "groups")?;
    let counter = progress.counter();
    let (mut found, mut plan) = (0_u64, Vec::new());
    let mut list = groups.export().stream();
    while let Some(group) = interrupt.or(list.next()).await.map_err(nothing_written)? {
        let group = group?;
        counter.add(1);
        if meets(&group, &conditions) {
            found += 1;
            let mut changes = of_setting(&group.key, Some(&group), &wanted);
            changes.changes.retain(|change| change.changed);
            if !changes.changes.is_empty() {
                plan.push(changes);
            }
        }
    }
    drop(progress);
    if arguments.dry_run {
        return show_plan(context, found, plan);
    }
    if plan.is_empty() {
        context.note(&summary(found, 0));
        return Ok(());
    }
    if !arguments.yes {
        let question = question(context, found, &plan, &wanted)?;
        confirm::ask_or_stop(question, &interrupt).await?;
    }

    // An import reads each group again before it writes, waits for the rate limit, and can be interrupted.
    let keys: Vec<String> = plan.into_iter().map(|changes| changes.group_key).collect();
    let all = keys.len() as u64;
    let rows = move || {
        keys.clone().into_iter().map({
            let properties = properties.clone();
            move |key| Ok::<_, io::Error>(ImportRow::new(key, properties.clone()))
        })
    };
    let progress = context.progress("Checking", "groups")?;
    let listener = Listener::of_import(progress.counter(), all, None);
    let done = groups
        .import(rows)
        .engine(Engine::Rest)
        .on_event(listener.handler())
        .until(interrupt.clone().stopped())
        .run()
        .await;
    drop(progress);
    let totals = Totals::new(done?, 0, 0);
    show_totals(&context.output, totals.clone())?;
    let _ = listener.end().0.write(&mut io::stderr().lock(), "set --where");
    let report = totals.report;
    let rest = |failure: Failure| failure.help("run the same command again for the rest");
    let left = format!("with {} of {} groups left", grouped(report.left()), grouped(report.rows));
    match report.stopped {
        Some(Stopped::Error(error)) => Err(rest(Failure::from(error).after(&format!("stopped {left}: ")))),
        Some(_) => {
            let signal = interrupt.seen().unwrap_or(Signal::Interrupt);
            Err(rest(Failure::interrupted(signal, format!("interrupted {left}"))))
        }
        None if report.failed > 0 => {
            Err(rest(Failure::partial(format!("{} groups failed", grouped(report.failed)))))
        }
        None => Ok(()),
    }
}

/// How many groups were found, and how many of them change.
fn summary(found: u64, to_change: usize) -> String {
    let groups = if found == 1 { "group matches" } else { "groups match" };
    match (found, to_change) {
        (0, _) => "no group matches the conditions".to_owned(),
        (_, 0) => format!("{} {groups} the conditions, and already have these values", grouped(found)),
        _ => format!("{} {groups} the conditions, {} to change", grouped(found), grouped(to_change as u64)),
    }
}

fn show_plan(context: &Context, found: u64, plan: Vec<GroupChanges>) -> Result<(), Failure> {
    context.note(&format!("dry run, nothing was written: {}", summary(found, plan.len())));
    let output = &context.output;
    if matches!(output.format(), Format::Json | Format::Ndjson) {
        return output.all(plan.into_iter().map(GroupChanges::into_dry_run));
    }
    output.all(plan.into_iter().flat_map(GroupChanges::into_rows))
}

fn question(
    context: &Context,
    found: u64,
    plan: &[GroupChanges],
    wanted: &[Assignment],
) -> Result<String, Failure> {
    let mut text = String::new();
    for changes in plan.iter().take(SHOWN) {
        for line in changes.lines() {
            text += &format!("  {}  {line}\n", visible(&changes.group_key));
        }
    }
    if plan.len() > SHOWN {
        text += &format!("  ... and {} more groups\n", grouped((plan.len() - SHOWN) as u64));
    }
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    let client = context.client()?;
    Ok(format!(
        "{text}{}. Set {} in project {} on {} ({})?",
        summary(found, plan.len()),
        visible(&names.join(", ")),
        client.project(),
        client.host(),
        context.group_type(),
    ))
}
