//! `export`, `import` and `plan` against the stand-in server.
//!
//! Unix only, because the tests run in an empty environment, set file permissions, start shells and send signals.

#![cfg(unix)]
mod bad_input;
mod export;
mod import;
mod interrupted;
mod plan;
mod program;
mod round_trip;
