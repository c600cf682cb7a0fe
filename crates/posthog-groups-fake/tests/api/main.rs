//! The stand-in server over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod admin;
mod capture;
mod faults;
mod group_types;
mod harness;
mod list;
mod program;
mod protocol;
mod reads;
mod stores;
mod writes;
