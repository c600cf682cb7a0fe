//! Generation from a specification of the user's own, as a build script does it.

use std::path::Path;

use posthog_groups_spec::Document;
use posthog_groups_spec::lint::{Severity, lint};

use crate::generate::{Error, generate};

/// The bindings for the specification in a file: `spec/openapi.yaml`, or a changed copy of it.
///
/// # Errors
/// [`Error::Input`] for what cannot be read, [`Error::Unfit`] with what the linter says (a document as PostHog
/// publishes it has many findings), and those of [`generate`].
pub fn generate_from_file(spec: &Path) -> Result<String, Error> {
    let document = Document::read(spec)?;
    let errors: Vec<_> =
        lint(&document).into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if !errors.is_empty() {
        return Err(Error::Unfit(errors));
    }
    generate(&document)
}
