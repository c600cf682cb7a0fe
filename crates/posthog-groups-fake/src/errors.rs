//! Error responses of the server (contract section 1.3).

use serde_json::{Value, json};

use crate::answer::Answer;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    /// Usually the envelope `{type, code, detail, attr}`.
    pub(crate) body: Value,
    /// Seconds for `Retry-After`.
    pub(crate) retry_after: Option<u64>,
    /// Whether the 2026 server adds `WWW-Authenticate`.
    pub(crate) challenge: bool,
}

impl Failure {
    /// A failure without the envelope.
    pub(crate) fn bare(status: u16, body: Value) -> Self {
        Self { status, body, retry_after: None, challenge: false }
    }

    pub(crate) fn answer(self) -> Answer {
        let answer = Answer::json(self.status, self.body.to_string());
        match self.retry_after {
            Some(seconds) => answer.header("retry-after", &seconds.to_string()),
            None => answer,
        }
    }
}

fn envelope(status: u16, kind: &str, code: &str, attr: Option<&str>, detail: &str) -> Failure {
    Failure::bare(status, json!({"type": kind, "code": code, "detail": detail, "attr": attr}))
}

/// An invalid field or parameter.
pub(crate) fn validation(attr: &str, code: &str, detail: &str) -> Failure {
    envelope(400, "validation_error", code, Some(attr), detail)
}

/// An invalid field or parameter with the code `invalid_input`.
pub(crate) fn invalid(attr: &str, detail: &str) -> Failure {
    validation(attr, "invalid_input", detail)
}

/// A validation error of the request as a whole.
pub(crate) fn invalid_request(code: &str, detail: &str) -> Failure {
    envelope(400, "validation_error", code, None, detail)
}

pub(crate) fn parse_error(detail: &str) -> Failure {
    envelope(400, "invalid_request", "parse_error", None, detail)
}

pub(crate) fn not_found(detail: &str) -> Failure {
    envelope(404, "invalid_request", "not_found", None, detail)
}

/// The endpoint exists, but the requested object does not.
pub(crate) fn no_such_thing() -> Failure {
    not_found("Not found.")
}

/// The endpoint does not exist.
pub(crate) fn no_such_endpoint() -> Failure {
    not_found("Endpoint not found.")
}

pub(crate) fn no_such_project() -> Failure {
    not_found("Project not found.")
}

pub(crate) fn method_not_allowed(method: &str) -> Failure {
    let detail = format!("Method \"{method}\" not allowed.");
    envelope(405, "invalid_request", "method_not_allowed", None, &detail)
}

pub(crate) fn not_acceptable() -> Failure {
    let detail = "Could not satisfy the request Accept header.";
    envelope(406, "invalid_request", "not_acceptable", None, detail)
}

pub(crate) fn unsupported_media_type(media_type: &str) -> Failure {
    let detail = format!("Unsupported media type \"{media_type}\" in request.");
    envelope(415, "invalid_request", "unsupported_media_type", None, &detail)
}

/// An internal error, which 2025 also returns for many invalid requests.
pub(crate) fn server_error() -> Failure {
    envelope(500, "server_error", "error", None, "A server error occurred.")
}

pub(crate) fn not_authenticated() -> Failure {
    challenged("not_authenticated", "Authentication credentials were not provided.")
}

pub(crate) fn authentication_failed(detail: &str) -> Failure {
    challenged("authentication_failed", detail)
}

fn challenged(code: &str, detail: &str) -> Failure {
    Failure { challenge: true, ..envelope(401, "authentication_error", code, None, detail) }
}

pub(crate) fn permission_denied(detail: &str) -> Failure {
    envelope(403, "authentication_error", "permission_denied", None, detail)
}

/// The rate limit is exceeded for `wait` more seconds.
pub(crate) fn throttled(wait: u64) -> Failure {
    let unit = if wait == 1 { "second" } else { "seconds" };
    let detail = format!("Request was throttled. Expected available in {wait} {unit}.");
    // The framework omits the header for a wait of zero.
    let retry_after = (wait > 0).then_some(wait);
    Failure { retry_after, ..envelope(429, "throttled_error", "throttled", None, &detail) }
}

/// 2025: a missing field of update and delete, with `code` and `detail` swapped.
pub(crate) fn swapped_required(field: &str) -> Failure {
    let code = "This field is required.";
    Failure::bare(400, json!({"attr": field, "code": code, "detail": "required", "type": "validation_error"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_one_second_is_singular() {
        for (wait, said, header) in [
            (0, "Expected available in 0 seconds.", None),
            (1, "Expected available in 1 second.", Some(1)),
            (59, "Expected available in 59 seconds.", Some(59)),
        ] {
            let failure = throttled(wait);
            assert_eq!(failure.body["detail"], format!("Request was throttled. {said}"));
            assert_eq!(failure.retry_after, header);
        }
    }
}
