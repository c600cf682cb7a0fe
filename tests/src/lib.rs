//! Shared code of tests that need several crates: recorded calls, one call of every operation, clients of stand-in servers, and
//! a scripted server.

mod calls;
mod hostile;
mod recorder;
mod scripted;
mod seed;
mod tls;
mod vectors;
mod workspace;
mod wrapper;

pub use calls::{Answer, GROUPS_OPERATIONS, KEY, call};
pub use hostile::{Case, Expect, SECRET, SOCKET_BUFFERS, cases, flood, peak_memory};
pub use recorder::{Canned, Recorder};
pub use scripted::{Request, ScriptedServer, Step, response};
pub use seed::seed;
pub use tls::{CERTIFICATE, tls_proxy};
pub use vectors::{Difference, VectorRunner, eras, parse};
pub use workspace::workspace;
pub use wrapper::{quick, requests, wrapper};

/// The code of the README, which is compiled as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
