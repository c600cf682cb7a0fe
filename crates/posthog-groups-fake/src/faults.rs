//! Faults: failures between a client and the server, on demand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// A failure of a request. Create one with a constructor and change its public fields.
///
/// ```
/// use posthog_groups_fake::{Fault, Phase};
///
/// let twice_a_503 = Fault { times: 2, ..Fault::http(503) };
/// let lost_answer = Fault { phase: Phase::After, ..Fault::drop_connection() }.on("POST", "/groups/");
/// assert_eq!(serde_json::to_value(&lost_answer).unwrap()["kind"], "drop");
/// # let _ = twice_a_503;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The number of matching requests that it affects. 0 means all.
    #[serde(default = "once")]
    pub times: u64,
    /// The number of matching requests that pass before.
    #[serde(default)]
    pub skip: u64,
    /// Matches only this method.
    pub method: Option<String>,
    /// Matches only paths in which this regular expression matches a part.
    pub path: Option<String>,
    /// Whether the request takes effect.
    #[serde(default)]
    pub phase: Phase,
    /// The effect of the fault.
    #[serde(flatten)]
    pub effect: Effect,
}

/// Whether a request that is affected by a fault takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The request is not processed.
    #[default]
    Before,
    /// The request is processed, and its response is lost.
    After,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// A different response is sent.
    Http,
    /// The endpoint fails.
    Crash,
    /// The connection is closed.
    Drop,
    /// The server does not send anything for a while.
    Stall,
    /// The response ends early.
    Truncate,
    /// The response is sent slowly.
    Slow,
}

/// The effect of a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Effect {
    /// The client receives this response instead.
    Http(HttpFault),
    /// The endpoint fails with the server's own 500, after the usual checks of authentication and permissions.
    // With braces, so that serde rejects other fields.
    Crash {},
    /// The connection is closed without a response.
    Drop {
        /// Whether the connection is reset.
        #[serde(default)]
        reset: bool,
    },
    /// The server does not send anything for a while.
    Stall {
        /// The duration.
        #[serde(default = "half_a_minute")]
        seconds: f64,
        /// The place in the response.
        #[serde(default)]
        at: StallAt,
        /// What happens after the stall.
        #[serde(default)]
        then: StallThen,
    },
    /// The response ends early.
    Truncate {
        /// How much of the body is kept: a fraction below 1, or a number of bytes.
        #[serde(default = "half")]
        keep: f64,
        /// How the response is framed.
        #[serde(default)]
        framing: Framing,
    },
    /// The response is sent slowly.
    Slow {
        /// Seconds before the first byte.
        #[serde(default)]
        delay: f64,
        /// Bytes per write. 0 means the whole body at once.
        #[serde(default)]
        chunk: usize,
        /// Seconds between writes.
        #[serde(default)]
        interval: f64,
    },
}

impl Effect {
    /// Returns the kind of the effect.
    pub fn kind(&self) -> FaultKind {
        match self {
            Effect::Http(_) => FaultKind::Http,
            Effect::Crash {} => FaultKind::Crash,
            Effect::Drop { .. } => FaultKind::Drop,
            Effect::Stall { .. } => FaultKind::Stall,
            Effect::Truncate { .. } => FaultKind::Truncate,
            Effect::Slow { .. } => FaultKind::Slow,
        }
    }
}

/// The response of an [`Effect::Http`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpFault {
    /// The status.
    #[serde(default = "bad_gateway")]
    pub status: u16,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: a string is sent unchanged, null is the HTML error page of a proxy, anything else is sent as JSON.
    #[serde(default)]
    pub body: Value,
    /// The content type. The default depends on the body.
    pub content_type: Option<String>,
}

/// Where in the response a stall happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StallAt {
    /// Before the first byte.
    #[default]
    Headers,
    /// After half of the body.
    Body,
}

/// What happens after a stall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StallThen {
    /// The connection is closed.
    #[default]
    Drop,
    /// The response continues.
    Finish,
}

/// How a truncated response is framed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// `Content-Length` is larger than the body.
    #[default]
    ContentLength,
    /// The last chunk is missing.
    Chunked,
    /// The HTTP response is valid; only the JSON is truncated.
    Honest,
}

impl Fault {
    /// Creates a fault that affects the next request.
    pub fn new(effect: Effect) -> Self {
        Self { times: 1, skip: 0, method: None, path: None, phase: Phase::Before, effect }
    }

    /// Creates a fault that responds with the error page of a proxy.
    pub fn http(status: u16) -> Self {
        let http = HttpFault { status, headers: BTreeMap::new(), body: Value::Null, content_type: None };
        Self::new(Effect::Http(http))
    }

    /// Creates a fault that makes the endpoint fail with a 500.
    pub fn crash() -> Self {
        Self::new(Effect::Crash {})
    }

    /// Creates a fault that closes the connection without a response.
    pub fn drop_connection() -> Self {
        Self::new(Effect::Drop { reset: false })
    }

    /// Creates a fault that resets the connection.
    pub fn reset_connection() -> Self {
        Self::new(Effect::Drop { reset: true })
    }

    /// Restricts the fault to a method and to paths in which this regular expression matches a part.
    pub fn on(self, method: &str, path: &str) -> Self {
        Self { method: Some(method.to_owned()), path: Some(path.to_owned()), ..self }
    }
}

fn once() -> u64 {
    1
}

fn half_a_minute() -> f64 {
    30.0
}

fn half() -> f64 {
    0.5
}

fn bad_gateway() -> u16 {
    502
}

