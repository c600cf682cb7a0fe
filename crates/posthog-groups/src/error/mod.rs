//! The error type.

mod details;
pub(crate) mod envelope;
mod predicates;
mod text;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use posthog_groups_client::PersonalApiKey;

use self::envelope::Envelope;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// The type is opaque: the predicates (`is_...`) classify a failure, and the accessors return details. Inconsistencies between
/// servers are normalized, such as swapped fields, 403 for invalid credentials, and bodies that are not JSON. `Display` prints the
/// [message](Self::message) and the [help](Self::help) on one line; `Debug` adds details and causes. These texts never contain the
/// API key. The cause of a decode failure, for example of [`Group::typed`](crate::Group::typed), can quote the value of a property.
///
/// | predicate | meaning | retry? |
/// | --- | --- | --- |
/// | [`is_invalid_input`](Self::is_invalid_input) | invalid arguments or settings; no request was sent | after correcting the call |
/// | [`is_not_found`](Self::is_not_found) | the group or project does not exist | no |
/// | [`is_not_offered`](Self::is_not_offered) | the server does not have the endpoint | no |
/// | [`is_already_exists`](Self::is_already_exists) | a group with the key already exists | no |
/// | [`is_validation`](Self::is_validation) | the server rejected a value | after correcting the call |
/// | [`is_unauthorized`](Self::is_unauthorized) | the key is unknown, expired or of the wrong kind | no |
/// | [`is_missing_scope`](Self::is_missing_scope) | the key lacks a scope | no |
/// | [`is_forbidden`](Self::is_forbidden) | the key is not allowed to do this | no |
/// | [`is_rate_limited`](Self::is_rate_limited) | too many requests | after [`retry_after`](Self::retry_after) |
/// | [`is_timeout`](Self::is_timeout), [`is_connect`](Self::is_connect), [`is_interrupted`](Self::is_interrupted), [`is_server_error`](Self::is_server_error) | network or server failure | if [`is_retryable`](Self::is_retryable) |
/// | `is_certificate` (feature `rustls`) | the server's certificate is invalid or not trusted | after fixing the cause |
/// | [`is_decode`](Self::is_decode) | unexpected response | no |
/// | [`is_paging`](Self::is_paging) | a list cannot be continued | from the start |
/// | `is_file`, `is_not_arrived` (feature `bulk`) | a local file cannot be used; an event had no effect | after fixing the cause |
/// | [`is_outcome_unknown`](Self::is_outcome_unknown) | a write may or may not have taken effect | after reading the group |
///
/// It serializes to an object with the fields `message`, `help`, `call`, `operation`, `status`, `code`, `group_key`, `request_id` and
/// `outcome_unknown`. Fields without a value are null.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    operation: Option<&'static str>,
    attempts: u32,
    status: Option<StatusCode>,
    envelope: Envelope,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    snippet: Option<String>,
    note: Option<String>,
    help: Option<Cow<'static, str>>,
    call: Option<&'static str>,
    outcome_unknown: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

#[derive(Clone)]
enum Kind {
    /// Invalid input. No request was sent.
    Input(String),
    /// A response that is not a success.
    Answer,
    /// A redirect.
    Redirect(String),
    /// A success whose body is not JSON.
    NotJson,
    /// A success with a status that the operation does not have.
    UnexpectedStatus,
    /// A response that is not valid HTTP, or whose headers are too large.
    Malformed,
    /// One attempt took too long.
    Timeout,
    /// The whole call took too long.
    Deadline,
    /// No connection was made.
    Connect,
    /// The connection was closed during the exchange.
    Interrupted,
    /// The response body is larger than allowed.
    TooLarge(u64),
    /// The client's rate limit would delay the request for too long.
    OwnLimit,
    /// The call waited too long for another call of the client.
    Queue(&'static str),
    /// A list that cannot be continued.
    Paging(String),
    /// JSON with an unexpected structure.
    Decode(Box<Decode>),
    /// A group that the server stores but cannot return, with its key if it is known.
    Unreadable(Option<String>),
    /// A group with the key exists and has different properties.
    NotOurs,
    /// The HTTP client could not be built.
    Setup,
    /// A local file.
    #[cfg(feature = "bulk")]
    File(String),
    /// An event was accepted but had no effect.
    #[cfg(feature = "bulk")]
    NotArrived,
    /// An import that was rejected before anything was sent.
    #[cfg(feature = "bulk")]
    Import(Refusal, String),
}

/// Why an import was rejected.
#[cfg(feature = "bulk")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Two rows have the same key.
    DuplicateKey,
    /// The journal belongs to a run with other rows.
    ChangedInput,
    /// The journal cannot be used for another reason.
    Journal,
}

#[derive(Clone)]
struct Decode {
    path: String,
    group_key: Option<String>,
    raw: Option<String>,
}

