//! The result of a check: the finding, and what to do about it.

use serde::Serialize;

use crate::exit::{Code, Failure};
use crate::output::Record;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Ok,
    Warn,
    Fail,
}

/// One check: the finding, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) check: &'static str,
    pub(super) status: Status,
    pub(super) found: String,
    pub(super) help: Option<String>,
    /// The exit code of the command because of this check.
    #[serde(skip)]
    pub(super) code: Option<Code>,
}

impl Check {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, found: found.into(), help: None, code: None }
    }

    pub(super) fn warn(check: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status: Status::Warn, help: Some(help.into()), ..Self::ok(check, found) }
    }

    pub(super) fn fail(check: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status: Status::Fail, code: Some(Code::Failed), ..Self::warn(check, found, help) }
    }

    /// A check that was skipped because the key is rate limited, which says nothing about its subject.
    pub(super) fn throttled(check: &'static str, wait: impl Into<String>) -> Self {
        Self { code: Some(Code::RateLimited), ..Self::warn(check, "not checked: throttled", wait) }
    }

    /// A failure whose cause is the key.
    pub(super) fn fail_of_key(
        check: &'static str,
        found: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { code: Some(Code::Auth), ..Self::fail(check, found, help) }
    }

    /// A failure of another part of the program.
    pub(super) fn of_failure(check: &'static str, failure: Failure) -> Self {
        let (code, message, help) = match failure {
            Failure::Error { code: Code::Auth, message, help } => (Code::Auth, message, help),
            Failure::Error { message, help, .. } => (Code::Failed, message, help),
            _ => (Code::Failed, "it did not complete".to_owned(), Vec::new()),
        };
        let help = Some(help.join("; ")).filter(|help| !help.is_empty());
        Self { status: Status::Fail, help, code: Some(code), ..Self::ok(check, message) }
    }
}

impl Record for Check {
    const COLUMNS: &'static [&'static str] = &["check", "status", "found", "help"];

    fn cells(&self) -> Vec<String> {
        let status = match self.status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        let help = self.help.clone().unwrap_or_default();
        vec![self.check.to_owned(), status.to_owned(), self.found.clone(), help]
    }
}
