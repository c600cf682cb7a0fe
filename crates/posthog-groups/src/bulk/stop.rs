//! The caller's request to stop.

use std::pin::Pin;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A future that completes when the import should stop.
pub(crate) type Until = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits concurrently for the caller's request to stop.
#[derive(Debug)]
pub(crate) struct Stop {
    requested: watch::Receiver<bool>,
    task: Option<JoinHandle<()>>,
}

impl Stop {
    pub(crate) fn when(until: Option<Until>) -> Self {
        let (tell, requested) = watch::channel(false);
        let task = until.map(|until| {
            tokio::spawn(async move {
                until.await;
                tell.send_replace(true);
            })
        });
        Self { requested, task }
    }

    pub(crate) fn is_requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Completes when a stop is requested.
    pub(crate) async fn requested(&self) {
        let mut requested = self.requested.clone();
        if requested.wait_for(|requested| *requested).await.is_err() {
            // A stop can no longer be requested.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Completes at this time, or never if there is none.
pub(super) async fn sleep_until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}
