//! API keys. Their `Debug` output is redacted.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::connect_error::ConnectError;

/// A personal API key (`phx_...`). Its `Debug` output is redacted, and its header is marked as sensitive.
///
/// ```
/// use posthog_groups_client::PersonalApiKey;
///
/// let key = PersonalApiKey::new("phx_secret")?;
/// assert_eq!(format!("{key:?}"), "PersonalApiKey(redacted)");
/// assert!(PersonalApiKey::new("phc_a_project_key").is_err());
/// # Ok::<(), posthog_groups_client::ConnectError>(())
/// ```
#[derive(Clone)]
pub struct PersonalApiKey(HeaderValue);

impl PersonalApiKey {
    /// Creates a key. White space around it is removed.
    ///
    /// # Errors
    /// [`ConnectError`] for an empty key, a key with characters other than visible ASCII, and a project key (`phc_...`), which the
    /// API rejects with 401.
    pub fn new(key: &str) -> Result<Self, ConnectError> {
        let key = key.trim();
        if key.is_empty() {
            return Err(ConnectError::EmptyKey);
        }
        if key.starts_with("phc_") {
            return Err(ConnectError::ProjectKey);
        }
        // Other bytes could be sent, but could not be recognized in responses.
        let header =
            HeaderValue::try_from(format!("Bearer {key}")).ok().filter(|header| header.to_str().is_ok());
        let mut header = header.ok_or(ConnectError::MalformedKey)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    /// Returns the value of the `Authorization` header, marked as sensitive.
    pub fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Replaces the key in a text, such as the response of a server, by `[key]`.
    ///
    /// ```
    /// use posthog_groups_client::PersonalApiKey;
    ///
    /// let key = PersonalApiKey::new("phx_secret")?;
    /// assert_eq!(key.redact("Bearer phx_secret is unknown"), "Bearer [key] is unknown");
    /// # Ok::<(), posthog_groups_client::ConnectError>(())
    /// ```
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.text() {
            Some(key) if text.contains(key) => Cow::Owned(text.replace(key, "[key]")),
            _ => Cow::Borrowed(text),
        }
    }

    /// Replaces the key in a body, like [`redact`](Self::redact).
    pub fn redact_body(&self, body: Bytes) -> Bytes {
        if !self.is_in(&body) {
            return body;
        }
        self.redact(&String::from_utf8_lossy(&body)).into_owned().into()
    }

    /// Replaces the key in the values of headers, like [`redact`](Self::redact).
    pub fn redact_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            if self.is_in(value.as_bytes()) {
                let redacted = self.redact(&String::from_utf8_lossy(value.as_bytes())).into_owned();
                *value =
                    HeaderValue::try_from(redacted).unwrap_or_else(|_| HeaderValue::from_static("[key]"));
            }
        }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        let Some(key) = self.text().filter(|key| key.len() <= bytes.len()) else { return false };
        // Validating is faster than the lossy conversion, and almost all bodies are valid UTF-8.
        str::from_utf8(bytes)
            .map_or_else(|_| String::from_utf8_lossy(bytes).contains(key), |text| text.contains(key))
    }

    fn text(&self) -> Option<&str> {
        self.0.to_str().ok()?.strip_prefix("Bearer ")
    }
}

impl fmt::Debug for PersonalApiKey {
    // Implemented manually, so that the key cannot be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalApiKey(redacted)")
    }
}

/// A project key (`phc_...`), which servers return with projects and the current user. Its `Debug` output is redacted.
///
/// ```
/// use posthog_groups_client::ProjectToken;
///
/// let token: ProjectToken = serde_json::from_str("\"phc_abc\"")?;
/// assert_eq!(format!("{token:?}"), "ProjectToken(redacted)");
/// assert_eq!(token.reveal(), "phc_abc");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct ProjectToken(String);

impl ProjectToken {
    /// Creates a key. White space around it is removed.
    ///
    /// ```
    /// use posthog_groups_client::ProjectToken;
    ///
    /// assert_eq!(ProjectToken::new(" phc_abc\n")?.reveal(), "phc_abc");
    /// assert!(ProjectToken::new("phx_a_personal_key").is_err());
    /// # Ok::<(), posthog_groups_client::ConnectError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConnectError`] for an empty key, and for a personal API key, which must not be sent with events.
    pub fn new(key: &str) -> Result<Self, ConnectError> {
        match key.trim() {
            "" => Err(ConnectError::EmptyProjectKey),
            key if key.starts_with("phx_") => Err(ConnectError::PersonalKey),
            key => Ok(Self(key.to_owned())),
        }
    }

    /// Returns the key, for sending events.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProjectToken {
    // Implemented manually, so that the key cannot be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProjectToken(redacted)")
    }
}
