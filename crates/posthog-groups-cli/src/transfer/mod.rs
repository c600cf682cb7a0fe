//! Moving groups between a project and files.
//!
//! | module | has |
//! | --- | --- |
//! | [`export`] | from a project to a file |
//! | [`source`] | the rows of an import, checked before and read as often as needed |
//! | [`outcomes`] | what became of the rows of an import: counted, the first failures kept, reported |
//! | [`progress`] | what is shown meanwhile |
//! | [`totals`] | what an import came to |
//! | [`interrupt`] | Ctrl-C and SIGTERM |

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
pub(crate) fn refusal(error: posthog_groups::Error) -> Failure {
    let message = error.to_string();
    let failure = Failure::from(error);
    let mends = [
        ("have the same group key", "remove one, or add `--duplicates last`"),
        (
            "the input has changed since",
            "add `--accept-changed-input` to go on, or remove the journal to begin anew",
        ),
        ("name another journal", "name another with `--journal FILE`"),
        ("cannot open the journal", "name another with `--journal FILE`"),
    ];
    match mends.iter().find(|(words, _)| message.contains(words)) {
        Some((_, mend)) => failure.mend(*mend),
        None => failure,
    }
}
