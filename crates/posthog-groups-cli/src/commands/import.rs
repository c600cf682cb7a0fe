//! `import`: the groups of a file into a project.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use posthog_groups::bulk::{Duplicates, Engine, ImportReport, Stopped};

use crate::arguments::transfer::{DuplicatesName, EngineName, Import};
use crate::commands::plan;
use crate::connection::Context;
use crate::exit::{Code, Failure, text_of};
use crate::transfer::apart;
use crate::transfer::events::Listener;
use crate::transfer::interrupt::{Interrupt, Signal};
use crate::transfer::outcomes::Report;
use crate::transfer::prepare::{check_input, nothing_written, prepare};
use crate::transfer::progress::{Progress, Show, grouped};
use crate::transfer::totals::{Totals, same_command, show as show_totals};
use crate::{confirm, transfer};

pub(crate) async fn run(context: &Context, arguments: &Import) -> Result<(), Failure> {
    if arguments.plan {
        return plan::run(context, &arguments.input, engine(arguments.engine)).await;
    }
    check_input(context, &arguments.input)?;
    let client = context.client()?.clone();
    let orgs = context.groups().await?;
    let token = context.project_token()?;
    if arguments.engine == EngineName::Capture && token.is_none() {
        return Err(Failure::usage("events need the project token (phc_...), and none is configured")
            .mend("set POSTHOG_PROJECT_API_KEY; PostHog shows it under Settings, Project")
            .mend("or leave `--engine capture` out"));
    }
    apart::check(&arguments.input, journal_of(arguments, Some(&arguments.input.file)).as_deref())?;
    let interrupt = Interrupt::listen().map_err(|e| Failure::failed(format!("cannot start: {e}")))?;
    let show = Show::on_stderr(context.is_quiet());
    let (source, checked) = prepare(&arguments.input, show, &interrupt).await?;
    let name = source.input().name().to_owned();
    if checked.rows == 0 {
        context.note(&format!("{name} has no rows: there is nothing to do"));
        return bad_rows(checked.bad);
    }
    let journal = journal_of(arguments, source.input().path());
    if journal.is_none() {
        context.note("without a journal a stopped import begins anew; name one with --journal FILE");
    }
    if !arguments.yes && confirm::is_possible() {
        let groups = if checked.rows == 1 { "group" } else { "groups" };
        let question = format!(
            "Write {} {groups} of {} to project {} on {}?",
            grouped(checked.rows),
            context.group_type(),
            client.project(),
            client.host()
        );
        let answer = tokio::task::spawn_blocking(move || confirm::ask(&question));
        tokio::select! {
            answer = answer => match answer {
                Ok(answer) => answer?,
                Err(ended) => std::panic::resume_unwind(ended.into_panic()),
            },
            signal = interrupt.clone().wait() => return Err(nothing_written(signal)),
        }
    }
    let report = create_report(arguments.input.report.as_deref())?;
    let progress = Progress::start(show, "Checking", "rows", move || client.throttled_for());
    let listener = Listener::new(progress.counter(), report, None);
    let (heard, stop) = (listener.clone(), interrupt.clone());
    let mut import = orgs
        .import(move || source.pass())
        .engine(engine(arguments.engine))
        .concurrency(arguments.concurrency.into())
        .duplicates(duplicates(arguments.input.duplicates))
        .accept_changed_input(arguments.accept_changed_input)
        .verify_within(arguments.verify_within)
        .on_event(move |event| heard.hear(&event))
        .until(async move {
            stop.wait().await;
        });
    if let Some(token) = token {
        import = import.project_token(token);
    }
    if let Some(host) = &arguments.capture_host {
        import = import.capture_host(host);
    }
    if arguments.verify || arguments.no_verify {
        import = import.verify(arguments.verify);
    }
    if let Some(journal) = &journal {
        import = import.journal(journal);
    }
    let done = import.run().await;
    drop(progress);
    let written_report = listener.heard().finish_report();
    let report = match done {
        Ok(report) => report,
        Err(error) => return Err(transfer::refusal(error, &name)),
    };
    let totals = Totals::of(&report, checked.bad);
    show_totals(&context.output, totals.clone())?;
    let _ = listener.heard().take_failures().write(&mut io::stderr().lock(), &name);
    if let Err(error) = written_report {
        return Err(report_failure(arguments.input.report.as_deref(), &error));
    }
    ending(report, &totals, journal.as_deref(), interrupt.seen())
}

