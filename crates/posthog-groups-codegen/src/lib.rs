//! Generates Rust bindings from a corrected OpenAPI specification. The crate reduces the specification to the features that the
//! generator ([progenitor](https://docs.rs/progenitor)) supports, runs the generator, and adds a table of the operations. It also
//! produces outlines of Rust code for reviewers.

mod calls;
mod files;
mod generate;
mod operations;
mod outline;
mod projection;
mod prune;

pub use files::generate_from_file;
pub use generate::{Error, generate};
pub use outline::outline;
