//! Corrected spec to Rust bindings: a projection that the generator can carry, the generator itself
//! ([progenitor](https://docs.rs/progenitor)), a table of the spec's marks, and an outline for
//! reviewers.

mod calls;
mod files;
mod generate;
mod operations;
mod outline;
mod projection;
mod prune;

pub use files::generate_from_file;
pub use generate::{Error, GENERATOR, generate};
pub use outline::{outline, pieces};
pub use projection::project;
