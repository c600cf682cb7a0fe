//! `spec diff`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use posthog_groups_spec::diff::{Diff, Effect, check_version, diff as compare};
use posthog_groups_spec::{Document, TOOL, read_bounded};

use crate::Outcome;

/// The output format of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal
    Text,
    /// JSON for programs, in the format `posthog-groups-spec/diff/1` (see `Diff::to_json` of posthog-groups-spec)
    Json,
    /// Markdown for a pull request
    Markdown,
}

/// Compares two documents and prints the changes.
pub(crate) fn diff(
    root: &Path,
    old: &str,
    new: &str,
    format: Format,
    version: bool,
    level: Effect,
) -> anyhow::Result<Outcome> {
    let diff = compare(&read(root, old)?, &read(root, new)?)?;
    let check = version.then(|| check_version(&diff));
    let outcome = outcome(&diff);
    match format {
        Format::Text => say!("{}", diff.to_text(level).trim_end()),
        Format::Markdown => say!("{}", diff.to_markdown(level).trim_end()),
        Format::Json => say!("{:#}", diff.to_json(&TOOL, check.as_ref(), level)),
    }
    let Some(check) = check else { return Ok(outcome) };
    if format != Format::Json {
        say!("\n{}", check.message);
    }
    Ok(if check.enough { Outcome::Good } else { Outcome::Findings })
}

fn outcome(diff: &Diff) -> Outcome {
    if diff.effect() == Some(Effect::Breaking) { Outcome::Findings } else { Outcome::Good }
}

/// Reads a file, or for `git:REV[:PATH]` the file as of a git revision.
fn read(root: &Path, source: &str) -> anyhow::Result<Document> {
    let Some(object) = source.strip_prefix("git:") else {
        return Ok(Document::read(Path::new(source))?);
    };
    let (revision, path) = object.split_once(':').unwrap_or((object, "spec/openapi.yaml"));
    if revision.is_empty() || path.is_empty() {
        bail!("`{source}` lacks a revision or a file; use git:REV or git:REV:PATH, such as git:main");
    }
    // `./` makes the path relative to the folder of the workspace instead of the root of the repository.
    let object = format!("{revision}:./{path}");
    let folder = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let mut git = Command::new("git")
        .current_dir(folder)
        .args(["cat-file", "blob", "--"])
        .arg(&object)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run git; install git, or pass files")?;
    let bytes = git.stdout.take().map(|stdout| read_bounded(source, stdout)).transpose()?.unwrap_or_default();
    let output = git.wait_with_output().context("cannot run git")?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("cannot read {source}: {}", text.trim().trim_start_matches("fatal: "));
    }
    Ok(Document::from_bytes(source, &bytes)?)
}
