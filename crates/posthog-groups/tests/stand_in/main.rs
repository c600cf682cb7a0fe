//! The client against the stand-in server, in both eras.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "bulk")]
mod capture_host;
mod failures;
#[cfg(feature = "bulk")]
mod importing;
mod listing;
mod reading;
#[cfg(feature = "schemars")]
mod schema;
mod stage;
mod writing;
