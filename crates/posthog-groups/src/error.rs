//! One error for everything that can go wrong.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::envelope::Envelope;

/// `Ok`, or this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// It is opaque: ask with the predicates (`is_...`) what kind of failure it is, and with the accessors for details.
/// The oddities of servers are straightened out before: swapped fields, 403 for bad credentials, bodies that are
/// not JSON. `Display` is one line, `source` leads to the cause, and no text of it ever holds the key.
///
/// | predicate | means | call again? |
/// | --- | --- | --- |
/// | [`is_invalid_input`](Self::is_invalid_input) | refused here, nothing was sent | after mending the call |
/// | [`is_not_found`](Self::is_not_found) | no such group or project | no |
/// | [`is_not_offered`](Self::is_not_offered) | this server does not have the endpoint | no |
/// | [`is_already_exists`](Self::is_already_exists) | the key is taken | no |
/// | [`is_validation`](Self::is_validation) | the server refused a value | after mending the call |
/// | [`is_unauthorized`](Self::is_unauthorized) | the key is unknown, expired or of the wrong kind | no |
/// | [`is_missing_scope`](Self::is_missing_scope) | the key lacks a scope | no |
/// | [`is_forbidden`](Self::is_forbidden) | the key may not do this | no |
/// | [`is_rate_limited`](Self::is_rate_limited) | too many requests | after [`retry_after`](Self::retry_after) |
/// | [`is_timeout`](Self::is_timeout), [`is_connect`](Self::is_connect), [`is_interrupted`](Self::is_interrupted), [`is_server_error`](Self::is_server_error) | network or server trouble | if [`is_retryable`](Self::is_retryable) |
/// | [`is_decode`](Self::is_decode) | the answer is not what was expected | no |
/// | [`is_paging`](Self::is_paging) | the server's list does not come to an end, or leads elsewhere | from the start |
/// | [`is_outcome_unknown`](Self::is_outcome_unknown) | a write may have taken effect | after looking |
pub struct Error(Box<Inner>);

#[derive(Debug)]
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
    outcome_unknown: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug)]
enum Kind {
    /// Refused before any request.
    Input(String),
    /// An answer that is no success.
    Answer,
    /// An answer that sends the client elsewhere.
    Redirect(String),
    /// A success whose body is no JSON.
    NotJson,
    /// One attempt took too long.
    Timeout,
    /// The whole call took too long.
    Deadline,
    /// No connection.
    Connect,
    /// The connection ended within the exchange.
    Interrupted,
    /// The body is larger than allowed.
    TooLarge(u64),
    /// The client's own rate limit has no place soon enough.
    OwnLimit,
    /// A list that cannot be followed.
    Paging(String),
    /// Text that is not of the expected form.
    Decode(Box<Decode>),
    /// A group that is there, but is not the one that was to be created.
    NotOurs,
    /// No client could be set up.
    Setup,
}

#[derive(Debug)]
struct Decode {
    path: String,
    group_key: Option<String>,
    raw: Option<String>,
}

