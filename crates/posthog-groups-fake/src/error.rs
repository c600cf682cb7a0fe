//! Why the stand-in server could not do what its owner asked.

use std::io;
use std::net::SocketAddr;

/// What can go wrong with setting up a stand-in server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system has no thread or runtime to spare.
    #[error("cannot start the server's threads: {0}")]
    Thread(io::Error),
    /// A state document is no good; the text names the member.
    #[error("bad state: {0}")]
    State(String),
    /// A fault is no good.
    #[error("bad fault: {0}")]
    Fault(String),
}
