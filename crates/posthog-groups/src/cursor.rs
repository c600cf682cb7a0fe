//! Places in a list, and the guards against lists that lead astray.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};

use reqwest::Url;

use crate::error::Error;
use crate::host::Host;

/// A place in a list, as the server gave it.
///
/// It is opaque. Keep it for minutes, not for days: servers change its form, and newer ones silently start over when they do not
/// understand one. It belongs to the search and the group type that it was given for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor that was written down.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parameter `name` of a link to the next page, which must lead to the client's own origin.
pub(crate) fn parameter_of_next(host: &Host, next: &str, name: &str) -> Result<String, Error> {
    let url = host
        .url()
        .join(next)
        .map_err(|e| Error::paging(format!("the link to the next page is no URL: {e}")))?;
    if !host.is_origin_of(&url) {
        return Err(Error::paging(format!(
            "the link to the next page leads to {}, and the client talks to {}; nothing was sent there. Behind a proxy the \
             instance may not know its own address: set its SITE_URL and proxy headers, or give the client that host",
            origin(&url),
            origin(host.url()),
        )));
    }
    let found = url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    found
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Error::paging(format!("the link to the next page has no `{name}`")))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What a walk through a list has seen: enough to notice that it goes in circles, in 16 bytes a page.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    cursors: HashSet<u64>,
    first_groups: HashSet<u64>,
}

impl Trail {
    /// Notes the cursor of a page to come.
    pub(crate) fn follow(&mut self, cursor: &Cursor) -> Result<(), Error> {
        if self.cursors.insert(digest(&cursor.0)) {
            Ok(())
        } else {
            Err(Error::paging("the server gave the same cursor twice: the list would never end"))
        }
    }

    /// Notes the first group of a page.
    pub(crate) fn enter(&mut self, index: i64, key: &str) -> Result<(), Error> {
        if self.first_groups.insert(digest(&(index, key))) {
            Ok(())
        } else {
            Err(Error::paging(format!(
                "the server started over: a page begins again with group `{key}`, so it did not understand its own cursor"
            )))
        }
    }
}

fn digest(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_the_own_origin_are_followed() {
        let host = Host::parse("https://posthog.example.com", false).unwrap();
        let cursor = |next| parameter_of_next(&host, next, "cursor").map_err(|e| e.to_string());
        let good = "https://posthog.example.com/api/projects/1/groups/?cursor=a%2Bb%3D%3D&group_type_index=0";
        assert_eq!(cursor(good).unwrap(), "a+b==");
        assert_eq!(cursor("/api/projects/1/groups/?cursor=x").unwrap(), "x");
        for (next, reason) in [
            (
                "https://evil.example/?cursor=x",
                "leads to https://evil.example, and the client talks to https://posthog.example.com",
            ),
            ("http://posthog.example.com/?cursor=x", "leads to http://posthog.example.com"),
            ("https://posthog.example.com:8443/?cursor=x", "leads to https://posthog.example.com:8443"),
            ("//evil.example/?cursor=x", "leads to https://evil.example"),
            ("https://posthog.example.com/?group_type_index=0", "has no `cursor`"),
            ("https://posthog.example.com/?cursor=", "has no `cursor`"),
            ("https://[", "is no URL"),
        ] {
            let error = cursor(next).unwrap_err();
            assert!(error.contains(reason), "{next}: {error}");
        }
    }

    #[test]
    fn circles_are_noticed() {
        let mut trail = Trail::default();
        trail.follow(&Cursor::new("a")).unwrap();
        trail.follow(&Cursor::new("b")).unwrap();
        assert!(trail.follow(&Cursor::new("a")).unwrap_err().is_paging());
        trail.enter(0, "org:1").unwrap();
        trail.enter(1, "org:1").unwrap();
        assert!(trail.enter(0, "org:1").unwrap_err().to_string().contains("started over"));
    }
}
