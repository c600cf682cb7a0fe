//! Writes, each with exactly one effect or an error that says what is known about the outcome.

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
