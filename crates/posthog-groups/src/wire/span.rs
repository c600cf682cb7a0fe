//! One span per HTTP request, with the attribute names of OpenTelemetry. It never contains the API key, and contains paths and
//! queries with values only if they are enabled.

use http::StatusCode;
use posthog_groups_client::Operation;

#[cfg(feature = "tracing")]
pub(crate) use with_tracing::AttemptSpan;
#[cfg(not(feature = "tracing"))]
pub(crate) use without_tracing::AttemptSpan;

#[cfg(feature = "tracing")]
mod with_tracing {
    use tracing::field::Empty;
    use tracing::{Instrument as _, Span};

    use super::{Operation, StatusCode};

    /// The span of one attempt.
    pub(crate) struct AttemptSpan(Span);

    impl AttemptSpan {
        pub(crate) fn new(
            operation: &'static Operation,
            request: &reqwest::Request,
            resend_count: u32,
            with_url: bool,
        ) -> Self {
            let url = request.url();
            let span = tracing::info_span!(
                target: "posthog_groups",
                "http.client.request",
                otel.kind = "client",
                otel.name = %format_args!("{} {}", operation.method, operation.path),
                otel.status_code = Empty,
                http.request.method = operation.method,
                http.request.resend_count = Empty,
                http.response.status_code = Empty,
                error.type = Empty,
                server.address = url.host_str(),
                server.port = url.port_or_known_default(),
                url.template = operation.path,
                url.path = Empty,
                url.query = Empty,
                posthog.operation = operation.id,
            );
            if with_url {
                span.record("url.path", url.path());
                span.record("url.query", url.query());
            }
            if resend_count > 0 {
                span.record("http.request.resend_count", resend_count);
            }
            Self(span)
        }

        pub(crate) async fn around<F: Future>(&self, attempt: F) -> F::Output {
            attempt.instrument(self.0.clone()).await
        }

        pub(crate) fn end(self, result: &Result<StatusCode, &'static str>) {
            match result {
                Ok(status) => {
                    self.0.record("http.response.status_code", status.as_u16());
                    if status.is_client_error() || status.is_server_error() {
                        self.0.record("otel.status_code", "ERROR");
                        self.0.record("error.type", status.as_str());
                    }
                }
                Err(kind) => {
                    self.0.record("otel.status_code", "ERROR");
                    self.0.record("error.type", kind);
                }
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod without_tracing {
    use super::{Operation, StatusCode};

    /// A no-op, because the feature `tracing` is off.
    pub(crate) struct AttemptSpan;

    impl AttemptSpan {
        pub(crate) fn new(_: &'static Operation, _: &reqwest::Request, _: u32, _: bool) -> Self {
            Self
        }

        pub(crate) async fn around<F: Future>(&self, attempt: F) -> F::Output {
            attempt.await
        }

        pub(crate) fn end(self, _: &Result<StatusCode, &'static str>) {}
    }
}
