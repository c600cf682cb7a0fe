//! A hand-corrected OpenAPI specification, kept honest against what a vendor publishes.

pub mod compare;
mod convert;
pub mod diff;
mod document;
mod error;
pub mod grammar;
pub mod lint;
mod marks;
mod order;
mod patch;
mod pointer;
mod published;
mod slice;
mod version;
mod write;

pub use convert::{to_3_0, to_3_1};
pub use document::{Document, MAX_BYTES, MAX_DEPTH, read_bounded, read_file};
pub use error::{Error, Place};
pub use lint::check_openapi;
pub use marks::{Marks, Promises};
pub use patch::{patch, patched_yaml};
pub use pointer::Pointer;
pub use published::{Lock, Origin, compare_all, is_unused, matrix};
pub use slice::{METHODS, slice};
pub use write::{sha256, to_json, to_yaml, write_atomically};
