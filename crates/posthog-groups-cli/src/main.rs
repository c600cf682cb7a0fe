//! The `posthog-groups` command.

mod arguments;
mod assignment;
mod commands;
mod condition;
mod config_file;
mod confirm;
mod connection;
mod exit;
mod group_changes;
mod help;
mod json_text;
mod key_source;
mod mcp;
mod output;
#[cfg(test)]
mod property_tests;
mod requests;
mod rows;
mod settings;
mod style;
mod table;
mod transfer;
mod visible;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::FromArgMatches as _;
use posthog_groups::bulk::Engine;

use crate::arguments::{Arguments, Command};
use crate::connection::Context;
use crate::exit::Failure;
use crate::style::Styles;

fn main() -> ExitCode {
    let matches = help::parser().try_get_matches().unwrap_or_else(|e| help::with_tip(e).exit());
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(e) => e.exit(),
    };
    match start(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure, Styles::of(&io::stderr(), &arguments.global));
            failure.code().map_or(ExitCode::SUCCESS, |code| ExitCode::from(code as u8))
        }
    }
}

/// Writes the failure to standard error.
fn report(failure: &Failure, styles: Styles) {
    let text: String = (failure.lines().iter().enumerate())
        .map(|(n, (label, text))| match n {
            0 => format!("{} {text}\n", styles.error(label)),
            _ => format!("{} {text}\n", styles.bold(label)),
        })
        .collect();
    // If standard error is closed, only the exit code reports the failure.
    let _ = io::stderr().write_all(text.as_bytes());
}

fn start(arguments: &Arguments) -> Result<(), Failure> {
    let cannot_start = |e| Failure::failed(format!("cannot start: {e}"));
    let threads = std::thread::available_parallelism().map_or(8, |cores| cores.get().max(8));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .event_interval(1)
        .enable_all()
        .build()
        .map_err(cannot_start)?;
    keep_timers_running(runtime.handle().clone()).map_err(cannot_start)?;
    let done = runtime.block_on(run(arguments));
    // Only a prefetched page may still be running, and its result is not needed.
    runtime.shutdown_background();
    done
}

/// Periodically wakes an idle thread of the runtime, which then takes over the timers. A server that floods a connection can keep
/// the thread that drives the timers busy for many seconds, in which no timeout would fire.
fn keep_timers_running(runtime: tokio::runtime::Handle) -> io::Result<()> {
    let wake = move || loop {
        std::thread::sleep(Duration::from_millis(250));
        runtime.spawn(async {});
    };
    std::thread::Builder::new().name("timers".to_owned()).spawn(wake).map(drop)
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    // These work without valid settings.
    match &arguments.command {
        Command::Serve(serve) => return commands::serve::run(&arguments.global, serve).await,
        Command::Completions(shell) => return commands::completions::run(shell),
        Command::Man(man) => return commands::man::run(man),
        Command::Doctor => return commands::doctor::run(&arguments.global).await,
        Command::Contexts => return commands::contexts::run(&Context::for_inspection(&arguments.global)?),
        _ => {}
    }
    let context = Context::new(&arguments.global)?;
    if !arguments.command.shows_progress() {
        context.report_waits();
    }
    match &arguments.command {
        Command::Types => commands::types::run(&context).await,
        Command::List(list) => commands::list::run(&context, list).await,
        Command::Get(get) => commands::get::run(&context, get).await,
        Command::Create(create) => commands::create::run(&context, create).await,
        Command::Set(set) => commands::set::run(&context, set).await,
        Command::Unset(unset) => commands::unset::run(&context, unset).await,
        Command::Upsert(upsert) => commands::upsert::run(&context, upsert).await,
        Command::Export(export) => commands::export::run(&context, arguments.global.output, export).await,
        Command::Import(import) => commands::import::run(&context, import).await,
        Command::Plan(plan) => {
            let who = plan.who.then_some(plan.limit);
            commands::plan::run(&context, &plan.input, Engine::Auto, who).await
        }
        Command::Activity(activity) => commands::activity::run(&context, activity).await,
        Command::Related(related) => commands::related::run(&context, related).await,
        Command::Values(values) => commands::values::run(&context, values).await,
        Command::Definitions => commands::definitions::run(&context).await,
        Command::Mcp(arguments) => mcp::run(&context, arguments).await,
        Command::Api(api) => commands::api::run(&context, api).await,
        Command::Whoami => commands::whoami::run(&context).await,
        Command::Serve(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Doctor
        | Command::Contexts => Ok(()),
    }
}
