//! `spec.lock.toml`: where the input came from, and the digest of everything made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::project::unsuitable_file;

/// The lock file.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    /// The complete document that was pulled.
    pub(crate) input: Input,
    /// What was cut out of it.
    pub(crate) slice: Slice,
    /// Products by file name, with their SHA-256.
    #[serde(default)]
    pub(crate) products: BTreeMap<String, String>,
}

/// Where the vendor's document came from.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// Its file name or URL.
    pub(crate) name: String,
    /// The day of its retrieval.
    pub(crate) retrieved: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Its digest.
    pub(crate) sha256: String,
}

/// The slice.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slice {
    /// Its digest.
    pub(crate) sha256: String,
}

impl Lock {
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|e| {
            let reason = e.to_string();
            unsuitable_file(
                path,
                format!("not a lock file: {}; restore it from git", reason.trim().replace('\n', " ")),
            )
        })
    }

    /// The lock after a pull. A document that was pulled before keeps its name and day.
    pub(crate) fn after_pull(old: Option<Self>, input: Input, slice: String) -> Self {
        let slice = Slice { sha256: slice };
        match old {
            Some(old) if old.input.sha256 == input.sha256 => Self { slice, ..old },
            old => Self { input, slice, products: old.map(|old| old.products).unwrap_or_default() },
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let body = toml::to_string(self).unwrap_or_default();
        format!("# Written by `cargo xtask spec pull` and `cargo xtask spec build`; do not edit.\n{body}")
    }
}
