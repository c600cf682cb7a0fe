//! How the program ends: exit codes, and errors that say what to do.

use std::error::Error as _;
use std::{fmt, io};

use posthog_groups::Error;

use crate::visible::visible;

/// Exit codes other than 0. `--help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    /// The key is missing, unknown, or may not do this.
    Auth = 4,
    RateLimited = 5,
    /// Some of several things are done.
    Partial = 6,
    /// Ctrl-C, as shells have it.
    Interrupted = 130,
    /// SIGTERM, as shells have it.
    Terminated = 143,
}

/// Why a command did not succeed, and what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of standard output has gone away, as `head` does. That is its right.
    ClosedPipe,
    /// Everything is said already.
    Told(Code),
    /// Said on standard error: what happened, then what to do.
    Error { code: Code, message: String, mends: Vec<String> },
}

impl Failure {
    fn with_code(code: Code, message: impl Into<String>) -> Self {
        Self::Error { code, message: message.into(), mends: Vec::new() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::with_code(Code::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::with_code(Code::Usage, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::with_code(Code::NotFound, message)
    }

    pub(crate) fn auth(message: impl Into<String>) -> Self {
        Self::with_code(Code::Auth, message)
    }

    pub(crate) fn partial(message: impl Into<String>) -> Self {
        Self::with_code(Code::Partial, message)
    }

    /// A signal asked to stop.
    pub(crate) fn interrupted(signal: impl Into<Code>, message: impl Into<String>) -> Self {
        Self::with_code(signal.into(), message)
    }

    /// Says first how far it came.
    pub(crate) fn after(mut self, how_far: &str) -> Self {
        if let Self::Error { message, .. } = &mut self {
            message.insert_str(0, how_far);
        }
        self
    }

    /// The failure of a call about one group.
    pub(crate) fn of_group(key: &str, error: Error) -> Self {
        if error.is_not_found() && error.detail() != Some(NO_PROJECT) {
            return Self::not_found(format!("there is no group `{key}` of this type")).mend(SIMILAR_KEYS);
        }
        error.into()
    }

    /// Adds what to do.
    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        if let Self::Error { mends, .. } = &mut self {
            mends.push(mend.into());
        }
        self
    }

    /// A failure to write to standard output.
    pub(crate) fn of_stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::failed(format!("cannot write to standard output: {error}")),
        }
    }

    /// What happened, then what to do: a label and a text for each line.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let Self::Error { message, mends, .. } = self else { return Vec::new() };
        let mends = mends.iter().map(|mend| ("  mend:", visible(mend).into_owned()));
        [("error:", visible(message).into_owned())].into_iter().chain(mends).collect()
    }

    /// The code of a failure that is one of several.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::ClosedPipe => None,
            Self::Told(code) | Self::Error { code, .. } => Some(*code),
        }
    }
}

impl fmt::Display for Failure {
    /// As on standard error, without styles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|(label, text)| writeln!(f, "{label} {text}"))
    }
}

/// The server's sentence for a project that is not there.
const NO_PROJECT: &str = "Project not found.";

/// What to do where a group is not there.
pub(crate) const SIMILAR_KEYS: &str = "check the key, whose case counts, and --group-type; `posthog-groups list --key-contains PART` finds similar ones";

const TRY_LATER: &str = "try again later; a failure that stays is for the operators of the server";

/// What repairs a group that the server stored and cannot return.
pub(crate) const UNREADABLE_GROUP: &str = "if it always fails, a group holds a value that the server cannot return, such as an integer beyond 64 bits: find \
     the group with `posthog-groups list --key-contains PART`, and remove the property with `posthog-groups unset KEY NAME`, \
     which works although the group cannot be read";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::with_code(code_of(&error), text_of(&error));
        mends_of(&error).into_iter().fold(failure, Self::mend)
    }
}

/// The client's sentence for a request that it does not send because of the rate limit.
const OWN_LIMIT: &str = "the client's own rate limit has no place within the longest wait";

