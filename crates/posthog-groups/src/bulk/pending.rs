//! A row that is being read back or written.

use super::index::Seen;
use super::row::ImportRow;

/// A row that has to be read back or written.
#[derive(Debug)]
pub(super) struct PendingRow {
    pub(super) number: u64,
    pub(super) row: ImportRow,
    pub(super) seen: Seen,
    /// The names of the properties that are missing or different, if the group was [compared](Seen::Different).
    pub(super) differing: Vec<String>,
}
