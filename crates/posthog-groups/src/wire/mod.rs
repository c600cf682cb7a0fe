//! Sessions, requests, retries, rate limits and deadlines.

pub(crate) mod budget;
pub(crate) mod cache;
pub(crate) mod host;
pub(crate) mod keyed_locks;
pub(crate) mod limit;
pub(crate) mod options;
pub(crate) mod poison;
pub(crate) mod retry;
pub(crate) mod retry_after;
pub(crate) mod session;
pub(crate) mod span;
pub(crate) mod transport;
