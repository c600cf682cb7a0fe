//! The client builder.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use posthog_groups_client::{PersonalApiKey, is_loopback};

use crate::error::{Error, Result};
use crate::resources::client::Client;
use crate::resources::project::ProjectRef;
use crate::wire::cache::Cache;
use crate::wire::host::{Host, Region};
use crate::wire::keyed_locks::KeyedLocks;
use crate::wire::limit::RateLimit;
use crate::wire::options::CallOptions;
use crate::wire::retry::RetryPolicy;
use crate::wire::session::Shared;
use crate::wire::transport::{Connection, RawTransport};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds a [`Client`].
///
/// Only the API key is required. [`build`](Self::build) validates the settings and sends no request.
///
/// ```
/// use std::time::Duration;
/// use posthog_groups::{Client, Region};
///
/// let posthog = Client::builder()
///     .personal_api_key("phx_...")
///     .region(Region::Eu)
///     .project(7)
///     .timeout(Duration::from_secs(10))
///     .build()?;
/// assert_eq!(posthog.host(), "https://eu.posthog.com");
/// # Ok::<(), posthog_groups::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    key: Option<String>,
    host: String,
    project: ProjectRef,
    allow_insecure_http: bool,
    options: CallOptions,
    rate_limit: Option<RateLimit>,
    connect_timeout: Duration,
    user_agent: Option<String>,
    proxy: Option<reqwest::Proxy>,
    http: Option<reqwest::Client>,
    group_types_for: Duration,
    jitter_seed: Option<u64>,
    trace_urls: bool,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            key: None,
            host: Region::Us.url().to_owned(),
            project: ProjectRef::current(),
            allow_insecure_http: false,
            options: CallOptions::default(),
            rate_limit: None,
            connect_timeout: CONNECT_TIMEOUT,
            user_agent: None,
            proxy: None,
            http: None,
            group_types_for: Duration::from_secs(300),
            jitter_seed: None,
            trace_urls: false,
        }
    }
}

impl fmt::Debug for ClientBuilder {
    // Implemented manually, so that neither the key nor the password of a proxy can be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("key", &self.key.as_ref().map(|_| "redacted"))
            .field("project", &self.project)
            .field("options", &self.options)
            .field("rate_limit", &self.rate_limit)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Returns a builder for a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Creates a client from environment variables:
    ///
    /// | variable | default | value |
    /// | --- | --- | --- |
    /// | `POSTHOG_PERSONAL_API_KEY` | required | `phx_...`, with the scope `group:read`, and `group:write` for writing |
    /// | `POSTHOG_HOST` | `https://us.posthog.com` | the instance; event hosts (`eu.i.posthog.com`) are replaced by the API host |
    /// | `POSTHOG_PROJECT_ID` | `@current` | the ID of the project |
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the key is missing or a value is invalid.
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }
}

