//! `import`: creates and updates groups from a file.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use posthog_groups::bulk::{Engine, Import, ImportReport, Stopped};
use posthog_groups::{Groups, ProjectToken};

use crate::arguments::transfer::{self as arguments, EngineName};
use crate::commands::plan;
use crate::confirm;
use crate::connection::Context;
use crate::exit::{Failure, text_of};
use crate::transfer::events::Listener;
use crate::transfer::interrupt::{Interrupt, Signal, nothing_written};
use crate::transfer::outcomes::Report;
use crate::transfer::progress::grouped;
use crate::transfer::source::{Rows, Source, check_stdin};
use crate::transfer::totals::{Totals, same_command, show as show_totals};
use crate::transfer::{files, refusal};

pub(crate) async fn run(context: &Context, arguments: &arguments::Import) -> Result<(), Failure> {
    if arguments.dry_run {
        return plan::run(context, &arguments.input, arguments.engine.into(), None).await;
    }
    confirm::check_possible(!arguments.yes, "importing")?;
    check_stdin(context, &arguments.input)?;
    let orgs = context.groups().await?;
    let token = context.project_token()?;
    if arguments.engine == EngineName::Capture && token.is_none() {
        return Err(Failure::usage(
            "sending events requires the project token (phc_...), but none is configured",
        )
        .help("set POSTHOG_PROJECT_API_KEY; PostHog shows it under Settings, Project")
        .help("or omit `--engine capture`"));
    }
    let journal = journal_of(arguments, Some(&arguments.input.file));
    files::check(context, &arguments.input, journal.as_deref())?;
    let interrupt = Interrupt::listen()?;
    let source = Source::open(context, &arguments.input, &interrupt).await?;
    let name = source.input.name();
    if source.rows == 0 {
        context.note(&format!("{name} has no rows"));
        return source.result();
    }
    let journal = journal_of(arguments, source.input.path());
    if journal.is_none() {
        context.note("without a journal, an interrupted import starts over; --journal FILE keeps one");
    }
    let import = || import(&orgs, &source, arguments, token.clone(), &interrupt);
    if !arguments.yes {
        confirm(context, import(), &source, &interrupt).await?;
    }
    let report = Report::create(arguments.input.report.as_deref(), arguments.input.force)?;
    let progress = context.progress("Checking", "rows")?;
    let listener = Listener::of_import(progress.counter(), source.rows, report);
    let mut import = import().on_event(listener.handler());
    if let Some(journal) = &journal {
        import = import.journal(journal);
    }
    let done = import.run().await;
    drop(progress);
    let (failures, report) = listener.end();
    let finished = report.map_or(Ok(()), Report::finish);
    let report = done.map_err(|error| refusal(error, name))?;
    let totals = Totals::new(report, source.rows, source.invalid);
    show_totals(&context.output, totals.clone())?;
    let _ = failures.write(&mut io::stderr().lock(), name);
    finished?;
    ending(totals.report, journal.as_deref(), interrupt.seen())?;
    source.result()
}

/// The import that the arguments describe, without a journal.
fn import(
    orgs: &Groups,
    source: &Source,
    arguments: &arguments::Import,
    token: Option<ProjectToken>,
    interrupt: &Interrupt,
) -> Import<impl Fn() -> Rows + Send + use<>> {
    let source = source.clone();
    let mut import = orgs
        .import(move || source.pass())
        .engine(arguments.engine.into())
        .concurrency(arguments.concurrency.into())
        .duplicates(arguments.input.duplicates.into())
        .memory(arguments.input.memory)
        .accept_changed_input(arguments.accept_changed_input)
        .compare(!arguments.no_compare)
        .verify_within(arguments.verify_within)
        .until(interrupt.clone().stopped());
    if let Some(token) = token {
        import = import.project_token(token);
    }
    if let Some(id) = &arguments.run_id {
        import = import.run_id(id);
    }
    if let Some(host) = &arguments.capture_host {
        import = import.capture_host(host);
    }
    if arguments.verify || arguments.no_verify {
        import = import.verify(arguments.verify);
    }
    import
}

