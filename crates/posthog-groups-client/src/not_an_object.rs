//! The error for properties that are not a JSON object.

use std::fmt;

/// The error for a value that is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnObject;

impl fmt::Display for NotAnObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("properties must be a JSON object, such as {\"plan\": \"scale\"}")
    }
}

impl std::error::Error for NotAnObject {}
