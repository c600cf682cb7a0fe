//! Cursors, and checks for lists that do not end.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::error::Error;
use crate::wire::host::Host;

/// A position in a list, as the server returned it.
///
/// A cursor is opaque, and valid only for the search and the group type of its list. Do not store cursors: the format changes between
/// server versions, and newer servers silently return the first page for a cursor that they do not understand. A cursor is empty
/// if the server's link had none; using it fails with [`Error::is_paging`](crate::Error::is_paging) before a request is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Creates a cursor from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The content of a cursor from a server of 2025.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    /// Groups older than this time.
    pub(crate) time: Option<String>,
    /// The number of groups to skip.
    pub(crate) groups: u64,
}

impl Offset {
    /// The largest offset that servers support. They treat larger offsets like this one.
    pub(crate) const MAX: u64 = 1_000;

    pub(crate) fn of(cursor: &Cursor) -> Option<Self> {
        let plain = STANDARD_NO_PAD.decode(cursor.as_str().trim_end_matches('=')).ok()?;
        // Cursors of 2026 are JSON.
        if plain.starts_with(b"{") {
            return None;
        }
        let part = |name| {
            form_urlencoded::parse(&plain).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let groups = part("o").map_or(Some(0), |groups| groups.parse().ok())?;
        Some(Self { time: part("p"), groups })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the parameter `name` of a link to the next page. The origin of the link is ignored.
///
/// Servers behind proxies do not always know their own address. Only the parameter is taken from the link, and the next page is
/// requested from the client's origin, so that the key is not sent to another one.
pub(crate) fn parameter_of_link(link: &str, name: &str) -> Option<String> {
    let query = link.split('#').next()?.split_once('?')?.1;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
}

/// Returns the origin of a link if it differs from the client's.
pub(crate) fn other_origin(host: &Host, link: &str) -> Option<String> {
    let own = host.base();
    if link.strip_prefix(own).is_some_and(|rest| rest.starts_with(['/', '?'])) {
        return None;
    }
    let url = host.url().join(link).ok()?;
    (!host.is_origin_of(&url)).then(|| url.origin().ascii_serialization())
}

/// Counts consecutive empty pages that are not the last.
#[derive(Debug, Default)]
pub(crate) struct EmptyPages(u32);

impl EmptyPages {
    /// Counts a page that is not the last.
    pub(crate) fn count(&mut self, is_empty: bool) -> Result<(), Error> {
        const MAX_IN_A_ROW: u32 = 100;

        self.0 = if is_empty { self.0 + 1 } else { 0 };
        if self.0 < MAX_IN_A_ROW {
            return Ok(());
        }
        Err(Error::paging(format!(
            "the server sent {MAX_IN_A_ROW} empty pages in a row, each with a link to the next"
        )))
    }
}

/// Detects lists that loop. Takes 16 bytes per page.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) empty_pages: EmptyPages,
    /// Whether the current page starts at the largest offset. This happens only if many groups have the same creation time.
    is_at_max_offset: bool,
    cursors: HashSet<u64>,
    first_groups: HashSet<u64>,
}

impl Trail {
    /// Records the cursor of the next page.
    pub(crate) fn follow(&mut self, cursor: &Cursor) -> Result<(), Error> {
        if cursor.0.is_empty() {
            return Err(Error::paging("the server's link to the next page has no cursor"));
        }
        self.is_at_max_offset = Offset::of(cursor).is_some_and(|offset| offset.groups >= Offset::MAX);
        if self.cursors.insert(digest(&cursor.0)) {
            Ok(())
        } else {
            Err(self.repeats("the server returned the same cursor twice, so the list would not end"))
        }
    }

    /// Records the first group of a page.
    pub(crate) fn enter(&mut self, index: i64, key: &str) -> Result<(), Error> {
        if self.first_groups.insert(digest(&(index, key))) {
            Ok(())
        } else {
            Err(self.repeats(&format!(
                "the list starts over: another page started with group `{key}`, so the server did not accept its own cursor"
            )))
        }
    }

    fn repeats(&self, what: &str) -> Error {
        if !self.is_at_max_offset {
            return Error::paging(what);
        }
        Error::paging("more than 1,000 groups were created at the same time, and servers from 2025 cannot list all of them")
            .with_help("list fewer groups at a time, with a search or a part of the key")
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
    fn only_the_parameter_is_taken_from_a_link() {
        for (link, cursor) in [
            (
                "https://posthog.example.com/api/projects/1/groups/?cursor=a%2Bb%3D%3D&group_type_index=0",
                Some("a+b=="),
            ),
            ("/api/projects/1/groups/?cursor=x", Some("x")),
            ("http://evil.example:1/?search=y&cursor=x#cursor=z", Some("x")),
            ("//evil.example/?cursor=x", Some("x")),
            ("https://[?cursor=x", Some("x")),
            ("?cursor=x", Some("x")),
            ("https://posthog.example.com/?group_type_index=0", None),
            ("https://posthog.example.com/?cursor=", None),
            ("https://posthog.example.com/#?cursor=x", None),
            ("cursor=x", None),
            ("", None),
        ] {
            assert_eq!(parameter_of_link(link, "cursor").as_deref(), cursor, "{link}");
        }
    }

    #[test]
    fn a_link_to_another_origin_is_detected() {
        let host = Host::parse("https://posthog.example.com", false).unwrap();
        for (link, origin) in [
            ("https://posthog.example.com/api/?cursor=x", None),
            ("https://posthog.example.com:443/?cursor=x", None),
            ("/api/?cursor=x", None),
            ("http://posthog.example.com/?cursor=x", Some("http://posthog.example.com")),
            (
                "https://posthog.example.com.evil.example/?cursor=x",
                Some("https://posthog.example.com.evil.example"),
            ),
            ("https://posthog.example.com:8443/?cursor=x", Some("https://posthog.example.com:8443")),
            ("http://web.internal:8000/?cursor=x", Some("http://web.internal:8000")),
            ("//evil.example/?cursor=x", Some("https://evil.example")),
        ] {
            assert_eq!(other_origin(&host, link).as_deref(), origin, "{link}");
        }
    }

    #[test]
    fn a_limited_number_of_empty_pages_is_allowed() {
        let mut pages = EmptyPages::default();
        assert!((0..99).all(|_| pages.count(true).is_ok()));
        assert!(pages.count(false).is_ok());
        assert!((0..99).all(|_| pages.count(true).is_ok()));
        assert!(pages.count(true).unwrap_err().to_string().contains("100 empty pages"));
    }

    #[test]
    fn repeated_cursors_and_groups_are_detected() {
        let mut trail = Trail::default();
        trail.follow(&Cursor::new("a")).unwrap();
        trail.follow(&Cursor::new("b")).unwrap();
        assert!(trail.follow(&Cursor::new("")).unwrap_err().is_paging());
        assert!(trail.follow(&Cursor::new("a")).unwrap_err().is_paging());
        trail.enter(0, "org:1").unwrap();
        trail.enter(1, "org:1").unwrap();
        assert!(trail.enter(0, "org:1").unwrap_err().to_string().contains("starts over"));
    }
}
