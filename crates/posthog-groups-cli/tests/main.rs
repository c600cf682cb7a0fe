//! Runs the program like a user, against the stand-in server and hostile servers.
//!
//! One executable, so that tests which wait do so at the same time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commands;
mod export_memory;
mod hostile;
mod killed_import;
mod mcp;
mod readme;
mod transfer;
