//! The state that all connections share.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::database::Database;
use crate::faults::Faults;
use crate::ingestion;
use crate::journal::Journal;
use crate::state::State;
use crate::throttle::Throttle;

/// The state that all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    /// How long a client may take to send the headers or the body of a request.
    pub(crate) idle_timeout: Duration,
    pub(crate) database: RwLock<Database>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) faults: Mutex<Faults>,
    /// Changes when faults are removed, which releases stalled requests.
    pub(crate) release: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(address: SocketAddr, idle_timeout: Duration, database: Database) -> Self {
        Self {
            address,
            idle_timeout,
            database: RwLock::new(database),
            throttle: Mutex::default(),
            journal: Mutex::default(),
            faults: Mutex::default(),
            release: watch::Sender::new(0),
        }
    }

    /// Returns the current state.
    pub(crate) fn state(&self) -> State {
        ingestion::settle(&self.database);
        self.database.read().to_state()
    }

    /// Replaces the database, and clears the journal, the faults, the counters of the rate limit and pending events.
    pub(crate) fn replace_database(&self, database: Database) {
        self.clear_faults();
        {
            let mut current = self.database.write();
            *current = database.with_delays(current.delays());
        }
        *self.throttle.lock() = Throttle::default();
        *self.journal.lock() = Journal::default();
    }

    pub(crate) fn clear_faults(&self) {
        self.faults.lock().clear();
        self.release.send_modify(|epoch| *epoch += 1);
    }

    /// Reads a body of at most `limit` bytes.
    pub(crate) async fn read(&self, body: Body, limit: usize) -> Result<Bytes, String> {
        match tokio::time::timeout(self.idle_timeout, axum::body::to_bytes(body, limit)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(_)) => Err(format!("the body ended early or is larger than {limit} bytes")),
            Err(_) => Err(format!("the body took longer than {:?}", self.idle_timeout)),
        }
    }

    /// Waits, unless faults are removed meanwhile.
    pub(crate) async fn wait(&self, seconds: f64) {
        let mut release = self.release.subscribe();
        tokio::select! {
            () = tokio::time::sleep(duration(seconds)) => {}
            _ = release.changed() => {}
        }
    }
}

pub(crate) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
