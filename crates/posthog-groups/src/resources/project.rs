//! Project references.

use std::fmt;

use crate::error::{Error, Result};

/// A project: its ID, or the current project of the key's user.
///
/// It converts from a number and from text, so `project(7)`, `project("7")` and `project("@current")` all work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRef(String);

impl ProjectRef {
    /// Returns the project that the user of the key used last.
    pub fn current() -> Self {
        Self("@current".to_owned())
    }

    pub(crate) fn check(self) -> Result<String> {
        let text = self.0.trim();
        // The server accepts any integer and returns 404, but IDs are positive.
        if text == "@current"
            || text.parse::<i64>().is_ok_and(|id| id > 0) && text.bytes().all(|b| b.is_ascii_digit())
        {
            return Ok(text.to_owned());
        }
        Err(Error::input(format!("`{}` is not a project ID", text.chars().take(60).collect::<String>()))
            .with_help("use the number in the project's URL, or `@current`"))
    }
}

impl fmt::Display for ProjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for ProjectRef {
            fn from(id: $number) -> Self {
                Self(id.to_string())
            }
        }
    )*};
}

from_number!(i32, u32, i64, u64);

impl From<&str> for ProjectRef {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for ProjectRef {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_a_number_or_current() {
        for good in ["1", "12345", "@current", " 7 "] {
            assert_eq!(ProjectRef::from(good).check().unwrap(), good.trim());
        }
        assert_eq!(ProjectRef::from(7).check().unwrap(), "7");
        for bad in ["", "0", "-1", "+7", "7/groups", "main", "@me", "1.5", "../1"] {
            let error = ProjectRef::from(bad).check().unwrap_err();
            assert!(error.is_invalid_input() && error.to_string().contains("@current"), "{bad}");
        }
    }
}
