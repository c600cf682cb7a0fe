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

/// The failure of an import that was refused before anything was written. Adds the flags of the command line.
pub(crate) fn refusal(error: posthog_groups::Error, input: &str) -> Failure {
    if error.is_duplicate_key() {
        return Failure::failed(format!("{input}: {}", error.message()))
            .help("remove one, or add `--duplicates last`");
    }
    if error.is_changed_input() {
        return Failure::failed(error.message())
            .help("add `--accept-changed-input` to begin anew: what that run has written is found as wanted")
            .help("or finish that run with its own rows first");
    }
    let is_of_journal = error.is_journal_refused();
    let failure = Failure::from(error);
    if is_of_journal { failure.help("name another with `--journal FILE`") } else { failure }
}
