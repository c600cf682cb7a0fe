//! A session: one call by the user, with its options, its deadline and its requests.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use posthog_groups_client::types::GroupType;
use posthog_groups_client::{self as raw, Call, FromBody, Idempotency, Operation};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::error::{Error, Result, request_id};
use crate::wire::cache::Cache;
use crate::wire::keyed_locks::KeyedLocks;
use crate::wire::options::CallOptions;
use crate::wire::transport::{Answer, Connection, Exchange, Mode, Source, Usage};

/// The state that all clones of a client share.
pub(crate) struct Shared {
    pub(crate) connection: Arc<Connection>,
    pub(crate) http: reqwest::Client,
    /// Builds the requests of calls.
    pub(crate) raw: raw::Client,
    pub(crate) project: String,
    pub(crate) group_types: Cache<Arc<[GroupType]>>,
    /// Whether the server is known not to have `upsert_properties`.
    pub(crate) upsert_is_missing: AtomicBool,
    pub(crate) write_locks: KeyedLocks,
}

/// One call by the user, which can take several requests.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: CallOptions,
    deadline: Option<Instant>,
    usage: Usage,
    hides_answers: bool,
}

impl Session {
    pub(crate) fn start(shared: Arc<Shared>, options: CallOptions, call: &'static str) -> Self {
        let deadline = options.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        Self { shared, options, deadline, usage: Usage::new(Some(call)), hides_answers: false }
    }

    /// Keeps response bodies out of errors, because they contain secrets such as project keys.
    pub(crate) fn hide_answers(mut self) -> Self {
        self.hides_answers = true;
        self
    }

    /// Returns the generated client, which builds requests.
    pub(crate) fn raw(&self) -> &raw::Client {
        &self.shared.raw
    }

    /// Adds the context of the call to an error, and redacts the key in it.
    pub(crate) fn fail(&self, error: Error) -> Error {
        self.usage.complete(error.redacted(&self.shared.connection.key))
    }

    pub(crate) fn project(&self) -> &str {
        &self.shared.project
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Waits for another call, within the deadline and `max_server_wait`. `awaited` says what the other call does, for
    /// the error.
    pub(crate) async fn queue<T>(&self, awaited: &'static str, wait: impl Future<Output = T>) -> Result<T> {
        let longest = Instant::now().checked_add(self.options.retry.max_server_wait);
        let end = match (self.deadline, longest) {
            (Some(deadline), Some(longest)) => deadline.min(longest),
            (Some(end), None) | (None, Some(end)) => end,
            (None, None) => return Ok(wait.await),
        };
        let is_deadline = self.deadline == Some(end);
        tokio::time::timeout_at(end, wait)
            .await
            .map_err(|_| self.fail(if is_deadline { Error::deadline() } else { Error::queue(awaited) }))
    }

    /// Fails if the responses of the call together exceed `max_response_size`.
    pub(crate) fn check_size(&self) -> Result<()> {
        let limit = self.options.max_response_size;
        if self.usage.bytes() > limit {
            return Err(self.fail(Error::too_large(limit)));
        }
        Ok(())
    }

    /// Creates the exchange for one request of the call.
    pub(crate) fn exchange(&self, mode: Mode) -> Exchange<'_> {
        Exchange {
            connection: &self.shared.connection,
            options: &self.options,
            deadline: self.deadline,
            usage: &self.usage,
            mode,
        }
    }

    /// Sends a request of the generated client, and decodes the response.
    pub(crate) async fn send<C: Call>(&self, call: impl Fn() -> C + Send + Sync) -> Result<C::Response> {
        self.send_as(&call, &C::Response::from_body).await
    }

    async fn send_as<C: Call, T>(
        &self,
        call: &(impl Fn() -> C + Send + Sync),
        decode: &(impl Fn(&Bytes) -> serde_json::Result<T> + Send + Sync),
    ) -> Result<T> {
        let build = || {
            call().request().map_err(|error| match error {
                raw::Error::InvalidRequest(message) => Error::input(message),
                other => Error::input("the request cannot be built").with_source(other),
            })
        };
        let operation = C::operation();
        let exchange = self.exchange(Mode::Call);
        let answer = exchange.send(&self.shared.http, operation, Source::Build(&build)).await?;
        if !C::is_success(answer.status.as_u16()) {
            let error = Error::unexpected_status(answer.status);
            return Err(self.unusable(operation, answer, error));
        }
        decode(&answer.body).map_err(|error| self.undecodable::<C::Response>(operation, answer, error))
    }

    /// Sends a read. Repeats it once if the response was truncated in a way that only decoding detects.
    pub(crate) async fn read<C: Call>(&self, call: impl Fn() -> C + Send + Sync) -> Result<C::Response> {
        self.read_as(call, C::Response::from_body).await
    }

    /// Like [`read`](Self::read), with another decoder.
    pub(crate) async fn read_as<C: Call, T>(
        &self,
        call: impl Fn() -> C + Send + Sync,
        decode: impl Fn(&Bytes) -> serde_json::Result<T> + Send + Sync,
    ) -> Result<T> {
        match self.send_as(&call, &decode).await {
            Err(error) if error.is_cut_short() && self.options.retry.retries > 0 => {
                self.send_as(&call, &decode).await
            }
            result => result,
        }
    }

    /// Returns the error for a response that cannot be decoded.
    fn undecodable<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        answer: Answer,
        error: serde_json::Error,
    ) -> Error {
        // Decoded again with the path, which is too slow for every response, and without the key.
        let body = self.shared.connection.key.redact_body(answer.body.clone());
        let mut json = serde_json::Deserializer::from_slice(&body);
        let (path, error) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(e) => (e.path().to_string(), e.into_inner()),
            Ok(_) => (".".to_owned(), error),
        };
        let error = Error::decode(path, error, if self.hides_answers { b"" } else { &body });
        self.unusable(operation, answer, error)
    }

    /// Completes the error for an unexpected success. After a write, the group must be read back.
    fn unusable(&self, operation: &'static Operation, mut answer: Answer, error: Error) -> Error {
        self.shared.connection.key.redact_headers(&mut answer.headers);
        let is_unknown = operation.idempotency != Idempotency::Safe && error.is_decode();
        self.fail(error.of(operation.id))
            .with_context(Some(answer.status), request_id(&answer.headers))
            .with_outcome_unknown(is_unknown)
    }
}