/// How much of a body is kept.
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

    pub(crate) fn paging(message: impl Into<String>) -> Self {
        Self::new(Kind::Paging(message.into()))
    }

    pub(crate) fn not_ours() -> Self {
        Self::new(Kind::NotOurs)
    }

    /// What reqwest reports, without the URL: it holds keys of groups.
    pub(crate) fn exchange(source: reqwest::Error) -> Self {
        let kind = if source.is_connect() {
            Kind::Connect
        } else if source.is_timeout() {
            Kind::Timeout
        } else {
            Kind::Interrupted
        };
        Self::new(kind).with_source(source.without_url())
    }

    /// An answer that is no success. `hide` takes secrets out of text.
    pub(crate) fn answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        retry_after: Option<Duration>,
        hide: impl Fn(String) -> String,
    ) -> Self {
        let kind = if status.is_redirection() {
            let to = headers
                .get(http::header::LOCATION)
                .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
            Kind::Redirect(hide(to.map(without_query).unwrap_or_default()))
        } else if status.is_success() {
            Kind::NotJson
        } else {
            Kind::Answer
        };
        let mut error = Self::new(kind);
        error.0.status = Some(status);
        error.0.request_id = request_id(headers).map(&hide);
        error.0.retry_after = retry_after;
        error.0.snippet = snippet(body).map(&hide);
        if !status.is_success() {
            let mut envelope = Envelope::read(body).unwrap_or_default();
            for text in [&mut envelope.class, &mut envelope.code, &mut envelope.detail, &mut envelope.attr] {
                *text = text.take().map(&hide);
            }
            error.0.envelope = envelope;
        }
        error
    }

    /// A body that is JSON, but not of the expected form.
    pub(crate) fn decode(path: String, source: serde_json::Error, body: &[u8]) -> Self {
        let mut error = Self::new(Kind::Decode(Box::new(Decode { path, group_key: None, raw: None })));
        error.0.snippet = snippet(body);
        error.with_source(source)
    }

    /// One group that is not of the expected form.
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
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.0.note = Some(match self.0.note.take() {
            Some(earlier) => format!("{earlier}; {note}"),
            None => note,
        });
        self
    }

    pub(crate) fn with_outcome_unknown(mut self, unknown: bool) -> Self {
        self.0.outcome_unknown = unknown;
        self
    }

    pub(crate) fn of(mut self, operation: &'static str, attempts: u32) -> Self {
        self.0.operation = Some(operation);
        self.0.attempts = attempts;
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
            _ => "other",
        }
    }

    /// Whether the answer was cut short within its JSON.
    pub(crate) fn is_cut_short(&self) -> bool {
        let source = self.0.source.as_ref().and_then(|source| source.downcast_ref::<serde_json::Error>());
        matches!(self.0.kind, Kind::Decode(_)) && source.is_some_and(serde_json::Error::is_eof)
    }

    /// "Not found." and nothing else: no such group, in the servers' words.
    pub(crate) fn is_group_not_found(&self) -> bool {
        self.is_not_found() && self.detail() == Some("Not found.")
    }
}

