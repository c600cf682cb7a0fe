//! Sends requests: authentication, limits, attempts, deadlines.
//!
//! Calls of this crate use an [`Exchange`], and calls of the generated client its [`Transport`]. `ARCHITECTURE.md`, "The transport
//! boundary", says why.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use posthog_groups_client::{
    self as raw, Idempotency, Operation, PersonalApiKey, Transport, TransportFuture,
};
use reqwest::{ResponseBuilderExt as _, Url};
use tokio::time::Instant;

use crate::error::{Error, request_id};
use crate::wire::budget::RetryBudget;
use crate::wire::host::Host;
use crate::wire::limit::{Limiter, RateLimit, Refusal};
use crate::wire::options::CallOptions;
use crate::wire::poison::lock_ignoring_poison;
use crate::wire::retry::{Attempt, Outcome, Step, decide};
use crate::wire::retry_after::retry_after;
use crate::wire::span::AttemptSpan;

/// The connection state that all clones of a client share.
pub(crate) struct Connection {
    pub(crate) host: Host,
    pub(crate) key: PersonalApiKey,
    pub(crate) limiter: Limiter,
    pub(crate) budget: RetryBudget,
    random: Mutex<fastrand::Rng>,
    requests: AtomicU64,
    /// Whether spans contain paths and queries with values.
    trace_urls: bool,
}

impl fmt::Debug for Connection {
    // Only the host: everything else is internal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("host", &self.host.base())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(
        host: Host,
        key: PersonalApiKey,
        limit: RateLimit,
        seed: Option<u64>,
        trace_urls: bool,
    ) -> Self {
        let random = Mutex::new(seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed));
        let (limiter, budget) = (Limiter::new(limit), RetryBudget::default());
        Self { host, key, limiter, budget, random, requests: AtomicU64::new(0), trace_urls }
    }

    /// Returns a random number in `0.0..1.0`.
    pub(crate) fn random_unit(&self) -> f64 {
        lock_ignoring_poison(self.random.lock()).f64()
    }

    #[cfg(feature = "bulk")]
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts a request before it is sent.
    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// The usage of one call: the number of its requests and the size of their responses.
#[derive(Debug)]
pub(crate) struct Usage {
    /// The name of the call, if it is a call of this crate.
    call: Option<&'static str>,
    requests: AtomicU32,
    bytes: AtomicU64,
}

impl Usage {
    pub(crate) fn new(call: Option<&'static str>) -> Self {
        Self { call, requests: AtomicU32::new(0), bytes: AtomicU64::new(0) }
    }

    fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Adds the context of the call to an error.
    pub(crate) fn complete(&self, error: Error) -> Error {
        let error = error.with_requests(self.requests());
        match self.call {
            Some(call) => error.in_call(call),
            None => error,
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// One request of a call, with its retries.
#[derive(Debug)]
pub(crate) struct Exchange<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) options: &'c CallOptions,
    pub(crate) deadline: Option<Instant>,
    pub(crate) usage: &'c Usage,
    pub(crate) mode: Mode,
}

/// Builds a request.
pub(crate) type Build<'c> = &'c (dyn Fn() -> Result<reqwest::Request, Error> + Send + Sync);

/// Where an exchange gets its requests from.
pub(crate) enum Source<'c> {
    /// Each request is built.
    Build(Build<'c>),
    /// One request, which is cloned if it may be repeated.
    Given(Option<Box<reqwest::Request>>),
}

impl Source<'_> {
    fn request(&mut self, is_last: bool) -> Result<reqwest::Request, Error> {
        match self {
            Self::Build(build) => build(),
            Self::Given(request) => {
                // Bodies of this API are bytes, which can be cloned; streams cannot.
                let copy = request.as_deref().filter(|_| !is_last).and_then(reqwest::Request::try_clone);
                copy.or_else(|| request.take().map(|last| *last)).ok_or_else(Error::interrupted)
            }
        }
    }

    fn is_exhausted(&self) -> bool {
        matches!(self, Self::Given(None))
    }
}

/// Who uses the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A call of this crate, which reads the group back before it repeats a write with an unknown outcome.
    Call,
    /// The generated client. Idempotent operations are repeated without reading back, and the key is redacted in
    /// successes too, because errors of the generated client show them.
    Raw,
}

/// A completely received response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    url: Url,
    /// The error, unless it is a success.
    error: Option<Error>,
}

impl Answer {
    fn into_response(self) -> reqwest::Response {
        let mut response = http::Response::builder().status(self.status).url(self.url).body(self.body);
        if let Ok(response) = &mut response {
            *response.headers_mut() = self.headers;
        }
        response.map_or_else(|_| substitute(StatusCode::BAD_GATEWAY, ""), reqwest::Response::from)
    }
}

/// Creates a response that stands for an error of this crate.
fn substitute(status: StatusCode, body: &str) -> reqwest::Response {
    let mut response = http::Response::new(body.to_owned());
    *response.status_mut() = status;
    response.into()
}

