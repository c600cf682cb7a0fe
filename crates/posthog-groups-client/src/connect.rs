//! A client with an API key, without retries.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use reqwest::header::AUTHORIZATION;
use reqwest::{ResponseBuilderExt as _, Url};

use crate::connect_error::ConnectError;
use crate::generated::Client;
use crate::key::PersonalApiKey;
use crate::operation::Operation;
use crate::transport::{Transport, TransportFuture};

/// A transport that authenticates every request and sends it once.
///
/// The size of responses is limited. The key is replaced by `[key]` in responses that contain it, so that no error shows it.
#[derive(Clone, Debug)]
pub struct Direct {
    key: PersonalApiKey,
    max_response_size: usize,
}

impl Direct {
    /// Creates a transport that sends `key` as a bearer token.
    pub fn new(key: PersonalApiKey) -> Self {
        Self { key, max_response_size: 64 * 1024 * 1024 }
    }

    /// Sets the maximum size of a response body in bytes; 64 MB by default. Larger responses are errors.
    #[must_use]
    pub fn max_response_size(mut self, bytes: usize) -> Self {
        self.max_response_size = bytes;
        self
    }

    /// Reads the body up to the limit. If that fails, the returned response has a body that fails with the error.
    async fn receive(&self, mut response: reqwest::Response) -> reqwest::Response {
        let (status, version, url) = (response.status(), response.version(), response.url().clone());
        let mut headers = std::mem::take(response.headers_mut());
        let body = match self.read(response).await {
            Ok(body) => reqwest::Body::from(self.key.redact_body(body)),
            Err(error) => reqwest::Body::wrap(Failing(Some(error))),
        };
        self.key.redact_headers(&mut headers);
        let mut response = http::Response::builder().version(version).url(url).body(body);
        if let Ok(response) = &mut response {
            *response.status_mut() = status;
            *response.headers_mut() = headers;
        }
        // Building fails only for invalid parts, and these are the parts of a received response.
        response.unwrap_or_default().into()
    }

    async fn read(&self, response: reqwest::Response) -> reqwest::Result<Bytes> {
        let limit = self.max_response_size;
        if response.content_length().is_some_and(|length| length <= limit as u64) {
            return response.bytes().await;
        }
        let limited = Limited::new(reqwest::Body::from(response), limit);
        let limited = limited.map_err(move |e| match e.is::<LengthLimitError>() {
            true => TooLarge { limit }.into(),
            false => e,
        });
        // Only a response of `reqwest` can fail with an error of `reqwest`.
        reqwest::Response::from(http::Response::new(reqwest::Body::wrap(limited))).bytes().await
    }
}

impl From<PersonalApiKey> for Direct {
    fn from(key: PersonalApiKey) -> Self {
        Self::new(key)
    }
}

/// A body that fails with an error.
struct Failing(Option<reqwest::Error>);

impl http_body::Body for Failing {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, reqwest::Error>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

/// The error for a response body that exceeds [`Direct::max_response_size`].
#[derive(Debug)]
struct TooLarge {
    limit: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the response body is larger than {} bytes; increase `Direct::max_response_size` if this size is expected",
            self.limit
        )
    }
}

impl std::error::Error for TooLarge {}

impl Transport for Direct {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        _: &'static Operation,
        mut request: reqwest::Request,
    ) -> TransportFuture<'a> {
        request.headers_mut().insert(AUTHORIZATION, self.key.to_header());
        Box::pin(async move { Ok(self.receive(http.execute(request).await?).await) })
    }
}

/// Creates a client that authenticates with a key and sends every request once.
///
/// It has no retries, a timeout of 30 s, and a limit of 64 MB per response. It does not follow redirects, which lead to a
/// login page on this API.
///
/// `base_url` is the origin of a PostHog instance, with or without a trailing slash, such as `https://eu.posthog.com`. Plain
/// HTTP is accepted only for loopback addresses, which are never reached through a proxy.
///
/// `transport` is a key, or a [`Direct`] with another limit:
/// `connect(url, Direct::new(key).max_response_size(1 << 30))`.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use posthog_groups_client::{PersonalApiKey, connect};
///
/// let client = connect("https://eu.posthog.com", PersonalApiKey::new("phx_...")?)?;
/// let page = client.list_groups().project_id("@current").group_type_index(0).send().await?;
/// for group in &page.results {
///     println!("{} {}", group.group_key, group.group_properties.as_str());
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ConnectError`] if the base URL is invalid or insecure, or if the HTTP client cannot be built.
pub fn connect(base_url: &str, transport: impl Into<Direct>) -> Result<Client, ConnectError> {
    let url = Url::parse(base_url.trim()).map_err(|e| ConnectError::MalformedUrl(e.to_string()))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(ConnectError::Insecure),
        other => return Err(ConnectError::MalformedUrl(format!("its scheme is `{other}`"))),
    }
    let mut http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("posthog-groups-client/", env!("CARGO_PKG_VERSION")));
    if is_loopback(&url) {
        http = http.no_proxy();
    }
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    if url.scheme() == "http" {
        // Plain HTTP needs no certificates, and loading those of the system is slow.
        http = http.tls_certs_only([]);
    }
    let http = http.build().map_err(ConnectError::Http)?;
    // Generated paths start with a slash, and servers do not accept `//`.
    let base_url = url.as_str().trim_end_matches('/');
    Ok(Client::new_with_client(base_url, http, Arc::new(transport.into())))
}

/// Returns true if the host of a URL is `localhost` or a loopback address.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use progenitor_client::ClientInfo;

    use super::*;

    fn refusal(url: &str) -> String {
        let key = PersonalApiKey::new("phx_x").unwrap();
        connect(url, key).map_or_else(|e| e.to_string(), |client| format!("accepted as {}", client.baseurl()))
    }

    #[test]
    fn a_base_url_is_an_origin_that_keeps_the_key_safe() {
        assert_eq!(refusal("https://eu.posthog.com/"), "accepted as https://eu.posthog.com");
        assert_eq!(refusal("http://127.0.0.1:8000"), "accepted as http://127.0.0.1:8000");
        assert_eq!(refusal("http://[::1]:8000/"), "accepted as http://[::1]:8000");
        assert!(refusal("http://posthog.example.com").contains("use https"));
        assert!(refusal("eu.posthog.com").contains("use, for example, https://eu.posthog.com"));
        assert!(refusal("ftp://x").contains("scheme is `ftp`"));
    }

    #[test]
    fn invalid_keys_are_refused_with_help() {
        let refusal = |key| PersonalApiKey::new(key).map_or_else(|e| e.to_string(), |_| "accepted".into());
        assert_eq!(refusal(" phx_x\n"), "accepted");
        assert!(refusal("  ").contains("is empty"));
        assert!(refusal("phx_a\nb").contains("line break"));
        assert!(refusal("phc_x").contains("personal API key (phx_...)"));
    }

    #[test]
    fn debug_output_has_no_key() {
        let key = PersonalApiKey::new("phx_secret").unwrap();
        let client = connect("https://eu.posthog.com", key.clone()).unwrap();
        let header = key.to_header();
        for text in [
            format!("{key:?}"),
            format!("{:?}", Direct::new(key)),
            format!("{client:?}"),
            format!("{header:?}"),
        ] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
