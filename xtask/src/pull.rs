//! `spec pull`.

use std::path::Path;

use posthog_groups_spec::{Drift, Project};

use crate::source::read;
use crate::{Outcome, spec};

/// How drift is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A line for each difference and each stale correction
    Text,
    /// What broke whom, which corrections to delete or adapt, and actions to paste for what is new
    Markdown,
}

/// Slices a complete document, and writes the slice or reports how it differs.
pub(crate) fn pull(root: &Path, from: &str, check: bool, format: Format) -> anyhow::Result<Outcome> {
    let (upstream, bytes) = read(from)?;
    let project = Project::new(root.join("spec"));
    let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
    let drift = project.drift(&upstream, &bytes, &today)?;
    if check && format == Format::Markdown {
        say!("{}", drift.repair.to_markdown().trim_end());
        return Ok(outcome(&drift));
    }
    let outcome = report(&drift);
    if check {
        if outcome == Outcome::Findings {
            say!("\nnothing was written; `cargo xtask spec pull --from {from}` takes the changes over");
        }
        return Ok(outcome);
    }
    spec::settle(&drift.products, false, "")?;
    if !drift.stale.is_empty() {
        say!("\nadapt spec/corrections/, then run `cargo xtask spec build`");
    }
    Ok(Outcome::Good)
}

fn report(drift: &Drift) -> Outcome {
    if drift.changes.is_empty() {
        say!("no drift: the slice is the committed one");
    } else {
        say!("{} difference(s) to the committed slice:", drift.changes.len());
        drift.changes.iter().for_each(|change| say!("  {}", change.to_string().replace('\n', "\n  ")));
    }
    if drift.stale.is_empty() {
        say!("no stale correction: every action applies");
    } else {
        say!("{} correction(s) stale:", drift.stale.len());
        drift.stale.iter().for_each(|action| say!("  {action}"));
    }
    outcome(drift)
}

fn outcome(drift: &Drift) -> Outcome {
    if drift.changes.is_empty() && drift.stale.is_empty() { Outcome::Good } else { Outcome::Findings }
}
