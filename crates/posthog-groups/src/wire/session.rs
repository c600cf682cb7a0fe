//! A session: one call of the user with its options, its deadline and its requests.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use posthog_groups_client as raw;
use posthog_groups_client::types::GroupType;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::wire::cache::Cache;
use crate::wire::keyed_locks::KeyedLocks;
use crate::wire::options::CallOptions;
use crate::wire::transport::{Connection, Exchange, Mode, Usage};

/// What all clones of a client share.
pub(crate) struct Shared {
    pub(crate) connection: Arc<Connection>,
    pub(crate) http: reqwest::Client,
    pub(crate) project: String,
    pub(crate) group_types: Cache<Arc<[GroupType]>>,
    /// Whether the server is known not to have `upsert_properties`.
    pub(crate) upsert_is_missing: AtomicBool,
    pub(crate) write_locks: KeyedLocks<(u8, String)>,
}

/// One call of the user, which can make several requests.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: CallOptions,
    deadline: Option<Instant>,
    usage: Arc<Usage>,
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
    /// Starts a call and its deadline.
    pub(crate) fn start(shared: Arc<Shared>, options: CallOptions, call: &'static str) -> Self {
        let deadline = options.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        Self { shared, options, deadline, usage: Arc::new(Usage::new(Some(call))) }
    }

    /// Adds the context of the call to an error.
    pub(crate) fn fail(&self, error: Error) -> Error {
        self.usage.complete(error)
    }

    /// The project as it appears in paths.
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
    pub(crate) fn exchange(&self, mode: Mode) -> Exchange {
        Exchange::new(self.shared.connection.clone(), self.options, self.deadline, self.usage.clone(), mode)
    }

    /// Prepares one request of `operation`.
    pub(crate) fn begin(&self, operation: &'static str) -> Call {
        let shared = &self.shared;
        let exchange = Arc::new(self.exchange(Mode::Call));
        let raw = raw::Client::new_with_client(
            shared.connection.host.base(),
            shared.http.clone(),
            exchange.clone(),
        );
        Call { exchange, raw, operation, hides_answers: false }
    }
}

/// One request through the generated client, which fails with an error of this crate.
pub(crate) struct Call {
    exchange: Arc<Exchange>,
    raw: raw::Client,
    operation: &'static str,
    hides_answers: bool,
}

impl Call {
    pub(crate) fn raw(&self) -> &raw::Client {
        &self.raw
    }

    /// Keeps response bodies out of errors, because they contain secrets such as project keys.
    pub(crate) fn hide_answers(mut self) -> Self {
        self.hides_answers = true;
        self
    }

    /// Converts the result of the generated client.
    pub(crate) fn finish<T: DeserializeOwned>(
        self,
        sent: std::result::Result<raw::ResponseValue<T>, raw::Error<()>>,
    ) -> Result<T> {
        let error = match sent {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(error) => error,
        };
        if let Some(failure) = self.exchange.take_failure() {
            return Err(failure);
        }
        Err(self.error::<T>(error))
    }

    fn error<T: DeserializeOwned>(&self, error: raw::Error<()>) -> Error {
        let error = match error {
            raw::Error::InvalidResponsePayload(body, source) => {
                // Decoded again with the path, which is too slow for every response, and without the key.
                let body = self.exchange.redact(body);
                let mut json = serde_json::Deserializer::from_slice(&body);
                let (path, source) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
                    Err(e) => (e.path().to_string(), e.into_inner()),
                    Ok(_) => (".".to_owned(), source),
                };
                Error::decode(path, source, if self.hides_answers { b"" } else { &body })
            }
            raw::Error::InvalidRequest(message) | raw::Error::Custom(message) => Error::input(message),
            raw::Error::CommunicationError(e)
            | raw::Error::ResponseBodyError(e)
            | raw::Error::InvalidUpgrade(e) => Error::exchange(e),
            // `finish` has handled failures, so this is a success with an unexpected status.
            raw::Error::UnexpectedResponse(response) => Error::unexpected_status(response.status()),
            raw::Error::ErrorResponse(response) => Error::unexpected_status(response.status()),
        };
        let (status, request_id) = self.exchange.answered();
        let is_write = raw::operation(self.operation).is_none_or(|o| o.idempotency != raw::Idempotency::Safe);
        // A success that cannot be decoded, so the group must be read back.
        let unknown = is_write && error.is_decode();
        self.exchange
            .complete(error.of(self.operation))
            .with_context(status, request_id)
            .with_outcome_unknown(unknown)
    }
}

/// Sends a read. Repeats it once if the response was truncated in a way that only decoding detects.
macro_rules! read {
    ($session:expr, $operation:literal $(, $mark:ident)?, |$raw:ident| $send:expr) => {{
        let mut again = $session.options.retry.retries > 0;
        loop {
            let call = $session.begin($operation)$(.$mark())?;
            let $raw = call.raw();
            let sent = $send.send().await;
            match call.finish(sent) {
                Err(error) if again && error.is_cut_short() => again = false,
                result => break result,
            }
        }
    }};
}
pub(crate) use read;
