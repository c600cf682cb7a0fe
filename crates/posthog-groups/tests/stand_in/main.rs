//! The client against the stand-in server, in both eras.

mod listing;
mod reading;
mod stage;
mod throttling;
mod tracing_spans;
mod trouble;
mod writing;