/// What kind of failure it is.
impl Error {
    /// The call was refused before anything was sent; the message says how to mend it.
    ///
    /// # Troubleshooting
    /// Read the message: it names the value and what to write instead. A project key `phc_...` in the place of a
    /// personal API key, a host without `https://`, a blank key of a group and a null value are the usual ones.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.0.kind, Kind::Input(_) | Kind::Setup)
    }

    /// There is no such group or project. (A group type that does not exist is [`is_invalid_input`](Self::is_invalid_input).)
    ///
    /// # Troubleshooting
    /// [`detail`](Self::detail) says what is missing. `Project not found.` is also the answer for a project id of another
    /// region: check [`Region`](crate::Region). Keys are case-sensitive. Group types come from events; list them with
    /// [`Client::group_types`](crate::Client::group_types).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404) && self.code() == Some("not_found") && !self.is_not_offered()
    }

    /// The server does not have this endpoint at all, because it is older or newer.
    ///
    /// # Troubleshooting
    /// The crate documentation has a table of the endpoints and when servers have them. Property definitions, for example, went
    /// in June 2026. If *every* call ends so, the host is not a PostHog instance's API: check its name and path.
    pub fn is_not_offered(&self) -> bool {
        self.status() == Some(404) && self.detail() == Some("Endpoint not found.")
    }

    /// The group that was to be created exists.
    ///
    /// # Troubleshooting
    /// Use [`GroupHandle::upsert`](crate::GroupHandle::upsert) with `create_if_missing` where both is fine. Blanks around a new
    /// key are removed by the server, so ` a` and `a` are one group.
    pub fn is_already_exists(&self) -> bool {
        matches!(self.0.kind, Kind::NotOurs)
            || self.status() == Some(400) && self.detail() == Some("A group with this key already exists")
    }

    /// The server refused a value; [`attr`](Self::attr) names the field.
    ///
    /// # Troubleshooting
    /// [`detail`](Self::detail) is the server's sentence. Servers report the first problem only, so there may be more.
    pub fn is_validation(&self) -> bool {
        self.status() == Some(400) && self.0.envelope.class.as_deref() == Some("validation_error")
    }

    /// The key is missing, unknown, expired, or of the wrong kind. Some endpoints say so with 403.
    ///
    /// # Troubleshooting
    /// The key must be a personal API key (`phx_...`) of this region: keys of `us` are unknown in `eu`. It dies with its
    /// user's account. [`Client::whoami`](crate::Client::whoami) is the cheapest call to try one (it needs `user:read`).
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
            || matches!(self.code(), Some("not_authenticated" | "authentication_failed"))
    }

    /// The key lacks a scope; [`missing_scope`](Self::missing_scope) names it.
    ///
    /// # Troubleshooting
    /// Add the scope to the key under Settings, Personal API keys. Reading groups needs `group:read`, writing
    /// `group:write`, the history of a group `activity_log:read`, and `whoami` `user:read`.
    pub fn is_missing_scope(&self) -> bool {
        self.missing_scope().is_some()
    }

    /// The key is valid but may not do this.
    ///
    /// # Troubleshooting
    /// Either a scope is missing ([`is_missing_scope`](Self::is_missing_scope)), or the key is confined to other projects or
    /// organizations, or its user has no access to the project.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403) && !self.is_unauthorized()
    }

    /// Too many requests: by the server's word (429), or because the client's own limit has no place soon enough.
    ///
    /// # Troubleshooting
    /// Cloud servers count 480 requests a minute and 4,800 an hour for each key, over all programs that use it. Wait for
    /// [`retry_after`](Self::retry_after), raise [`RetryPolicy::max_server_wait`](crate::RetryPolicy::max_server_wait) to have the client
    /// wait longer by itself, or give each program a key of its own.
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429) || matches!(self.0.kind, Kind::OwnLimit)
    }

    /// It took too long: one attempt, the connecting, or the whole call.
    ///
    /// # Troubleshooting
    /// Three settings of the builder: `timeout` (each attempt), `connect_timeout`, `deadline` (the call with all attempts
    /// and waits). The message says which. After a write, look at [`is_outcome_unknown`](Self::is_outcome_unknown).
    pub fn is_timeout(&self) -> bool {
        let connecting = || {
            let source = self.0.source.as_ref().and_then(|source| source.downcast_ref::<reqwest::Error>());
            source.is_some_and(reqwest::Error::is_timeout)
        };
        matches!(self.0.kind, Kind::Timeout | Kind::Deadline) || connecting()
    }

    /// No connection came about; the server has not seen the request.
    ///
    /// # Troubleshooting
    /// Name, port, firewall or certificate: the chain of [`source`](std::error::Error::source) says which. Without the features
    /// `rustls` and `native-tls`, https does not work at all.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect)
    }

    /// The connection ended before the whole answer was there.
    ///
    /// # Troubleshooting
    /// A proxy or load balancer in between usually, with a shorter idle time or a smaller limit than the server's.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.0.kind, Kind::Interrupted) || self.is_cut_short()
    }

    /// The server, or a proxy before it, failed: a status from 500 up.
    ///
    /// # Troubleshooting
    /// Servers of 2025 answer many mistakes of the caller with 500, so one that comes back each time is probably one.
    /// 502, 503 and 504 are passing. [`body_snippet`](Self::body_snippet) shows whose page it is.
    pub fn is_server_error(&self) -> bool {
        self.0.status.is_some_and(|status| status.is_server_error())
    }

    /// The answer is not what was expected: no JSON, JSON of another form, too large, or a redirect.
    ///
    /// # Troubleshooting
    /// For properties that do not fit your struct, [`path`](Self::path) says where and [`group_key`](Self::group_key) of which
    /// group. HTML where JSON is due, and redirects, mean a login page: the host is not the API, or a proxy wants a login.
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, Kind::Decode(_) | Kind::NotJson | Kind::TooLarge(_) | Kind::Redirect(_))
    }

    /// A list could not be followed: its link leads to another origin, comes back, or starts over.
    ///
    /// # Troubleshooting
    /// A link to another origin: the instance does not know its own address; the message has both. A list that starts
    /// over: the cursor was from another version of the server. Start from the beginning.
    pub fn is_paging(&self) -> bool {
        matches!(self.0.kind, Kind::Paging(_))
    }

    /// The same call may succeed later, and repeating it does no harm.
    ///
    /// The client has repeated it already, as far as its policy and the operation allow. False for a write whose
    /// outcome is unknown: look first.
    ///
    /// # Troubleshooting
    /// Wait for [`retry_after`](Self::retry_after) where it is given, and for some seconds otherwise.
    pub fn is_retryable(&self) -> bool {
        !self.0.outcome_unknown
            && (self.is_rate_limited()
                || self.is_interrupted()
                || matches!(self.0.kind, Kind::Connect | Kind::Timeout | Kind::Deadline)
                || matches!(self.status(), Some(502..=504)))
            && !self.is_event_not_sent()
    }

    /// A write may have taken effect, and looking did not settle it.
    ///
    /// # Troubleshooting
    /// Look ([`Groups::find`](crate::Groups::find)) before writing again. `set`, `unset` and `upsert` may be called again as they
    /// are. A longer `timeout` or `deadline` makes this rarer.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The write is stored, but the server could not send the event about it, and the stored group could not be read back.
    ///
    /// Where it can be read back, the write succeeds and [`Group::event_not_sent`](crate::Group::event_not_sent) is true.
    ///
    /// # Troubleshooting
    /// Do not create the group again. Destinations that listen to events have missed this one.
    pub fn is_event_not_sent(&self) -> bool {
        self.0.envelope.event_not_sent
    }
}

