//! What an error knows beyond its kind.

use std::borrow::Cow;
use std::time::Duration;

use super::text::{Message, one_line};
use super::{Error, Kind};

/// Details.
impl Error {
    /// The HTTP status, if an answer came.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// The server's machine-readable code, such as `not_found`. New ones appear over time.
    pub fn code(&self) -> Option<&str> {
        self.0.envelope.code.as_deref()
    }

    /// The server's sentence.
    pub fn detail(&self) -> Option<&str> {
        self.0.envelope.detail.as_deref()
    }

    /// The field that the server means. For a key that is taken, servers write the literal word `detail`.
    pub fn attr(&self) -> Option<&str> {
        self.0.envelope.attr.as_deref()
    }

    /// The number of the request in the logs of the server or of the proxy before it; useful for support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref().or(self.0.envelope.event_id.as_deref())
    }

    /// How long to wait before the next call, as the server or the client's own limit says.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The beginning of the answer's body, at most 500 characters, without line breaks.
    pub fn body_snippet(&self) -> Option<&str> {
        self.0.snippet.as_deref()
    }

    /// The call of this crate that failed, such as `upsert`; `None` when it was none, as when a client is built.
    pub fn call(&self) -> Option<&'static str> {
        self.0.call
    }

    /// The operation of the spec, such as `find_group`. A call of this crate may use several.
    pub fn operation_id(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// How many requests the call has sent in all: repetitions, looks at the group, and the table of group types included.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What went wrong, on one line: the text of `Display` without the name of the call and without the help.
    pub fn message(&self) -> String {
        Message(self).to_string()
    }

    /// What to do about it, on one line, where there is something that can be done.
    pub fn help(&self) -> Option<Cow<'_, str>> {
        if let Some(help) = &self.0.help {
            return Some(one_line(help).into());
        }
        let help = match &self.0.kind {
            Kind::Redirect(_) => "check that the host is the address of the API",
            Kind::NotJson => {
                "check that the host is the address of the API, and that no login page stands before it"
            }
            Kind::TooLarge(_) => "raise `max_response_size` if the size is right",
            _ => return None,
        };
        Some(help.into())
    }

    /// The scope that the key lacks, such as `group:write`.
    pub fn missing_scope(&self) -> Option<&str> {
        let rest = self.detail()?.strip_prefix("API key missing required scope '")?;
        rest.split('\'').next()
    }

    /// Where in the JSON the unexpected value stands, such as `results[3].created_at` or `seats`.
    pub fn path(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => Some(&decode.path),
            _ => None,
        }
    }

    /// The key of the group that could not be decoded.
    pub fn group_key(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => decode.group_key.as_deref(),
            _ => None,
        }
    }

    /// The JSON text that could not be decoded: of the properties, or of the whole group.
    pub fn raw_text(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(decode) => decode.raw.as_deref(),
            _ => None,
        }
    }
}
