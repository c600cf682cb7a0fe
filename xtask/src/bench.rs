//! `cargo xtask bench`: runs the benchmarks and writes the tables of BENCHMARKS.md.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;

use crate::{Outcome, cargo, cargo_command};

/// The subjects of the benchmarks.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Subject {
    /// Lists, single calls, tasks and the start of the command line, compared with other clients
    Calls,
    /// Cold builds, size and dependencies of a program that uses the client
    Builds,
    /// Imports at the rate limits of PostHog Cloud, with a simulated clock, and exports of a million groups
    Bulk,
    /// Time and memory of `openapi-ledger` on complete documents, and on those in POSTHOG_DOCUMENTS (needs GNU time)
    Spec,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Builds => "builds",
            Self::Bulk => "bulk",
            Self::Spec => "spec",
        }
    }
}

/// Measures one subject, or all of them, and replaces their sections of BENCHMARKS.md.
pub(crate) fn bench(root: &Path, subject: Option<Subject>) -> anyhow::Result<Outcome> {
    // The start of the command is measured as a whole process.
    let packages = ["--package", "posthog-groups-cli", "--package", "openapi-ledger"];
    let built = cargo(root, &[&["build", "--quiet", "--release"][..], &packages].concat())?;
    ensure!(built == Outcome::Good, "the command lines do not build");
    let subjects = subject.map_or_else(|| Subject::value_variants().to_vec(), |only| vec![only]);
    for subject in subjects {
        let table = measure(root, subject)?;
        say!("{table}");
        let path = root.join("BENCHMARKS.md");
        let text = std::fs::read_to_string(&path).context("BENCHMARKS.md cannot be read")?;
        posthog_groups_spec::write_atomically(&path, &replace_section(&text, subject.name(), &table)?)?;
    }
    Ok(Outcome::Good)
}

fn measure(root: &Path, subject: Subject) -> anyhow::Result<String> {
    let mut command = cargo_command(root);
    command.args(["run", "--quiet", "--release", "--package", "posthog-groups-bench", "--", subject.name()]);
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "measuring {} failed", subject.name());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Replaces the text between the marks of a section by `table`.
fn replace_section(text: &str, name: &str, table: &str) -> anyhow::Result<String> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("\n<!-- end {name} -->"));
    let (before, rest) =
        text.split_once(&begin).with_context(|| format!("BENCHMARKS.md has no line {begin}"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("BENCHMARKS.md has no line {end}"))?;
    Ok(format!("{before}{begin}{table}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_that_was_measured_is_replaced() {
        let text = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n<!-- begin y -->\ny\n<!-- end y -->\n";
        let expected = text.replace("old", "new\nlines");
        assert_eq!(replace_section(text, "x", "new\nlines").unwrap(), expected);
        assert!(replace_section(text, "z", "").is_err());
    }
}