/// Details.
impl Error {
    /// The HTTP status, if an answer came.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// The server's machine-readable code, such as `not_found`. New ones appear over time.
    pub fn code(&self) -> Option<&str> {
        self.0.envelope.code.as_deref()
    }

    /// The server's sentence.
    pub fn detail(&self) -> Option<&str> {
        self.0.envelope.detail.as_deref()
    }

    /// The field that the server means. For a key that is taken, servers write the literal word `detail`.
    pub fn attr(&self) -> Option<&str> {
        self.0.envelope.attr.as_deref()
    }

    /// The number of the request in the logs of the server or of the proxy before it; useful for support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref().or(self.0.envelope.event_id.as_deref())
    }

    /// How long to wait before the next call, as the server or the client's own limit says.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The beginning of the answer's body, at most 500 characters, without line breaks.
    pub fn body_snippet(&self) -> Option<&str> {
        self.0.snippet.as_deref()
    }

    /// The operation of the spec, such as `find_group`. A call of this crate may use several.
    pub fn operation_id(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// How often the request was sent; 0 when it was not.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The scope that the key lacks, such as `group:write`.
    pub fn missing_scope(&self) -> Option<&str> {
        let rest = self.detail()?.strip_prefix("API key missing required scope '")?;
        rest.split('\'').next()
    }

    /// Where in the JSON the unexpected value stands, such as `results[3].created_at` or `seats`.
    pub fn path(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => Some(&decode.path),
            _ => None,
        }
    }

    /// The key of the group that could not be decoded.
    pub fn group_key(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => decode.group_key.as_deref(),
            _ => None,
        }
    }

    /// The JSON text that could not be decoded: of the properties, or of the whole group.
    pub fn raw_text(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => decode.raw.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        match &self.0.kind {
            Kind::Input(message) | Kind::Paging(message) => f.write_str(&one_line(message))?,
            Kind::Answer => {
                f.write_str(self.0.status.as_ref().map_or("no status", StatusCode::as_str))?;
                match (self.code(), self.detail()) {
                    (Some(code), Some(detail)) => write!(f, " {}: {}", one_line(code), one_line(detail))?,
                    (None, Some(text)) | (Some(text), None) => write!(f, ": {}", one_line(text))?,
                    (None, None) => f.write_str(", and the body is no error message of PostHog")?,
                }
                if let Some(attr) = self.attr() {
                    write!(f, " [{}]", one_line(attr))?;
                }
            }
            Kind::Redirect(to) => write!(
                f,
                "{} to `{}`, which is not followed; is the host the address of the API?",
                self.0.status.as_ref().map_or("redirected", StatusCode::as_str),
                one_line(to)
            )?,
            Kind::NotJson => f.write_str("the answer is no JSON; is the host the address of the API, or is there a login page before it?")?,
            Kind::Timeout => f.write_str("no complete answer within the timeout of an attempt")?,
            Kind::Deadline => f.write_str("not done within the deadline of the call")?,
            Kind::Connect => f.write_str("no connection to the server")?,
            Kind::Interrupted => f.write_str("the connection ended before the answer was complete")?,
            Kind::TooLarge(limit) => write!(f, "the answer has more than {limit} bytes; raise `max_response_size` if that is right")?,
            Kind::OwnLimit => f.write_str("the client's own rate limit has no place within the longest wait")?,
            Kind::Decode(decode) => {
                match &decode.group_key {
                    Some(key) => write!(f, "the properties of group `{}` are not of the expected form", one_line(key))?,
                    None => f.write_str("the answer is not of the expected form")?,
                }
                if !matches!(decode.path.as_str(), "." | "") {
                    write!(f, " at `{}`", one_line(&decode.path))?;
                }
            }
            Kind::NotOurs => f.write_str(
                "a group with this key exists and holds other properties than those sent: it was there before, or was changed since",
            )?,
            Kind::Setup => f.write_str("no client could be set up")?,
        }
        if let Some(wait) = self.0.retry_after {
            write!(f, "; next try in {} s", wait.as_secs_f64().ceil())?;
        }
        if self.0.outcome_unknown {
            f.write_str("; the write may have taken effect")?;
        }
        if let Some(note) = &self.0.note {
            write!(f, "; {}", one_line(note))?;
        }
        match self.0.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " ({attempts} attempts)"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Numbers that servers and proxies give requests.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-request-id", "request-id", "x-amzn-trace-id", "cf-ray"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .map(|id| id.chars().take(200).collect())
}

