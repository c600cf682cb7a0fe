//! Connections: accepting, serving, and aborting them for faults.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::Stream;
use http::HeaderValue;
use http::header::CONTENT_LENGTH;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::faults::Framing;

/// How a connection ends: the last bytes, and whether it is reset.
#[derive(Debug)]
pub(crate) struct Abort {
    pub(crate) last_bytes: Vec<u8>,
    pub(crate) reset: bool,
}

/// Aborts the connection of a request.
#[derive(Clone, Debug)]
pub(crate) struct Aborter(mpsc::Sender<Abort>);

impl Aborter {
    /// Never returns, because the connection ends.
    pub(crate) async fn abort(self, abort: Abort) -> Response {
        let _ = self.0.send(abort).await;
        std::future::pending().await
    }
}

/// Serves until `stop` changes, and then closes all connections.
pub(crate) async fn run(
    listener: TcpListener,
    app: axum::Router,
    idle_timeout: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let app = TowerToHyperService::new(app);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream, app.clone(), idle_timeout));
                }
                // Probably out of file descriptors, which closed connections free.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, app: TowerToHyperService<axum::Router>, idle_timeout: Duration) {
    let (sender, mut aborts) = mpsc::channel(1);
    let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Aborter(sender.clone()));
        app.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(idle_timeout);
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    let abort = tokio::select! {
        _ = &mut connection => None,
        abort = aborts.recv() => abort,
    };
    if let Some(abort) = abort {
        let mut stream = connection.into_parts().io.into_inner();
        let _ = stream.write_all(&abort.last_bytes).await;
        if abort.reset {
            let _ = stream.set_zero_linger();
        } else {
            let _ = stream.shutdown().await;
        }
    }
}

/// Converts a complete response.
pub(crate) fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// Returns the bytes of a truncated response.
pub(crate) fn truncated(answer: &Answer, keep: usize, framing: Framing) -> Vec<u8> {
    let reason = answer.status.canonical_reason().unwrap_or("");
    let mut out = format!("HTTP/1.1 {} {reason}\r\n", answer.status.as_u16()).into_bytes();
    for (name, value) in &answer.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    let body = answer.body.get(..keep).unwrap_or(&answer.body);
    match framing {
        Framing::Chunked => {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
            if !body.is_empty() {
                out.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
                out.extend_from_slice(body);
                out.extend_from_slice(b"\r\n");
            }
        }
        Framing::ContentLength | Framing::Honest => {
            // A response that is cut at its end promises one more byte.
            let missing = usize::from(framing == Framing::ContentLength && keep >= answer.body.len());
            let promised = match framing {
                Framing::Honest => body.len(),
                _ => answer.body.len() + missing,
            };
            out.extend_from_slice(format!("content-length: {promised}\r\n\r\n").as_bytes());
            out.extend_from_slice(body);
        }
    }
    out
}

/// Creates a response whose body is sent in pieces. An error ends the connection.
pub(crate) fn in_pieces(
    answer: Answer,
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    let length = HeaderValue::from(answer.body.len());
    let mut response = respond(answer).map(|_| Body::from_stream(pieces));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_response_matches_its_framing() {
        let answer = Answer::json(200, "{\"a\":1}");
        for (keep, framing, tail) in [
            (3, Framing::ContentLength, "content-length: 7\r\n\r\n{\"a"),
            (7, Framing::ContentLength, "content-length: 8\r\n\r\n{\"a\":1}"),
            (3, Framing::Chunked, "transfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n"),
            (0, Framing::Chunked, "transfer-encoding: chunked\r\n\r\n"),
            (3, Framing::Honest, "content-length: 3\r\n\r\n{\"a"),
        ] {
            let text = String::from_utf8(truncated(&answer, keep, framing)).unwrap();
            assert!(text.starts_with("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"), "{text}");
            assert!(text.ends_with(tail), "{text}");
        }
    }
}
