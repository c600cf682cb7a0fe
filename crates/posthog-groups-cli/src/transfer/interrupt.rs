//! Ctrl-C and SIGTERM: the first asks to come to an end, the second ends at once.

use std::io;
use std::process;

use tokio::sync::watch;

use crate::exit::Code;

/// Knows whether the user asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<Option<Signal>>);

/// How it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What `kill`, and the end of a container, send.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has the signal"))]
    Terminate,
}

impl From<Signal> for Code {
    /// The exit code that shells expect: 128 and the number of the signal.
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
    }
}

impl Interrupt {
    /// Takes over both signals; from now on the first one only asks.
    pub(crate) fn listen() -> io::Result<Self> {
        let (tell, told) = watch::channel(None);
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            loop {
                let signal = signals.next().await;
                if tell.send_replace(Some(signal)).is_some() {
                    process::exit(Code::from(signal) as i32);
                }
            }
        });
        Ok(Self(told))
    }

    /// The signal that has come, if any.
    pub(crate) fn seen(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Ends when a signal comes.
    pub(crate) async fn wait(mut self) -> Signal {
        match self.0.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            // The listener is gone with the runtime.
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
