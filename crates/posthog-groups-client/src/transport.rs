//! The transport that generated calls send requests with.

use std::fmt;
use std::pin::Pin;

use crate::operation::Operation;

/// The future that [`Transport::execute`] returns.
pub type TransportFuture<'a> = Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>>;

/// Executes requests. Authentication, retries, rate limits and tracing belong here.
///
/// A client has an `Arc<dyn Transport>`, which is passed to `Client::new_with_client`.
///
/// ```
/// use posthog_groups_client::{Operation, Transport, TransportFuture};
///
/// /// Logs every request.
/// #[derive(Debug)]
/// struct Logging;
///
/// impl Transport for Logging {
///     fn execute<'a>(
///         &'a self,
///         http: &'a reqwest::Client,
///         operation: &'static Operation,
///         request: reqwest::Request,
///     ) -> TransportFuture<'a> {
///         eprintln!("{} {}", operation.id, request.url().path());
///         Box::pin(http.execute(request))
///     }
/// }
/// ```
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends a request of `operation` with the HTTP client `http`.
    ///
    /// # Errors
    /// The error of `reqwest` if no response was received. Responses of any status are `Ok`.
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        operation: &'static Operation,
        request: reqwest::Request,
    ) -> TransportFuture<'a>;
}
