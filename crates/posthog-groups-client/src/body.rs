//! Decoding response bodies.

use bytes::Bytes;
use progenitor_client::{Error, ResponseValue};
use serde::de::DeserializeOwned;

/// A type that is decoded from the body of a successful response.
///
/// The generated bindings implement it for all response types.
pub trait FromBody: DeserializeOwned {
    /// Decodes a body. The value can share slices of it.
    ///
    /// # Errors
    /// Fails if the body is not JSON or does not have the expected format.
    fn from_body(body: &Bytes) -> serde_json::Result<Self> {
        match std::str::from_utf8(body) {
            // Validating the text once is faster than validating each string.
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(body),
        }
    }
}

impl<T: DeserializeOwned> FromBody for Vec<T> {}

impl FromBody for () {
    /// For responses without a body.
    fn from_body(_: &Bytes) -> serde_json::Result<()> {
        Ok(())
    }
}

/// Reads the whole body of a response and decodes it.
pub(crate) async fn read<T: FromBody>(
    mut response: reqwest::Response,
) -> Result<ResponseValue<T>, Error<()>> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = response.bytes().await.map_err(Error::ResponseBodyError)?;
    match T::from_body(&body) {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => Err(Error::InvalidResponsePayload(body, error)),
    }
}
