//! The thread that carries out the requests.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// A thread with an async runtime. It ends when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Runtime(Arc<Thread>);

impl fmt::Debug for Runtime {
    // By hand: what a runtime of tokio looks like inside is of no use to anybody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}

struct Thread {
    handle: Handle,
    // Dropped with the last clone, which is what the thread waits for.
    _stop: oneshot::Sender<()>,
}

impl Runtime {
    pub(crate) fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // A server that floods a connection keeps its task ready all the time. Timeouts fire between its polls.
            .event_interval(1)
            .build()
            .map_err(Error::setup)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("posthog-groups".to_owned())
            .spawn(move || {
                // An error means that the sender is gone, which is the end as well.
                let _ = runtime.block_on(stopped);
            })
            .map_err(Error::setup)?;
        Ok(Self(Arc::new(Thread { handle, _stop: stop })))
    }

    /// Carries a future out on the thread, and waits for it.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let (done, result) = mpsc::sync_channel(1);
        #[cfg(feature = "tracing")]
        let future = tracing::Instrument::in_current_span(future);
        self.0.handle.spawn(async move {
            // Nobody waits any more when the caller's thread has panicked.
            let _ = done.send(future.await);
        });
        result
            .recv()
            .map_err(|_| Error::interrupted().with_note("the thread of the blocking client has stopped"))
    }

    /// The same for a call that may fail by itself.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.wait(future)?
    }
}
