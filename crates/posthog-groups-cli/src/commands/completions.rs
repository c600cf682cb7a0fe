//! `completions`: prints shell completions.

use std::io::{self, Write as _};

use clap_complete::Shell;

use crate::arguments::Completions;
use crate::exit::Failure;
use crate::help;

const NAME: &str = "posthog-groups";

pub(crate) fn run(arguments: &Completions) -> Result<(), Failure> {
    let script = match arguments.shell {
        Shell::Bash => bash(),
        shell => String::from_utf8_lossy(&generated(shell, NAME)).into_owned(),
    };
    io::stdout().write_all(script.as_bytes()).map_err(|e| Failure::of_stdout(&e))
}

fn generated(shell: Shell, name: &str) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::command().name(name.to_owned()), name, &mut script);
    script
}

/// The generator mistakes a hyphen in the name for a subcommand in some places, and then completes nothing after a subcommand.
/// Therefore it gets a name without a hyphen, and only the command that is completed keeps its name.
fn bash() -> String {
    let stand_in = NAME.replace('-', "_");
    let script = generated(Shell::Bash, &stand_in);
    let line = |line: &str| match line.strip_suffix(&stand_in) {
        Some(start) if line.trim_start().starts_with("complete -F ") => format!("{start}{NAME}\n"),
        _ => format!("{line}\n"),
    };
    String::from_utf8_lossy(&script).lines().map(line).collect()
}
