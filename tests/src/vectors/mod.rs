//! Runs test vectors (contract section 6) against a server that supports the admin protocol.

mod compare;

use anyhow::{Context as _, anyhow, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Map, Value, json};

pub use compare::Difference;
use compare::{Match, differences};

const PROJECT: i64 = 17;
const OTHER_PROJECT: i64 = 18;
const PROJECT_UUID: &str = "0185f0a2-0000-0000-0000-000000000017";
const SESSION: &str = "session-of-the-user";
const KEY: &str = "phx_vectors_default_key";

/// The eras in which a vector applies.
pub fn eras(vector: &Value) -> Vec<String> {
    match vector["era"].as_str() {
        Some("both") | None => vec!["2025".to_owned(), "2026".to_owned()],
        Some(era) => vec![era.to_owned()],
    }
}

/// Parses a file of vectors, one JSON object per line.
///
/// # Errors
/// Names the line that is not JSON.
pub fn parse(text: &str) -> anyhow::Result<Vec<Value>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| serde_json::from_str(line).with_context(|| format!("line {}: not JSON", n + 1)))
        .collect()
}

/// Runs vectors against a server, one at a time.
#[derive(Clone, Debug)]
pub struct VectorRunner {
    http: reqwest::Client,
    origin: String,
}

struct Reply {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

impl Reply {
    /// The decoded body; null if it is empty, `None` if it is not JSON.
    fn json(&self) -> Option<Value> {
        if self.body.is_empty() { Some(Value::Null) } else { serde_json::from_str(&self.body).ok() }
    }
}

impl VectorRunner {
    /// Runs vectors against the server at `base_url`.
    ///
    /// # Errors
    /// If no HTTP client can be built.
    pub fn new(base_url: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, origin: base_url.trim_end_matches('/').to_owned() })
    }

    /// Runs one vector in one era and returns the differences.
    ///
    /// # Errors
    /// If the vector could not be run, because the server rejected the state or a step before the request failed.
    pub async fn run(&self, vector: &Value, era: &str) -> anyhow::Result<Vec<Difference>> {
        let state = self.state(vector, era)?;
        self.admin(Method::PUT, "state", Some(&state)).await?;
        let faults = vector.get("faults");
        if let Some(faults) = faults {
            self.admin(Method::POST, "faults", Some(faults)).await?;
        }
        let found = self.steps(vector, &state).await;
        if faults.is_some() {
            self.admin(Method::DELETE, "faults", None).await?;
        }
        found
    }

    async fn steps(&self, vector: &Value, state: &Value) -> anyhow::Result<Vec<Difference>> {
        for (n, step) in list(&vector["before"]).iter().enumerate() {
            for _ in 0..step["repeat"].as_u64().unwrap_or(1) {
                let reply = self.send(step, None).await?;
                let passed = match step["status"].as_u64() {
                    Some(status) => u64::from(reply.status) == status,
                    None => (200..300).contains(&reply.status),
                };
                ensure!(passed, "before[{n}] returned {}: {}", reply.status, reply.body);
            }
        }
        let mut reply = self.send(&vector["request"], None).await?;
        let mut found = self.check(&vector["expect"], &reply, "");
        if let Some(effects) = vector["side_effects"].as_object() {
            found.extend(self.check_side_effects(effects, state).await?);
        }
        for (n, step) in list(&vector["then"]).iter().enumerate() {
            let again = step["request"] == "same again";
            let request = if again { &vector["request"] } else { &step["request"] };
            reply = self.send(request, Some(&reply)).await?;
            found.extend(self.check(&step["expect"], &reply, &format!("then[{n}].")));
        }
        Ok(found)
    }

    async fn admin(&self, method: Method, name: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}/__admin/{name}", self.origin));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "/__admin/{name} returned {status}: {text}");
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// Sends a request. `{"follow": member}` takes its URL from the response `last`.
    async fn send(&self, spec: &Value, last: Option<&Reply>) -> anyhow::Result<Reply> {
        let (method, url) = match spec["follow"].as_str() {
            Some(member) => {
                let body = last.and_then(Reply::json).unwrap_or_default();
                let url = body[member].as_str().unwrap_or_default();
                if !url.starts_with(&format!("{}/", self.origin)) {
                    bail!("cannot follow `{member}`: {url:?} is not on {}", self.origin);
                }
                (Method::GET, url.to_owned())
            }
            None => (spec["method"].as_str().unwrap_or("GET").parse()?, self.url(spec)),
        };
        let mut headers = http::HeaderMap::new();
        headers.insert("accept", http::HeaderValue::from_static("application/json"));
        match spec.get("auth") {
            None => _ = headers.insert("authorization", format!("Bearer {KEY}").parse()?),
            Some(Value::String(auth)) if auth == "session" => {
                headers.insert("cookie", format!("sessionid={SESSION}").parse()?);
            }
            Some(Value::String(key)) => _ = headers.insert("authorization", format!("Bearer {key}").parse()?),
            Some(_) => {}
        }
        let body = match (spec["raw_body"].as_str(), spec.get("body")) {
            (Some(raw), _) => Some(raw.to_owned()),
            (None, Some(body)) => Some(self.filled(body).to_string()),
            (None, None) => None,
        };
        if body.is_some() {
            headers.insert("content-type", http::HeaderValue::from_static("application/json"));
        }
        for (name, value) in self.filled(&spec["headers"]).as_object().into_iter().flatten() {
            let value = value.as_str().ok_or_else(|| anyhow!("header {name} is not text"))?;
            headers.insert(http::HeaderName::try_from(name.as_str())?, value.parse()?);
        }
        let request = self.http.request(method, url).headers(headers).body(body.unwrap_or_default());
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { status, headers, body: response.text().await? })
    }

    fn url(&self, spec: &Value) -> String {
        let path = text(&self.filled(&spec["path"]));
        let path = encoded(&path, b"/@:!$&'()*+,;=-._~");
        let query = match spec["raw_query"].as_str() {
            Some(raw) => raw.to_owned(),
            None => {
                let query = self.filled(&spec["query"]);
                let pairs = query.as_object().into_iter().flatten();
                let pairs =
                    pairs.map(|(n, v)| format!("{}={}", encoded(n, b"-._~"), encoded(&text(v), b"-._~")));
                pairs.collect::<Vec<_>>().join("&")
            }
        };
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{path}{mark}{query}", self.origin)
    }

    /// Replaces `{project_id}` and the other names.
    fn filled(&self, value: &Value) -> Value {
        fill(
            value,
            &[
                ("project_id", PROJECT.into()),
                ("other_project_id", OTHER_PROJECT.into()),
                ("project_uuid", PROJECT_UUID.into()),
                ("origin", self.origin.as_str().into()),
                ("key", KEY.into()),
            ],
        )
    }

    /// The state of a vector, with a key and a session for the runner.
    fn state(&self, vector: &Value, era: &str) -> anyhow::Result<Value> {
        let mut given = vector["given"].as_object().cloned().unwrap_or_default();
        let mut generated: Map<String, Value> = Map::new();
        for spec in list(&given.remove("generate").unwrap_or_default()) {
            let rows = generated.entry(text(&spec["into"])).or_insert_with(|| json!([]));
            if let Some(rows) = rows.as_array_mut() {
                rows.extend(generate(spec)?);
            }
        }
        let mut state = self.filled(&Value::Object(given));
        for (name, rows) in &generated {
            state[name] = list(&state[name]).iter().chain(list(rows)).cloned().collect();
        }
        let mut projects = list(&state["projects"]).to_vec();
        if projects.iter().all(|p| p["id"] != PROJECT) {
            projects.insert(0, json!({"id": PROJECT}));
        }
        for project in projects.iter_mut().filter(|p| p["id"] == PROJECT && p.get("uuid").is_none()) {
            project["uuid"] = PROJECT_UUID.into();
        }
        let own = json!({"key": KEY, "scopes": ["*"]});
        state["api_keys"] = std::iter::once(&own).chain(list(&state["api_keys"])).cloned().collect();
        state["projects"] = projects.into();
        for (name, value) in [
            ("era", json!(era)),
            ("project_id", json!(PROJECT)),
            ("sessions", json!([SESSION])),
            ("now", Value::Null),
            ("page_size", Value::Null),
        ] {
            if state.get(name).is_none() {
                state[name] = value;
            }
        }
        Ok(state)
    }

    fn check(&self, expect: &Value, reply: &Reply, at: &str) -> Vec<Difference> {
        let expect = self.filled(expect);
        let mut found =
            differences(&expect["status"], Some(&reply.status.into()), &format!("{at}status"), Match::Exact);
        for (name, expected) in expect["headers"].as_object().into_iter().flatten() {
            let got = reply.headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into());
            let path = format!("{at}headers.{name}");
            match (expected, got) {
                (Value::Null, None) => {}
                (Value::Null, got) => found.push(Difference { path, expected: None, got }),
                (expected, got) => found.extend(differences(expected, got.as_ref(), &path, Match::Exact)),
            }
        }
        if let Some(body) = expect.get("body") {
            found.extend(check_body(expect["match"].as_str(), body, reply, &format!("{at}$")));
        }
        found
    }

    /// Compares the state after the request.
    async fn check_side_effects(
        &self,
        effects: &Map<String, Value>,
        given: &Value,
    ) -> anyhow::Result<Vec<Difference>> {
        let now = self.admin(Method::GET, "state", None).await?;
        let mut found = Vec::new();
        for (name, expected) in effects {
            let (member, rule) = match name.as_str() {
                "events" if expected.is_i64() => ("captured_events", "count"),
                "activity" => ("activity", "count"),
                "notebooks_created" => ("notebooks", "more"),
                "events" => ("captured_events", "rows"),
                "groups" | "group_types" | "property_definitions" => (name.as_str(), "rows"),
                other => bail!("side_effects.{other} is unknown"),
            };
            let path = format!("state.{member}");
            if rule == "rows" {
                let expected = json!({"<unordered>": self.filled(expected)});
                found.extend(differences(&expected, now.get(member), &path, Match::Subset));
            } else {
                ensure!(expected.is_i64(), "side_effects.{name} is not a number");
                let before = if rule == "more" { list(&given[member]).len() } else { 0 };
                let count = list(&now[member]).len().saturating_sub(before);
                found.extend(differences(
                    expected,
                    Some(&count.into()),
                    &format!("{path}.length"),
                    Match::Exact,
                ));
            }
        }
        Ok(found)
    }
}

