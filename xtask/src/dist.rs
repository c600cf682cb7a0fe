//! `dist`: packs the specification into an archive, for users who do not have the repository.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use flate2::{Compression, GzBuilder};
use posthog_groups_spec::{Project, Value, sha256};

use crate::{Outcome, languages, reference, spec};

/// Files of the archive, by the path in the repository.
const FILES: [&str; 7] = [
    "spec/openapi.yaml",
    "spec/openapi.json",
    "spec/openapi-3.1.json",
    "spec/defects.yaml",
    "spec/defects.schema.json",
    "spec/contract.md",
    "spec/CHANGELOG.md",
];
/// The README of the archive.
const README: &str = "# PostHog groups API, corrected\n\n\
    `openapi.yaml` (OpenAPI 3.0.3), `openapi.json` and `openapi-3.1.json` (with examples) describe PostHog's groups API as its \
    servers behave.\n`reference.html` is a reference page, in one file that loads no other resources. `defects.yaml` lists the \
    defects of the documents\nthat PostHog publishes, `published/` has these documents, `contract.md` the facts about the servers, \
    and `CHANGELOG.md` the changes.\n\nUnofficial: not written or approved by PostHog, Inc. MIT or Apache-2.0.\n";
const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];
const FOLDERS: [&str; 2] = ["spec/examples", "spec/published"];
/// The modification time of every file, so that archives are reproducible: 1980-01-01, the oldest that all archive formats support.
const TIME: u64 = 315_532_800;

/// Packs the specification. The same files result in the same archive, byte for byte.
pub(crate) fn dist(root: &Path, out: Option<&Path>) -> anyhow::Result<Outcome> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let out = &out.map_or_else(|| target.join("dist"), Path::to_owned);
    if spec::build(root, true)? == Outcome::Findings {
        say!("\nnothing was packed");
        return Ok(Outcome::Findings);
    }
    let version = version(root)?;
    let noted = newest_version(root)?;
    if noted != version {
        say!(
            "the latest version in spec/CHANGELOG.md is {noted}, but info.version is {version}; nothing was packed"
        );
        return Ok(Outcome::Findings);
    }
    let name = format!("posthog-groups-openapi-{version}");
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let page = std::path::absolute(out.join(format!("{name}.reference.html")))?;
    let mut source =
        tempfile::NamedTempFile::with_suffix(".json").context("cannot create a temporary file")?;
    let spec = serde_json::from_slice(&read(&root.join("spec/openapi.json"))?)?;
    source.write_all(reference::document(spec).to_string().as_bytes())?;
    languages::reference_page(root, source.path(), &page)?;

    let mut files = collect(root)?;
    files.push(("reference.html".to_owned(), read(&page)?));
    files.push(("README.md".to_owned(), README.as_bytes().to_vec()));
    files.sort_by(|one, other| one.0.cmp(&other.0));
    let mut sums = String::new();
    for (path, bytes) in &files {
        writeln!(sums, "{}  {path}", sha256(bytes))?;
    }
    files.push(("SHA256SUMS".to_owned(), sums.into_bytes()));

    let archive = out.join(format!("{name}.tar.gz"));
    let bytes = pack(&name, &files)?;
    let digest = sha256(&bytes);
    write(&archive, &bytes)?;
    let sum = out.join(format!("{name}.tar.gz.sha256"));
    write(&sum, format!("{digest}  {name}.tar.gz\n").as_bytes())?;
    fs::remove_file(&page).with_context(|| format!("cannot remove {}", page.display()))?;
    say!("wrote {} ({} files, {} KiB)", archive.display(), files.len(), bytes.len() / 1024);
    say!("sha256 {digest}");
    Ok(Outcome::Good)
}

fn version(root: &Path) -> anyhow::Result<String> {
    let document = Project::new(root.join("spec")).spec()?;
    let version = document.value.pointer("/info/version").and_then(Value::as_str);
    Ok(version.context("spec/openapi.yaml has no info.version")?.to_owned())
}

/// Returns the version in the first heading of the changelog.
fn newest_version(root: &Path) -> anyhow::Result<String> {
    let path = root.join("spec/CHANGELOG.md");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let heading = text.lines().find_map(|line| line.strip_prefix("## "));
    let version = heading.and_then(|heading| heading.split_whitespace().next());
    Ok(version.with_context(|| format!("{} has no heading with a version", path.display()))?.to_owned())
}

fn collect(root: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for name in FILES.iter().chain(&LICENSES) {
        let place = name.strip_prefix("spec/").unwrap_or(name);
        files.push((place.to_owned(), read(&root.join(name))?));
    }
    for folder in FOLDERS {
        let mut found = Vec::new();
        walk(&root.join(folder), &mut found)?;
        for path in found {
            let inside = path.strip_prefix(root.join("spec"))?;
            // Paths in archives have slashes on every system.
            let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            files.push((parts.join("/"), read(&path)?));
        }
    }
    Ok(files)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn pack(name: &str, files: &[(String, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    // The header contains neither a time nor a system, so that archives are reproducible.
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(gzip);
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len().try_into()?);
        header.set_mode(0o644);
        header.set_mtime(TIME);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, format!("{name}/{path}"), bytes.as_slice())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if path.is_dir() {
        bail!("{} is a folder", path.display());
    }
    let mut file = fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes).with_context(|| format!("cannot write {}", path.display()))
}
