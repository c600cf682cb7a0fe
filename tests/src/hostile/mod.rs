//! Servers that break every rule: a scripted TCP server, and the cases that the library and the command line must
//! survive.

mod cases;
mod server;

pub use cases::{Case, Expect, SECRET, cases};
pub use server::{HostileServer, Request, Step};

/// Interim responses as fast as possible, without an end. hyper reads them without a pause, and while it does, a runtime
/// whose other threads sleep looks at its timers only now and then.
pub fn flood() -> Vec<Step> {
    vec![Step::Repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000))]
}

/// The largest resident size of a process so far in bytes, where the system tells it (Linux).
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
