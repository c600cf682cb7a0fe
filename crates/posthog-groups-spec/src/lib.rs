//! The groups specification: what is published about it, what is true, and everything derived from it.

pub mod compare;
mod convert;
pub mod diff;
mod document;
mod error;
mod examples;
pub mod lint;
mod order;
mod patch;
mod pointer;
mod project;
mod published;
mod slice;
mod version;
mod write;

pub use convert::{to_3_0, to_3_1};
pub use document::{Document, MAX_BYTES, MAX_DEPTH};
pub use error::{Error, Place};
pub use examples::{check_examples, embed_examples, without_examples};
pub use lint::check_openapi;
pub use patch::{patch, patched_yaml};
pub use pointer::Pointer;
pub use project::{Product, Project};
pub use published::{Lock, Origin};
pub use slice::{METHODS, slice};
pub use write::{sha256, to_json, to_yaml, write_atomically};
