//! The background thread of the blocking client.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// A background thread with an async runtime. It ends when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Runtime(Arc<Thread>);

impl fmt::Debug for Runtime {
    // The internals of the runtime are not useful.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}

struct Thread {
    handle: Handle,
    // The thread ends when this is dropped with the last clone.
    _stop: oneshot::Sender<()>,
}

impl Runtime {
    pub(crate) fn start() -> Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::setup)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("posthog-groups".to_owned())
            .spawn(move || {
                // The error means that the sender was dropped.
                let _ = runtime.block_on(stopped);
            })
            .map_err(Error::setup)?;
        Ok(Self(Arc::new(Thread { handle, _stop: stop })))
    }

    /// Runs a future on the thread and waits for its result.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let (done, result) = mpsc::sync_channel(1);
        #[cfg(feature = "tracing")]
        let future = tracing::Instrument::in_current_span(future);
        self.0.handle.spawn(async move {
            // Fails only if the calling thread has panicked.
            let _ = done.send(future.await);
        });
        result
            .recv()
            .map_err(|_| Error::interrupted().with_note("the thread of the blocking client has stopped"))
    }

    /// Runs a call on the thread and waits for its result.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.wait(future)?
    }
}