impl ClientBuilder {
    /// Reads settings from environment variables; see [`Client::from_env`].
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if `POSTHOG_PERSONAL_API_KEY` is missing or a variable is not valid Unicode.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Error::input(format!("{name} is not valid Unicode")))
            }
        })
    }

    fn from_variables(variable: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        // An empty variable counts as not set.
        let given = |name| variable(name).map(|value| value.filter(|value| !value.is_empty()));
        let Some(key) = given("POSTHOG_PERSONAL_API_KEY")? else {
            return Err(Error::input("POSTHOG_PERSONAL_API_KEY is not set")
                .with_help("create a personal API key under Settings, Personal API keys"));
        };
        let mut builder = Self::default().personal_api_key(key);
        if let Some(host) = given("POSTHOG_HOST")? {
            builder = builder.host(host);
        }
        if let Some(project) = given("POSTHOG_PROJECT_ID")? {
            builder = builder.project(project);
        }
        Ok(builder)
    }

    /// Sets the personal API key (`phx_...`) or OAuth token (`pha_...`). Required.
    pub fn personal_api_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the region of PostHog Cloud; [`Region::Us`] by default. Replaces the host.
    pub fn region(self, region: Region) -> Self {
        self.host(region.url())
    }

    /// Sets the base URL of the instance, such as `https://posthog.example.com`. Replaces the region.
    ///
    /// The event hosts `us.i.posthog.com` and `eu.i.posthog.com`, and the former `app.posthog.com`, are replaced by the API hosts
    /// `us.posthog.com` and `eu.posthog.com`. [`Client::host`] returns the result. With the feature `tracing`, a warning is logged.
    pub fn host(mut self, url: impl Into<String>) -> Self {
        self.host = url.into();
        self
    }

    /// Sets the project: its ID, or `"@current"` (the default) for the project that the user of the key used last.
    pub fn project(mut self, project: impl Into<ProjectRef>) -> Self {
        self.project = project.into();
        self
    }

    /// Sets the timeout of one attempt; 30 s by default.
    ///
    /// A server that floods the client with interim responses (such as 103) can delay the timeout, because hyper processes up to 128
    /// reads of them before it yields to the runtime, and timers cannot fire in the meantime. In debug builds, this takes about 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options = self.options.timeout(timeout);
        self
    }

    /// Sets the timeout for connecting, including TLS; 10 s by default. Ignored with [`http_client`](Self::http_client).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the deadline of a call, including all attempts and waits; 5 minutes by default. `None` means no deadline.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.options = self.options.deadline(deadline);
        self
    }

    /// Sets the retry policy.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.options = self.options.retry(retry);
        self
    }

    /// Sets the maximum size of a response in bytes; 64 MB by default.
    pub fn max_response_size(mut self, bytes: u64) -> Self {
        self.options = self.options.max_response_size(bytes);
        self
    }

    /// Sets the rate limit; by default [`RateLimit::cloud`] for PostHog Cloud, and none for other hosts.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// Sets a prefix of the `User-Agent` header. Ignored with [`http_client`](Self::http_client).
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sets a proxy. Ignored with [`http_client`](Self::http_client).
    ///
    /// By default, HTTPS requests use the proxy from the environment (`HTTPS_PROXY`, `NO_PROXY`). Plain HTTP requests use only a proxy
    /// that is set here, because the proxy can read the key. Requests to loopback addresses never go through a proxy.
    pub fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets the HTTP client, for example for custom certificates or connection pools.
    ///
    /// Disable redirects with `redirect(Policy::none())`: this API redirects to a login page, and responses from another origin are
    /// rejected.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Allows plain HTTP to other machines, for trusted networks. It is always allowed for loopback addresses.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = allow;
        self
    }

    /// Sets how long group types are cached; 5 minutes by default.
    pub fn cache_group_types_for(mut self, time: Duration) -> Self {
        self.group_types_for = time;
        self
    }

    /// Sets the seed of the jitter, for reproducible tests.
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Some(seed);
        self
    }

    /// Adds `url.path` and `url.query` to the spans of requests (feature `tracing`); off by default, because they contain keys of
    /// groups and search terms. They never contain the API key.
    pub fn trace_urls(mut self, trace: bool) -> Self {
        self.trace_urls = trace;
        self
    }

    /// Validates the settings and creates a client. No request is sent.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for invalid settings; [`Error::help`] says what to change.
    pub fn build(self) -> Result<Client> {
        let key = check_key(self.key.as_deref()).map_err(|e| e.of_setting("personal_api_key"))?;
        let host = Host::parse(&self.host, self.allow_insecure_http).map_err(|e| e.of_setting("host"))?;
        let project = self.project.check().map_err(|e| e.of_setting("project"))?;
        let limit = self
            .rate_limit
            .unwrap_or_else(|| if host.is_cloud() { RateLimit::cloud() } else { RateLimit::unlimited() });
        let http = match self.http {
            Some(http) => http,
            None => {
                let http = http_client(self.connect_timeout, self.user_agent.as_deref());
                with_proxy(http, &host, self.proxy)?.build().map_err(Error::setup)?
            }
        };
        // PostHog Cloud has not had the endpoint since September 2025.
        let upsert_is_missing = AtomicBool::new(host.is_cloud());
        let connection = Arc::new(Connection::new(host, key, limit, self.jitter_seed, self.trace_urls));
        let raw =
            RawTransport { connection: connection.clone(), options: self.options }.into_client(http.clone());
        let shared = Shared {
            connection,
            http,
            raw,
            project,
            group_types: Cache::new(self.group_types_for),
            upsert_is_missing,
            write_locks: KeyedLocks::default(),
        };
        Ok(Client::assemble(Arc::new(shared), self.options))
    }
}

/// Sets the proxy. The key is sent in clear text only if that was requested.
fn with_proxy(
    http: reqwest::ClientBuilder,
    host: &Host,
    proxy: Option<reqwest::Proxy>,
) -> Result<reqwest::ClientBuilder> {
    match proxy {
        Some(_) if is_loopback(host.url()) => Err(Error::input(format!(
            "a proxy is set, but {} is a loopback address, which is never reached through a proxy",
            host.base()
        ))
        .with_help("remove the proxy")),
        Some(proxy) => Ok(http.proxy(proxy)),
        // `allow_insecure_http` permits plain HTTP to the host, not to a proxy from the environment.
        None if host.url().scheme() == "http" => Ok(without_certificates(http.no_proxy())),
        None if is_loopback(host.url()) => Ok(http.no_proxy()),
        None => Ok(http),
    }
}

/// A client with the default settings, for hosts other than the client's.
#[cfg(feature = "bulk")]
pub(crate) fn https_client() -> Result<reqwest::Client> {
    http_client(CONNECT_TIMEOUT, None).build().map_err(Error::setup)
}

/// Skips loading the system's certificates for plain HTTP, because loading them is the slowest part of building a client.
fn without_certificates(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let http = http.tls_certs_only([]);
    http
}

