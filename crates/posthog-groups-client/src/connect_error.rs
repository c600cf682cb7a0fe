//! The error for an invalid key or base URL.

use std::fmt;

/// Why a client could not be created.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The key is empty.
    EmptyKey,
    /// The key contains characters other than visible ASCII, such as a line break.
    MalformedKey,
    /// The key is a project key.
    ProjectKey,
    /// The project key is empty.
    EmptyProjectKey,
    /// The project key is a personal API key.
    PersonalKey,
    /// The base URL is invalid. Contains the reason.
    MalformedUrl(String),
    /// The base URL has the scheme `http` and no loopback address, so the key would be sent in clear text.
    Insecure,
    /// The HTTP client could not be built, for example because TLS is not available.
    Http(reqwest::Error),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyKey => f.write_str("the personal API key is empty; create one under Settings, Personal API keys"),
            Self::MalformedKey => f.write_str("the personal API key contains characters other than visible ASCII, such as a line break; remove them"),
            Self::ProjectKey => f.write_str("phc_... is a project key, which this API rejects; use a personal API key (phx_...)"),
            Self::EmptyProjectKey => f.write_str("the project key is empty; find it under Settings, Project"),
            Self::PersonalKey => f.write_str("phx_... is a personal API key, which must not be sent with events; use the project key (phc_...)"),
            Self::MalformedUrl(reason) => write!(f, "the base URL is invalid: {reason}; use, for example, https://eu.posthog.com"),
            Self::Insecure => f.write_str("plain HTTP to another machine would send the key in clear text; use https://"),
            Self::Http(_) => f.write_str("the HTTP client could not be built"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Http(e) => Some(e),
            _ => None,
        }
    }
}
