//! Moving groups between a project and files.

pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod files;
pub(crate) mod interrupt;
pub(crate) mod outcomes;
pub(crate) mod progress;
pub(crate) mod source;
pub(crate) mod totals;

use crate::exit::Failure;

/// Starts work that blocks, on a thread of its own.
pub(crate) fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> {
    let task = tokio::task::spawn_blocking(work);
    async { task.await.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic())) }
}

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
