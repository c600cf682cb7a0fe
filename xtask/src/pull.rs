//! `spec pull`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use posthog_groups_spec::{Document, Drift, MAX_BYTES, Project};

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

fn read(from: &str) -> anyhow::Result<(Document, Vec<u8>)> {
    let bytes = if from.starts_with("http://") || from.starts_with("https://") {
        download(from).with_context(|| format!("cannot download {from}"))?
    } else {
        let size = std::fs::metadata(from).with_context(|| format!("cannot read {from}"))?.len();
        if size > MAX_BYTES {
            bail!(
                "{from} has {size} bytes, more than the {MAX_BYTES} that are read; is it an OpenAPI document?"
            );
        }
        std::fs::read(from).with_context(|| format!("cannot read {from}"))?
    };
    let document = Document::from_bytes(from, &bytes)?;
    Ok((document, bytes))
}

fn download(url: &str) -> anyhow::Result<Vec<u8>> {
    // A redirect to a login page must not look like a document, nor take the key elsewhere.
    let client = reqwest::blocking::Client::builder()
        .timeout(Duration::from_secs(120))
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let mut request =
        client.get(url).header("Accept", "application/vnd.oai.openapi, application/yaml, application/json");
    let key = std::env::var("POSTHOG_PERSONAL_API_KEY").ok().filter(|key| !key.is_empty());
    let loopback =
        ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|host| url.starts_with(host));
    if let Some(key) = key {
        if url.starts_with("http://") && !loopback {
            bail!("POSTHOG_PERSONAL_API_KEY is set and would travel in clear text; use https, or unset it");
        }
        request = request.bearer_auth(key);
    }
    let response = request.send()?;
    let status = response.status();
    if !status.is_success() {
        let hint = if status.is_redirection() || status.as_u16() == 401 || status.as_u16() == 403 {
            ": log in by setting POSTHOG_PERSONAL_API_KEY, or download the document by hand and give the file"
        } else {
            ""
        };
        bail!("the server answered {status}{hint}");
    }
    let bytes = response.bytes()?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("the document has more than {MAX_BYTES} bytes; is it an OpenAPI document?");
    }
    Ok(bytes.to_vec())
}
