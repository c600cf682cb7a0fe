//! Runs the commands like a shell, against the stand-in server.
//!
//! Unix only, because the tests run in an empty environment, set file permissions, start shells and send signals.

#![cfg(unix)]
mod bad_input;
mod changing;
mod configuration;
mod doctor;
mod exit_codes;
mod help;
mod looking;
mod output;
mod program;
mod secrets;
mod serve;
mod terminal;