/// What to do where the server, or the client for it, refuses more requests for now.
pub(crate) fn wait_for(error: &Error) -> String {
    error
        .retry_after()
        .map_or_else(|| "wait".to_owned(), |wait| format!("wait {} s", wait.as_secs_f64().ceil()))
}

/// What an error of the client says to people.
pub(crate) fn text_of(error: &Error) -> String {
    let mut text = error.to_string();
    // The name of the operation is for programmers.
    if let Some(operation) = error.operation_id()
        && let Some(rest) = text.strip_prefix(&format!("{operation}: "))
    {
        text = rest.to_owned();
    }
    // So is the allowance that the client keeps count of.
    text = text.replace(
        OWN_LIMIT,
        "too many requests for now: the server has told to wait, or its allowance is used up",
    );
    if error.is_connect() {
        // The innermost cause says whether it was the name, the port or the certificate.
        let mut cause = error.source();
        while let Some(next) = cause.and_then(|cause| cause.source()) {
            cause = Some(next);
        }
        if let Some(cause) = cause {
            text.push_str(&format!(": {cause}"));
        }
    }
    text
}

fn code_of(error: &Error) -> Code {
    if error.is_invalid_input() {
        Code::Usage
    } else if error.is_not_found() {
        Code::NotFound
    } else if error.is_unauthorized() || error.is_forbidden() {
        Code::Auth
    } else if error.is_rate_limited() {
        Code::RateLimited
    } else {
        Code::Failed
    }
}

/// What to do about an error of the client.
fn mends_of(error: &Error) -> Vec<String> {
    let mend = |text: &str| vec![text.to_owned()];
    if let Some(scope) = error.missing_scope() {
        vec![format!(
            "add the scope `{scope}` to the key in PostHog under Settings, Personal API keys; `posthog-groups doctor` \
             shows what else is missing"
        )]
    } else if error.is_unauthorized() {
        mend(
            "check that the key is a personal API key (phx_...) of this region: keys of us.posthog.com are unknown to \
             eu.posthog.com; `posthog-groups doctor` looks closer",
        )
    } else if error.is_forbidden() {
        mend(
            "give the key access to the project, or name another with --project; `posthog-groups contexts` shows what is set",
        )
    } else if error.is_not_found() && error.detail() == Some(NO_PROJECT) {
        mend("check --project and the region: a project id of one region is unknown in the other")
    } else if error.is_not_found() {
        mend(SIMILAR_KEYS)
    } else if error.is_already_exists() {
        mend("change it with `posthog-groups upsert`, which takes the same options")
    } else if error.is_not_offered() {
        mend(match error.operation_id() {
            Some("list_property_definitions") => {
                "servers since 2026-06-26 do not tell the names of properties; look at some groups with `posthog-groups \
                 list --limit 20`"
            }
            _ => {
                "if every command says so, the host is not the address of a PostHog API; `posthog-groups doctor` looks"
            }
        })
    } else if error.is_rate_limited() {
        vec![format!(
            "{}, or use a key of its own: PostHog Cloud counts 480 requests a minute and 4,800 an hour for each key",
            wait_for(error)
        )]
    } else if error.is_outcome_unknown() {
        mend("look with `posthog-groups get` before you write again")
    } else if error.is_connect() {
        mend("check the host, and whether this machine can reach it; `posthog-groups doctor` looks closer")
    } else if error.is_timeout() {
        mend("try again, or allow more with --timeout SECONDS")
    } else if error.is_decode() || error.code().is_none() && matches!(error.status(), Some(400..500)) {
        mend("check that the host is the address of PostHog itself, not of a login page or proxy before it")
    } else if error.status() == Some(500)
        && matches!(error.operation_id(), Some("list_groups" | "find_group"))
    {
        vec![TRY_LATER.to_owned(), UNREADABLE_GROUP.to_owned()]
    } else if error.is_server_error() {
        mend(TRY_LATER)
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_that_is_replaced_is_that_of_the_client() {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../posthog-groups/src/error/text.rs");
        // A packed crate comes without it.
        let Ok(source) = std::fs::read_to_string(source) else { return };
        assert!(source.contains(OWN_LIMIT), "`text_of` has to know the new sentence");
    }
}
