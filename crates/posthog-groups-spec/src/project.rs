//! The `spec/` folder: from the vendor's slice and the corrections to the products.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::convert::to_3_1;
use crate::defects::{Defects, with_table};
use crate::document::Document;
use crate::drift::{Change, compare};
use crate::error::Error;
use crate::lock::{Input, Lock};
use crate::order::order_fields;
use crate::overlay::{NeverApplied, Overlay, apply, apply_leniently};
use crate::pointer::Pointer;
use crate::repair::{Repair, repair};
use crate::slice::{PATH_PREFIXES, slice};
use crate::write::{sha256, to_json, to_yaml, write_atomically};

/// What a generated file begins with, and how it is made anew.
const BUILD_COMMAND: &str = "cargo xtask spec build";

/// The `spec/` folder of a project.
#[derive(Clone, Debug)]
pub struct Project {
    folder: PathBuf,
}

/// A file that a command writes, with its whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Where it belongs.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

impl Product {
    /// Writes the file if it does not hold the text already; says whether it did.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self) -> Result<bool, Error> {
        if self.difference()?.is_none() {
            return Ok(false);
        }
        write_atomically(&self.path, &self.text).map(|()| true)
    }

    /// How the file on disk differs from what it should hold, as a unified diff; `None` when it does
    /// not. Line ends do not count.
    ///
    /// # Errors
    /// [`Error::Io`] for anything but a missing file, which counts as empty.
    pub fn difference(&self) -> Result<Option<String>, Error> {
        let old = match fs::read_to_string(&self.path) {
            Ok(text) => text.replace("\r\n", "\n"),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(Error::Io { action: "read", path: self.path.clone(), source }),
        };
        if old == self.text {
            return Ok(None);
        }
        let name = self.path.display().to_string();
        let diff = similar::TextDiff::from_lines(&old, &self.text);
        let diff = diff
            .unified_diff()
            .context_radius(3)
            .header(&format!("{name} (as it is)"), &format!("{name} (as it should be)"))
            .to_string();
        Ok(Some(diff))
    }
}

/// Why the products could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file could not be read or understood.
    #[error(transparent)]
    Input(#[from] Error),
    /// Corrections did not bite; in order, never empty.
    #[error("{}", lines(.0))]
    NeverApplied(Vec<NeverApplied>),
    /// The slice is not the one that was pulled.
    #[error(
        "{file}: sha256 {found} is not the one in spec.lock.toml ({expected}): the vendor's slice is never edited; \
         write a correction, or restore it with `cargo xtask spec pull --from FILE`"
    )]
    SliceEdited {
        /// The slice.
        file: String,
        /// Its digest by the lock.
        expected: String,
        /// Its digest.
        found: String,
    },
}

