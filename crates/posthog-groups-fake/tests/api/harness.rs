//! A running server, and functions for sending requests to it.

use posthog_groups_fake::{Era, Fake, Group, GroupType, State};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub(crate) struct Api {
    pub(crate) fake: Fake,
    pub(crate) http: Client,
}

/// A received response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    /// Status, code, detail and attr of an error envelope.
    pub(crate) fn error(&self) -> (u16, String, String, Option<String>) {
        let body = self.json();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        (self.status, text("code").unwrap(), text("detail").unwrap(), text("attr"))
    }
}

impl Api {
    pub(crate) async fn start(state: State) -> Self {
        Self { fake: Fake::builder().state(state).start().await.unwrap(), http: Client::new() }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.ask_as(&self.fake.key(), method, path, body).await
    }

    pub(crate) async fn ask_as(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        with_body(self.http.request(method, self.url(path)).bearer_auth(key), body).await
    }

    pub(crate) async fn as_session(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.http.request(method, self.url(path));
        with_body(request.header("cookie", "a=b; sessionid=logged-in"), body).await
    }

    /// Posts a body unchanged, because not all bodies can be built as a value.
    pub(crate) async fn post_text(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request = self.http.post(self.url(path)).bearer_auth(self.fake.key()).body(body.to_owned());
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// A path relative to the main project, or an absolute path.
    pub(crate) fn url(&self, path: &str) -> String {
        match path.strip_prefix('/') {
            Some(_) => format!("{}{path}", self.fake.url()),
            None => format!("{}/api/projects/1/{path}", self.fake.url()),
        }
    }
}

async fn with_body(request: RequestBuilder, body: Option<Value>) -> Answer {
    Answer::of(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// Two group types, one group.
pub(crate) fn small(era: Era) -> State {
    let now = "2021-05-02T00:00:00Z".parse().unwrap();
    State {
        era,
        now: Some(now),
        sessions: vec!["logged-in".to_owned()],
        group_types: vec![GroupType::new(0, "organization"), GroupType::new(1, "team")],
        groups: vec![
            Group::new(0, "org:5").with("name", "Mr. Krabs").with("industry", "finance").created_at(now),
        ],
        ..State::default()
    }
}

pub(crate) async fn start(era: Era) -> Api {
    Api::start(small(era)).await
}

/// The error envelope.
pub(crate) fn envelope(kind: &str, code: &str, detail: &str, attr: Option<&str>) -> Value {
    json!({"type": kind, "code": code, "detail": detail, "attr": attr})
}
