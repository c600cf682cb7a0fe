//! The `posthog-groups` command.
mod arguments;
mod assignment;
mod commands {
    pub(crate) mod export;
    pub(crate) mod import;
    pub(crate) mod plan;
}
mod config_file;
mod confirm;
mod connection;
mod exit;
mod help;
mod json_text;
mod key_source;
mod output;
mod rows;
mod settings;
mod table;
mod transfer;
mod visible;
use arguments::{Arguments, Command};
use clap::Parser;
fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let Ok(runtime) = runtime else { return std::process::ExitCode::FAILURE };
    let done = runtime.block_on(async {
        let context = connection::Context::new(&arguments.global)?;
        match &arguments.command {
            Command::Export(a) => commands::export::run(&context, a).await,
            Command::Import(a) => commands::import::run(&context, a).await,
            Command::Plan(a) => commands::plan::run(&context, a).await,
            _ => Ok(()),
        }
    });
    runtime.shutdown_background();
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(f) => f.report(arguments.global.stderr_colors()),
    }
}
