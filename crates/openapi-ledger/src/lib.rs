//! Compares a hand-corrected OpenAPI specification with the documents that a vendor publishes.
//!
//! [`compare::compare`] looks up every difference between a published document and the specification in a
//! [`compare::Ledger`] of known defects. A difference that no defect accounts for is a finding.
//!
//! ```
//! use openapi_ledger::Document;
//! use openapi_ledger::compare::{Ledger, compare};
//!
//! let published = "
//! openapi: 3.0.3
//! info: {title: Pets, version: '1'}
//! paths:
//!   /pets:
//!     get:
//!       parameters: [{name: limit, in: query, required: true, schema: {type: integer}}]
//!       responses: {'200': {description: Fine}}
//! ";
//! let published = Document::parse("published.yaml", published)?;
//! let spec = Document::parse("openapi.yaml", "
//! openapi: 3.0.3
//! info: {title: Pets, version: '1'}
//! paths:
//!   /pets:
//!     get:
//!       parameters: [{name: limit, in: query, schema: {type: integer}}]
//!       responses: {'200': {description: Fine}}
//! ")?;
//! let ledger = "
//! scope: {roots: [/pets]}
//! defects:
//! - id: D01
//!   title: The limit is optional
//!   published: It is required.
//!   actual: A request without it is answered.
//!   evidence: [GET /pets answers 200]
//!   accounts:
//!   - {operation: GET /pets, place: parameters.limit.required, kind: parameter-required, published: required}
//! ";
//! let ledger = Ledger::from_document(&Document::parse("ledger.yaml", ledger)?)?;
//! let comparison = compare(&published, &spec, &ledger)?;
//! assert!(comparison.is_accounted_for());
//! assert_eq!(comparison.accounted["D01"].len(), 1);
//! # Ok::<(), openapi_ledger::Error>(())
//! ```
//!
//! The crate also has a linter ([`lint`](mod@lint)), a semantic [`diff`](mod@diff), [`slice`](fn@slice), [`patch`](fn@patch), and
//! conversion between OpenAPI 3.0 and 3.1. [`grammar`] describes the objects of a document.

pub mod compare;
mod convert;
pub mod diff;
mod document;
mod error;
pub mod grammar;
pub mod lint;
mod marks;
mod order;
mod part;
mod patch;
mod pointer;
mod published;
mod slice;
mod template;
pub mod text;
mod value;
mod version;
mod write;

pub use convert::{to_3_0, to_3_1};
pub use document::{Document, MAX_BYTES, MAX_DEPTH, read_bounded, read_file};
pub use error::{Error, Place};
pub use grammar::METHODS;
pub use lint::check_openapi;
pub use marks::{Marks, Promises};
pub use part::read_within;
pub use patch::{patch, patched_yaml};
pub use pointer::Pointer;
pub use published::{Lock, Origin, compare_all, is_unused, matrix};
#[doc(hidden)]
pub use serde_json;
pub use slice::slice;
pub use value::{Map, Text, Value};
pub use write::{sha256, to_json, to_yaml, write_atomically};