fn http_client(connect_timeout: Duration, user_agent: Option<&str>) -> reqwest::ClientBuilder {
    const OWN: &str = concat!("posthog-groups/", env!("CARGO_PKG_VERSION"));
    let user_agent = user_agent.map_or_else(|| OWN.to_owned(), |first| format!("{first} {OWN}"));
    reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        // Only this crate retries, because it knows which operations can be repeated.
        .retry(reqwest::retry::never())
        .user_agent(user_agent)
}

fn check_key(key: Option<&str>) -> Result<PersonalApiKey> {
    let Some(key) = key else {
        return Err(Error::input("no API key is given").with_help(
            "call `personal_api_key(\"phx_...\")`, or create one under Settings, Personal API keys",
        ));
    };
    if key.contains(char::is_control) {
        // Not trimmed, because a key with a line break was probably read from a file by mistake.
        return Err(Error::input("the personal API key contains a line break or another control character")
            .with_help("remove it, for example with `trim()`"));
    }
    PersonalApiKey::new(key).map_err(|e| Error::input(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(builder: ClientBuilder) -> String {
        match builder.build() {
            Ok(_) => "accepted".to_owned(),
            Err(e) => {
                assert!(e.is_invalid_input());
                assert!(!format!("{e} {e:?}").contains("secret"));
                e.to_string()
            }
        }
    }

    #[test]
    fn invalid_keys_are_refused_with_help() {
        assert_eq!(refusal(Client::builder().personal_api_key("phx_secret")), "accepted");
        assert!(refusal(Client::builder()).contains("personal_api_key"));
        for (key, help) in [
            ("", "create one"),
            ("  ", "create one"),
            ("phx_secret\n", "trim()"),
            ("phx_\nsecret", "trim()"),
            ("phc_secret", "use a personal API key (phx_...)"),
        ] {
            let message = refusal(Client::builder().personal_api_key(key));
            assert!(message.contains(help), "{key:?}: {message}");
        }
    }

    #[test]
    fn an_error_names_the_setting() {
        let with_key = || Client::builder().personal_api_key("phx_secret");
        for (builder, setting) in [
            (Client::builder(), "personal_api_key"),
            (with_key().host("eu.posthog.com"), "host"),
            (with_key().host("http://posthog.example.com"), "host"),
            (with_key().project("main"), "project"),
        ] {
            assert_eq!(builder.build().unwrap_err().attr(), Some(setting));
        }
    }

    #[test]
    fn key_host_and_project_are_read_from_the_environment() {
        let build = |variables: &[(&str, &str)]| {
            let find = |name: &str| {
                Ok(variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
            };
            ClientBuilder::from_variables(find).and_then(ClientBuilder::build)
        };
        let key = ("POSTHOG_PERSONAL_API_KEY", "phx_secret");
        let client = build(&[key]).unwrap();
        assert_eq!((client.host(), client.project()), ("https://us.posthog.com", "@current"));
        let client =
            build(&[key, ("POSTHOG_HOST", "https://eu.i.posthog.com"), ("POSTHOG_PROJECT_ID", "7")]).unwrap();
        assert_eq!((client.host(), client.project()), ("https://eu.posthog.com", "7"));
        let client = build(&[key, ("POSTHOG_HOST", ""), ("POSTHOG_PROJECT_ID", "")]).unwrap();
        assert_eq!(client.host(), "https://us.posthog.com");
        for (variables, help) in [
            (&[][..], "POSTHOG_PERSONAL_API_KEY is not set"),
            (&[("POSTHOG_PERSONAL_API_KEY", "")], "POSTHOG_PERSONAL_API_KEY is not set"),
            (&[key, ("POSTHOG_HOST", "eu.posthog.com")], "write https://eu.posthog.com"),
            (&[key, ("POSTHOG_PROJECT_ID", "main")], "@current"),
        ] {
            let error = build(variables).unwrap_err();
            assert!(error.to_string().contains(help), "{error}");
        }
    }

    #[test]
    fn debug_output_has_no_key() {
        let builder = Client::builder().personal_api_key("phx_secret").region(Region::Eu);
        let client = builder.clone().build().unwrap();
        for text in [
            format!("{builder:?}"),
            format!("{client:?}"),
            format!("{:#?}", client.raw()),
            format!("{:?}", client.groups("organization")),
            format!("{:?}", client.groups(0).group("x")),
            format!("{:?}", client.groups(0).list().search("x")),
            format!("{:?}", client.groups(0).create("x")),
            format!("{:?}", client.with_options(|o| o.retries(1))),
            format!("{:?}", client.groups(0).list().stream()),
            format!("{:?}", client.groups(0).list().pages()),
            format!("{:?}", client.groups(0).property_values("x").containing("y")),
            format!("{:?}", client.groups(0).group("x").activity()),
            format!("{:?}", client.groups(0).group("x").activity().stream()),
            format!("{:?}", client.groups(0).group("x").upsert(serde_json::json!({"a": 1}))),
            format!("{:#?}", client.shared().connection),
        ] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
