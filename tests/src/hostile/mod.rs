//! Hostile servers: the cases that the library and the command line must survive.

mod cases;

use crate::scripted::Step;

pub use cases::{Case, Expect, SECRET, cases};

/// An endless series of interim responses, sent as fast as possible. While hyper reads them without a pause, a runtime whose other
/// threads are idle rarely checks its timers.
pub fn flood() -> Vec<Step> {
    vec![Step::Repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000))]
}

/// The maximum that a server can send to a client that has stopped reading: the size of the buffers of both sockets.
pub const SOCKET_BUFFERS: u64 = 36 << 20;

/// The peak resident size of a process in bytes, on systems that report it (Linux).
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
