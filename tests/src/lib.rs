//! What tests that need several crates of the workspace share: recorded calls, and one call of every
//! operation.

mod calls;
mod recorder;
mod workspace;

pub use calls::{Answer, call};
pub use recorder::{Canned, Recorder};
pub use workspace::workspace;
