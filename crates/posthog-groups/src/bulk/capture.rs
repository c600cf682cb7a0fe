//! Rows as `$groupidentify` events, in batches (contract section 3.4).

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use posthog_groups_client::{Idempotency, ProjectToken};
use reqwest::Url;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::pending::PendingRow;
use super::row::ImportRow;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::resources::builder::https_client;
use crate::resources::groups::Groups;
use crate::wire::host::parse_url;
use crate::wire::retry::{Attempt, Outcome, Step, decide};
use crate::wire::retry_after::retry_after;
use crate::wire::transport::read_body;

/// A batch is sent when it has this many bytes, before compression. Servers accept 20 MB.
const FULL: usize = 4 * 1024 * 1024;

/// A batch is sent when it has this many events.
const MOST_EVENTS: usize = 1_000;

/// The largest request that servers accept.
const LARGEST: usize = 20 * 1024 * 1024;

/// More bytes than a batch needs around its events.
const FRAME: usize = 1_024;

/// The maximum number of times that a batch is sent. Repeating it is harmless, and the rest of the import depends on it.
const ATTEMPTS: u32 = 8;

/// A server that rejects this many parts of the first batch and accepts none rejects all events.
const MAX_REFUSALS: u32 = 64;

/// The endpoint for events, with the project token.
#[derive(Debug)]
pub(crate) struct Capture {
    groups: Groups,
    http: reqwest::Client,
    url: Url,
    token: ProjectToken,
    group_type: String,
    /// Makes the UUIDs of this run different from those of other runs with the same rows.
    salt: String,
}

#[derive(Serialize)]
struct Event<'a> {
    event: &'static str,
    uuid: String,
    distinct_id: String,
    properties: EventProperties<'a>,
}

#[derive(Serialize)]
struct EventProperties<'a> {
    #[serde(rename = "$group_type")]
    group_type: &'a str,
    #[serde(rename = "$group_key")]
    group_key: &'a str,
    #[serde(rename = "$group_set")]
    group_set: &'a posthog_groups_client::Properties,
}

#[derive(Serialize)]
struct Body<'a> {
    api_key: &'a str,
    batch: &'a [Box<RawValue>],
}

/// The events that the server rejects, by their positions in the batch.
pub(crate) type Refused = HashMap<usize, Error>;

/// Events that are sent in one request.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<PendingRow>,
    events: Vec<Box<RawValue>>,
    bytes: usize,
}

impl Capture {
    pub(crate) async fn new(groups: &Groups, settings: &Settings, index: u8, salt: &str) -> Result<Self> {
        let Some(token) = settings.token.clone() else {
            return Err(Error::input("events need the project token (phc_...)").with_help(
                "find it under Settings, Project, and call `project_token`; or use `Engine::Rest`",
            ));
        };
        let client = groups.client();
        let host = &client.shared().connection.host;
        let base = match &settings.capture_host {
            // Plain HTTP is allowed if it is allowed for the client's own host.
            Some(given) => parse_url(given, host.url().scheme() == "http")?,
            None => host.for_events(),
        };
        let base = base.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/batch/"))
            .map_err(|e| Error::input("the host for events is not a valid URL").with_source(e))?;
        let http = if url.scheme() == "https" && host.url().scheme() == "http" {
            // The HTTP client for a plain HTTP host has no certificates.
            https_client()?
        } else {
            client.shared().http.clone()
        };
        let types = client.group_types().await?;
        let group_type =
            types.into_iter().find(|t| t.group_type_index == i64::from(index)).map(|t| t.group_type);
        let Some(group_type) = group_type else {
            return Err(Error::input(format!(
                "the project no longer has a group type with the index {index}"
            )));
        };
        Ok(Self { groups: groups.clone(), http, url, token, group_type, salt: salt.to_owned() })
    }

    /// Returns the event of a row, or the reason why no server accepts it.
    pub(crate) fn event(&self, row: &ImportRow) -> Result<Box<RawValue>> {
        let mut hash = Sha256::new();
        hash.update(&self.salt);
        hash.update(row.id());
        let event = serde_json::value::to_raw_value(&Event {
            event: "$groupidentify",
            uuid: uuid(&hash.finalize()),
            // The distinct id that SDKs use for groups.
            distinct_id: format!("${}_{}", self.group_type, row.key),
            properties: EventProperties {
                group_type: &self.group_type,
                group_key: &row.key,
                group_set: &row.properties,
            },
        });
        let event =
            event.map_err(|e| Error::input("the row cannot be serialized as an event").with_source(e))?;
        let bytes = event.get().len();
        if bytes > LARGEST - FRAME {
            let what = format!("the event of the row has {bytes} bytes, but servers accept only 20 MB");
            return Err(Error::input(what));
        }
        Ok(event)
    }

