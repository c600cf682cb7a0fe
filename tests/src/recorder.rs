use std::sync::{Arc, Mutex, PoisonError};

use posthog_groups_client::{Client, Operation, Transport, TransportFuture};

/// The response of a [`Recorder`] to every request.
#[derive(Clone, Debug)]
pub struct Canned {
    /// The HTTP status.
    pub status: u16,
    /// The content type, such as `application/json`.
    pub content_type: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A transport without a network. It keeps the text of the last request and responds from memory.
#[derive(Debug)]
pub struct Recorder {
    answer: Canned,
    request: Mutex<Option<String>>,
}

impl Recorder {
    /// Creates a client whose calls are recorded and answered with `answer`.
    pub fn client(answer: Canned) -> (Client, Arc<Self>) {
        let recorder = Arc::new(Self { answer, request: Mutex::new(None) });
        let client =
            Client::new_with_client("https://posthog.test", reqwest::Client::new(), recorder.clone());
        (client, recorder)
    }

    /// The last request as HTTP text: request line, headers, body.
    pub fn request(&self) -> String {
        let request = self.request.lock().unwrap_or_else(PoisonError::into_inner);
        request.clone().unwrap_or_else(|| "nothing was sent".into())
    }
}

impl Transport for Recorder {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        operation: &'static Operation,
        request: reqwest::Request,
    ) -> TransportFuture<'a> {
        let text = format!("# {}\n{}", operation.id, wire(&request));
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        let mut response = http::Response::new(self.answer.body.clone());
        *response.status_mut() = http::StatusCode::from_u16(self.answer.status).unwrap_or_default();
        let headers = [("content-type".to_owned(), self.answer.content_type.clone())];
        for (name, value) in headers.iter().chain(&self.answer.headers) {
            if let (Ok(name), Ok(value)) =
                (http::HeaderName::try_from(name.as_str()), http::HeaderValue::try_from(value.as_str()))
            {
                response.headers_mut().insert(name, value);
            }
        }
        Box::pin(async move { Ok(reqwest::Response::from(response)) })
    }
}

fn wire(request: &reqwest::Request) -> String {
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or("(not text)")))
        .collect();
    headers.sort();
    let body =
        request.body().and_then(|body| body.as_bytes()).map(String::from_utf8_lossy).unwrap_or_default();
    format!("{} {}\n{}\n{body}", request.method(), request.url(), headers.concat())
}
