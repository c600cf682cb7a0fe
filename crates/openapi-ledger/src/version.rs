//! The OpenAPI version of a document.

use crate::value::{Text, Value};

use crate::document::Document;
use crate::error::Error;
use crate::pointer::Pointer;
use crate::text;

/// The supported versions: 3.0, and 3.1 by conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V3_0,
    V3_1,
}

/// Returns the version of an OpenAPI document, or an error that says what the document is instead.
pub(crate) fn openapi_version(document: &Document) -> Result<Version, Error> {
    let root = Pointer::root();
    let unsuitable = |pointer: &Pointer, reason: String| Err(document.unsuitable(pointer, reason));
    let Value::Object(members) = &document.value else {
        let found = text::json_type(&document.value);
        let reason =
            format!("this is {found}, not an OpenAPI document; is it a login page or an error message?");
        return unsuitable(&root, reason);
    };
    if let Some(version) = members.get("swagger") {
        let version = version.as_str().map_or_else(|| version.to_string(), str::to_owned);
        let reason = format!("this is a Swagger {version} document; convert it to OpenAPI 3.0 first");
        return unsuitable(&root.key("swagger"), reason);
    }
    match members.get("openapi") {
        None => {
            let names = members.keys().take(5).map(Text::as_str);
            let found = text::listed(names);
            let reason =
                format!("there is no `openapi` field, so this is not an OpenAPI document; it has {found}");
            unsuitable(&root, reason)
        }
        Some(version) => match version.as_str().and_then(version_of) {
            Some(version) => Ok(version),
            None => {
                let reason =
                    format!("`openapi` is {version}, which is not a supported version; use 3.0.x or 3.1.x");
                unsuitable(&root.key("openapi"), reason)
            }
        },
    }
}

/// Returns the version for `openapi: text`.
pub(crate) fn version_of(text: &str) -> Option<Version> {
    if is_patch_of(text, "3.0.") {
        Some(Version::V3_0)
    } else if is_patch_of(text, "3.1.") {
        Some(Version::V3_1)
    } else {
        None
    }
}

/// Whether `version` is `minor` followed by a number.
fn is_patch_of(version: &str, minor: &str) -> bool {
    version
        .strip_prefix(minor)
        .is_some_and(|patch| patch.starts_with(|c: char| c.is_ascii_digit()) && !patch.contains(' '))
}
