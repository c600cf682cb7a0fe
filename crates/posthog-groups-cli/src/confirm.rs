//! Confirmation by the user.

use std::io::{self, IsTerminal as _, Write as _};

use crate::exit::Failure;
use crate::transfer::interrupt::{Interrupt, nothing_written};

/// Whether the user can be asked: both streams are terminals.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for confirmation. A signal while the question is open means that nothing is written.
pub(crate) async fn ask_or_stop(question: String, interrupt: &Interrupt) -> Result<(), Failure> {
    let answer = tokio::task::spawn_blocking(move || ask(&question));
    tokio::select! {
        answer = answer => answer.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic())),
        signal = interrupt.clone().wait() => Err(nothing_written(signal)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, expected) in
            [("y\n", true), ("YES\r\n", true), ("\n", false), ("", false), ("yep", false)]
        {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
