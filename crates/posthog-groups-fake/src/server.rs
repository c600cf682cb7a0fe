//! The stand-in server as a value: started, talked to, stopped.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use crate::faults::Fault;
use crate::journal::JournalEntry;
use crate::poison::unpoisoned;
use crate::service::Shared;
use crate::state::State;
use crate::transport;
use crate::world::{Delays, World};
use crate::{Era, Error};

/// A running stand-in server. It has a thread of its own, answers on loopback, and stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use posthog_groups_fake::{Fake, Group, GroupType, State};
///
/// let fake = Fake::builder()
///     .state(State {
///         group_types: vec![GroupType::new(0, "organization")],
///         groups: vec![Group::new(0, "org:5").with("plan", "free")],
///         ..State::default()
///     })
///     .start()
///     .await?;
///
/// let url = format!("{}/api/projects/@current/groups/?group_type_index=0", fake.url());
/// let page: serde_json::Value = reqwest::Client::new().get(url).bearer_auth(fake.key()).send().await?.json().await?;
///
/// assert_eq!(page["results"][0]["group_key"], "org:5");
/// assert_eq!(fake.journal().len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Fake {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    stopped: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts a server of the newest era with nothing in it, on a port that the system picks.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Sets a server up before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where the server answers, without a slash at the end: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The address the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The first personal API key of the state; `phx_default` unless the state has others.
    pub fn key(&self) -> String {
        let world = unpoisoned(self.shared.world.read());
        world.settings().api_keys.first().map(|k| k.key.clone()).unwrap_or_default()
    }

    /// Which server is imitated at the moment.
    pub fn era(&self) -> Era {
        unpoisoned(self.shared.world.read()).era()
    }

    /// The world as it is now.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// Replaces the world; journal, faults and rate limit counters start anew.
    pub fn put_state(&self, state: State) -> Result<(), Error> {
        state.check()?;
        self.shared.replace_world(World::new(state));
        Ok(())
    }

    /// The requests seen, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        unpoisoned(self.shared.journal.lock()).entries()
    }

    /// How many requests were seen, those included that the journal has let go.
    pub fn requests(&self) -> u64 {
        unpoisoned(self.shared.journal.lock()).seen()
    }

    /// Adds faults behind those that wait already: all of them, or none when one is no good.
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
        unpoisoned(self.shared.faults.lock()).add(faults.into_iter().collect())
    }

    /// The faults that are not spent: none, when all that were added have hit.
    pub fn pending_faults(&self) -> Vec<Fault> {
        unpoisoned(self.shared.faults.lock()).pending()
    }

    /// Removes all faults and lets stalled requests go.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Stops the server and waits until its port is free.
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

/// A server that has yet to start.
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
    /// The address to listen on; loopback unless given. The server has no protection: think twice.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// The port; 0, the default, lets the system pick one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Which server is imitated, whatever the state says.
    pub fn era(mut self, era: Era) -> Self {
        self.era = Some(era);
        self
    }

    /// Groups per page, whatever the state says.
    pub fn page_size(mut self, page_size: usize) -> Self {
        self.page_size = Some(page_size);
        self
    }

    /// How long an accepted capture event waits until it changes its group. The real server takes seconds, on a bad
    /// day minutes, and says nothing; none here unless given.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::{Duration, Instant};
    /// use posthog_groups_fake::{Fake, GroupType, State};
    ///
    /// let state = State { group_types: vec![GroupType::new(0, "organization")], ..State::default() };
    /// let delay = Duration::from_millis(50);
    /// let fake = Fake::builder().state(state).ingestion_delay(delay).start().await?;
    ///
    /// let event = serde_json::json!({"event": "$groupidentify", "distinct_id": "any", "api_key": "phc_1",
    ///     "properties": {"$group_type": "organization", "$group_key": "org:5", "$group_set": {"plan": "free"}}});
    /// let sent = Instant::now();
    /// reqwest::Client::new().post(format!("{}/i/v0/e/", fake.url())).json(&event).send().await?.error_for_status()?;
    /// while fake.state().groups.is_empty() {
    ///     tokio::time::sleep(Duration::from_millis(5)).await;
    /// }
    /// assert!(sent.elapsed() >= delay);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ingestion_delay(mut self, delay: Duration) -> Self {
        self.delays.ingestion = delay;
        self
    }

    /// How long it takes until a written group shows up, or is changed, in the list of 2026; `find` sees it at once.
    /// Lists of 2025 are never late. No delay unless given.
    pub fn list_delay(mut self, delay: Duration) -> Self {
        self.delays.list = delay;
        self
    }

    /// How long a client may take to send the headers or the body of a request, and how long an idle connection stays
    /// open; a minute unless given.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// What the server knows at first.
    pub fn state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// Starts the server. It listens when this returns.
    pub async fn start(self) -> Result<Fake, Error> {
        self.start_blocking()
    }

    /// The same without a runtime: the server brings its own.
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

        let wanted = SocketAddr::new(host, port);
        let bind = |source| Error::Bind { address: wanted, source };
        let listener = TcpListener::bind(wanted).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
        let world = World::new(state).behind_by(delays);
        let shared = Arc::new(Shared::new(listener.local_addr().map_err(bind)?, idle_timeout, world));

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
                // Fails only when the listener cannot be registered; connections are refused then.
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
        // On a worker: the thread that blocks here would be a hop more for every connection.
        let _ = tokio::spawn(transport::run(listener, shared, stopping)).await;
        Ok(())
    })
}