fn check_body(rule: Option<&str>, body: &Value, reply: &Reply, path: &str) -> Vec<Difference> {
    if rule == Some("text") {
        return differences(body, Some(&reply.body.as_str().into()), path, Match::Exact);
    }
    let Some(mut got) = reply.json() else {
        let got = Some(Value::from(reply.body.as_str()));
        let found = Difference { path: path.to_owned(), expected: Some("JSON".into()), got };
        return if body == "<any>" { Vec::new() } else { vec![found] };
    };
    match rule {
        Some("keys") => check_keys(body, &got, path),
        rule => {
            if let (true, Some(got)) = (reply.status >= 400, got.as_object_mut()) {
                got.retain(|name, _| {
                    !["error_event_id", "extra"].contains(&name.as_str()) || body.get(name).is_some()
                });
            }
            let rule = if rule == Some("subset") { Match::Subset } else { Match::Exact };
            differences(body, Some(&got), path, rule)
        }
    }
}

/// Compares a page by its keys.
fn check_keys(body: &Value, got: &Value, path: &str) -> Vec<Difference> {
    let Some(results) = got["results"].as_array() else {
        let got = got.get("results").cloned();
        return vec![Difference { path: format!("{path}.results"), expected: Some("a list".into()), got }];
    };
    let keys: Value = results.iter().map(|group| group["group_key"].clone()).collect();
    let mut found =
        differences(&body["result_keys"], Some(&keys), &format!("{path}.results[*].group_key"), Match::Exact);
    let has_more = Value::from(!got["next"].is_null());
    if body["has_more"] != has_more {
        let expected = body.get("has_more").cloned();
        found.push(Difference { path: format!("{path}.next"), expected, got: got.get("next").cloned() });
    }
    if let Some(expected) = body.get("first_group_properties") {
        let first = results.first().and_then(|group| group.get("group_properties"));
        found.extend(differences(
            expected,
            first,
            &format!("{path}.results[0].group_properties"),
            Match::Exact,
        ));
    }
    found
}

