//! The accessors of an error.

use std::borrow::Cow;
use std::time::Duration;

use super::{Error, Kind, one_line};

/// Accessors for the details of an error.
impl Error {
    /// Returns the HTTP status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// Returns the server's error code, such as `not_found`. New codes appear over time.
    pub fn code(&self) -> Option<&str> {
        self.0.envelope.code.as_deref()
    }

    /// Returns the server's error message.
    pub fn detail(&self) -> Option<&str> {
        self.0.envelope.detail.as_deref()
    }

    /// Returns the field that the server rejected, or the setting that prevents building a client: `personal_api_key`, `host` or
    /// `project`. If the group already exists, servers return `detail`.
    pub fn attr(&self) -> Option<&str> {
        self.0.envelope.attr.as_deref()
    }

    /// Returns the ID of the request in the logs of the server or proxy.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref().or(self.0.envelope.event_id.as_deref())
    }

    /// Returns how long to wait before the next call, according to the server or the client's rate limit.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the beginning of the response body, at most 500 characters, without line breaks.
    pub fn body_snippet(&self) -> Option<&str> {
        self.0.snippet.as_deref()
    }

    /// Returns the name of the failed call, such as `upsert`. `None` outside of calls, such as when building a client.
    pub fn call(&self) -> Option<&'static str> {
        self.0.call
    }

    /// Returns the operation of the API that failed, such as `find_group`. A call can use several operations.
    pub fn operation_id(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the number of requests that the call sent, including retries, reading back, and requests for group types.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns what went wrong, on one line, without the name of the call and without the help.
    pub fn message(&self) -> String {
        let mut message = String::new();
        // Writing to a `String` does not fail.
        let _ = self.write_message(&mut message);
        message
    }

    /// Returns a suggestion for fixing the problem, on one line, if there is one.
    pub fn help(&self) -> Option<Cow<'_, str>> {
        if let Some(help) = &self.0.help {
            return Some(one_line(help).into());
        }
        let help = match &self.0.kind {
            Kind::Redirect(_) => "check that the host is the API",
            Kind::NotJson => "check that the host is the API and not a login page or a proxy",
            Kind::Answer if self.status() == Some(402) => {
                "a quota of the project is exhausted; its billing settings show which"
            }
            Kind::Answer if self.status() == Some(413) => {
                "the server or a proxy accepts only smaller requests: increase its limit (`client_max_body_size` of nginx), or write \
                 less at once"
            }
            Kind::TooLarge(_) => "increase `max_response_size` if this size is expected",
            _ => return None,
        };
        Some(help.into())
    }

    /// Returns the scope that the key lacks, such as `group:write`.
    pub fn missing_scope(&self) -> Option<&str> {
        let rest = self.detail()?.strip_prefix("API key missing required scope '")?;
        rest.split('\'').next()
    }

    /// Returns the path of the unexpected value in the JSON, such as `results[3].created_at` or `seats`.
    pub fn path(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => Some(&decode.path),
            _ => None,
        }
    }

    /// Returns the key of the group that could not be decoded, or that the server cannot return.
    pub fn group_key(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Unreadable(key) => key.as_deref(),
            Kind::Decode(decode) => decode.group_key.as_deref(),
            _ => None,
        }
    }

    /// Returns the JSON that could not be decoded: the properties, or the whole group.
    pub fn raw_text(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => decode.raw.as_deref(),
            _ => None,
        }
    }
}
