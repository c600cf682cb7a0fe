//! Everything about specs: load, slice, overlay, lint, validate, convert.

pub mod compare;
mod convert;
mod defects;
pub mod diff;
mod document;
mod drift;
mod error;
mod examples;
pub mod lint;
mod lock;
mod order;
mod overlay;
mod pointer;
mod project;
mod repair;
mod slice;
mod version;
mod write;

pub use convert::{to_3_0, to_3_1};
pub use defects::{Defects, Fate};
pub use document::{Document, MAX_BYTES, MAX_DEPTH};
pub use drift::{Change, ChangeKind, compare};
pub use error::{Error, Place};
pub use examples::check_examples;
pub use lint::check_openapi;
pub use overlay::{
    Action, ActionSite, Correction, Ids, NeverApplied, Overlay, Reason, apply, apply_leniently,
};
pub use pointer::Pointer;
pub use project::{BuildError, Drift, Product, Project, correct, read_overlays};
pub use repair::{Proposal, Remedy, Repair, Stale};
pub use slice::{METHODS, PATH_PREFIXES, slice};
pub use write::{sha256, to_json, to_yaml, write_atomically};
