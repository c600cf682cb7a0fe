//! A host for events that rejects a whole batch if one of its events is invalid.

use std::collections::HashSet;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct Seen {
    requests: usize,
    accepted: Vec<(String, String)>,
}

pub(crate) struct CaptureHost {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
}

impl CaptureHost {
    /// Starts a host that rejects the events of these groups.
    pub(crate) async fn start(bad: HashSet<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (requests, bad) = (seen.clone(), Arc::new(bad));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, requests.clone(), bad.clone()));
            }
        });
        Self { url, seen }
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests
    }

    /// The group keys and UUIDs of the events that were accepted, including repetitions.
    pub(crate) fn accepted(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().accepted.clone()
    }
}

async fn answer(mut connection: TcpStream, seen: Arc<Mutex<Seen>>, bad: Arc<HashSet<String>>) {
    let mut received = Vec::new();
    loop {
        let Some(head) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            if connection.read_buf(&mut received).await.unwrap_or(0) == 0 {
                return;
            }
            continue;
        };
        let text = String::from_utf8_lossy(&received[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
        let end = head + 4 + length.trim().parse::<usize>().unwrap();
        if received.len() < end {
            connection.read_buf(&mut received).await.unwrap();
            continue;
        }
        let mut body = String::new();
        flate2::read::GzDecoder::new(&received[head + 4..end]).read_to_string(&mut body).unwrap();
        received.drain(..end);
        let body: Value = serde_json::from_str(&body).unwrap();
        let events = body["batch"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let events: Vec<_> =
            events.iter().map(|e| (text(&e["properties"]["$group_key"]), text(&e["uuid"]))).collect();
        let is_bad = events.iter().any(|(key, _)| bad.contains(key));
        {
            let mut seen = seen.lock().unwrap();
            seen.requests += 1;
            if !is_bad {
                seen.accepted.extend(events);
            }
        }
        let (status, body) =
            if is_bad { ("400 Bad Request", "a bad event") } else { ("200 OK", r#"{"status":"Ok"}"#) };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        connection.write_all(answer.as_bytes()).await.unwrap();
    }
}
