//! The error bodies of servers, normalized (contract section 1.3).

use serde::Deserialize;

/// A normalized error body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Envelope {
    /// The class of the error, such as `validation_error`.
    #[serde(rename = "type")]
    pub(crate) class: Option<String>,
    /// The machine-readable code. New codes appear over time.
    pub(crate) code: Option<String>,
    /// The human-readable message.
    pub(crate) detail: Option<String>,
    /// The field that the error is about.
    pub(crate) attr: Option<String>,
    /// The ID of the error in the server's error tracking.
    #[serde(rename = "error_event_id")]
    pub(crate) event_id: Option<String>,
    /// Whether the write is stored but its event was not sent.
    #[serde(skip)]
    pub(crate) event_not_sent: bool,
}

impl Envelope {
    /// Parses a body. Returns `None` if it is not a PostHog error, such as the page of a proxy.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let envelope: Self = serde_json::from_slice(body).ok()?;
        (envelope.code.is_some() || envelope.detail.is_some()).then(|| envelope.normalized())
    }

    fn normalized(mut self) -> Self {
        let code = self.code.as_deref().unwrap_or_default();
        let detail = self.detail.as_deref().unwrap_or_default();
        if code.starts_with("Failed to submit") && detail.starts_with("capture_") {
            // These errors have the message in `code` and the code in `detail`.
            self.event_not_sent = true;
            std::mem::swap(&mut self.code, &mut self.detail);
        } else if code.contains(' ') && is_bare_word(detail) {
            // Servers of 2025 swap the two if a field of the request is missing.
            std::mem::swap(&mut self.code, &mut self.detail);
        }
        self
    }
}

fn is_bare_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_normalized() {
        for (body, code, detail, attr, event_not_sent) in [
            (
                r#"{"type":"invalid_request","code":"not_found","detail":"Not found.","attr":null}"#,
                Some("not_found"),
                "Not found.",
                None,
                false,
            ),
            (
                r#"{"type":"server_error","code":"tomorrow's code","detail":"x y","attr":"a","extra":{"b":1}}"#,
                Some("tomorrow's code"),
                "x y",
                Some("a"),
                false,
            ),
            (r#"{"detail":"Dashboard already exists."}"#, None, "Dashboard already exists.", None, false),
            // Swapped code and detail.
            (
                r#"{"attr":"value","code":"This field is required.","detail":"required","type":"validation_error"}"#,
                Some("required"),
                "This field is required.",
                Some("value"),
                false,
            ),
            // Failures of capture.
            (
                r#"{"code":"Failed to submit group create event.","detail":"capture_http_error","type":"capture_http_error"}"#,
                Some("capture_http_error"),
                "Failed to submit group create event.",
                None,
                true,
            ),
            (
                r#"{"attr":"$unset","code":"Failed to submit group property deletion event.","detail":"capture_error"}"#,
                Some("capture_error"),
                "Failed to submit group property deletion event.",
                Some("$unset"),
                true,
            ),
        ] {
            let read = Envelope::read(body.as_bytes()).unwrap();
            assert_eq!((read.code.as_deref(), read.detail.as_deref()), (code, Some(detail)), "{body}");
            assert_eq!((read.attr.as_deref(), read.event_not_sent), (attr, event_not_sent), "{body}");
        }
        for body in ["", "<html>502</html>", "[]", "null", "{}", "{\"detail\": 5}", "\"x\""] {
            assert_eq!(Envelope::read(body.as_bytes()), None, "{body}");
        }
    }
}
