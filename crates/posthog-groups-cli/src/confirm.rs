//! Confirmation by the user.

use std::io::{self, IsTerminal as _, Write as _};

use crate::exit::Failure;
use crate::transfer::blocking;
use crate::transfer::interrupt::{Interrupt, nothing_written};

/// Fails if `what` needs a confirmation, and the user cannot be asked because there is no terminal.
pub(crate) fn check_possible(needed: bool, what: &str) -> Result<(), Failure> {
    if !needed || io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(format!("{what} requires confirmation, but there is no terminal"))
        .help("add --yes to skip the confirmation, or --dry-run to see what would change"))
}

/// Asks for confirmation. A signal while the question is open means that nothing is written.
pub(crate) async fn ask_or_stop(question: String, interrupt: &Interrupt) -> Result<(), Failure> {
    interrupt.or(blocking(move || ask(&question))).await.map_err(nothing_written)?
}

/// Asks for confirmation. Anything but yes is no.
pub(crate) fn ask(question: &str) -> Result<(), Failure> {
    let no = || Failure::failed("not confirmed; nothing was written");
    let mut answer = String::new();
    let asked = write!(io::stderr(), "{question} [y/N] ").and_then(|()| io::stdin().read_line(&mut answer));
    asked.map_err(|_| no())?;
    if is_yes(&answer) { Ok(()) } else { Err(no()) }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
