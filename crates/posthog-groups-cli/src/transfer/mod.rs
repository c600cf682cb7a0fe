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
