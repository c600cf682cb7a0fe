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
use crate::visible::visible;

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

fn report(failure: &Failure, styles: Styles) {
    let Failure::Error { message, help, .. } = failure else { return };
    let mut text = format!("{} {}\n", styles.error("error:"), visible(message));
    for help in help {
        text += &format!("{} {}\n", styles.bold("  help:"), visible(help));
    }
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
    let connected = || {
        let context = Context::new(&arguments.global)?;
        if !arguments.command.shows_progress() {
            context.report_waits();
        }
        Ok::<_, Failure>(context)
    };
    // The first ones work without valid settings.
    match &arguments.command {
        Command::Serve(serve) => commands::serve::run(&arguments.global, serve).await,
        Command::Completions(shell) => commands::completions::run(shell),
        Command::Man(man) => commands::man::run(man),
        Command::Doctor => commands::doctor::run(&arguments.global).await,
        Command::Contexts => commands::contexts::run(&Context::for_inspection(&arguments.global)?),
        Command::Types => commands::types::run(&connected()?).await,
        Command::List(list) => commands::list::run(&connected()?, list).await,
        Command::Get(get) => commands::get::run(&connected()?, get).await,
        Command::Create(create) => commands::create::run(&connected()?, create).await,
        Command::Set(set) => commands::set::run(&connected()?, set).await,
        Command::Unset(unset) => commands::unset::run(&connected()?, unset).await,
        Command::Upsert(upsert) => commands::upsert::run(&connected()?, upsert).await,
        Command::Export(export) => {
            commands::export::run(&connected()?, arguments.global.output, export).await
        }
        Command::Import(import) => commands::import::run(&connected()?, import).await,
        Command::Plan(plan) => {
            let who = plan.who.then_some(plan.limit);
            commands::plan::run(&connected()?, &plan.input, Engine::Auto, who).await
        }
        Command::Activity(activity) => commands::activity::run(&connected()?, activity).await,
        Command::Related(related) => commands::related::run(&connected()?, related).await,
        Command::Values(values) => commands::values::run(&connected()?, values).await,
        Command::Definitions => commands::definitions::run(&connected()?).await,
        Command::Mcp(arguments) => mcp::run(&connected()?, arguments).await,
        Command::Api(api) => commands::api::run(&connected()?, api).await,
        Command::Whoami => commands::whoami::run(&connected()?).await,
    }
}