/// The number of characters of a body that are kept.
const SNIPPET: usize = 500;

impl Error {
    fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            attempts: 0,
            status: None,
            envelope: Envelope::default(),
            request_id: None,
            retry_after: None,
            snippet: None,
            note: None,
            help: None,
            call: None,
            outcome_unknown: false,
            source: None,
        }))
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input(message.into()))
    }

    pub(crate) fn setup(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Setup).with_source(source)
    }

    pub(crate) fn timeout() -> Self {
        Self::new(Kind::Timeout)
    }

    pub(crate) fn deadline() -> Self {
        Self::new(Kind::Deadline)
    }

    pub(crate) fn too_large(limit: u64) -> Self {
        Self::new(Kind::TooLarge(limit))
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Kind::Interrupted)
    }

    pub(crate) fn own_limit(wait: Duration) -> Self {
        let mut error = Self::new(Kind::OwnLimit);
        error.0.retry_after = Some(wait);
        error
    }

    /// The call waited too long for another one. `awaited` says what the other call does.
    pub(crate) fn queue(awaited: &'static str) -> Self {
        Self::new(Kind::Queue(awaited))
    }

    pub(crate) fn paging(message: impl Into<String>) -> Self {
        Self::new(Kind::Paging(message.into()))
    }

    #[cfg(feature = "bulk")]
    pub(crate) fn file(message: String, source: std::io::Error) -> Self {
        Self::new(Kind::File(message)).with_source(source)
    }

    #[cfg(feature = "bulk")]
    pub(crate) fn not_arrived() -> Self {
        Self::new(Kind::NotArrived)
    }

    /// A group that the server stores but cannot return (contract section 1.5). Without a key, there may be further groups like it.
    pub(crate) fn unreadable(key: Option<String>) -> Self {
        let mut error = Self::new(Kind::Unreadable(key));
        error.0.status = Some(StatusCode::INTERNAL_SERVER_ERROR);
        error.of("list_groups").in_call("list").with_help(
            "it probably contains a number outside 64 bits; remove that property with `unset`, which does not read the group first",
        )
    }

    #[cfg(feature = "bulk")]
    pub(crate) fn import(refusal: Refusal, message: String) -> Self {
        Self::new(Kind::Import(refusal, message))
    }

    pub(crate) fn not_ours() -> Self {
        Self::new(Kind::NotOurs)
    }

    /// An error of reqwest, without the URL, which contains group keys.
    pub(crate) fn exchange(source: reqwest::Error) -> Self {
        let kind = if source.is_connect() {
            Kind::Connect
        } else if source.is_timeout() {
            Kind::Timeout
        } else if is_malformed(&source) {
            Kind::Malformed
        } else {
            Kind::Interrupted
        };
        Self::new(kind).with_source(source.without_url())
    }

    /// A success with a status that the operation does not have.
    pub(crate) fn unexpected_status(status: StatusCode) -> Self {
        let mut error = Self::new(Kind::UnexpectedStatus);
        error.0.status = Some(status);
        error
    }

    /// A response that is not a success or not JSON. Headers and body must be redacted.
    pub(crate) fn answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> Self {
        let kind = if status.is_redirection() {
            let to = headers
                .get(http::header::LOCATION)
                .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
            Kind::Redirect(to.map(without_query).unwrap_or_default())
        } else if status.is_success() {
            Kind::NotJson
        } else {
            Kind::Answer
        };
        let mut error = Self::new(kind);
        if let (Kind::NotJson, Some(encoding)) = (&error.0.kind, headers.get(http::header::CONTENT_ENCODING))
        {
            let encoding = String::from_utf8_lossy(encoding.as_bytes());
            error.add_note(format!(
                "its content-encoding is `{}`, which the client did not accept",
                one_line(&encoding)
            ));
        }
        error.0.status = Some(status);
        error.0.request_id = request_id(headers);
        error.0.retry_after = retry_after;
        error.0.snippet = snippet(body);
        if !status.is_success() {
            error.0.envelope = Envelope::read(body).unwrap_or_default();
        }
        error
    }

    /// JSON with an unexpected structure. The body must be redacted.
    pub(crate) fn decode(path: String, source: serde_json::Error, body: &[u8]) -> Self {
        let mut error = Self::new(Kind::Decode(Box::new(Decode { path, group_key: None, raw: None })));
        error.0.snippet = snippet(body);
        error.with_source(source)
    }

    /// A group other than the requested one, for example from a cache that ignores the query.
    pub(crate) fn other_group(key: &str, type_index: i64) -> Self {
        let what = format!("the group `{key}` of the group type {type_index} was not requested");
        Self::decode("group_key".to_owned(), serde::de::Error::custom(what), b"")
            .of("find_group")
            .with_help("check that no proxy or cache in front of the server ignores the query")
    }

    /// Redacts the API key in texts from the server.
    pub(crate) fn redacted(mut self, key: &PersonalApiKey) -> Self {
        let redact = |text: String| key.redact(&text).into_owned();
        match &mut self.0.kind {
            Kind::Decode(decode) => {
                decode.path = key.redact(&decode.path).into_owned();
                decode.group_key = decode.group_key.take().map(redact);
            }
            Kind::Unreadable(group_key) => *group_key = group_key.take().map(redact),
            Kind::Input(text) | Kind::Paging(text) => *text = redact(std::mem::take(text)),
            _ => {}
        }
        // The message can quote the value.
        let message = self.0.source.as_ref().map(ToString::to_string).unwrap_or_default();
        match key.redact(&message) {
            Cow::Owned(redacted) => self.with_source(redacted),
            Cow::Borrowed(_) => self,
        }
    }

    /// A single group with an unexpected structure.
    pub(crate) fn decode_group(
        group_key: Option<String>,
        raw: &str,
        source: serde_path_to_error::Error<serde_json::Error>,
    ) -> Self {
        let path = source.path().to_string();
        let raw = Some(raw.to_owned());
        let error = Self::new(Kind::Decode(Box::new(Decode { path, group_key, raw })));
        error.with_source(source.into_inner())
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.add_note(note);
        self
    }

    pub(crate) fn add_note(&mut self, note: impl Into<String>) {
        let note = note.into();
        self.0.note = Some(match self.0.note.take() {
            Some(earlier) => format!("{earlier}; {note}"),
            None => note,
        });
    }

    pub(crate) fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Names the call that the user made.
    pub(crate) fn in_call(mut self, call: &'static str) -> Self {
        self.0.call = Some(call);
        self
    }

    /// Adds the help for groups that the server cannot return (contract section 1.5).
    pub(crate) fn with_repair_help(self) -> Self {
        if self.status() != Some(500) {
            return self;
        }
        self.with_help(
            "if this persists, a group may contain a number outside 64 bits, which the server stores but cannot return; remove \
             the property with `unset`, which does not read the group first; an export names such groups and continues without them",
        )
    }

    /// Names the setting of the client that is invalid.
    pub(crate) fn of_setting(mut self, setting: &str) -> Self {
        self.0.envelope.attr = Some(setting.to_owned());
        self
    }

    pub(crate) fn with_outcome_unknown(mut self, unknown: bool) -> Self {
        self.0.outcome_unknown = unknown;
        self
    }

    pub(crate) fn of(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    pub(crate) fn with_requests(mut self, requests: u32) -> Self {
        self.0.attempts = requests;
        self
    }

    pub(crate) fn with_context(mut self, status: Option<StatusCode>, request_id: Option<String>) -> Self {
        self.0.status = self.0.status.or(status);
        self.0.request_id = self.0.request_id.take().or(request_id);
        self
    }

    /// The low-cardinality name of the failure, for spans.
    pub(crate) fn span_type(&self) -> &'static str {
        match self.0.kind {
            Kind::Timeout | Kind::Deadline => "timeout",
            Kind::Connect => "connect",
            Kind::Interrupted => "interrupted",
            Kind::TooLarge(_) => "response_too_large",
            Kind::Redirect(_) => "redirect",
            Kind::NotJson => "not_json",
            Kind::Malformed => "malformed",
            _ => "other",
        }
    }

    /// Whether the JSON of the response is truncated.
    pub(crate) fn is_cut_short(&self) -> bool {
        let source = self.0.source.as_ref().and_then(|source| source.downcast_ref::<serde_json::Error>());
        matches!(self.0.kind, Kind::Decode(_)) && source.is_some_and(serde_json::Error::is_eof)
    }

    /// Whether there is no such group. The detail distinguishes it from a missing project or endpoint.
    pub(crate) fn is_group_not_found(&self) -> bool {
        self.is_not_found() && self.detail() == Some("Not found.")
    }
}

