//! `plan`, and `import --dry-run`: shows what an import would change.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{Receiver, sync_channel};

use posthog_groups::bulk::Engine;

use crate::arguments::Format;
use crate::arguments::transfer::ImportInput;
use crate::commands::who::{self, Changed};
use crate::connection::Context;
use crate::exit::{Code, Failure};
use crate::output::{Output, Record};
use crate::transfer::events::Listener;
use crate::transfer::files;
use crate::transfer::interrupt::{Interrupt, nothing_written};
use crate::transfer::outcomes::{Outcome, Report};
use crate::transfer::progress::grouped;
use crate::transfer::source::{Source, check_stdin};
use crate::transfer::totals::Totals;
use crate::transfer::{blocking, refusal};

/// The maximum number of rows on a terminal.
const ON_A_TERMINAL: u64 = 50;

/// The maximum number of rows that wait for standard output, and for earlier rows.
const WAITING: usize = 1_024;

/// With `who`, the last writers of this many groups are shown instead of the rows.
pub(crate) async fn run(
    context: &Context,
    input: &ImportInput,
    engine: Engine,
    who: Option<u32>,
) -> Result<(), Failure> {
    check_stdin(context, input)?;
    let orgs = context.groups().await?;
    files::check(context, input, None)?;
    let interrupt = Interrupt::listen()?;
    let source = Source::open(context, input, &interrupt).await?;
    let report = Report::create(input.report.as_deref(), input.force)?;

    let (outcomes, received) = sync_channel(WAITING);
    let output = context.output;
    // Standard output may be slow, and the import must not wait for it.
    let shown = blocking(move || match who {
        Some(limit) => Ok(Some(Changed::of(&received, limit))),
        None => show_rows(output, &received).map(|()| None),
    });
    let progress = context.progress("Comparing", "rows")?;
    let listener = Listener::of_plan(progress.counter(), source.rows, report, Some(outcomes));
    let rows = source.clone();
    let mut import = orgs.import(move || rows.pass()).engine(engine);
    if let Some(token) = context.project_token()? {
        import = import.project_token(token);
    }
    let planned = import
        .duplicates(input.duplicates.into())
        .memory(input.memory)
        .on_event(listener.handler())
        .until(interrupt.clone().stopped())
        .plan()
        .await;
    drop(progress);
    let (failures, report) = listener.end();
    let finished = report.map_or(Ok(()), Report::finish);
    let shown = shown.await;
    let name = source.input.name();
    let report = planned.map_err(|error| refusal(error, name))?;
    if let Some(changed) = shown?.filter(|_| report.stopped.is_none()) {
        who::show(context, orgs, changed, &interrupt).await?;
    }
    let _ = failures.write(&mut io::stderr().lock(), name);
    finished?;
    let totals = Totals::new(report, source.rows, source.invalid);
    let counts: Vec<_> =
        totals.counts(true).iter().map(|(what, count)| format!("{} {what}", grouped(*count))).collect();
    match (totals.report.stopped, interrupt.seen()) {
        (Some(posthog_groups::bulk::Stopped::Error(error)), _) => return Err(Failure::from(error)),
        (Some(_), Some(signal)) => return Err(nothing_written(signal)),
        _ => {}
    }
    context.note(&format!("{name}: {}", counts.join(", ")));
    if totals.report.failed > 0 { Err(Failure::Reported(Code::Partial)) } else { source.result() }
}

/// Prints the rows as they arrive, on a terminal only the first ones.
fn show_rows(output: Output, rows: &Receiver<Outcome>) -> Result<(), Failure> {
    let most = match output.format() == Format::Table && io::stdout().is_terminal() {
        true => ON_A_TERMINAL,
        false => u64::MAX,
    };
    let mut list = output.list::<Outcome>();
    let mut more = 0;
    let mut show = |row: Outcome| {
        if list.count() < most {
            return list.push(row);
        }
        more += 1;
        Ok(())
    };
    // Groups are read concurrently, so rows arrive slightly out of order.
    let mut waiting = BinaryHeap::new();
    for row in rows {
        waiting.push(Reverse(row));
        if waiting.len() > WAITING
            && let Some(Reverse(first)) = waiting.pop()
        {
            show(first)?;
        }
    }
    while let Some(Reverse(first)) = waiting.pop() {
        show(first)?;
    }
    list.end()?;
    if more > 0 {
        output.line(&format!("... and {} more; `-o plain` shows all", grouped(more)))?;
    }
    Ok(())
}

impl Record for Outcome {
    const COLUMNS: &'static [&'static str] = &["line", "outcome", "group_key", "properties", "error"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.line.to_string(),
            self.outcome.to_owned(),
            self.key.clone(),
            self.properties.join(", "),
            self.error.clone().unwrap_or_default(),
        ]
    }
}