/// The status of a response that stands for an error of this crate.
fn no_answer() -> StatusCode {
    StatusCode::from_u16(599).unwrap_or(StatusCode::BAD_GATEWAY)
}

impl Exchange<'_> {
    /// Sends a request. Returns the response if it is a success.
    pub(crate) async fn send(
        &self,
        http: &reqwest::Client,
        operation: &'static Operation,
        source: Source<'_>,
    ) -> Result<Answer, Error> {
        let result = pin!(self.run(http, operation, source)).await;
        let mut answer = result.map_err(|error| self.without_answer(operation, error))?;
        let Some(error) = answer.error.take() else { return Ok(answer) };
        let error = self.usage.complete(error.of(operation.id));
        let is_unknown = operation.idempotency != Idempotency::Safe
            && error.is_server_error()
            && !error.is_event_not_sent();
        Err(error.with_outcome_unknown(is_unknown))
    }

    /// Completes an error without a response.
    fn without_answer(&self, operation: &'static Operation, error: Error) -> Error {
        let is_write = operation.idempotency != Idempotency::Safe;
        let is_sent = self.usage.requests() > 0 && !error.is_rate_limited() && !error.is_connect();
        let is_lost = error.is_timeout() || error.is_interrupted() || error.is_decode();
        self.usage.complete(error.of(operation.id)).with_outcome_unknown(is_write && is_sent && is_lost)
    }

    /// Whether the operation can be repeated without reading back.
    fn idempotency(&self, operation: &Operation) -> Idempotency {
        match (operation.idempotency, self.mode) {
            (Idempotency::Idempotent, Mode::Call) => Idempotency::ReadBeforeRetry,
            (idempotency, _) => idempotency,
        }
    }

    async fn run(
        &self,
        http: &reqwest::Client,
        operation: &'static Operation,
        mut source: Source<'_>,
    ) -> Result<Answer, Error> {
        let mut server_errors = 0;
        let mut number = 0;
        loop {
            number += 1;
            let request = source.request(number > self.options.retry.retries)?;
            if !self.connection.host.is_origin_of(request.url()) {
                return Err(Error::input("the request was not sent, because its origin is not the client's"));
            }
            self.enter().await?;
            self.usage.requests.fetch_add(1, Ordering::Relaxed);
            self.connection.count_request();

            let span = AttemptSpan::new(operation, &request, number - 1, self.connection.trace_urls);
            // Pinned here, because moving a future of this size through the layers is slow.
            let attempt = pin!(self.attempt(http, request));
            let mut result = span.around(attempt).await;
            span.end(&result.as_ref().map(|answer| answer.status).map_err(Error::span_type));
            let error = match &mut result {
                Ok(Answer { error: None, .. }) => {
                    self.connection.budget.deposit();
                    return result;
                }
                Ok(Answer { error: Some(error), .. }) | Err(error) => error,
            };
            let outcome = Outcome::of(error);
            if outcome == Outcome::ServerError {
                server_errors += 1;
            }
            let attempt = Attempt {
                idempotency: self.idempotency(operation),
                number,
                outcome,
                server_errors,
                retry_after: error.retry_after(),
                time_left: self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())),
            };
            let mut step = decide(&self.options.retry, &attempt, || self.connection.random_unit());
            if source.is_exhausted() {
                step = Step::Done;
            }
            let throttled = outcome == Outcome::Throttled;
            if throttled {
                self.pause_all(attempt.retry_after, step);
            }
            let note = match step {
                Step::Wait(wait) => {
                    if throttled {
                        // The limiter makes all requests wait, including the next one of this call.
                        continue;
                    }
                    if self.connection.budget.withdraw() {
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    Some("not retried, because too many calls of this client fail")
                }
                Step::Done => None,
                Step::WaitTooLong => {
                    Some("not retried, because the server asks for a longer wait than allowed")
                }
                Step::DeadlineTooNear => {
                    Some("not retried, because the deadline of the call would expire first")
                }
            };
            if let Some(note) = note {
                error.add_note(note);
            }
            return result;
        }
    }

    async fn enter(&self) -> Result<(), Error> {
        let longest = self.options.retry.max_server_wait;
        self.connection.limiter.enter(longest, self.deadline).await.map_err(|refusal| match refusal {
            Refusal::WaitTooLong(wait) => Error::own_limit(wait),
            Refusal::Deadline => Error::deadline(),
        })
    }

    fn pause_all(&self, asked: Option<Duration>, step: Step) {
        const LONGEST: Duration = Duration::from_secs(3_600);
        let wait = match step {
            Step::Wait(wait) => wait.max(asked.unwrap_or_default()),
            _ => asked.unwrap_or_default(),
        };
        self.connection.limiter.pause(wait.min(LONGEST));
    }

    /// Sends the request once and reads the whole response.
    async fn attempt(&self, http: &reqwest::Client, mut request: reqwest::Request) -> Result<Answer, Error> {
        request.headers_mut().insert(AUTHORIZATION, self.connection.key.to_header());
        let attempt_ends = Instant::now().checked_add(self.options.timeout);
        let (end, late): (_, fn() -> Error) = match (attempt_ends, self.deadline) {
            (Some(attempt_ends), Some(deadline)) if deadline < attempt_ends => (deadline, Error::deadline),
            (None, Some(deadline)) => (deadline, Error::deadline),
            (Some(attempt_ends), _) => (attempt_ends, Error::timeout),
            (None, None) => return self.exchange(http, request).await,
        };
        let exchange = pin!(self.exchange(http, request));
        tokio::time::timeout_at(end, exchange).await.unwrap_or_else(|_| Err(late()))
    }

    async fn exchange(&self, http: &reqwest::Client, request: reqwest::Request) -> Result<Answer, Error> {
        let mut response = http.execute(request).await.map_err(Error::exchange)?;
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        let url = response.url().clone();
        let mut body = read_body(response, self.options.max_response_size).await?;
        self.usage.bytes.fetch_add(u64::try_from(body.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let shape = Shape::of(&body);
        let is_foreign = shape == Shape::Foreign && status.is_success();
        if !status.is_success() || is_foreign || self.mode == Mode::Raw {
            body = self.connection.key.redact_body(body);
            self.connection.key.redact_headers(&mut headers);
        }
        if !self.connection.host.is_origin_of(&url) {
            // Only a custom HTTP client can have followed a redirect.
            return Err(Error::answer(StatusCode::FOUND, &headers, &body, None).with_note(
                "the HTTP client follows redirects; set its redirect policy to `Policy::none()`",
            ));
        }
        if shape == Shape::Cut && needs_whole_body(status, &body) {
            return Err(Error::interrupted().with_context(Some(status), request_id(&headers)));
        }
        if is_foreign {
            return Err(Error::answer(status, &headers, &body, None));
        }
        let error = (!status.is_success())
            .then(|| Error::answer(status, &headers, &body, retry_after(&headers, SystemTime::now())));
        Ok(Answer { status, headers, body, url, error })
    }
}

/// Reads a body of up to `limit` bytes.
pub(crate) async fn read_body(mut response: reqwest::Response, limit: u64) -> Result<Bytes, Error> {
    match response.content_length() {
        Some(length) if length > limit => return Err(Error::too_large(limit)),
        Some(_) => return response.bytes().await.map_err(Error::exchange),
        None => {}
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Error::exchange)? {
        if u64::try_from(body.len() + chunk.len()).is_ok_and(|length| length > limit) {
            return Err(Error::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The transport of [`Client::raw`](crate::Client::raw): every call is an exchange of its own.
#[derive(Debug)]
pub(crate) struct RawTransport {
    pub(crate) connection: Arc<Connection>,
    pub(crate) options: CallOptions,
}

impl RawTransport {
    /// Returns a generated client with this transport.
    pub(crate) fn into_client(self, http: reqwest::Client) -> raw::Client {
        let connection = self.connection.clone();
        raw::Client::new_with_client(connection.host.base(), http, Arc::new(self))
    }
}

impl Transport for RawTransport {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        operation: &'static Operation,
        request: reqwest::Request,
    ) -> TransportFuture<'a> {
        let deadline = self.options.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        Box::pin(async move {
            let usage = Usage::new(None);
            let (connection, options) = (&*self.connection, &self.options);
            let exchange = Exchange { connection, options, deadline, usage: &usage, mode: Mode::Raw };
            let result = exchange.run(http, operation, Source::Given(Some(Box::new(request)))).await;
            Ok(match result {
                Ok(answer) => answer.into_response(),
                Err(error) => substitute(no_answer(), &exchange.without_answer(operation, error).to_string()),
            })
        })
    }
}

/// Whether a response with this status is useless if its body is truncated: 200, 201, and rejections with a body. For 429 and
/// server errors the status is sufficient, and other successes are unexpected anyway.
fn needs_whole_body(status: StatusCode, body: &[u8]) -> bool {
    let refused = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && !body.is_empty();
    refused || matches!(status, StatusCode::OK | StatusCode::CREATED)
}

/// The form of a body, judged by its first and last byte. This detects truncation without parsing the body twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Whole,
    Cut,
    Foreign,
}

impl Shape {
    fn of(body: &[u8]) -> Self {
        let body = body.trim_ascii();
        match (body.first(), body.last()) {
            (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => Self::Whole,
            (None, _) | (Some(b'{' | b'['), _) => Self::Cut,
            // No endpoint of this API returns a bare value.
            _ => Self::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_body_is_judged_by_its_ends() {
        for (body, shape) in [
            ("{\"a\": 1}\n", Shape::Whole),
            ("[]", Shape::Whole),
            ("", Shape::Cut),
            ("{\"results\": [{\"group_key", Shape::Cut),
            ("[{}", Shape::Cut),
            ("<!DOCTYPE html>", Shape::Foreign),
            ("OK", Shape::Foreign),
        ] {
            assert_eq!(Shape::of(body.as_bytes()), shape, "{body}");
        }
    }
}