impl Fault {
    /// Checks the values and compiles the pattern of the path.
    fn check(&self) -> Result<Option<regress::Regex>, Error> {
        let bad = |why: String| Err(Error::Fault(why));
        let seconds: &[(&str, f64)] = match &self.effect {
            Effect::Http(http) if !(200..=599).contains(&http.status) => {
                return bad("`status` is a number from 200 to 599".to_owned());
            }
            Effect::Truncate { keep, .. } if !keep.is_finite() || *keep < 0.0 => {
                return bad("`keep` is a fraction, or bytes from 1 up".to_owned());
            }
            Effect::Stall { seconds, .. } => &[("seconds", *seconds)],
            Effect::Slow { delay, interval, .. } => &[("delay", *delay), ("interval", *interval)],
            _ => &[],
        };
        if let Some((name, _)) = seconds.iter().find(|(_, value)| !(0.0..=86_400.0).contains(value)) {
            return bad(format!("`{name}` is seconds, from 0 to a day"));
        }
        let pattern = self.path.as_deref().map(regress::Regex::new).transpose();
        pattern.map_err(|e| Error::Fault(format!("`path` is not a regular expression: {e}")))
    }
}

/// How many bytes of a body of `len` bytes a truncation keeps.
pub(crate) fn kept(keep: f64, len: usize) -> usize {
    let bytes = if keep < 1.0 { keep * len as f64 } else { keep };
    (bytes as usize).min(len)
}

/// The pending faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Waiting>,
    added: u64,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    fault: Fault,
    pattern: Option<regress::Regex>,
    passed: u64,
    hit: u64,
}

impl Faults {
    /// Adds all of the faults, or none if one is invalid.
    pub(crate) fn add(&mut self, faults: Vec<Fault>) -> Result<(), Error> {
        let patterns = faults.iter().map(Fault::check).collect::<Result<Vec<_>, _>>()?;
        for (fault, pattern) in faults.into_iter().zip(patterns) {
            self.added += 1;
            self.waiting.push(Waiting { id: self.added, fault, pattern, passed: 0, hit: 0 });
        }
        Ok(())
    }

    /// The faults that are not used up.
    pub(crate) fn pending(&self) -> Vec<Fault> {
        self.waiting.iter().map(|waiting| waiting.fault.clone()).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Returns the fault that affects this request: the first that matches and whose `skip` is used up.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<(u64, Fault)> {
        let hit = self.waiting.iter_mut().find_map(|waiting| {
            let fault = &waiting.fault;
            let matches = fault.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(method))
                && waiting.pattern.as_ref().is_none_or(|p| p.find(path).is_some());
            if !matches {
                return None;
            }
            if waiting.passed < fault.skip {
                waiting.passed += 1;
                return None;
            }
            waiting.hit += 1;
            Some((waiting.id, fault.clone()))
        });
        self.waiting.retain(|waiting| waiting.fault.times == 0 || waiting.hit < waiting.fault.times);
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_matching_unused_fault_applies() {
        let mut faults = Faults::default();
        faults
            .add(vec![
                Fault { skip: 1, ..Fault::http(501) },
                Fault::http(502).on("post", "/groups/(find|$)"),
                Fault { times: 0, ..Fault::http(503) },
            ])
            .unwrap();
        let mut hit = |method: &str, path: &str| faults.take(method, path).map(|(id, _)| id);
        assert_eq!(hit("GET", "/groups/"), Some(3));
        assert_eq!(hit("GET", "/groups/"), Some(1));
        assert_eq!(hit("GET", "/groups/"), Some(3));
        assert_eq!(hit("POST", "/groups/activity"), Some(3));
        assert_eq!(hit("POST", "/groups/"), Some(2));
        assert_eq!(hit("POST", "/groups/"), Some(3));
    }

    #[test]
    fn fields_of_other_kinds_and_invalid_values_are_rejected() {
        let add = |text: &str| {
            let fault = serde_json::from_str(text).map_err(|e| e.to_string())?;
            Faults::default().add(vec![fault]).map_err(|e| e.to_string())
        };
        for (text, named) in [
            (r#"{"kind": "drop", "status": 502}"#, "status"),
            (r#"{"kind": "crash", "status": 502}"#, "status"),
            (r#"{"kind": "nothing"}"#, "nothing"),
            (r#"{"status": 502}"#, "kind"),
            (r#"{"kind": "http", "status": 99}"#, "status"),
            (r#"{"kind": "http", "path": "("}"#, "path"),
            (r#"{"kind": "stall", "seconds": -1}"#, "seconds"),
            (r#"{"kind": "slow", "interval": 1e9}"#, "interval"),
            (r#"{"kind": "truncate", "keep": -1}"#, "keep"),
            (r#"{"kind": "drop", "surprise": 1}"#, "surprise"),
        ] {
            let error = add(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
        let fault: Fault = serde_json::from_str(r#"{"kind": "stall", "then": "finish"}"#).unwrap();
        let expected = Effect::Stall { seconds: 30.0, at: StallAt::Headers, then: StallThen::Finish };
        assert_eq!(fault.effect, expected);
        let again: Fault = serde_json::from_value(serde_json::to_value(&fault).unwrap()).unwrap();
        assert_eq!(again, fault);
    }

    #[test]
    fn the_kept_part_is_a_fraction_or_a_number_of_bytes() {
        for (keep, len, expected) in [(0.5, 10, 5), (0.0, 10, 0), (1.0, 10, 1), (7.0, 10, 7), (99.0, 10, 10)]
        {
            assert_eq!(kept(keep, len), expected);
        }
    }
}
