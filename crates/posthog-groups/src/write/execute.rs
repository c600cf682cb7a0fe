//! The loop of all writes: send, read back if the outcome is unknown, and send again if the write is not in effect.

use posthog_groups_client::Idempotency;

use super::decision::{Answer, Kind, Next, Progress, Seen, Verdict};
use super::target::Target;
use crate::data::group::Group;
use crate::error::{Error, Result};
use crate::wire::retry::{Attempt, Outcome, RetryPolicy, Step, decide};
use crate::wire::session::Session;

/// A write: its request, and how a group shows that it took effect.
pub(crate) trait Write: Sync {
    /// The kind of the write.
    const KIND: Kind;

    /// Sends the request once.
    fn send(&self, target: &Target<'_>) -> impl Future<Output = Result<Group>> + Send;

    /// Whether the write is in effect in this group.
    fn is_in_effect(&self, group: &Group) -> bool;
}

/// Executes a write exactly once, or returns an error that says what is known about the outcome.
pub(crate) async fn execute<W: Write>(target: &Target<'_>, write: &W) -> Result<Group> {
    let session = target.session;
    let mut progress = Progress::new(W::KIND);
    let mut retry = WriteRetry::default();
    loop {
        let mut error = match write.send(target).await {
            Ok(group) => return Ok(group),
            Err(error) => error,
        };
        let answer = Answer::of(&error);
        if progress.answered(answer) == Next::Fail {
            let unknown = error.is_outcome_unknown() || progress.may_still_arrive();
            return Err(error.with_outcome_unknown(unknown));
        }
        let read_back = target.find().await;
        let seen = match &read_back {
            Ok(group) if write.is_in_effect(group) => Seen::InEffect,
            Ok(_) => Seen::NotInEffect,
            Err(missing) if missing.is_group_not_found() => Seen::Missing,
            Err(_) => Seen::Nothing,
        };
        error = session.fail(error);
        match (progress.read_back(seen), read_back) {
            (Verdict::Done, Ok(group)) => return Ok(group),
            (Verdict::DoneWithoutEvent, Ok(group)) => return Ok(group.without_event()),
            (Verdict::SendAgain, _) => {
                if !retry.wait(session, answer, &error).await {
                    let error = error.with_outcome_unknown(progress.may_still_arrive());
                    return Err(error.with_note("not seen when last read back"));
                }
            }
            (Verdict::Taken, _) => {
                return Err(session.fail(Error::not_ours().of("create_group").with_source(error)));
            }
            (Verdict::Refused, _) => return Err(error.with_outcome_unknown(progress.may_still_arrive())),
            // The group does not exist, so the write cannot have taken effect.
            (Verdict::NoGroup, Err(missing)) => {
                return Err(if error.is_not_found() { error } else { missing });
            }
            (_, read_back) => {
                let unknown = !error.is_event_not_sent();
                let error = error.with_outcome_unknown(unknown);
                return Err(match read_back {
                    Err(reason) => error.with_note(format!(
                        "reading the group back failed: {}",
                        reason.with_requests(0).message()
                    )),
                    Ok(_) => error,
                });
            }
        }
    }
}

/// Retry state of one write. The transport retries requests that cannot have been processed; this type covers the rest.
#[derive(Debug, Default)]
struct WriteRetry {
    sent: u32,
    server_errors: u32,
}

impl WriteRetry {
    /// Decides whether an attempt without effect is retried. Waits and returns true, or returns false.
    async fn wait(&mut self, session: &Session, answer: Answer, error: &Error) -> bool {
        self.sent += 1;
        let outcome = match answer {
            // Some servers of mid-2026 return 404 while a store is unavailable, so it is retried once, like a 500.
            Answer::NotFound => Outcome::ServerError,
            // An unexpected success says nothing about the outcome.
            _ if error.is_decode() => Outcome::Lost,
            _ => Outcome::of(error),
        };
        if outcome == Outcome::ServerError {
            self.server_errors += 1;
        }
        let attempt = Attempt {
            // Reading back has shown that the write is not in effect.
            idempotency: Idempotency::Safe,
            number: self.sent,
            outcome,
            server_errors: self.server_errors,
            retry_after: error.retry_after(),
            time_left: session.time_left(),
        };
        let connection = &session.shared.connection;
        // Reads can be retried more often after a 500; writes are retried once.
        let policy = RetryPolicy { server_errors: 1, ..session.options.retry };
        match decide(&policy, &attempt, || connection.random_unit()) {
            Step::Wait(wait) if connection.budget.withdraw() => {
                tokio::time::sleep(wait).await;
                true
            }
            _ => false,
        }
    }
}
