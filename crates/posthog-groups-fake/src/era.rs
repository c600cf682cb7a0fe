//! The eras of the server: PostHog from 2025 and from 2026.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version of PostHog that a server behaves like (contract section 0).
///
/// Self-hosted images from 2025 behave like [`Era::Y2025`]. PostHog Cloud and images after June 2026 behave like [`Era::Y2026`].
///
/// ```
/// use posthog_groups_fake::Era;
///
/// assert_eq!("2025".parse(), Ok(Era::Y2025));
/// assert_eq!(Era::default().to_string(), "2026");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Era {
    /// Lists read Postgres and can be paged in both directions. Many invalid requests return 500.
    #[serde(rename = "2025")]
    Y2025,
    /// Lists can only be paged forward, and `property_definitions` does not exist. Invalid requests return 400.
    #[default]
    #[serde(rename = "2026")]
    Y2026,
}

impl Era {
    /// Both eras, oldest first, for tests that must pass with every server.
    pub const ALL: [Era; 2] = [Era::Y2025, Era::Y2026];
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Era::Y2025 => "2025",
            Era::Y2026 => "2026",
        })
    }
}

/// The error of parsing an era that is neither `2025` nor `2026`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an era; help: use 2025 or 2026")]
pub struct UnknownEra(String);

impl FromStr for Era {
    type Err = UnknownEra;

    fn from_str(text: &str) -> Result<Self, UnknownEra> {
        match text {
            "2025" => Ok(Era::Y2025),
            "2026" => Ok(Era::Y2026),
            other => Err(UnknownEra(other.to_owned())),
        }
    }
}
