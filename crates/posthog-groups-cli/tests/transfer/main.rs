//! `export`, `import` and `plan` against the stand-in server.

mod bad_input;
mod export;
mod import;
mod interrupted;
mod plan;
mod program;
mod round_trip;
