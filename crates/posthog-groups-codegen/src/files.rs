//! Generates bindings from a file, for build scripts.

use std::path::Path;

use posthog_groups_spec::Document;
use posthog_groups_spec::lint::{Severity, lint};

use crate::generate::{Error, generate};

/// Generates the bindings for the spec in a file: `spec/openapi.yaml`, or a changed copy of it.
///
/// # Errors
/// [`Error::Input`] if the file cannot be read, [`Error::Unfit`] with the findings of the linter (there are many for a document
/// that PostHog publishes), and the errors of [`generate`].
pub fn generate_from_file(spec: &Path) -> Result<String, Error> {
    let document = Document::read(spec)?;
    let errors: Vec<_> =
        lint(&document).into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if !errors.is_empty() {
        return Err(Error::Unfit(errors));
    }
    generate(&document)
}