fn snippet(body: &[u8]) -> Option<String> {
    // Cut before decoding: a body may have many megabytes.
    let head = Bytes::copy_from_slice(&body[..body.len().min(SNIPPET * 4)]);
    let text = String::from_utf8_lossy(&head);
    let text: String = text.chars().take(SNIPPET).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The target of a redirect to a login page carries the whole request in its query.
fn without_query(url: String) -> String {
    url.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect()
}

fn one_line(text: &str) -> String {
    text.chars().take(SNIPPET).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        Error::answer(status, &HeaderMap::new(), body.as_bytes(), None, |text| text).of("find_group", 1)
    }

    fn envelope(status: u16, class: &str, code: &str, detail: &str) -> Error {
        answer(
            status,
            &serde_json::json!({"type": class, "code": code, "detail": detail, "attr": null}).to_string(),
        )
    }

    #[test]
    fn the_text_tells_a_missing_group_from_a_missing_endpoint() {
        let group = envelope(404, "invalid_request", "not_found", "Not found.");
        assert!(group.is_not_found() && !group.is_not_offered() && group.is_group_not_found());
        let endpoint = envelope(404, "invalid_request", "not_found", "Endpoint not found.");
        assert!(!endpoint.is_not_found() && endpoint.is_not_offered());
        let proxy = answer(404, "<html>nginx</html>");
        assert!(!proxy.is_not_found() && !proxy.is_not_offered());
    }

    #[test]
    fn bad_credentials_are_told_by_their_code_whatever_the_status() {
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
    fn a_body_that_is_no_envelope_keeps_the_status_and_shows_its_beginning() {
        let page = format!("<html>\n<h1>502 Bad Gateway</h1>{}</html>", "x".repeat(10_000));
        let error = answer(502, &page);
        assert_eq!(error.status(), Some(502));
        assert!(error.is_server_error() && error.is_retryable());
        let snippet = error.body_snippet().unwrap();
        assert!(snippet.starts_with("<html> <h1>502 Bad Gateway") && snippet.len() == 500);
        assert_eq!(error.to_string(), "find_group: 502, and the body is no error message of PostHog");
        assert_eq!(answer(403, "denied by policy").body_snippet(), Some("denied by policy"));
    }

    #[test]
    fn display_is_one_line_and_does_not_repeat_the_source() {
        let source = serde_json::from_str::<u8>("\"x\"").unwrap_err();
        let message = source.to_string();
        let error = Error::decode("results[0].created_at".into(), source, b"{}").of("list_groups", 3);
        assert_eq!(
            error.to_string(),
            "list_groups: the answer is not of the expected form at `results[0].created_at` (3 attempts)"
        );
        assert_eq!(error.source().unwrap().to_string(), message);
        let broken = envelope(400, "validation_error", "invalid_input", "first\nsecond");
        assert_eq!(broken.to_string(), "find_group: 400 invalid_input: first second");
    }

    #[test]
    fn a_taken_key_is_told_from_other_refusals() {
        let taken =
            envelope(400, "validation_error", "invalid_input", "A group with this key already exists");
        assert!(taken.is_already_exists() && taken.is_validation());
        let other = envelope(400, "validation_error", "required", "This field is required.");
        assert!(!other.is_already_exists() && other.is_validation());
    }

    #[test]
    fn secrets_are_taken_out_of_every_text() {
        let body =
            r#"{"type":"t phx_secret","code":"phx_secret","detail":"key phx_secret","attr":"phx_secret"}"#;
        let headers = HeaderMap::from_iter([
            (http::header::LOCATION, "https://login.example/phx_secret?next=phx_secret".parse().unwrap()),
            (http::HeaderName::from_static("x-request-id"), "phx_secret".parse().unwrap()),
        ]);
        for status in [200, 302, 400, 500] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = Error::answer(status, &headers, body.as_bytes(), None, |text| {
                text.replace("phx_secret", "[key]")
            });
            let text = format!("{error} {error:?} {error:#?}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn errors_are_small_and_can_be_sent_between_threads() {
        fn assert_send<T: Send + Sync + 'static>() {}
        assert_send::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
