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
    /// Whether the key is the cause.
    #[serde(skip)]
    pub(super) is_auth: bool,
    /// Whether the check was skipped because the key is rate limited.
    #[serde(skip)]
    pub(super) is_throttled: bool,
}

impl Check {
    fn new(check: &'static str, status: Status, found: impl Into<String>) -> Self {
        Self { check, status, found: found.into(), help: None, is_auth: false, is_throttled: false }
    }

    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Status::Ok, found)
    }

    pub(super) fn warn(check: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..Self::new(check, Status::Warn, found) }
    }

    pub(super) fn fail(check: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..Self::new(check, Status::Fail, found) }
    }

    /// A check that was skipped, which says nothing about its subject.
    pub(super) fn throttled(check: &'static str, wait: impl Into<String>) -> Self {
        Self { is_throttled: true, ..Self::warn(check, "not checked: throttled", wait) }
    }

    pub(super) fn fail_of_key(
        check: &'static str,
        found: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { is_auth: true, ..Self::fail(check, found, help) }
    }

    /// A failure of another part of the program.
    pub(super) fn of_failure(check: &'static str, failure: Failure) -> Self {
        let is_auth = failure.code() == Some(Code::Auth);
        match failure {
            Failure::Error { message, help, .. } => {
                let help = Some(help.join("; ")).filter(|help| !help.is_empty());
                Self { help, is_auth, ..Self::new(check, Status::Fail, message) }
            }
            _ => Self::new(check, Status::Fail, "it did not complete"),
        }
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