/// Where the journal is: beside the file, if nothing else is said. A copy of standard input has no place.
fn journal_of(arguments: &Import, input: Option<&Path>) -> Option<PathBuf> {
    arguments.journal.clone().or_else(|| {
        let mut name = OsString::from(input?);
        name.push(".journal");
        Some(name.into())
    })
}

/// How the program ends, and how one goes on.
fn ending(
    report: ImportReport,
    totals: &Totals,
    journal: Option<&Path>,
    signal: Option<Signal>,
) -> Result<(), Failure> {
    let go_on = |failure: Failure| match journal {
        Some(journal) => failure.mend(format!(
            "{} has what is done; go on with: {}",
            journal.display(),
            same_command(std::env::args_os())
        )),
        None => failure.mend("run the same import again: it looks first, and writes only what is missing"),
    };
    let reached = format!("with {} of {} rows left to do", grouped(totals.left), grouped(totals.rows));
    match report.stopped {
        Some(Stopped::Error(error)) => {
            let failure = of_events(error).after(&format!("stopped {reached}: "));
            Err(go_on(failure))
        }
        Some(_) => {
            let signal = signal.unwrap_or(Signal::Interrupt);
            Err(go_on(Failure::interrupted(signal, format!("interrupted {reached}"))))
        }
        None if totals.failed > 0 => {
            let rows = if totals.failed == 1 { "row" } else { "rows" };
            let mut failure = Failure::partial(format!("{} {rows} failed", grouped(totals.failed))).mend(
                "mend the rows that the messages name, unless the server failed: that may pass by itself",
            );
            if totals.engine == "capture" && totals.created + totals.changed == 0 {
                failure = failure.mend(
                    "nothing has arrived: is the project token that of this project, and is the project below its event quota?",
                );
            }
            Err(go_on(failure))
        }
        None => bad_rows(totals.bad),
    }
}

/// What stopped an import; a refusal of events is about the project token, not about the key.
fn of_events(error: posthog_groups::Error) -> Failure {
    if error.operation_id() == Some("capture_batch") && error.is_unauthorized() {
        return Failure::auth(text_of(&error)).mend(
            "the project token is refused: set POSTHOG_PROJECT_API_KEY to the key of the project (phc_...), which PostHog shows \
             under Settings, Project",
        );
    }
    Failure::from(error)
}

/// Rows that were passed over are missing afterwards, which the exit code says.
pub(crate) fn bad_rows(bad: u64) -> Result<(), Failure> {
    if bad == 0 { Ok(()) } else { Err(Failure::Told(Code::Partial)) }
}

pub(crate) fn create_report(path: Option<&Path>) -> Result<Option<Report>, Failure> {
    path.map(Report::create).transpose().map_err(|e| report_failure(path, &e))
}

pub(crate) fn report_failure(path: Option<&Path>, error: &io::Error) -> Failure {
    let name = path.map(|path| path.display().to_string()).unwrap_or_default();
    Failure::failed(format!("the report {name} cannot be written: {error}"))
}

pub(crate) fn duplicates(name: DuplicatesName) -> Duplicates {
    match name {
        DuplicatesName::Refuse => Duplicates::Refuse,
        DuplicatesName::Last => Duplicates::LastWins,
    }
}

fn engine(name: EngineName) -> Engine {
    match name {
        EngineName::Auto => Engine::Auto,
        EngineName::Rest => Engine::Rest,
        EngineName::Capture => Engine::Capture,
    }
}
