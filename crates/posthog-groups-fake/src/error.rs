//! Errors of setting up a stand-in server.

use std::io;
use std::net::SocketAddr;

/// An error of setting up a stand-in server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Listening on the address failed.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// Starting a thread or a runtime failed.
    #[error("cannot start the server's threads: {0}")]
    Thread(io::Error),
    /// The state is invalid. The text names the field.
    #[error("invalid state: {0}")]
    State(String),
    /// A fault is invalid.
    #[error("invalid fault: {0}")]
    Fault(String),
}