/// Shows what would be written, and asks for confirmation.
async fn confirm(
    context: &Context,
    import: Import<impl Fn() -> Rows + Send>,
    source: &Source,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let progress = context.progress("Checking", "rows")?;
    let listener = Listener::of_plan(progress.counter(), source.rows, None, None);
    let plan = import.on_event(listener.handler()).plan().await;
    drop(progress);
    let plan = plan.map_err(|error| refusal(error, source.input.name()))?;
    match (plan.stopped, interrupt.seen()) {
        (_, Some(signal)) => return Err(nothing_written(signal)),
        (Some(Stopped::Error(error)), _) => return Err(Failure::from(error)),
        _ => {}
    }
    // There is nothing to confirm.
    if plan.created + plan.changed + plan.failed == 0 {
        return Ok(());
    }
    let failing = match plan.failed {
        0 => String::new(),
        failed => format!(" ({} rows cannot be written)", grouped(failed)),
    };
    let client = context.client()?;
    let question = format!(
        "Create {} {} and change {} of {} in project {} on {}{failing}?",
        grouped(plan.created),
        if plan.created == 1 { "group" } else { "groups" },
        grouped(plan.changed),
        context.group_type(),
        client.project(),
        client.host(),
    );
    confirm::ask_or_stop(question, interrupt).await
}

/// The path of the journal: next to the input by default. Standard input has no journal by default.
fn journal_of(arguments: &arguments::Import, input: Option<&Path>) -> Option<PathBuf> {
    arguments.journal.clone().or_else(|| {
        let mut name = OsString::from(input?);
        name.push(".journal");
        Some(name.into())
    })
}

/// The result of the command, with instructions for resuming.
fn ending(report: ImportReport, journal: Option<&Path>, signal: Option<Signal>) -> Result<(), Failure> {
    let resumable = |failure: Failure| match journal {
        Some(journal) => failure.help(format!(
            "{} records the rows that are done; to resume, run: {}",
            journal.display(),
            same_command(std::env::args_os())
        )),
        None => failure.help("run the same import again: it writes only what is missing or different"),
    };
    let mut progress = format!("with {} of {} rows left", grouped(report.left()), grouped(report.rows));
    if report.not_compared > 0 {
        progress.push_str(&format!(", {} of them not compared yet", grouped(report.not_compared)));
    }
    match report.stopped {
        Some(Stopped::Error(error)) => {
            let failure = of_events(error).after(&format!("stopped {progress}: "));
            Err(resumable(failure))
        }
        Some(_) => {
            let signal = signal.unwrap_or(Signal::Interrupt);
            Err(resumable(Failure::interrupted(signal, format!("interrupted {progress}"))))
        }
        None if report.failed > 0 => {
            let rows = if report.failed == 1 { "row" } else { "rows" };
            let mut failure = Failure::partial(format!("{} {rows} failed", grouped(report.failed)))
                .help("correct these rows, or try again later if the server failed");
            if report.engine == Engine::Capture && report.created + report.changed == 0 {
                failure = failure.help(
                    "no event has arrived: check that the token belongs to this project, and that the project is within its event quota",
                );
            }
            Err(resumable(failure))
        }
        None => Ok(()),
    }
}

/// The error that stopped an import. Rejected events concern the project token, not the key.
fn of_events(error: posthog_groups::Error) -> Failure {
    if error.operation_id() == Some("capture_batch") && error.is_unauthorized() {
        return Failure::auth(text_of(&error)).help(
            "the server rejects the project token: set POSTHOG_PROJECT_API_KEY to the key of the project (phc_...), which PostHog \
             shows under Settings, Project",
        );
    }
    Failure::from(error)
}
