use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request that a [`ScriptedServer`] has read.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request line and the headers.
    pub head: String,
    /// The body.
    pub body: String,
    /// The number of requests that the server has read before.
    pub number: usize,
}

impl Request {
    /// The method.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The path with its query.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// A step of a response. After the last one, the connection stays open for the next request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends bytes repeatedly until the client disconnects.
    Repeat(Vec<u8>),
    /// Sends bytes one by one with a pause after each.
    Slowly(Vec<u8>, Duration),
    /// Waits.
    Wait(Duration),
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

type Script = dyn Fn(&Request) -> Vec<Step> + Send + Sync;

/// A TCP server that answers every request with the bytes of a script, valid or not.
#[derive(Clone, Debug)]
pub struct ScriptedServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    most_repeated: Arc<AtomicU64>,
}

/// The maximum time of a [`Step::Repeat`]. A client that still reads then has no limit.
const LONGEST: Duration = Duration::from_secs(60);

impl ScriptedServer {
    /// Starts a server on the current runtime.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(script: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|e| panic!("no port: {e}"));
        let address = listener.local_addr().unwrap_or_else(|e| panic!("no address: {e}"));
        let server = Self {
            address,
            requests: Arc::default(),
            connections: Arc::default(),
            most_repeated: Arc::default(),
        };
        let (this, script): (_, Arc<Script>) = (server.clone(), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                this.connections.fetch_add(1, Ordering::Relaxed);
                let (this, script) = (this.clone(), script.clone());
                // A client that disconnects ends the connection with an error.
                tokio::spawn(async move { this.serve(stream, &*script).await.ok() });
            }
        });
        server
    }

    /// Starts a server with one response to everything: a status, and headers with line ends, and a body.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn always(status: &str, headers: &str, body: &str) -> Self {
        let response = response(status, headers, body);
        Self::start(move |_| vec![Step::Send(response.clone())]).await
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests read so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The maximum number of bytes that a [`Step::Repeat`] has sent. If a client stops reading, some of them stay in the socket buffers.
    pub fn most_repeated(&self) -> u64 {
        self.most_repeated.load(Ordering::Relaxed)
    }

    async fn serve(&self, mut stream: TcpStream, script: &Script) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut unread = Vec::new();
        while let Some((head, body)) = read(&mut stream, &mut unread).await? {
            let request = {
                let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
                let request = Request { head, body, number: requests.len() };
                requests.push(request.clone());
                request
            };
            for step in script(&request) {
                match step {
                    Step::Send(bytes) => stream.write_all(&bytes).await?,
                    Step::Repeat(bytes) => {
                        let (started, mut sent) = (Instant::now(), 0);
                        while started.elapsed() < LONGEST {
                            stream.write_all(&bytes).await?;
                            sent += bytes.len() as u64;
                            self.most_repeated.fetch_max(sent, Ordering::Relaxed);
                        }
                    }
                    Step::Slowly(bytes, pause) => {
                        for byte in bytes {
                            stream.write_all(&[byte]).await?;
                            tokio::time::sleep(pause).await;
                        }
                    }
                    Step::Wait(time) => tokio::time::sleep(time).await,
                    Step::Close => return stream.shutdown().await,
                    Step::Reset => return stream.set_zero_linger(),
                }
            }
        }
        Ok(())
    }
}

/// A response with a status line, headers with line ends, and a body of the right length.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

/// Reads a request; `None` at the end of the connection.
async fn read(stream: &mut TcpStream, unread: &mut Vec<u8>) -> std::io::Result<Option<(String, String)>> {
    let mut expected = None;
    loop {
        let head = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4);
        if let (Some(end), None) = (head, expected) {
            let head = String::from_utf8_lossy(&unread[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            expected = Some(end + length.and_then(|n| n.trim().parse::<usize>().ok()).unwrap_or(0));
        }
        if let (Some(end), Some(expected)) = (head, expected)
            && unread.len() >= expected
        {
            let request: Vec<u8> = unread.drain(..expected).collect();
            let (head, body) = request.split_at(end);
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            return Ok(Some((text(head), text(body))));
        }
        let mut buffer = [0; 16 * 1024];
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            read => unread.extend_from_slice(&buffer[..read]),
        }
    }
}