fn lines(stale: &[NeverApplied]) -> String {
    stale.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What a fresh upstream document means for the project.
#[derive(Debug)]
#[non_exhaustive]
pub struct Drift {
    /// How its slice differs from the committed one.
    pub changes: Vec<Change>,
    /// The corrections that do not bite on it.
    pub stale: Vec<NeverApplied>,
    /// What is to be done about it, for people.
    pub repair: Repair,
    /// The slice and the lock as `pull` would write them.
    pub products: Vec<Product>,
}

impl Project {
    /// The project whose `spec/` folder is `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The path of a file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The corrections in the order in which they are applied: by file name.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or a file is no overlay.
    pub fn corrections(&self) -> Result<Vec<Overlay>, Error> {
        read_overlays(&self.path("corrections"))
    }

    /// The corrected spec, in memory.
    ///
    /// # Errors
    /// As [`Project::build`], but whether the slice was edited is not looked at.
    pub fn corrected(&self) -> Result<Document, BuildError> {
        let upstream = Document::read(&self.path("upstream.yaml"))?;
        let corrected = correct(&upstream.value, &self.corrections()?).map_err(BuildError::NeverApplied)?;
        Ok(Document::from_value("the corrected spec", corrected))
    }

    /// Applies the corrections to the slice and makes every product: `openapi.yaml`, `openapi.json`,
    /// `openapi-3.1.json`, `corrections.schema.json`, the table in `README.md`, and the lock. Writes
    /// nothing.
    ///
    /// # Errors
    /// [`BuildError`]; every correction that never applied is listed.
    pub fn build(&self) -> Result<Vec<Product>, BuildError> {
        let corrected = self.corrected()?.value;
        let header =
            format!("# Generated by `{BUILD_COMMAND}` from upstream.yaml and corrections/; do not edit.\n");
        let mut products = vec![
            self.product("openapi.yaml", format!("{header}{}", to_yaml(&corrected)?)),
            self.product("openapi.json", to_json(&corrected)),
            self.product("openapi-3.1.json", to_json(&to_3_1(&corrected))),
            self.product("corrections.schema.json", to_json(&Overlay::json_schema())),
        ];

        let mut lock = Lock::read(&self.path("spec.lock.toml"))?;
        let slice = self.path("upstream.yaml");
        let found = digest_of_text(&slice)?;
        if found != lock.slice.sha256 {
            let file = slice.display().to_string();
            return Err(BuildError::SliceEdited { file, expected: lock.slice.sha256, found });
        }
        lock.products = products
            .iter()
            .map(|product| {
                let name = product.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                (name, sha256(product.text.as_bytes()))
            })
            .collect();
        products.push(self.product("spec.lock.toml", lock.to_text()));

        let readme = self.path("README.md");
        let text = fs::read_to_string(&readme).map_err(|source| Error::Io {
            action: "read",
            path: readme,
            source,
        })?;
        let table = self.defects()?.table();
        products.push(self.product("README.md", with_table(&text, &table)?));
        Ok(products)
    }

    /// What became of every published defect.
    ///
    /// # Errors
    /// When the corrections or `corrections/uncorrected.toml` cannot be read, or contradict each other.
    pub fn defects(&self) -> Result<Defects, Error> {
        Defects::collect(&self.corrections()?, &self.path("corrections/uncorrected.toml"))
    }

    /// What a complete upstream document would change: for `spec pull` and `spec pull --check`.
    /// `retrieved` is the day of its retrieval, as `2026-11-23`.
    ///
    /// # Errors
    /// When the document cannot be sliced or the project's own files cannot be read. A slice or a lock that
    /// does not exist yet is no error.
    pub fn drift(&self, upstream: &Document, bytes: &[u8], retrieved: &str) -> Result<Drift, Error> {
        let fresh = slice(upstream, &PATH_PREFIXES)?;
        let slice_path = self.path("upstream.yaml");
        let committed =
            if slice_path.exists() { Document::read(&slice_path)?.value } else { serde_json::json!({}) };
        let text = format!(
            "# The groups paths as PostHog publishes them, structure only. Written by `cargo xtask spec pull`; never edited.\n{}",
            to_yaml(&fresh)?
        );
        let lock_path = self.path("spec.lock.toml");
        let old = if lock_path.exists() { Some(Lock::read(&lock_path)?) } else { None };
        let name = upstream.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let input = Input {
            name: if upstream.name.contains("://") { upstream.name.clone() } else { name.to_owned() },
            retrieved: retrieved.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        };
        let lock = Lock::after_pull(old, input, sha256(text.as_bytes()));
        let products =
            vec![self.product("upstream.yaml", text), self.product("spec.lock.toml", lock.to_text())];
        let overlays = self.corrections()?;
        let (_, stale) = apply_leniently(&fresh, &overlays);
        let repair = repair(&committed, &fresh, &overlays);
        Ok(Drift { changes: compare(&committed, &fresh), stale, repair, products })
    }

    fn product(&self, name: &str, text: String) -> Product {
        Product { path: self.path(name), text }
    }
}

/// Applies overlays to a slice and puts the fields of the result in reading order.
///
/// # Errors
/// Every action that did not bite.
pub fn correct(slice: &Value, overlays: &[Overlay]) -> Result<Value, Vec<NeverApplied>> {
    let mut corrected = apply(slice, overlays)?;
    order_fields(&mut corrected);
    Ok(corrected)
}

/// Reads an overlay file, or all `.yaml` files of a folder by name. Messages name a file of a folder
/// without the folder.
///
/// # Errors
/// When a file cannot be read or is no overlay.
pub fn read_overlays(path: &Path) -> Result<Vec<Overlay>, Error> {
    if !path.is_dir() {
        return Ok(vec![Overlay::from_document(&Document::read(path)?)?]);
    }
    let files =
        list(path)?.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files
        .map(|file| {
            let mut document = Document::read(&file)?;
            document.name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Overlay::from_document(&document)
        })
        .collect()
}

/// The files of a folder by name.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io { action: "list", path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(io)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(io)?;
    paths.sort();
    Ok(paths)
}

/// The digest of a text file as it is in the repository, whatever line ends the checkout has.
fn digest_of_text(path: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    Ok(sha256(text.replace("\r\n", "\n").as_bytes()))
}

/// An error for a file of the project that is text, not a document.
pub(crate) fn unsuitable_file(path: &Path, reason: String) -> Error {
    Error::Unsuitable {
        place: crate::error::Place { file: path.display().to_string(), pointer: Pointer::root(), line: None },
        reason,
    }
}
