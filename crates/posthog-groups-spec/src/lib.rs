//! Everything about specs: load, slice, overlay, lint, validate, convert.

mod document;
mod error;
mod pointer;

pub use document::{Document, MAX_BYTES, MAX_DEPTH};
pub use error::{Error, Place};
pub use pointer::Pointer;
