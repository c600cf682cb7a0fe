//! Error responses of the server (contract section 1.3).

use serde_json::json;

use crate::answer::Answer;
use crate::json::quoted;

/// Why a request failed. Most errors have the error envelope; some endpoints have other bodies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// The envelope `{type, code, detail, attr}`.
    Envelope(Envelope),
    /// A body in another format.
    Bare { status: u16, body: String },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) attr: Option<String>,
    /// Seconds for `Retry-After`.
    pub(crate) retry_after: Option<u64>,
    /// Whether the 2026 server adds `WWW-Authenticate`.
    pub(crate) challenge: bool,
}

impl Failure {
    pub(crate) fn answer(self) -> Answer {
        match self {
            Failure::Bare { status, body } => Answer::json(status, body),
            Failure::Envelope(e) => {
                let attr = e.attr.as_deref().map_or_else(|| "null".to_owned(), quoted);
                let body = format!(
                    r#"{{"type":"{}","code":"{}","detail":{},"attr":{attr}}}"#,
                    e.kind,
                    e.code,
                    quoted(&e.detail)
                );
                let answer = Answer::json(e.status, body);
                match e.retry_after {
                    Some(seconds) => answer.header("retry-after", &seconds.to_string()),
                    None => answer,
                }
            }
        }
    }
}

fn envelope(status: u16, kind: &'static str, code: &'static str, detail: impl Into<String>) -> Failure {
    Failure::Envelope(Envelope {
        status,
        kind,
        code,
        detail: detail.into(),
        attr: None,
        retry_after: None,
        challenge: false,
    })
}

/// An invalid field or parameter.
pub(crate) fn validation(attr: &str, code: &'static str, detail: impl Into<String>) -> Failure {
    match envelope(400, "validation_error", code, detail) {
        Failure::Envelope(e) => Failure::Envelope(Envelope { attr: Some(attr.to_owned()), ..e }),
        bare @ Failure::Bare { .. } => bare,
    }
}

/// An invalid field or parameter with the code `invalid_input`.
pub(crate) fn invalid(attr: &str, detail: impl Into<String>) -> Failure {
    validation(attr, "invalid_input", detail)
}

/// A validation error of the request as a whole.
pub(crate) fn invalid_request(code: &'static str, detail: impl Into<String>) -> Failure {
    envelope(400, "validation_error", code, detail)
}

pub(crate) fn parse_error(detail: impl Into<String>) -> Failure {
    envelope(400, "invalid_request", "parse_error", detail)
}

pub(crate) fn not_found(detail: &str) -> Failure {
    envelope(404, "invalid_request", "not_found", detail)
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
    envelope(405, "invalid_request", "method_not_allowed", format!("Method \"{method}\" not allowed."))
}

pub(crate) fn not_acceptable() -> Failure {
    let detail = "Could not satisfy the request Accept header.";
    envelope(406, "invalid_request", "not_acceptable", detail)
}

pub(crate) fn unsupported_media_type(media_type: &str) -> Failure {
    let detail = format!("Unsupported media type \"{media_type}\" in request.");
    envelope(415, "invalid_request", "unsupported_media_type", detail)
}

/// An internal error, which 2025 also returns for many invalid requests.
pub(crate) fn server_error() -> Failure {
    envelope(500, "server_error", "error", "A server error occurred.")
}

pub(crate) fn not_authenticated() -> Failure {
    challenged("not_authenticated", "Authentication credentials were not provided.".to_owned())
}

pub(crate) fn authentication_failed(detail: impl Into<String>) -> Failure {
    challenged("authentication_failed", detail.into())
}

fn challenged(code: &'static str, detail: String) -> Failure {
    match envelope(401, "authentication_error", code, detail) {
        Failure::Envelope(e) => Failure::Envelope(Envelope { challenge: true, ..e }),
        bare @ Failure::Bare { .. } => bare,
    }
}

pub(crate) fn permission_denied(detail: impl Into<String>) -> Failure {
    envelope(403, "authentication_error", "permission_denied", detail)
}

/// The rate limit is exceeded for `wait` more seconds.
pub(crate) fn throttled(wait: u64) -> Failure {
    let unit = if wait == 1 { "second" } else { "seconds" };
    let detail = format!("Request was throttled. Expected available in {wait} {unit}.");
    match envelope(429, "throttled_error", "throttled", detail) {
        // The framework omits the header for a wait of zero.
        Failure::Envelope(e) => Failure::Envelope(Envelope { retry_after: (wait > 0).then_some(wait), ..e }),
        bare @ Failure::Bare { .. } => bare,
    }
}

/// 2025: a missing field of update and delete, with `code` and `detail` swapped.
pub(crate) fn swapped_required(field: &str) -> Failure {
    let body = json!({"attr": field, "code": "This field is required.", "detail": "required", "type": "validation_error"});
    Failure::Bare { status: 400, body: body.to_string() }
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
            let Failure::Envelope(e) = throttled(wait) else { panic!("an envelope") };
            assert_eq!(e.detail, format!("Request was throttled. {said}"));
            assert_eq!(e.retry_after, header);
        }
    }
}
