//! How often a write is sent, when looking has shown that it did not take effect.

use posthog_groups_client::Idempotency;

use crate::client::{Client, Scope};
use crate::error::Error;
use crate::retry::{Attempt, Outcome, RetryPolicy, Step, decide};

/// Counts the attempts of one write. The transport repeats what surely did not reach the server; this is for the rest.
#[derive(Debug)]
pub(crate) struct Patience<'a> {
    client: &'a Client,
    scope: &'a Scope,
    sent: u32,
    server_errors: u32,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(client: &'a Client, scope: &'a Scope) -> Self {
        Self { client, scope, sent: 0, server_errors: 0 }
    }

    /// After an attempt failed so and a look showed that nothing was stored: waits and gives `Ok` for another attempt, or
    /// gives the error back.
    pub(crate) async fn again(&mut self, error: Error) -> Result<(), Error> {
        self.sent += 1;
        let outcome = match error.status() {
            Some(500) => {
                self.server_errors += 1;
                Outcome::Answered(500)
            }
            // A store that is not there for a moment is answered so by some servers of mid-2026: once more, like 500.
            Some(404) => {
                self.server_errors += 1;
                Outcome::Answered(500)
            }
            Some(status) if !error.is_interrupted() => Outcome::Answered(status),
            _ => Outcome::Lost,
        };
        let attempt = Attempt {
            // The look has made it so.
            idempotency: Idempotency::Safe,
            number: self.sent,
            outcome,
            server_errors: self.server_errors,
            retry_after: error.retry_after(),
            time_left: self.scope.time_left(),
        };
        let wire = &self.client.shared().wire;
        // However patient the client is with reads, a write is sent again after one 500 only.
        let policy = RetryPolicy { server_errors: 1, ..self.client.options().retry };
        match decide(&policy, &attempt, || wire.draw()) {
            Step::Wait(wait) if wire.pay_for_repetition() => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            _ => {
                // Looked at and not there. Only a request that may still be under way can change that.
                let known = matches!(error.status(), Some(500 | 404)) && !error.is_interrupted();
                Err(if known { error.with_outcome_unknown(false) } else { error })
            }
        }
    }
}

/// Whether the request may have taken effect although it failed, so that a look is due.
pub(crate) fn needs_a_look(error: &Error) -> bool {
    error.is_outcome_unknown() || error.is_event_not_sent() || error.is_group_not_found()
}

/// The error of a write when the look after it failed too.
pub(crate) fn could_not_look(error: Error, look: &Error) -> Error {
    let unknown = !error.is_event_not_sent();
    error.with_outcome_unknown(unknown).with_note(format!("looking whether it took effect failed: {look}"))
}
