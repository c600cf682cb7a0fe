//! Which OpenAPI a document is.

use serde_json::Value;

use crate::document::Document;
use crate::error::Error;
use crate::pointer::Pointer;
use crate::text;

/// The versions that can be worked with: 3.0 as it is, 3.1 by conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V3_0,
    V3_1,
}

/// The version of an OpenAPI document; an error names what it is instead.
pub(crate) fn openapi_version(document: &Document) -> Result<Version, Error> {
    let root = Pointer::root();
    let unsuitable =
        |pointer: &Pointer, reason: String| Err(Error::Unsuitable { place: document.place(pointer), reason });
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
            let names = members.keys().take(5).map(String::as_str);
            let found = text::listed(names);
            let reason = format!("no `openapi` field, so this is no OpenAPI document; it has {found}");
            unsuitable(&root, reason)
        }
        Some(version) => match version.as_str().and_then(version_of) {
            Some(version) => Ok(version),
            None => {
                let reason =
                    format!("`openapi` is {version}, which is no version that is known; 3.0.x and 3.1.x are");
                unsuitable(&root.key("openapi"), reason)
            }
        },
    }
}

/// What `openapi: text` stands for.
pub(crate) fn version_of(text: &str) -> Option<Version> {
    if is_patch_of(text, "3.0.") {
        Some(Version::V3_0)
    } else if is_patch_of(text, "3.1.") {
        Some(Version::V3_1)
    } else {
        None
    }
}

/// Whether `version` is `minor` and a number.
fn is_patch_of(version: &str, minor: &str) -> bool {
    version
        .strip_prefix(minor)
        .is_some_and(|patch| patch.starts_with(|c: char| c.is_ascii_digit()) && !patch.contains(' '))
}
