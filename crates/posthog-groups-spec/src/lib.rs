//! The groups specification: the files in `spec/`, our extensions, rules for code generators, and examples.
//!
//! The general parts (documents with line numbers, lint, slice, compare, diff, patch, conversion) are in the crate
//! [`openapi_ledger`], of which this crate re-exports what its users need.

pub mod diff;
mod examples;
pub mod lint;
mod project;
mod tool;

pub use examples::{check_examples, embed_examples, without_examples};
pub use openapi_ledger::lint::Tool;
pub use openapi_ledger::{
    Document, Error, Lock, MAX_BYTES, MAX_DEPTH, METHODS, Map, Origin, Place, Pointer, Text, Value,
    check_openapi, compare, grammar, json, patch, patched_yaml, read_bounded, read_file, read_within, sha256,
    slice, to_3_0, to_3_1, to_json, to_yaml, write_atomically,
};
pub use project::{Product, Project};
pub use tool::TOOL;
