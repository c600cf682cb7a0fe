//! The seam between generated calls and the wire: every request goes through a [`Transport`].

use std::fmt;
use std::pin::Pin;

use crate::operation::Operation;

/// What [`Transport::execute`] returns.
pub type TransportFuture<'a> = Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>>;

/// Carries out requests: the one place for authentication, retries, rate limits and tracing.
///
/// A client is generic over nothing: it holds an `Arc<dyn Transport>`, given to
/// `Client::new_with_client`.
///
/// ```
/// use posthog_groups_client::{Operation, Transport, TransportFuture};
///
/// /// Says what is called, and calls it.
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
    /// Sends `request`, a call of `operation`, by way of `http`.
    ///
    /// # Errors
    /// What `reqwest` reports when no response was received. Any response, of whatever status, is `Ok`.
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        operation: &'static Operation,
        request: reqwest::Request,
    ) -> TransportFuture<'a>;
}
