//! Generates Rust bindings from a corrected OpenAPI specification: the projection of the spec to what the generator supports, the
//! generator ([progenitor](https://docs.rs/progenitor)), the table of operations, and an outline for reviewers.

mod calls;
mod files;
mod generate;
mod operations;
mod outline;
mod projection;
mod prune;

pub use files::generate_from_file;
pub use generate::{Error, GENERATOR, generate};
pub use outline::outline;
pub use projection::project;