/// Whether a status comes from a gateway or proxy, so that the server may or may not have processed the request.
pub(crate) fn is_gateway_failure(status: u16) -> bool {
    matches!(status, 502..=504 | 520..=524 | 530)
}

/// Returns the request ID that a server or proxy has set.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-request-id", "request-id", "x-amzn-trace-id", "cf-ray"]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok())
        .map(|id| id.chars().take(200).collect())
}

/// Iterates over an error and its causes, also those inside an `io::Error`, whose `source` skips the error that it contains.
fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let contained = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        contained.map(|contained| contained as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

/// Whether the response is not valid HTTP.
fn is_malformed(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse))
}

/// Replaces control characters, and truncates the text.
fn one_line(text: &str) -> String {
    text.chars().take(SNIPPET).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn snippet(body: &[u8]) -> Option<String> {
    // Truncated before decoding, because a body can have many megabytes.
    let head = &body[..body.len().min(SNIPPET * 4)];
    let text = one_line(&String::from_utf8_lossy(head));
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Removes the query, because the redirect to a login page repeats the whole request there.
fn without_query(url: String) -> String {
    url.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        Error::answer(status, &HeaderMap::new(), body.as_bytes(), None).of("find_group").with_requests(1)
    }

    fn envelope(status: u16, class: &str, code: &str, detail: &str) -> Error {
        answer(
            status,
            &serde_json::json!({"type": class, "code": code, "detail": detail, "attr": null}).to_string(),
        )
    }

    #[test]
    fn no_form_of_an_error_has_control_characters_of_the_server() {
        let hostile = "a\u{1b}[2Jb\r\nc\u{9b}d";
        let error = answer(
            400,
            &serde_json::json!({"code": hostile, "detail": hostile, "attr": hostile}).to_string(),
        )
        .with_note(hostile)
        .with_source(hostile);
        for error in
            [error, Error::decode(hostile.to_owned(), serde::de::Error::custom(hostile), hostile.as_bytes())]
        {
            let shown = format!("{error}{}", format!("{error:?}{error:#?}").replace("\n    ", ""));
            assert!(!shown.contains(['\u{1b}', '\r', '\n', '\u{9b}']), "{shown:?}");
            assert!(shown.contains("caused by"), "{shown}");
        }
    }

    #[test]
    fn a_missing_group_is_distinguished_from_a_missing_endpoint() {
        let group = envelope(404, "invalid_request", "not_found", "Not found.");
        assert!(group.is_not_found() && !group.is_not_offered() && group.is_group_not_found());
        let endpoint = envelope(404, "invalid_request", "not_found", "Endpoint not found.");
        assert!(!endpoint.is_not_found() && endpoint.is_not_offered());
        let proxy = answer(404, "<html>nginx</html>");
        assert!(!proxy.is_not_found() && !proxy.is_not_offered());
    }

    #[test]
    fn invalid_credentials_are_recognized_by_code_for_any_status() {
        for (status, code) in [
            (401, "not_authenticated"),
            (401, "authentication_failed"),
            (403, "authentication_failed"),
            (401, "x"),
        ] {
            let error = envelope(status, "authentication_error", code, "no");
            assert!(error.is_unauthorized() && !error.is_forbidden(), "{status} {code}");
        }
        let scope = envelope(
            403,
            "authentication_error",
            "permission_denied",
            "API key missing required scope 'group:read'",
        );
        assert!(scope.is_forbidden() && !scope.is_unauthorized() && scope.is_missing_scope());
        assert_eq!(scope.missing_scope(), Some("group:read"));
        assert!(answer(401, "").is_unauthorized());
    }

    #[test]
    fn another_body_keeps_the_status_and_its_beginning() {
        let page = format!("<html>\n<h1>502 Bad Gateway</h1>{}</html>", "x".repeat(10_000));
        let error = answer(502, &page);
        assert_eq!(error.status(), Some(502));
        assert!(error.is_server_error() && error.is_retryable());
        let snippet = error.body_snippet().unwrap();
        assert!(snippet.starts_with("<html> <h1>502 Bad Gateway") && snippet.len() == 500);
        assert_eq!(error.to_string(), "find_group: 502, and the body is not a PostHog error");
        assert_eq!(answer(403, "denied by policy").body_snippet(), Some("denied by policy"));
    }

    #[test]
    fn display_is_one_line_and_does_not_repeat_the_source() {
        let source = serde_json::from_str::<u8>("\"x\"").unwrap_err();
        let message = source.to_string();
        let error =
            Error::decode("results[0].created_at".into(), source, b"{}").of("list_groups").with_requests(3);
        assert_eq!(
            error.to_string(),
            "list_groups: the response does not have the expected format at `results[0].created_at` (3 requests)"
        );
        assert_eq!(error.source().unwrap().to_string(), message);
        let broken = envelope(400, "validation_error", "invalid_input", "first\nsecond");
        assert_eq!(broken.to_string(), "find_group: 400 invalid_input: first second");
    }

    #[test]
    fn an_existing_group_is_distinguished_from_other_validation_errors() {
        let taken =
            envelope(400, "validation_error", "invalid_input", "A group with this key already exists");
        assert!(taken.is_already_exists() && taken.is_validation());
        let other = envelope(400, "validation_error", "required", "This field is required.");
        assert!(!other.is_already_exists() && other.is_validation());
    }

    #[test]
    fn errors_are_small_and_send() {
        fn assert_send<T: Send + Sync + 'static>() {}
        assert_send::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
