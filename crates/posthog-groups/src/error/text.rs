//! `Display` and `Debug` of the error.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;
use serde::{Serialize, Serializer};

use super::{Error, Kind, one_line};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.0.call.or(self.0.operation) {
            write!(f, "{name}: ")?;
        }
        self.write_message(f)?;
        match self.help() {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// Writes the message without the name of the call and without the help.
    pub(super) fn write_message(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let status = |unknown| self.0.status.as_ref().map_or(unknown, StatusCode::as_str);
        match &self.0.kind {
            Kind::Input(message) | Kind::Paging(message) => f.write_str(&one_line(message))?,
            Kind::Answer => {
                f.write_str(status("no status"))?;
                match (self.code(), self.detail()) {
                    (Some(code), Some(detail)) => write!(f, " {}: {}", one_line(code), one_line(detail))?,
                    (None, Some(text)) | (Some(text), None) => write!(f, ": {}", one_line(text))?,
                    (None, None) => f.write_str(", and the body is not a PostHog error")?,
                }
                if let Some(attr) = self.attr() {
                    write!(f, " [{}]", one_line(attr))?;
                }
            }
            Kind::Redirect(to) => {
                write!(f, "{} to `{}`, which is not followed", status("redirected"), one_line(to))?;
            }
            Kind::NotJson => f.write_str("the response is not JSON")?,
            Kind::UnexpectedStatus => write!(f, "unexpected status {}", status("no status"))?,
            Kind::Malformed => f.write_str("the response is not valid HTTP, or its headers are too large")?,
            Kind::Timeout => f.write_str("no complete response within the timeout of an attempt")?,
            Kind::Deadline => f.write_str("the deadline of the call has expired")?,
            Kind::Connect => f.write_str("no connection to the server")?,
            Kind::Interrupted => f.write_str("the connection was closed before the response was complete")?,
            Kind::TooLarge(limit) => write!(f, "the response is larger than {limit} bytes")?,
            Kind::OwnLimit => f.write_str("the client's own rate limit requires a longer wait than allowed")?,
            Kind::Queue(awaited) => write!(f, "waited too long for another call of this client, which {awaited}")?,
            Kind::Decode(decode) => {
                match &decode.group_key {
                    Some(key) => write!(f, "the properties of group `{}` do not have the expected format", one_line(key))?,
                    None => f.write_str("the response does not have the expected format")?,
                }
                if !matches!(decode.path.as_str(), "." | "") {
                    write!(f, " at `{}`", one_line(&decode.path))?;
                }
            }
            Kind::Unreadable(Some(key)) => write!(f, "the server cannot return group `{}`", one_line(key))?,
            Kind::Unreadable(None) => {
                f.write_str("the server cannot return a group whose key is unknown, and other groups next to it may be missing")?;
            }
            Kind::NotOurs => f.write_str(
                "a group with this key exists and its properties differ from those sent: it existed before, or has been changed since",
            )?,
            Kind::Setup => f.write_str("the HTTP client could not be built")?,
            #[cfg(feature = "bulk")]
            Kind::Import(_, message) => f.write_str(&one_line(message))?,
            #[cfg(feature = "bulk")]
            Kind::File(message) => match &self.0.source {
                Some(reason) => write!(f, "{}: {}", one_line(message), one_line(&reason.to_string()))?,
                None => f.write_str(&one_line(message))?,
            },
            #[cfg(feature = "bulk")]
            Kind::NotArrived => f.write_str("the event was accepted, but the group does not have the expected properties")?,
        }
        if let Some(wait) = self.0.retry_after {
            write!(f, "; retry in {} s", wait.as_secs_f64().ceil())?;
        }
        if self.0.outcome_unknown {
            f.write_str("; the write may have taken effect")?;
        }
        if let Some(note) = &self.0.note {
            write!(f, "; {}", one_line(note))?;
        }
        match self.0.attempts {
            0 | 1 => Ok(()),
            requests => write!(f, " ({requests} requests)"),
        }
    }
}

impl fmt::Debug for Error {
    /// The text of `Display`, followed by the details and the causes. This is what a program prints if its `main` returns
    /// the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        for (name, value) in [
            ("operation", self.operation_id()),
            ("request id", self.request_id()),
            ("group key", self.group_key()),
            ("path", self.path()),
            ("body", self.body_snippet()),
        ] {
            if let Some(value) = value {
                write!(f, "\n    {name}: {}", one_line(value))?;
            }
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\n    caused by: {}", one_line(&error.to_string()))?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = serde_json::json!({
            "message": self.message(),
            "help": self.help(),
            "call": self.call(),
            "operation": self.operation_id(),
            "status": self.status(),
            "code": self.code(),
            "group_key": self.group_key(),
            "request_id": self.request_id(),
            "outcome_unknown": self.is_outcome_unknown(),
        });
        members.serialize(serializer)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
