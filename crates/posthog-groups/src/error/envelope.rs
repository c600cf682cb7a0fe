//! The error bodies of servers, normalized (contract section 1.3).

use serde::Deserialize;

/// A normalized error body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// The class of the error, such as `validation_error`.
    pub(crate) class: Option<String>,
    /// The machine-readable code. New codes appear over time.
    pub(crate) code: Option<String>,
    /// The human-readable message.
    pub(crate) detail: Option<String>,
    /// The field that the error is about.
    pub(crate) attr: Option<String>,
    /// The ID of the error in the server's error tracking.
    pub(crate) event_id: Option<String>,
    /// Whether the write is stored but its event was not sent.
    pub(crate) event_not_sent: bool,
}

impl Envelope {
    /// Parses a body. Returns `None` if it is not a PostHog error, such as the page of a proxy.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "type")]
            class: Option<String>,
            code: Option<String>,
            detail: Option<String>,
            attr: Option<String>,
            error_event_id: Option<String>,
        }

        let wire: Wire = serde_json::from_slice(body).ok()?;
        if wire.code.is_none() && wire.detail.is_none() {
            return None;
        }
        let envelope = Self {
            class: wire.class,
            code: wire.code,
            detail: wire.detail,
            attr: wire.attr,
            event_id: wire.error_event_id,
            event_not_sent: false,
        };
        Some(envelope.normalized())
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

    /// Code, detail, attr and `event_not_sent`.
    type Read = Option<(Option<String>, Option<String>, Option<String>, bool)>;

    fn read(body: &str) -> Read {
        Envelope::read(body.as_bytes()).map(|e| (e.code, e.detail, e.attr, e.event_not_sent))
    }

    fn some(code: &str, detail: &str, attr: Option<&str>, not_sent: bool) -> Read {
        Some((Some(code.into()), Some(detail.into()), attr.map(Into::into), not_sent))
    }

    #[test]
    fn an_ordinary_body_is_not_changed() {
        let body = r#"{"type":"invalid_request","code":"not_found","detail":"Not found.","attr":null}"#;
        assert_eq!(read(body), some("not_found", "Not found.", None, false));
        let body =
            r#"{"type":"server_error","code":"tomorrow's code","detail":"x y","attr":"a","extra":{"b":1}}"#;
        assert_eq!(read(body), some("tomorrow's code", "x y", Some("a"), false));
    }

    #[test]
    fn swapped_code_and_detail_are_swapped_back() {
        let body = r#"{"attr":"value","code":"This field is required.","detail":"required","type":"validation_error"}"#;
        assert_eq!(read(body), some("required", "This field is required.", Some("value"), false));
    }

    #[test]
    fn a_capture_failure_is_recognized() {
        let body = r#"{"code":"Failed to submit group create event.","detail":"capture_http_error","type":"capture_http_error"}"#;
        assert_eq!(
            read(body),
            some("capture_http_error", "Failed to submit group create event.", None, true)
        );
        let body = r#"{"attr":"$unset","code":"Failed to submit group property deletion event.","detail":"capture_error","type":"capture_error"}"#;
        assert_eq!(
            read(body),
            some("capture_error", "Failed to submit group property deletion event.", Some("$unset"), true)
        );
    }

    #[test]
    fn a_body_with_only_detail_and_other_bodies_are_accepted() {
        let only = read(r#"{"detail":"Dashboard already exists for this group type."}"#);
        assert_eq!(
            only,
            Some((None, Some("Dashboard already exists for this group type.".into()), None, false))
        );
        for body in ["", "<html>502</html>", "[]", "null", "{}", "{\"detail\": 5}", "\"x\""] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
