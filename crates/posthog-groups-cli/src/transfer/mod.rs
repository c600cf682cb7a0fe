//! Moving groups between a project and files.
//!
//! | module | has |
//! | --- | --- |
//! | [`apart`] | that no file of an import is written over another |
//! | [`export`] | from a project to a file |
//! | [`source`] | the rows of an import, checked before and read as often as needed |
//! | [`outcomes`] | what became of the rows of an import: counted, the first failures kept, reported |
//! | [`progress`] | what is shown meanwhile |
//! | [`totals`] | what an import came to |
//! | [`interrupt`] | Ctrl-C and SIGTERM |

pub(crate) mod apart;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod interrupt;
pub(crate) mod outcomes;
pub(crate) mod prepare;
pub(crate) mod progress;
pub(crate) mod source;
pub(crate) mod totals;

use crate::exit::Failure;

/// What an import was refused for, in words of the command line. Nothing was written then.
pub(crate) fn refusal(error: posthog_groups::Error, input: &str) -> Failure {
    let message = error.to_string();
    // The library speaks to programmers, whose way out is a method.
    if let Some((rows, _)) = message.split_once("; remove one, or let the last one win") {
        return Failure::failed(format!("{input}: {rows}")).help("remove one, or add `--duplicates last`");
    }
    if let Some((what, _)) = message.split_once("; finish that run with its own rows") {
        return Failure::failed(what)
            .help("add `--accept-changed-input` to begin anew: what that run has written is found as wanted")
            .help("or finish that run with its own rows first");
    }
    let is_of_journal = message.contains("name another journal") || message.contains(" the journal ");
    let failure = Failure::from(error);
    if is_of_journal { failure.help("name another with `--journal FILE`") } else { failure }
}
