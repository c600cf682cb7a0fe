//! `completions`: the completions of a shell.

use std::io::{self, Write as _};

use crate::arguments::Completions;
use crate::exit::Failure;
use crate::help;

pub(crate) fn run(arguments: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut help::command(), "posthog-groups", &mut script);
    io::stdout().write_all(&script).map_err(|e| Failure::of_stdout(&e))
}
