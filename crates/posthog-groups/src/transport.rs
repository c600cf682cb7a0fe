//! Fills the seam of the generated client: authentication, limits, attempts, deadlines.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use posthog_groups_client::{Idempotency, Operation, PersonalApiKey, Transport, TransportFuture};
use reqwest::{ResponseBuilderExt as _, Url};
use tokio::time::Instant;

use crate::budget::RetryBudget;
use crate::error::{Error, request_id};
use crate::host::Host;
use crate::limit::{Limiter, Refusal};
use crate::options::CallOptions;
use crate::poison::unpoisoned;
use crate::retry::{Attempt, Outcome, Step, decide};
use crate::retry_after::retry_after;
use crate::span::AttemptSpan;

/// What all clones of a client share on their way to the server.
pub(crate) struct Wire {
    pub(crate) host: Host,
    key: PersonalApiKey,
    limiter: Limiter,
    budget: RetryBudget,
    random: Mutex<fastrand::Rng>,
    requests: AtomicU64,
}

impl fmt::Debug for Wire {
    // By hand: the key is redacted by its own type, and the rest is of no interest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("host", &self.host.base())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Wire {
    pub(crate) fn new(host: Host, key: PersonalApiKey, limiter: Limiter, seed: Option<u64>) -> Self {
        let random = Mutex::new(seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed));
        Self { host, key, limiter, budget: RetryBudget::default(), random, requests: AtomicU64::new(0) }
    }

    /// A number from 0 to 1.
    pub(crate) fn draw(&self) -> f64 {
        unpoisoned(self.random.lock()).f64()
    }

    /// Pays for a repetition of a call; false when the budget is spent.
    pub(crate) fn pay_for_repetition(&self) -> bool {
        self.budget.withdraw()
    }

    /// How long requests wait for the rate limit at the moment.
    pub(crate) fn waits_for(&self) -> Option<Duration> {
        self.limiter.waits_for()
    }

    /// How many requests an hour the client allows itself, if it limits them.
    #[cfg(feature = "bulk")]
    pub(crate) fn per_hour(&self) -> Option<u64> {
        self.limiter.per_hour()
    }

    /// How many requests were sent so far.
    #[cfg(feature = "bulk")]
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Notes a request that is about to be sent.
    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the key out of text that a server sent.
    fn hide(&self, text: String) -> String {
        let header = self.key.to_header();
        match header.to_str().ok().and_then(|header| header.strip_prefix("Bearer ")) {
            Some(key) if text.contains(key) => text.replace(key, "[key]"),
            _ => text,
        }
    }
}

/// One call on its way: the transport of a client that lives as long as the call.
///
/// A transport can only fail with an error of reqwest. The errors of this crate are left here, beside the answer that
/// stands in for them.
#[derive(Debug)]
pub(crate) struct Exchange {
    wire: Arc<Wire>,
    options: CallOptions,
    deadline: Option<Instant>,
    writes: Writes,
    attempts: AtomicU32,
    left: Mutex<Left>,
}

/// Who cares for writes whose outcome is unclear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    /// The caller looks before it repeats.
    ToTheCaller,
    /// Nobody: what leaves the same state is repeated as it is.
    RepeatIdempotent,
}

#[derive(Debug, Default)]
struct Left {
    failure: Option<Error>,
    status: Option<StatusCode>,
    headers: HeaderMap,
}

/// An answer that has arrived as a whole.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    url: Url,
    retry_after: Option<Duration>,
    note: Option<&'static str>,
}

impl Answer {
    fn into_response(self) -> reqwest::Response {
        let mut response = http::Response::builder().status(self.status).url(self.url).body(self.body);
        if let Ok(response) = &mut response {
            *response.headers_mut() = self.headers;
        }
        response.map_or_else(|_| stand_in(StatusCode::BAD_GATEWAY, ""), reqwest::Response::from)
    }
}

/// An answer in the place of none: no server uses the status.
fn stand_in(status: StatusCode, body: &str) -> reqwest::Response {
    let mut response = http::Response::new(body.to_owned());
    *response.status_mut() = status;
    response.into()
}

/// The status of the answer that stands in for an error of this crate.
fn no_answer() -> StatusCode {
    StatusCode::from_u16(599).unwrap_or(StatusCode::BAD_GATEWAY)
}

impl Exchange {
    pub(crate) fn new(
        wire: Arc<Wire>,
        options: CallOptions,
        deadline: Option<Instant>,
        writes: Writes,
    ) -> Self {
        Self { wire, options, deadline, writes, attempts: AtomicU32::new(0), left: Mutex::default() }
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// The error that this crate has for the call, if the answer only stands in for one.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        unpoisoned(self.left.lock()).failure.take()
    }

