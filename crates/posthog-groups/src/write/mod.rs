//! Writes: exactly one effect each, and an error that says what is known of it.

mod decision;
mod execute;
mod merge;
mod operations;
mod target;

pub(crate) use execute::{Write, execute};
#[cfg(feature = "bulk")]
pub(crate) use merge::members;
pub(crate) use merge::{different, merge, to_merge};
pub(crate) use operations::{Create, Set, Unset};
pub(crate) use target::{Target, find};
