//! Metadata of operations: scopes, idempotency, availability.

/// An operation of the API with its metadata from the spec.
///
/// ```
/// use posthog_groups_client::{Idempotency, operation};
///
/// let create = operation("create_group").expect("part of the API");
/// assert_eq!(create.scopes, ["group:write"]);
/// assert_eq!(create.idempotency, Idempotency::ReadBeforeRetry);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The `operationId` in the spec, which is also the name of the client's method.
    pub id: &'static str,
    /// The HTTP method in upper case.
    pub method: &'static str,
    /// The path template, such as `/api/projects/{project_id}/groups/`.
    pub path: &'static str,
    /// The scopes that a personal API key needs. Empty if the operation does not accept personal API keys.
    pub scopes: &'static [&'static str],
    /// Whether the request can be repeated after its response was lost.
    pub idempotency: Idempotency,
    /// The date or year since which servers have the operation.
    pub since: Option<&'static str>,
    /// The date or year since which servers no longer have it.
    pub until: Option<&'static str>,
}

impl Operation {
    /// Returns an operation for a request that is not in the spec. Only GET counts as safe to repeat.
    pub const fn unlisted(method: &'static str) -> Self {
        let idempotency = match method.as_bytes() {
            b"GET" => Idempotency::Safe,
            _ => Idempotency::Unknown,
        };
        Self { id: "request", method, path: "{path}", scopes: &[], idempotency, since: None, until: None }
    }
}

/// What a client can do if it does not know whether a request took effect (contract section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Idempotency {
    /// The request changes nothing and can be repeated.
    Safe,
    /// The request can be repeated. The state stays the same, but events and activity entries can be duplicated.
    Idempotent,
    /// Repeating the request can fail or do harm. Read back first whether it took effect.
    ReadBeforeRetry,
    /// The request can be repeated. If the server responds that the object does not exist, the request has succeeded.
    NotFoundIsSuccess,
    /// The spec does not say. Do not repeat the request.
    Unknown,
}

/// Returns the operation with an ID, or `None` if the API has none.
///
/// ```
/// assert!(posthog_groups_client::operation("no_such_operation").is_none());
/// ```
pub fn operation(id: &str) -> Option<&'static Operation> {
    let operations = &crate::OPERATIONS;
    operations.binary_search_by(|operation| operation.id.cmp(id)).ok().map(|n| &operations[n])
}
