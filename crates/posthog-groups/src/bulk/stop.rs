//! The caller's wish to stop.

use std::pin::Pin;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A future that says when to stop.
pub(crate) type Until = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits for the caller's wish beside the work, and remembers it.
#[derive(Debug)]
pub(crate) struct Stop {
    wished: watch::Receiver<bool>,
    task: Option<JoinHandle<()>>,
}

impl Stop {
    pub(crate) fn when(until: Option<Until>) -> Self {
        let (tell, wished) = watch::channel(false);
        let task = until.map(|until| {
            tokio::spawn(async move {
                until.await;
                tell.send_replace(true);
            })
        });
        Self { wished, task }
    }

    pub(crate) fn is_wished(&self) -> bool {
        *self.wished.borrow()
    }

    /// Ends when stopping is wished; otherwise never.
    pub(crate) async fn wish(&self) {
        let mut wished = self.wished.clone();
        if wished.wait_for(|wished| *wished).await.is_err() {
            // Nobody can wish it any more.
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
