//! Files of groups: NDJSON and CSV, optionally compressed.

pub(crate) mod csv;
pub(crate) mod destination;
pub(crate) mod format;
pub(crate) mod input;
pub(crate) mod input_error;
pub(crate) mod lines;
pub(crate) mod ndjson;
pub(crate) mod reader;
pub(crate) mod run;
pub(crate) mod sort;
pub(crate) mod writer;

/// The column, or in NDJSON the member, that contains the key.
pub(crate) const KEY: &str = "group_key";

/// The short form, which is accepted if there is no [`KEY`].
pub(crate) const SHORT_KEY: &str = "key";

/// The member with all properties of a group.
pub(crate) const PROPERTIES: &str = "group_properties";

/// The maximum length of an NDJSON line and of a CSV record. Servers accept requests of 20 MB.
pub(crate) const LONGEST_LINE: usize = 64 << 20;