    /// Sends a batch, and returns the events that the server rejects.
    ///
    /// Servers reject a whole batch because of one invalid event or because of its size. The batch is split until the invalid events
    /// are isolated. `worked` says whether the server has accepted events of this run.
    ///
    /// # Errors
    /// Any other failure, and a server that rejects all events, because then the rows are not the cause.
    pub(crate) async fn send(&self, batch: &Batch, mut worked: bool) -> Result<Refused> {
        let mut refused = Refused::new();
        let mut refusals = 0;
        // All parts of one size are sent before smaller ones, so that valid parts show early that the server works.
        let mut parts = VecDeque::from([(0, &*batch.events)]);
        while let Some((start, events)) = parts.pop_front() {
            let bytes: usize = events.iter().map(|event| event.get().len() + 1).sum();
            // The last event of a batch may be large.
            if events.len() == 1 || bytes <= LARGEST - FRAME {
                let error = match self.send_body(pack(self.token.reveal(), events)?).await {
                    Ok(()) => {
                        worked = true;
                        continue;
                    }
                    Err(error) if !matches!(error.status(), Some(400 | 413)) => return Err(error),
                    Err(error) => error,
                };
                refusals += 1;
                let is_last = refused.len() + 1 == batch.events.len() && batch.events.len() > 1;
                if !worked && (refusals == MAX_REFUSALS || is_last) {
                    return Err(error.with_note("no event was accepted"));
                }
                if events.len() == 1 {
                    refused.insert(start, error);
                    continue;
                }
            }
            let (first, second) = events.split_at(events.len() / 2);
            parts.extend([(start, first), (start + first.len(), second)]);
        }
        Ok(refused)
    }

    async fn send_body(&self, body: Bytes) -> Result<()> {
        let connection = &self.groups.client().shared().connection;
        let options = self.groups.client().options();
        let policy = options.retry.retries(options.retry.retries.max(ATTEMPTS - 1));
        let mut number = 0;
        loop {
            number += 1;
            let error = match tokio::time::timeout(options.timeout, self.attempt(body.clone())).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error,
                Err(_) => Error::timeout(),
            };
            let attempt = Attempt {
                idempotency: Idempotency::Safe,
                number,
                outcome: Outcome::of(&error),
                server_errors: number,
                retry_after: error.retry_after(),
                time_left: None,
            };
            match decide(&policy, &attempt, || connection.random_unit()) {
                Step::Wait(wait) => tokio::time::sleep(wait).await,
                _ => return Err(error.of("capture_batch").with_requests(number).in_call("import")),
            }
        }
    }

    async fn attempt(&self, body: Bytes) -> Result<()> {
        let shared = self.groups.client().shared();
        shared.connection.count_request();
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_ENCODING, "gzip")
            .body(body);
        let response = request.send().await.map_err(Error::exchange)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, self.groups.client().options().max_response_size).await?;
        if is_accepted(status, &body) {
            return Ok(());
        }
        Err(refusal(&self.token, status, headers, &body))
    }
}

/// Whether a response accepts the events. The text differs between versions of the capture service and proxies in front of it. An
/// HTML page comes from a login page or another server. The effect of the events is verified later by reading the groups.
fn is_accepted(status: StatusCode, body: &[u8]) -> bool {
    status.is_success() && body.trim_ascii_start().first() != Some(&b'<')
}

/// The error for a response that does not accept the events. The token does not appear in it.
pub(crate) fn refusal(
    token: &ProjectToken,
    status: StatusCode,
    mut headers: HeaderMap,
    body: &[u8],
) -> Error {
    let hide = |text: String| text.replace(token.reveal(), "[key]");
    let wait = retry_after(&headers, std::time::SystemTime::now());
    // Plain text, unlike the errors of the API. Truncated after redaction, because a truncated key would not be recognized.
    let said = hide(String::from_utf8_lossy(body).into_owned());
    let said: String = said.trim().chars().take(200).collect();
    let envelope = serde_json::json!({"code": "refused_by_capture", "detail": said}).to_string();
    let body = if said.is_empty() || status.is_success() { "" } else { &envelope };
    for value in headers.values_mut() {
        let redacted = hide(String::from_utf8_lossy(value.as_bytes()).into_owned());
        *value = http::HeaderValue::try_from(redacted).unwrap_or(http::HeaderValue::from_static(""));
    }
    Error::answer(status, &headers, body.as_bytes(), wait)
}

impl Batch {
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= FULL || self.events.len() >= MOST_EVENTS
    }

    pub(crate) fn add(&mut self, pending: PendingRow, event: Box<RawValue>) {
        self.bytes += event.get().len();
        self.events.push(event);
        self.rows.push(pending);
    }
}

/// A compressed body of events.
fn pack(token: &str, events: &[Box<RawValue>]) -> Result<Bytes> {
    let compression_error =
        |e: std::io::Error| Error::input("the events cannot be compressed").with_source(e);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut packed, &Body { api_key: token, batch: events })
        .map_err(|e| compression_error(e.into()))?;
    packed.flush().map_err(compression_error)?;
    Ok(packed.finish().map_err(compression_error)?.into())
}

/// A UUID of version 8, which is for custom schemes.
fn uuid(hash: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_accepted_by_any_success_that_is_no_web_page() {
        for (status, body, accepted) in [
            (200, r#"{"status":"Ok"}"#, true),
            (200, r#"{"status":1}"#, true),
            (200, r#"{"status":"Ok","quota_limited":["recordings"]}"#, true),
            (200, r#""Ok""#, true),
            (200, "ok", true),
            (200, "", true),
            (202, "", true),
            (204, "", true),
            (200, "\n<!doctype html><title>Log in</title>", false),
            (302, "", false),
            (400, "ok", false),
            (503, r#"{"status":"Ok"}"#, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_accepted(status, body.as_bytes()), accepted, "{status} {body}");
        }
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        assert_eq!(uuid(&[0xff; 32]), "ffffffff-ffff-8fff-bfff-ffffffffffff");
        assert_eq!(uuid(&[0; 32]), "00000000-0000-8000-8000-000000000000");
    }
}
