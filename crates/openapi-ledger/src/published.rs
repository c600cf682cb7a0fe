//! Slices of published documents and their origin.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::compare::{Comparison, Defect, Ledger, State, compare};
use crate::document::Document;
use crate::error::Error;
use crate::pointer::Pointer;

/// `lock.yaml`: the published documents, the oldest first.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The documents.
    pub documents: Vec<Origin>,
}

/// The origin of a published document.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The name of its slice, `NAME.yaml`.
    pub name: String,
    /// The day, month or year of publication, such as `2026-09-21`.
    pub date: String,
    /// The file name or URL of the complete document.
    pub origin: String,
    /// The SHA-256 of the complete document.
    pub sha256: String,
    /// The SHA-256 of the slice.
    pub slice_sha256: String,
}

impl Lock {
    /// Reads the lock; a folder without one has no documents.
    ///
    /// # Errors
    /// If the file cannot be read or is not a lock file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let document = Document::read(path)?;
        serde_json::from_value((&document.value).into()).map_err(|e| {
            document.unsuitable(&Pointer::root(), format!("not a lock file: {e}; restore it from git"))
        })
    }

    /// Adds a document, or replaces the one with the same name.
    pub fn insert(&mut self, origin: Origin) {
        self.documents.retain(|other| other.name != origin.name);
        self.documents.push(origin);
        self.documents.sort_by(|a, b| (&a.date, &a.name).cmp(&(&b.date, &b.name)));
    }
}

/// Compares each slice with the specification and with the previous slice.
///
/// # Errors
/// The errors of [`compare`].
pub fn compare_all(
    slices: &[(Origin, Document)],
    ours: &Document,
    ledger: &Ledger,
) -> Result<Vec<Comparison>, Error> {
    let mut all: Vec<Comparison> = Vec::new();
    for (origin, slice) in slices {
        let mut comparison = compare(slice, ours, ledger)?;
        comparison.document.clone_from(&origin.name);
        if let Some(earlier) = all.last() {
            comparison.relative_to(earlier);
        }
        all.push(comparison);
    }
    Ok(all)
}

/// Renders the state of each defect in each published document as a Markdown table.
pub fn matrix(comparisons: &[Comparison], ledger: &Ledger) -> String {
    let names: Vec<_> = comparisons.iter().map(|comparison| comparison.document.as_str()).collect();
    let mut text =
        format!("| id | defect | {} |\n|---|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for defect in &ledger.defects {
        let states: Vec<_> = comparisons
            .iter()
            .map(|comparison| {
                comparison.states.get(&defect.id).map_or_else(String::new, |state| match state {
                    State::Published => "**published**".to_owned(),
                    state => state.to_string(),
                })
            })
            .collect();
        let title = defect.title.replace('|', "\\|");
        text.push_str(&format!("| {} | {title} | {} |\n", defect.id, states.join(" | ")));
    }
    text
}

/// Whether a defect with structural differences accounts for none in any document.
pub fn is_unused(comparisons: &[Comparison], defect: &Defect) -> bool {
    let shows = |comparison: &Comparison| {
        comparison.accounted.contains_key(&defect.id)
            || comparison.states.get(&defect.id).is_some_and(|state| state.is_wrong())
    };
    defect.no_structure.is_none() && !comparisons.iter().any(shows)
}
