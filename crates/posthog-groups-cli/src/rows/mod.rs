//! Files of groups: NDJSON and CSV, optionally compressed.
//!
//! | module | contains |
//! | --- | --- |
//! | [`format`] | format and compression, by the file name |
//! | [`input`] | the input: a file or standard input, which can be read repeatedly |
//! | [`lines`] | lines of bounded length, with their numbers |
//! | [`ndjson`], [`csv`] | reading and writing one row |
//! | [`reader`] | the rows of an input |
//! | [`input_error`] | an error in an input, with its place and help |
//! | [`run`], [`sort`] | sorting on disk in bounded memory |
//! | [`writer`] | writing rows in either format |
//! | [`destination`] | the output: a file or standard output |

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

use posthog_groups::Properties;

/// The column, or in NDJSON the member, that contains the key.
pub(crate) const KEY: &str = "group_key";

/// The short form, which is accepted if there is no [`KEY`].
pub(crate) const SHORT_KEY: &str = "key";

/// The member with all properties of a group.
pub(crate) const PROPERTIES: &str = "group_properties";

/// The maximum length of an NDJSON line and of a CSV record. Servers accept requests of 20 MB.
pub(crate) const LONGEST_LINE: usize = 64 << 20;

/// One group of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) properties: Properties,
    /// The line where it begins, from 1.
    pub(crate) line: u64,
}
