//! What the spec knows about an operation beyond its request and its answer.

/// One operation of the API, with the marks of the spec.
///
/// ```
/// use posthog_groups_client::{Idempotency, operation};
///
/// let create = operation("create_group").expect("part of the API");
/// assert_eq!(create.scopes, ["group:write"]);
/// assert_eq!(create.idempotency, Idempotency::LookBeforeRepeat);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The operationId of the spec, which is also the name of the client's method.
    pub id: &'static str,
    /// The HTTP method in capitals.
    pub method: &'static str,
    /// The path template, such as `/api/projects/{project_id}/groups/`.
    pub path: &'static str,
    /// The scopes that a personal API key needs. Empty: personal keys are refused.
    pub scopes: &'static [&'static str],
    /// What may be done after an answer was lost.
    pub idempotency: Idempotency,
    /// The day or year since which servers have the operation.
    pub since: Option<&'static str>,
    /// The day or year from which they do not have it any more.
    pub until: Option<&'static str>,
}

impl Operation {
    /// A request that is not in the spec, for transports that need an operation: only GET is known to be safe to repeat.
    pub const fn unlisted(method: &'static str) -> Self {
        let idempotency = match method.as_bytes() {
            b"GET" => Idempotency::Safe,
            _ => Idempotency::Unknown,
        };
        Self { id: "request", method, path: "{path}", scopes: &[], idempotency, since: None, until: None }
    }
}

/// What a client may do when it does not know whether a request took effect (contract section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Idempotency {
    /// It changes nothing: repeat it freely.
    Safe,
    /// A repetition leaves the same state; it may write another log entry.
    Idempotent,
    /// A repetition fails or does harm: look whether the first attempt took effect.
    LookBeforeRepeat,
    /// A repetition fails with "is not there", and that means done.
    GoneIsDone,
    /// The spec does not say: do not repeat it.
    Unknown,
}

/// The operation with this id; `None` for an id that the API does not have.
///
/// ```
/// assert!(posthog_groups_client::operation("no_such_operation").is_none());
/// ```
pub fn operation(id: &str) -> Option<&'static Operation> {
    let operations = &crate::OPERATIONS;
    operations.binary_search_by(|operation| operation.id.cmp(id)).ok().map(|n| &operations[n])
}
