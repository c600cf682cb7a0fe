//! What groups are: their form, how values are compared, and what a server can store.

pub(crate) mod compare;
pub(crate) mod group;
pub(crate) mod input;
pub(crate) mod names;
pub(crate) mod storable;
