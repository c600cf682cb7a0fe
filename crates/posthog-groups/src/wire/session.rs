//! One call of a user: its options, the time that it has, and the requests that it makes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use posthog_groups_client::types::GroupType;
use posthog_groups_client::{self as raw, Call, FromBody, Idempotency, Operation};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::error::{Error, Result, request_id};
use crate::wire::cache::Cache;
use crate::wire::keyed_locks::KeyedLocks;
use crate::wire::options::CallOptions;
use crate::wire::transport::{Answer, Build, Connection, Exchange, Mode, Source, Usage};

/// What all clones of a client share, whatever their options.
pub(crate) struct Shared {
    pub(crate) connection: Arc<Connection>,
    pub(crate) http: reqwest::Client,
    /// Builds the requests of calls.
    pub(crate) raw: raw::Client,
    pub(crate) project: String,
    pub(crate) group_types: Cache<Arc<[GroupType]>>,
    /// The server is known to have no `upsert_properties`.
    pub(crate) upsert_is_missing: AtomicBool,
    pub(crate) write_locks: KeyedLocks<(u8, String)>,
}

/// One call of a user, however many requests it makes.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: CallOptions,
    deadline: Option<Instant>,
    usage: Usage,
    hides_answers: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("options", &self.options)
            .field("deadline", &self.deadline)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Starts the clock of a call.
    pub(crate) fn start(shared: Arc<Shared>, options: CallOptions, call: &'static str) -> Self {
        let deadline = options.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        Self { shared, options, deadline, usage: Usage::new(Some(call)), hides_answers: false }
    }

    /// Keeps answers out of errors, because they hold secrets such as the keys of projects.
    pub(crate) fn hide_answers(mut self) -> Self {
        self.hides_answers = true;
        self
    }

    /// The generated client, for building requests.
    pub(crate) fn raw(&self) -> &raw::Client {
        &self.shared.raw
    }

    /// Adds to an error what is known of the call.
    pub(crate) fn fail(&self, error: Error) -> Error {
        self.usage.complete(error)
    }

    /// The project as requests name it.
    pub(crate) fn project(&self) -> &str {
        &self.shared.project
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Waits for something that another call has at the moment, within the deadline and `max_server_wait`. `awaited` is
    /// what the other call does.
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

    /// An error when the answers of the call together are larger than one may be.
    pub(crate) fn check_size(&self) -> Result<()> {
        let limit = self.options.max_response_size;
        if self.usage.bytes() > limit {
            return Err(self.fail(Error::too_large(limit)));
        }
        Ok(())
    }

    /// One request of the call, with its repetitions.
    pub(crate) fn exchange(&self, mode: Mode) -> Exchange<'_> {
        Exchange {
            connection: &self.shared.connection,
            options: &self.options,
            deadline: self.deadline,
            usage: &self.usage,
            mode,
        }
    }

    /// Sends a request of the generated client, and returns the answer if it has the expected status.
    pub(crate) async fn answer<C: Call>(&self, call: impl Fn() -> C + Send + Sync) -> Result<Answer> {
        let build = || {
            call().request().map_err(|error| match error {
                raw::Error::InvalidRequest(message) => Error::input(message),
                other => Error::input("the request cannot be built").with_source(other),
            })
        };
        self.answer_with(C::operation(), C::STATUS, &build).await
    }

    async fn answer_with(
        &self,
        operation: &'static Operation,
        status: u16,
        build: Build<'_>,
    ) -> Result<Answer> {
        let exchange = self.exchange(Mode::Call);
        let answer = exchange.send(&self.shared.http, operation, Source::Build(build)).await?;
        if answer.status.as_u16() == status {
            return Ok(answer);
        }
        let error = Error::unexpected_status(answer.status);
        Err(self.unusable(operation, answer, error))
    }

    /// Sends a request of the generated client, and decodes the answer.
    pub(crate) async fn send<C: Call>(&self, call: impl Fn() -> C + Send + Sync) -> Result<C::Answer> {
        let answer = self.answer(call).await?;
        C::Answer::from_body(&answer.body)
            .map_err(|error| self.undecodable::<C::Answer>(C::operation(), answer, error))
    }

    /// Sends a read. An answer whose JSON was cut in a way that only decoding shows is asked for once more.
    pub(crate) async fn read<C: Call>(&self, call: impl Fn() -> C + Send + Sync) -> Result<C::Answer> {
        match self.send(&call).await {
            Err(error) if error.is_cut_short() && self.options.retry.retries > 0 => self.send(&call).await,
            result => result,
        }
    }

    /// The error for an answer that cannot be decoded.
    pub(crate) fn undecodable<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        answer: Answer,
        error: serde_json::Error,
    ) -> Error {
        // A second time, now with the path, which costs too much for every answer, and without the key.
        let body = self.shared.connection.key.redact_body(answer.body.clone());
        let mut json = serde_json::Deserializer::from_slice(&body);
        let (path, error) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(e) => (e.path().to_string(), e.into_inner()),
            Ok(_) => (".".to_owned(), error),
        };
        let error = Error::decode(path, error, if self.hides_answers { b"" } else { &body });
        self.unusable(operation, answer, error)
    }

    /// Completes the error for a success that is not of the expected form. What was written has to be read back.
    fn unusable(&self, operation: &'static Operation, mut answer: Answer, error: Error) -> Error {
        self.shared.connection.key.redact_headers(&mut answer.headers);
        let is_unknown = operation.idempotency != Idempotency::Safe && error.is_decode();
        self.fail(error.of(operation.id))
            .with_context(Some(answer.status), request_id(&answer.headers))
            .with_outcome_unknown(is_unknown)
    }
}
