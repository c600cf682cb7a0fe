//! Groups, the comparison of JSON values, and the validation of input.

pub(crate) mod compare;
pub(crate) mod group;
pub(crate) mod input;
pub(crate) mod names;
pub(crate) mod storable;
