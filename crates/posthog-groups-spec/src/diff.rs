//! The diff engine of `openapi-ledger`, configured with our extensions.

use openapi_ledger::diff as general;
pub use openapi_ledger::diff::*;
use openapi_ledger::{Document, Error, Marks, Promises};

/// Our extensions.
fn marks() -> Marks {
    Marks {
        scopes: Some("x-required-scopes".to_owned()),
        idempotency: Some(Promises {
            extension: "x-idempotency".to_owned(),
            promises: ["safe", "idempotent", "not-found-is-success"].map(str::to_owned).to_vec(),
        }),
        availability: Some("x-availability".to_owned()),
    }
}

/// Compares two documents; see [`openapi_ledger::diff::diff`].
///
/// # Errors
/// The errors of [`openapi_ledger::diff::diff`].
pub fn diff(old: &Document, new: &Document) -> Result<Diff, Error> {
    general::diff(old, new, &marks())
}
