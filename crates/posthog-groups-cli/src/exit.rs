//! Exit codes, and failures with help.

use std::borrow::Cow;
use std::error::Error as _;
use std::io;

use posthog_groups::Error;

/// Exit codes other than 0. `--help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    /// The key is missing, invalid, or lacks a permission.
    Auth = 4,
    RateLimited = 5,
    /// Some of several items failed.
    Partial = 6,
    /// Ctrl-C; 128 + 2, as in shells.
    Interrupted = 130,
    /// SIGTERM; 128 + 15, as in shells.
    Terminated = 143,
}

/// Why a command failed, and what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of standard output has closed it, as `head` does. This is not an error.
    ClosedPipe,
    /// Everything has been printed already.
    Reported(Code),
    /// Printed on standard error: what happened, then what to do.
    Error { code: Code, message: String, help: Vec<String> },
}

impl Failure {
    fn with_code(code: Code, message: impl Into<String>) -> Self {
        Self::Error { code, message: message.into(), help: Vec::new() }
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

    pub(crate) fn interrupted(signal: impl Into<Code>, message: impl Into<String>) -> Self {
        Self::with_code(signal.into(), message)
    }

    /// Prepends a description of the progress of the command.
    pub(crate) fn after(mut self, how_far: &str) -> Self {
        if let Self::Error { message, .. } = &mut self {
            message.insert_str(0, how_far);
        }
        self
    }

    /// The failure of a call about one group.
    pub(crate) fn of_group(key: &str, error: Error) -> Self {
        if error.is_not_found() && !error.is_project_not_found() {
            return Self::not_found(format!("there is no group `{key}` of this type")).help(SIMILAR_KEYS);
        }
        error.into()
    }

    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        if let Self::Error { help, .. } = &mut self {
            help.push(text.into());
        }
        self
    }

    pub(crate) fn of_stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::failed(format!("cannot write to standard output: {error}")),
        }
    }

    /// The code of a failure that is one of several.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::ClosedPipe => None,
            Self::Reported(code) | Self::Error { code, .. } => Some(*code),
        }
    }
}

pub(crate) const SIMILAR_KEYS: &str = "check the key, which is case-sensitive, and --group-type; `posthog-groups list --key-contains PART` finds similar keys";

const TRY_LATER: &str = "try again later; if the error persists, contact the operators of the server";

/// The help for a group that the server stores but cannot return.
pub(crate) const UNREADABLE_GROUP: &str = "if the error persists, a group may have a value that the server stores but cannot return, such as an integer beyond \
     64 bits: find the group with `posthog-groups list --key-contains PART`, and remove the property with `posthog-groups \
     unset KEY NAME`, which works even though the group cannot be read";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let failure = Self::with_code(code_of(error), text_of(error));
        help_for(error).into_iter().fold(failure, Self::help)
    }
}

pub(crate) fn wait_for(error: &Error) -> String {
    error
        .retry_after()
        .map_or_else(|| "wait".to_owned(), |wait| format!("wait {} s", wait.as_secs_f64().ceil().max(1.0)))
}

/// The message of a client error, without parts that are meant for programmers.
pub(crate) fn text_of(error: &Error) -> String {
    if error.is_rate_limited() && error.status().is_none() {
        // The client itself stays within the limit, so the server may not have been asked.
        return "too many requests: the server asked to wait, or the limit of the key is used up".to_owned();
    }
    let mut text = error.message();
    if error.is_connect() || error.is_decode() {
        // The innermost cause is the most specific: a name, a port, a certificate, or a missing part of the response.
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

/// Whether the response does not come from PostHog.
pub(crate) fn is_not_posthog(error: &Error) -> bool {
    error.is_decode() || error.code().is_none() && error.status().is_some_and(|status| status < 500)
}

/// Whether a list cannot be continued. Servers from 2025 return "not found" for a cursor that they do not accept.
fn is_not_continued(error: &Error) -> bool {
    error.is_paging() || error.detail() == Some("Invalid cursor")
}

fn code_of(error: &Error) -> Code {
    if error.is_invalid_input() {
        Code::Usage
    } else if is_not_continued(error) {
        Code::Failed
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

fn help_for(error: &Error) -> Vec<String> {
    let help = |text: &str| vec![text.to_owned()];
    if error.is_invalid_input() {
        error.help().into_iter().map(Cow::into_owned).collect()
    } else if let Some(scope) = error.missing_scope() {
        vec![format!(
            "add the scope `{scope}` to the key in PostHog under Settings, Personal API keys; `posthog-groups doctor` \
             checks the others"
        )]
    } else if error.is_unauthorized() {
        help(
            "check that the key is a personal API key (phx_...) of this region: keys of us.posthog.com are unknown to \
             eu.posthog.com; run `posthog-groups doctor` for details",
        )
    } else if error.is_forbidden() {
        help(
            "give the key access to the project, or choose another with --project; `posthog-groups contexts` shows the settings",
        )
    } else if error.is_project_not_found() {
        help("check --project and the region: a project id of one region is unknown in the other")
    } else if is_not_continued(error) {
        match error.help() {
            Some(own) => help(&own),
            None => help(
                "run the command again; if the error persists, a proxy may change the links of the server's lists, or drop `cursor`",
            ),
        }
    } else if error.is_not_found() {
        help(SIMILAR_KEYS)
    } else if error.is_already_exists() {
        help("use `posthog-groups upsert`, which accepts the same options")
    } else if error.is_not_offered() {
        help(match error.operation_id() {
            Some("list_property_definitions") => {
                "servers since 2026-06-26 do not offer this; see the properties of some groups with `posthog-groups list \
                 --limit 20`"
            }
            _ => {
                "if every command fails like this, the host is not a PostHog API; run `posthog-groups doctor`"
            }
        })
    } else if error.is_rate_limited() {
        vec![format!(
            "{}, or use a separate key: PostHog Cloud allows 480 requests per minute and 4,800 per hour for each key",
            wait_for(error)
        )]
    } else if error.is_outcome_unknown() {
        help("check the group with `posthog-groups get` before writing again")
    } else if error.is_certificate() {
        help(
            "check the host name; if the certificate was issued by a private authority, add that authority to the system's \
             certificate store, or (on Linux) set SSL_CERT_FILE to a file that contains its certificate",
        )
    } else if error.is_connect() {
        help("check the host and the network; run `posthog-groups doctor` for details")
    } else if error.is_interrupted() {
        help(
            "try again; if the error persists, check the port and the scheme (http or https) of the host, and any proxy in between",
        )
    } else if matches!(error.status(), Some(402 | 413)) {
        error.help().into_iter().map(Cow::into_owned).collect()
    } else if error.is_timeout() {
        help("try again, or allow more time with --timeout SECONDS")
    } else if is_not_posthog(error) {
        help(
            "check that the host is the address of PostHog itself, not of a login page or proxy in front of it",
        )
    } else if error.status() == Some(500)
        && matches!(error.operation_id(), Some("list_groups" | "find_group"))
    {
        vec![TRY_LATER.to_owned(), UNREADABLE_GROUP.to_owned()]
    } else if error.is_server_error() {
        help(TRY_LATER)
    } else {
        Vec::new()
    }
}
