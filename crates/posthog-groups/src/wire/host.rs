//! Regions and hosts.

use posthog_groups_client::is_loopback;
use reqwest::Url;

use crate::error::Error;

/// A region of PostHog Cloud.
///
/// ```
/// assert_eq!(posthog_groups::Region::Eu.url(), "https://eu.posthog.com");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Region {
    /// United States, `https://us.posthog.com`.
    Us,
    /// European Union, `https://eu.posthog.com`.
    Eu,
}

impl Region {
    /// Returns the origin of the region's API.
    pub fn url(self) -> &'static str {
        match self {
            Self::Us => "https://us.posthog.com",
            Self::Eu => "https://eu.posthog.com",
        }
    }
}

/// The hosts of the regions: for the API, and for events.
const CLOUD: [(&str, &str); 2] =
    [("us.posthog.com", "us.i.posthog.com"), ("eu.posthog.com", "eu.i.posthog.com")];

/// A validated base URL.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    url: Url,
    base: String,
}

impl Host {
    /// Parses a base URL, with or without a trailing slash.
    pub(crate) fn parse(text: &str, allow_insecure_http: bool) -> Result<Self, Error> {
        let mut url = address(text)?;
        let given = url.host_str().unwrap_or_default().to_owned();
        let app = app_host(&given);
        if let Some(app) = app {
            set_host(&mut url, app);
        }
        check_scheme(&url, allow_insecure_http)?;
        // Generated paths start with a slash, and servers do not accept `//`.
        let base = url.as_str().trim_end_matches('/').to_owned();
        #[cfg(feature = "tracing")]
        if app.is_some() {
            tracing::warn!(target: "posthog_groups", "{given} is an event host; the client uses the API host {base} instead");
        }
        Ok(Self { url, base })
    }

    /// The base URL without a trailing slash.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The base URL, for resolving relative links.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether `url` has the same scheme, host and port.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        self.url.scheme() == url.scheme()
            && self.url.host_str() == url.host_str()
            && self.url.port_or_known_default() == url.port_or_known_default()
    }

    /// The URL that events are sent to. PostHog Cloud has separate hosts for events.
    #[cfg(feature = "bulk")]
    pub(crate) fn for_events(&self) -> Url {
        let mut url = self.url.clone();
        if let Some((_, events)) = self.region() {
            set_host(&mut url, events);
        }
        url
    }

    fn region(&self) -> Option<&'static (&'static str, &'static str)> {
        CLOUD.iter().find(|(api, _)| self.url.host_str() == Some(api))
    }

    pub(crate) fn is_cloud(&self) -> bool {
        self.region().is_some()
    }
}

fn set_host(url: &mut Url, host: &str) {
    // Fails only for schemes without a host.
    let replaced = url.set_host(Some(host));
    debug_assert!(replaced.is_ok(), "{host} is a host name");
}

/// Parses the URL of a host. Does not map the host, and accepts plain HTTP.
fn address(text: &str) -> Result<Url, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::input("the host is empty").with_help("use, for example, https://eu.posthog.com"));
    }
    if !text.contains("://") {
        let here = ["localhost", "127.", "[::1]"].iter().any(|name| text.starts_with(name));
        let scheme = if here { "http" } else { "https" };
        return Err(Error::input(format!("the host `{text}` has no scheme"))
            .with_help(format!("write {scheme}://{text}")));
    }
    let url = Url::parse(text).map_err(|e| {
        Error::input(format!("the host is not a URL ({e})"))
            .with_help("use, for example, https://eu.posthog.com")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::input("the host contains a user name or password")
            .with_help("remove the part before the @"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(
            Error::input("the host contains a query or fragment").with_help("end it after the host name")
        );
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(
            Error::input(format!("the host has the scheme `{}`", url.scheme())).with_help("use https://")
        );
    }
    Ok(url)
}

/// Rejects plain HTTP except for loopback addresses.
fn check_scheme(url: &Url, allow_insecure_http: bool) -> Result<(), Error> {
    if url.scheme() == "http" && !is_loopback(url) && !allow_insecure_http {
        return Err(Error::input(format!(
            "plain HTTP to {} would send the key in clear text",
            url.host_str().unwrap_or_default()
        ))
        .with_help("use https://, or call `allow_insecure_http(true)` if the network is trusted"));
    }
    Ok(())
}

/// Parses a URL without mapping its host, for the host that events are sent to.
#[cfg(feature = "bulk")]
pub(crate) fn parse_url(text: &str, allow_insecure_http: bool) -> Result<Url, Error> {
    let url = address(text)?;
    check_scheme(&url, allow_insecure_http)?;
    Ok(url)
}

/// Maps the event hosts and the former host of the application to the API host.
fn app_host(host: &str) -> Option<&'static str> {
    match host {
        "us.i.posthog.com" | "app.posthog.com" | "us-assets.i.posthog.com" => Some("us.posthog.com"),
        "eu.i.posthog.com" | "eu-assets.i.posthog.com" => Some("eu.posthog.com"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> String {
        Host::parse(text, false).map_or_else(|e| e.to_string(), |host| host.base().to_owned())
    }

    #[test]
    fn hosts_are_accepted_with_and_without_a_slash_and_ingestion_hosts_are_mapped() {
        for (given, wanted) in [
            ("https://eu.posthog.com", "https://eu.posthog.com"),
            ("https://eu.posthog.com/", "https://eu.posthog.com"),
            (" https://EU.posthog.com// ", "https://eu.posthog.com"),
            ("https://eu.i.posthog.com", "https://eu.posthog.com"),
            ("https://us.i.posthog.com/", "https://us.posthog.com"),
            ("https://app.posthog.com", "https://us.posthog.com"),
            ("https://posthog.example.com:8443", "https://posthog.example.com:8443"),
            ("https://example.com/posthog/", "https://example.com/posthog"),
            ("http://localhost:8000", "http://localhost:8000"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
            ("http://[::1]:8000", "http://[::1]:8000"),
        ] {
            assert_eq!(base(given), wanted);
        }
        assert!(Host::parse("https://us.i.posthog.com", false).unwrap().is_cloud());
        assert!(!Host::parse("https://posthog.example.com", false).unwrap().is_cloud());
    }

    #[test]
    fn invalid_hosts_are_refused_with_help() {
        for (given, help) in [
            ("", "use, for example, https://eu.posthog.com"),
            ("eu.posthog.com", "write https://eu.posthog.com"),
            ("localhost:8000", "write http://localhost:8000"),
            ("ftp://x", "use https://"),
            ("https://", "use, for example, https://eu.posthog.com"),
            ("https://me:secret@eu.posthog.com", "remove the part before the @"),
            ("https://eu.posthog.com?x=1", "end it after the host name"),
            ("http://posthog.example.com", "use https://"),
            ("http://us.i.posthog.com", "use https://"),
        ] {
            let message = base(given);
            assert!(message.contains(help) && !message.contains("secret"), "{given}: {message}");
        }
        assert!(Host::parse("http://posthog.example.com", true).is_ok());
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let host = Host::parse("https://eu.posthog.com", false).unwrap();
        for (url, same) in [
            ("https://eu.posthog.com/api/x?y", true),
            ("https://eu.posthog.com:443/", true),
            ("http://eu.posthog.com/", false),
            ("https://eu.posthog.com:8443/", false),
            ("https://us.posthog.com/", false),
            ("https://eu.posthog.com.evil.example/", false),
            ("https://eu.posthog.com@evil.example/", false),
        ] {
            assert_eq!(host.is_origin_of(&Url::parse(url).unwrap()), same, "{url}");
        }
    }
}
