//! Generation from files of a user's own, as a build script does it.

use std::path::{Path, PathBuf};

use posthog_groups_spec::lint::{Severity, lint};
use posthog_groups_spec::{Document, Overlay, PATH_PREFIXES, correct, read_overlays, slice};
use serde_json::Value;

use crate::generate::{Error, generate};

/// The bindings for the spec in a file, after overlays.
///
/// `spec` is a corrected spec, or a complete document of an instance, which is sliced first. `overlays`
/// are overlay files, or folders whose `.yaml` files are applied by name. They are applied strictly: an
/// action that changes nothing is an error.
///
/// # Errors
/// [`Error::Input`] for what cannot be read, [`Error::NeverApplied`] for overlays that do not bite,
/// [`Error::Unfit`] with what the linter says, and those of [`generate`].
pub fn generate_from_files(spec: &Path, overlays: &[PathBuf]) -> Result<String, Error> {
    let document = Document::read(spec)?;
    let base =
        if is_complete(&document.value) { slice(&document, &PATH_PREFIXES)? } else { document.value.clone() };
    let overlays: Vec<Overlay> =
        overlays.iter().map(|path| read_overlays(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let corrected = correct(&base, &overlays).map_err(Error::NeverApplied)?;
    // Without overlays the text that was read is what is linted: findings have lines.
    let corrected =
        if corrected == document.value { document } else { Document::from_value(document.name, corrected) };
    let errors: Vec<_> =
        lint(&corrected).into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if !errors.is_empty() {
        return Err(Error::Unfit(errors));
    }
    generate(&corrected)
}

/// Whether a document describes more than the groups API: then it comes from an instance.
fn is_complete(document: &Value) -> bool {
    let ours = ["/api/projects/", "/api/users/@me/"];
    document["paths"].as_object().is_some_and(|paths| {
        paths.keys().any(|path| {
            !ours.contains(&path.as_str()) && !PATH_PREFIXES.iter().any(|prefix| path.starts_with(prefix))
        })
    })
}
