use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A server on a plain socket that answers what a test says, bytes and all; it closes each connection after its answer.
#[derive(Clone, Debug)]
pub struct Scripted {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Starts it. `answer` gets the request line and the number of the request, from 0, and writes to the connection.
    ///
    /// # Panics
    /// When there is no port to listen on.
    pub fn start(
        answer: impl Fn(&str, usize, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|e| panic!("no port: {e}"));
        let address = listener.local_addr().map_or_else(|e| panic!("no address: {e}"), |a| a.to_string());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || {
                    let Some(head) = head(&mut connection) else { return };
                    let line = head.lines().next().unwrap_or_default().to_owned();
                    let number = {
                        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                        seen.push(head);
                        seen.len() - 1
                    };
                    // The client may close the connection before it has everything.
                    let _ = answer(&line, number, &mut connection);
                });
            }
        });
        Self { address, requests }
    }

    /// Starts it with one answer for everything: a status line and headers, and a body.
    pub fn always(head: &str, body: &str) -> Self {
        let answer =
            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        Self::start(move |_, _, connection| connection.write_all(answer.as_bytes()))
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The request lines and headers so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads a request to its end, and gives what stands before its body.
fn head(connection: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = connection.read(&mut buffer).ok().filter(|&n| n > 0)?;
        read.extend_from_slice(buffer.get(..n)?);
        let text = String::from_utf8_lossy(&read);
        let Some(end) = text.find("\r\n\r\n") else { continue };
        let head = text.get(..end)?.to_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
        if read.len() >= end + 4 + length {
            return Some(head);
        }
    }
}
