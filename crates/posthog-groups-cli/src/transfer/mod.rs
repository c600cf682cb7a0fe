//! Moving groups between a project and files.
//!
//! | module | contains |
//! | --- | --- |
//! | [`files`] | checks that no file is used for two purposes |
//! | [`export`] | exports to a file |
//! | [`source`] | the rows of an import, checked first and read repeatedly |
//! | [`outcomes`] | the outcomes of rows: the report, and the first failures |
//! | [`progress`] | progress on standard error |
//! | [`totals`] | the result of an import |
//! | [`interrupt`] | Ctrl-C and SIGTERM |

pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod files;
pub(crate) mod interrupt;
pub(crate) mod outcomes;
pub(crate) mod prepare;
pub(crate) mod progress;
pub(crate) mod source;
pub(crate) mod totals;

use crate::exit::Failure;

/// The failure of an import that was rejected before anything was written. Adds the flags of the command line.
pub(crate) fn refusal(error: posthog_groups::Error, input: &str) -> Failure {
    if error.is_duplicate_key() {
        return Failure::failed(format!("{input}: {}", error.message()))
            .help("remove one, or add `--duplicates last`");
    }
    if error.is_changed_input() {
        return Failure::failed(error.message())
            .help("add `--accept-changed-input` to start over; rows that are already written are unchanged")
            .help("or finish that run with its original rows first");
    }
    let is_of_journal = error.is_journal_refused();
    let failure = Failure::from(error);
    if is_of_journal { failure.help("choose another with `--journal FILE`") } else { failure }
}
