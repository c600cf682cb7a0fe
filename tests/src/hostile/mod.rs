//! Hostile servers: the cases that the library and the command line must survive.

mod cases;

pub use cases::{Case, Expect, SECRET, cases};

/// The peak resident size of a process in bytes, on systems that report it (Linux).
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