    /// What is known of the last answer: its status, and the number of the request.
    pub(crate) fn answered(&self) -> (Option<StatusCode>, Option<String>) {
        let left = unpoisoned(self.left.lock());
        (left.status, self.request_id(&left.headers))
    }

    /// Takes the key out of text that the server sent.
    pub(crate) fn hide(&self, text: String) -> String {
        self.wire.hide(text)
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        request_id(headers).map(|text| self.hide(text))
    }

    /// What may be repeated without a look.
    fn idempotency(&self, operation: &Operation) -> Idempotency {
        match (operation.idempotency, self.writes) {
            (Idempotency::Idempotent, Writes::ToTheCaller) => Idempotency::LookBeforeRepeat,
            (idempotency, _) => idempotency,
        }
    }

    async fn run(
        &self,
        http: &reqwest::Client,
        operation: &'static Operation,
        request: reqwest::Request,
    ) -> Result<Answer, Error> {
        if !self.wire.host.is_origin_of(request.url()) {
            return Err(Error::input(
                "the request goes to another origin than the client's; it was not sent",
            ));
        }
        let mut request = Some(request);
        let mut server_errors = 0;
        loop {
            self.enter().await?;
            let number = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
            self.wire.count_request();
            let last = number > self.options.retry.retries;
            // A stream has no second copy; our bodies are bytes.
            let copy =
                if last { request.take() } else { request.as_ref().and_then(reqwest::Request::try_clone) };
            let Some(copy) = copy.or_else(|| request.take()) else { return Err(Error::interrupted()) };

            let span = AttemptSpan::new(operation, &copy, number - 1);
            // Pinned here, because moving a future as large as this from layer to layer costs more than the layers.
            let attempt = pin!(self.attempt(http, copy));
            let result = span.around(attempt).await;
            let outcome = match &result {
                Ok(answer) => Outcome::Answered(answer.status.as_u16()),
                Err(error) if error.is_connect() => Outcome::NotSent,
                Err(error) if error.is_timeout() || error.is_interrupted() => Outcome::Lost,
                Err(_) => Outcome::Answered(200),
            };
            span.end(&result.as_ref().map(|answer| answer.status).map_err(Error::span_type));
            if outcome == Outcome::Answered(500) {
                server_errors += 1;
            }
            let asked = result.as_ref().ok().and_then(|answer| answer.retry_after);
            let attempt = Attempt {
                idempotency: self.idempotency(operation),
                number,
                outcome,
                server_errors,
                retry_after: asked,
                time_left: self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())),
            };
            let mut step = decide(&self.options.retry, &attempt, || self.wire.draw());
            if request.is_none() {
                step = Step::Done;
            }
            let throttled = outcome == Outcome::Answered(429);
            if throttled {
                self.pause_everybody(asked, step);
            }
            let note = match step {
                Step::Wait(wait) => {
                    if throttled {
                        // Everybody waits, this call included, where places are given out.
                        continue;
                    }
                    if self.wire.pay_for_repetition() {
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    Some("not repeated, because too many calls of this client fail")
                }
                Step::Done => None,
                Step::WaitTooLong => {
                    Some("not repeated, because the server asks for a longer wait than allowed")
                }
                Step::DeadlineTooNear => Some("not repeated, because the deadline is near"),
            };
            if matches!(&result, Ok(answer) if answer.status.is_success()) {
                self.wire.budget.deposit();
            }
            return match result {
                Ok(answer) => Ok(Answer { note, ..answer }),
                Err(error) => Err(match note {
                    Some(note) => error.with_note(note),
                    None => error,
                }),
            };
        }
    }

    async fn enter(&self) -> Result<(), Error> {
        let longest = self.options.retry.max_server_wait;
        self.wire.limiter.enter(longest, self.deadline).await.map_err(|refusal| match refusal {
            Refusal::WaitTooLong(wait) => Error::own_limit(wait),
            Refusal::Deadline => Error::deadline(),
        })
    }

    fn pause_everybody(&self, asked: Option<Duration>, step: Step) {
        const LONGEST: Duration = Duration::from_secs(3_600);
        let wait = match step {
            Step::Wait(wait) => wait.max(asked.unwrap_or_default()),
            _ => asked.unwrap_or_default(),
        };
        self.wire.limiter.pause(wait.min(LONGEST));
    }

    /// Sends the request once and takes the whole answer.
    async fn attempt(&self, http: &reqwest::Client, mut request: reqwest::Request) -> Result<Answer, Error> {
        request.headers_mut().insert(AUTHORIZATION, self.wire.key.to_header());
        let patience = Instant::now().checked_add(self.options.timeout);
        let (end, late): (_, fn() -> Error) = match (patience, self.deadline) {
            (Some(patience), Some(deadline)) if deadline < patience => (deadline, Error::deadline),
            (None, Some(deadline)) => (deadline, Error::deadline),
            (Some(patience), _) => (patience, Error::timeout),
            (None, None) => return self.exchange(http, request).await,
        };
        let exchange = pin!(self.exchange(http, request));
        tokio::time::timeout_at(end, exchange).await.unwrap_or_else(|_| Err(late()))
    }

    async fn exchange(&self, http: &reqwest::Client, request: reqwest::Request) -> Result<Answer, Error> {
        let mut response = http.execute(request).await.map_err(Error::exchange)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let url = response.url().clone();
        let body = self.body(response).await?;
        if !self.wire.host.is_origin_of(&url) {
            // Only a custom HTTP client follows redirects.
            return Err(Error::answer(StatusCode::FOUND, &headers, &body, None, |text| self.hide(text))
                .with_note("the HTTP client given follows redirects; set its policy to none"));
        }
        match Shape::of(&body) {
            Shape::Cut if is_told_by_its_body(status, &body) => {
                return Err(Error::interrupted().with_context(Some(status), self.request_id(&headers)));
            }
            Shape::Foreign if status.is_success() => {
                return Err(Error::answer(status, &headers, &body, None, |text| self.hide(text)));
            }
            _ => {}
        }
        let retry_after = if status.is_success() { None } else { retry_after(&headers, SystemTime::now()) };
        Ok(Answer { status, headers, body, url, retry_after, note: None })
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, Error> {
        let limit = self.options.max_response_size;
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

    /// Leaves what the caller will ask for, and gives an answer for the generated code.
    fn settle(&self, operation: &'static Operation, result: Result<Answer, Error>) -> reqwest::Response {
        let attempts = self.attempts();
        let is_write = operation.idempotency != Idempotency::Safe;
        let mut left = unpoisoned(self.left.lock());
        match result {
            Ok(mut answer) => {
                left.status = Some(answer.status);
                if !answer.status.is_success() {
                    let hide = |text| self.hide(text);
                    let mut error =
                        Error::answer(answer.status, &answer.headers, &answer.body, answer.retry_after, hide)
                            .of(operation.id, attempts);
                    if let Some(note) = answer.note {
                        error = error.with_note(note);
                    }
                    let unknown = is_write && error.is_server_error() && !error.is_event_not_sent();
                    left.failure = Some(error.with_outcome_unknown(unknown));
                }
                if self.writes == Writes::ToTheCaller {
                    // Only a failure asks for them, and the generated code would copy them.
                    left.headers = std::mem::take(&mut answer.headers);
                }
                answer.into_response()
            }
            Err(error) => {
                let sent = attempts > 0 && !error.is_rate_limited() && !error.is_connect();
                let lost = error.is_timeout() || error.is_interrupted() || error.is_decode();
                let error = error.of(operation.id, attempts).with_outcome_unknown(is_write && sent && lost);
                let response = stand_in(no_answer(), &error.to_string());
                left.failure = Some(error);
                response
            }
        }
    }
}

impl Transport for Exchange {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        operation: &'static Operation,
        request: reqwest::Request,
    ) -> TransportFuture<'a> {
        Box::pin(async move {
            let result = self.run(http, operation, request).await;
            Ok(self.settle(operation, result))
        })
    }
}

/// The transport of [`Client::raw`](crate::Client::raw): every call is an exchange of its own.
#[derive(Debug)]
pub(crate) struct RawTransport {
    pub(crate) wire: Arc<Wire>,
    pub(crate) options: CallOptions,
}

impl Transport for RawTransport {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        operation: &'static Operation,
        request: reqwest::Request,
    ) -> TransportFuture<'a> {
        let deadline = self.options.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        let exchange = Exchange::new(self.wire.clone(), self.options, deadline, Writes::RepeatIdempotent);
        Box::pin(async move {
            let result = exchange.run(http, operation, request).await;
            Ok(exchange.settle(operation, result))
        })
    }
}

/// Whether an answer of this status means nothing without the whole of its body. The status of a throttled or failed
/// request says enough, and a refusal may have no body at all.
fn is_told_by_its_body(status: StatusCode, body: &[u8]) -> bool {
    let refused = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && !body.is_empty();
    refused || status.is_success() && status != StatusCode::NO_CONTENT
}

/// What a body looks like from its two ends: enough to see that it was cut, without reading it twice.
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
            // No call of this API answers with a bare value.
            _ => Self::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_shows_its_kind_by_its_ends() {
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
