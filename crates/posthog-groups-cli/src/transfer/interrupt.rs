//! Ctrl-C and SIGTERM: the first signal requests a graceful stop, the second one exits immediately.

use std::io;
use std::process;

use tokio::sync::watch;

use crate::exit::{Code, Failure};

/// Whether a stop was requested.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<Option<Signal>>);

/// The signal that requested it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, as sent by `kill` and by container runtimes.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has the signal"))]
    Terminate,
}

impl From<Signal> for Code {
    /// The conventional exit code: 128 plus the number of the signal.
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
    }
}

/// The failure of a command that a signal stopped before it wrote anything.
pub(crate) fn nothing_written(signal: Signal) -> Failure {
    Failure::interrupted(signal, "interrupted; nothing was written")
}

impl Interrupt {
    /// Handles both signals from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let (sender, receiver) = watch::channel(None);
        let mut signals =
            Signals::new().map_err(|e| Failure::failed(format!("cannot listen for signals: {e}")))?;
        tokio::spawn(async move {
            loop {
                let signal = signals.next().await;
                if sender.send_replace(Some(signal)).is_some() {
                    process::exit(Code::from(signal) as i32);
                }
            }
        });
        Ok(Self(receiver))
    }

    /// Returns the signal that was received, if any.
    pub(crate) fn seen(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Waits for the result of `work`, or returns the signal that arrives first.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, Signal> {
        tokio::select! {
            done = work => Ok(done),
            signal = self.clone().wait() => Err(signal),
        }
    }

    /// Waits for a signal, for an import that it stops.
    pub(crate) async fn stopped(self) {
        self.wait().await;
    }

    async fn wait(mut self) -> Signal {
        match self.0.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            // The runtime is shutting down.
            _ => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
