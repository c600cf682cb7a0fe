//! Starts, inspects and stops a stand-in server.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use crate::database::{Database, Delays};
use crate::faults::Fault;
use crate::journal::JournalEntry;
use crate::service;
use crate::shared::Shared;
use crate::state::State;
use crate::transport;
use crate::{Era, Error};

/// A running stand-in server. It runs on its own thread, listens on a loopback address, and stops when it is dropped.
pub struct Fake {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    stopped: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts an empty server of the newest era on a free port.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Configures a server before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base URL without a trailing slash, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The address the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The first personal API key of the state, `phx_default` by default.
    pub fn key(&self) -> String {
        let database = self.shared.database.read();
        database.state.api_keys.first().map(|k| k.key.clone()).unwrap_or_default()
    }

    /// The current era.
    pub fn era(&self) -> Era {
        self.shared.database.read().era()
    }

    /// The current state.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// Replaces the state, and clears the journal, the faults and the counters of the rate limit.
    pub fn put_state(&self, state: State) -> Result<(), Error> {
        state.check()?;
        self.shared.replace_database(Database::new(state));
        Ok(())
    }

    /// The requests received so far, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.shared.journal.lock().entries()
    }

    /// The number of requests received, including those that are no longer in the journal.
    pub fn requests(&self) -> u64 {
        self.shared.journal.lock().seen()
    }

    /// Adds faults after the pending ones. If one is invalid, none is added.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use posthog_groups_fake::{Fake, Fault};
    ///
    /// let fake = Fake::start().await?;
    /// fake.add_faults([Fault::http(503)])?;
    /// let url = format!("{}/api/users/@me/", fake.url());
    /// let ask = || reqwest::Client::new().get(&url).bearer_auth(fake.key()).send();
    /// assert_eq!(ask().await?.status(), 503);
    /// assert_eq!(ask().await?.status(), 200);
    /// assert_eq!(fake.requests(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_faults(&self, faults: impl IntoIterator<Item = Fault>) -> Result<(), Error> {
        self.shared.faults.lock().add(faults.into_iter().collect())
    }

    /// The faults that are not used up. Empty once every added fault has hit.
    pub fn pending_faults(&self) -> Vec<Fault> {
        self.shared.faults.lock().pending()
    }

    /// Removes all faults and releases stalled requests.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Stops the server and waits until its port is free again.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(stopped) = self.stopped.take() {
            let _ = stopped.await;
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("address", &self.shared.address).finish_non_exhaustive()
    }
}

/// Settings of a server that has not started yet.
#[derive(Clone, Debug)]
pub struct Builder {
    host: IpAddr,
    port: u16,
    era: Option<Era>,
    page_size: Option<usize>,
    delays: Delays,
    idle_timeout: Duration,
    state: State,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            era: None,
            page_size: None,
            delays: Delays::default(),
            idle_timeout: Duration::from_secs(60),
            state: State::default(),
        }
    }
}

impl Builder {
    /// The address to listen on. Default: loopback. Anyone who can reach the server can read and change its state.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// The port. 0, the default, picks a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Overrides the era of the state.
    pub fn era(mut self, era: Era) -> Self {
        self.era = Some(era);
        self
    }

    /// Overrides the page size of the state.
    pub fn page_size(mut self, page_size: usize) -> Self {
        self.page_size = Some(page_size);
        self
    }

    /// How long an accepted capture event waits before it changes its group. Default: no delay. The real server takes
    /// seconds, sometimes minutes.
    pub fn ingestion_delay(mut self, delay: Duration) -> Self {
        self.delays.ingestion = delay;
        self
    }

    /// Sets how long a write takes to appear in the list of a 2026 server. Default: no delay. `find` and the list of a 2025 server
    /// show writes immediately.
    pub fn list_delay(mut self, delay: Duration) -> Self {
        self.delays.list = delay;
        self
    }

    /// Sets how long a client may take to send the headers or the body of a request, and how long an idle connection stays open.
    /// Default: one minute.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets the initial state.
    pub fn state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// Starts the server. It accepts connections when this function returns.
    pub async fn start(self) -> Result<Fake, Error> {
        self.start_blocking()
    }

    /// Starts the server outside of an async runtime.
    ///
    /// ```
    /// let fake = posthog_groups_fake::Fake::builder().start_blocking().unwrap();
    /// assert!(fake.url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn start_blocking(self) -> Result<Fake, Error> {
        let Self { host, port, era, page_size, delays, idle_timeout, mut state } = self;
        state.era = era.unwrap_or(state.era);
        state.page_size = page_size.or(state.page_size);
        state.check()?;

        let expected = SocketAddr::new(host, port);
        let bind = |source| Error::Bind { address: expected, source };
        let listener = TcpListener::bind(expected).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
        let database = Database::new(state).with_delays(delays);
        let shared = Arc::new(Shared::new(listener.local_addr().map_err(bind)?, idle_timeout, database));

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(Error::Thread)?;
        let (stop, stopping) = watch::channel(false);
        let (done, stopped) = oneshot::channel();
        let serving = shared.clone();
        let thread = std::thread::Builder::new()
            .name("posthog-groups-fake".to_owned())
            .spawn(move || {
                // Fails only if the listener cannot be registered. Connections are then refused.
                let _ = serve(&runtime, listener, serving, stopping);
                drop(runtime);
                let _ = done.send(());
            })
            .map_err(Error::Thread)?;
        Ok(Fake { shared, stop, stopped: Some(stopped), thread: Some(thread) })
    }
}

fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
) -> io::Result<()> {
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        // Runs on a worker, because the thread that blocks here would add a hop for every connection.
        let _ = tokio::spawn(transport::run(
            listener,
            service::router(shared.clone()),
            shared.idle_timeout,
            stopping,
        ))
        .await;
        Ok(())
    })
}
