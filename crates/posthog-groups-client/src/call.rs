//! Calls of the generated client.

use progenitor_client::{Error, ResponseValue};

use crate::body::{self, FromBody};
use crate::generated::Client;
use crate::operation::{Operation, operation};

/// A call of the generated client that has not been sent: its parameters, and the type of its response.
///
/// The generated builders implement it. Use it to build a request without sending it:
///
/// ```
/// use posthog_groups_client::{Call as _, PersonalApiKey, connect};
///
/// let client = connect("https://eu.posthog.com", PersonalApiKey::new("phx_...")?)?;
/// let request = client.list_groups().project_id("7").group_type_index(0).request()?;
/// assert_eq!(request.url().as_str(), "https://eu.posthog.com/api/projects/7/groups/?group_type_index=0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Call: Sized {
    /// The body of a successful response.
    type Response: FromBody;

    /// The ID of the operation.
    const OPERATION_ID: &'static str;

    /// Returns whether a response with this status means that the operation succeeded.
    fn is_success(status: u16) -> bool;

    /// Builds the request, without authentication.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a parameter that is missing or invalid.
    #[expect(clippy::result_large_err, reason = "the error of the generated calls")]
    fn request(self) -> Result<reqwest::Request, Error<()>>;

    /// The operation.
    fn operation() -> &'static Operation {
        static UNLISTED: Operation = Operation::unlisted("");
        // Calls and operations are generated from the same spec.
        operation(Self::OPERATION_ID).unwrap_or(&UNLISTED)
    }
}

/// The error for a parameter that is not set or not valid.
pub(crate) fn invalid(name: &str, error: String) -> Error<()> {
    Error::InvalidRequest(if error.is_empty() { format!("{name} was not initialized") } else { error })
}

/// Sends a call through the transport of its client, and decodes the response.
pub(crate) async fn send<C: Call>(client: &Client, call: C) -> Result<ResponseValue<C::Response>, Error<()>> {
    let request = call.request()?;
    let response = client.inner.execute(&client.client, C::operation(), request).await?;
    match C::is_success(response.status().as_u16()) {
        true => body::read(response).await,
        false => Err(Error::UnexpectedResponse(response)),
    }
}
