//! Groups as files: NDJSON and CSV, plain or compressed.
//!
//! | module | has |
//! | --- | --- |
//! | [`format`] | which format and compression a name stands for |
//! | [`input`] | what is read: a file or standard input, as often as needed |
//! | [`lines`] | lines of bounded length, with their numbers |
//! | [`ndjson`], [`csv`] | one row and its text, both ways |
//! | [`reader`] | the rows of an input |
//! | [`flaw`] | what is wrong with an input, where, and what to do |
//! | [`run`], [`sort`] | rows on disk, in order, in bounded memory |
//! | [`writer`] | rows as text |
//! | [`destination`] | the file or standard output they go to |

pub(crate) mod csv;
pub(crate) mod destination;
pub(crate) mod flaw;
pub(crate) mod format;
pub(crate) mod input;
pub(crate) mod lines;
pub(crate) mod ndjson;
pub(crate) mod reader;
pub(crate) mod run;
pub(crate) mod sort;
pub(crate) mod writer;

use posthog_groups::Properties;

/// The column, and in NDJSON the member, that holds the key.
pub(crate) const KEY: &str = "group_key";

/// Its short form, which is accepted where there is no [`KEY`].
pub(crate) const SHORT_KEY: &str = "key";

/// What all properties of a group are called as one thing.
pub(crate) const PROPERTIES: &str = "group_properties";

/// The longest line of NDJSON and the longest record of CSV. The server takes requests of 20 MB.
pub(crate) const LONGEST_LINE: usize = 64 << 20;

/// One group of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) properties: Properties,
    /// Where it begins; the first line is 1.
    pub(crate) line: u64,
}
