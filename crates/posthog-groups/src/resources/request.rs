//! Requests to endpoints that have no method in this crate.

use http::Method;
use http::header::CONTENT_TYPE;
use posthog_groups_client::{JsonValue, Operation};

use crate::error::{Error, Result};
use crate::resources::client::Client;
use crate::wire::transport::{Mode, Source};

static OPERATIONS: [Operation; 5] = [
    Operation::unlisted("GET"),
    Operation::unlisted("POST"),
    Operation::unlisted("PUT"),
    Operation::unlisted("PATCH"),
    Operation::unlisted("DELETE"),
];

impl Client {
    /// Sends a request to any path of the API, and returns the JSON of the response, or `None` if it has no body.
    ///
    /// `path` starts with a slash and may have a query. The API key, the origin, the rate limit, the timeouts and the maximum response
    /// size are the same as for all calls. GET requests are retried; requests with other methods are sent once.
    ///
    /// ```no_run
    /// # async fn example(posthog: posthog_groups::Client) -> posthog_groups::Result<()> {
    /// let flags = posthog.request("GET", "/api/projects/@current/feature_flags/?limit=10", None).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for methods other than GET, POST, PUT, PATCH and DELETE, and for a path that leads to another
    /// origin. [`Error::is_outcome_unknown`] if the response to a write is lost.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&JsonValue>,
    ) -> Result<Option<JsonValue>> {
        let known = OPERATIONS.iter().find(|operation| operation.method == method);
        let (Some(operation), Ok(method)) = (known, Method::try_from(method)) else {
            return Err(Error::input(format!("the method `{method}` is unknown"))
                .with_help("use GET, POST, PUT, PATCH or DELETE"));
        };
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(Error::input("the path does not start with a single slash")
                .with_help("write, for example, /api/users/@me/"));
        }
        let session = match operation.idempotency {
            posthog_groups_client::Idempotency::Safe => self.session("request"),
            _ => self.with_options(|options| options.retries(0)).session("request"),
        };
        let shared = &session.shared;
        let mut request = shared.http.request(method, format!("{}{path}", shared.connection.host.base()));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.as_str().to_owned());
        }
        let request = request
            .build()
            .map_err(|e| Error::input("the path is not valid in a URL").with_source(e.without_url()))?;
        let exchange = session.exchange(Mode::Raw);
        let body = exchange.send(&shared.http, operation, Source::Given(Some(Box::new(request)))).await?.body;
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(&body).unwrap_or_default();
        JsonValue::parse(text).map(Some).map_err(|e| Error::decode(".".to_owned(), e, &body))
    }
}
