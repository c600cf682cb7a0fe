//! `spec diff`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use posthog_groups_spec::diff::{Effect, check_version, diff as compare};
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

/// The documents to compare, and what to print.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The old version
    #[arg(value_name = "OLD")]
    old: String,
    /// The new version
    #[arg(value_name = "NEW")]
    new: String,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Check that NEW's info.version was raised enough: from 1.2.3 to 2.0.0 for a breaking change, 1.3.0 for a
    /// compatible one, 1.2.4 for documentation; before 1.0, from 0.2.3 to 0.3.0 for a breaking change, otherwise 0.2.4
    #[arg(long)]
    check_version: bool,
    /// Print only changes of at least this level; the exit code depends on all changes
    #[arg(long, value_enum, default_value = "documentation")]
    level: Effect,
}

impl Arguments {
    /// Whether a document is in the repository.
    pub(crate) fn need_repository(&self) -> bool {
        self.old.starts_with("git:") || self.new.starts_with("git:")
    }
}

/// Compares two documents and prints the changes.
pub(crate) fn diff(root: &Path, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let Arguments { old, new, format, level, .. } = arguments;
    let diff = compare(&read(root, old)?, &read(root, new)?)?;
    let check = arguments.check_version.then(|| check_version(&diff));
    match format {
        Format::Text => say!("{}", diff.to_text(*level).trim_end()),
        Format::Markdown => say!("{}", diff.to_markdown(*level).trim_end()),
        Format::Json => say!("{:#}", diff.to_json(&TOOL, check.as_ref(), *level)),
    }
    if let Some(check) = &check
        && *format != Format::Json
    {
        say!("\n{}", check.message);
    }
    let good = check.map_or(diff.effect() != Some(Effect::Breaking), |check| check.enough);
    Ok(if good { Outcome::Good } else { Outcome::Findings })
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