/// Substitutes values for `{name}`. A string that is only a name becomes the value itself.
fn fill(value: &Value, names: &[(&str, Value)]) -> Value {
    let replaced = |given: &str| {
        let replace = |given: String, (name, value): &(&str, Value)| {
            given.replace(&format!("{{{name}}}"), &text(value))
        };
        names.iter().fold(given.to_owned(), replace)
    };
    match value {
        Value::String(given) => {
            let whole = names.iter().find(|(name, _)| *given == format!("{{{name}}}"));
            whole.map_or_else(|| replaced(given).into(), |(_, value)| value.clone())
        }
        Value::Array(items) => items.iter().map(|item| fill(item, names)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (replaced(name), fill(value, names))).collect())
        }
        scalar => scalar.clone(),
    }
}

/// The rows that a `generate` produces.
fn generate(spec: &Value) -> anyhow::Result<Vec<Value>> {
    let start: DateTime<Utc> = text(&spec["start"]).parse().context("generate.start")?;
    let step = spec["step_seconds"].as_i64().context("generate.step_seconds")?;
    let count = spec["count"].as_i64().context("generate.count")?;
    let row = |n: i64| {
        let mut row = fill(&spec["item"], &[("n", n.into())]);
        row["created_at"] = (start + TimeDelta::seconds(n * step)).to_rfc3339().into();
        row
    };
    Ok((0..count).map(row).collect())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Percent-encodes everything but letters, digits and `safe`.
fn encoded(text: &str, safe: &[u8]) -> String {
    let encode = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() || safe.contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
