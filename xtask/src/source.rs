//! Reads the specification and its ledger, and a document from a file or from a server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use posthog_groups_spec::compare::Ledger;
use posthog_groups_spec::{Document, Project, read_bounded, read_file};

/// Files to use instead of those of the workspace.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// The specification, for use without a checkout [default: spec/openapi.yaml]
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// The ledger of defects, for use without a checkout [default: spec/defects.yaml]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

impl Files {
    /// Whether both files are those of the workspace.
    pub(crate) fn are_ours(&self) -> bool {
        self.spec.is_none() && self.ledger.is_none()
    }

    /// Whether none of the files is one of the workspace.
    pub(crate) fn are_given(&self) -> bool {
        self.spec.is_some() && self.ledger.is_some()
    }

    /// Reads the specification and its ledger.
    pub(crate) fn read(&self, project: &Project) -> anyhow::Result<(Document, Ledger)> {
        let given = |file: &Option<PathBuf>, name: &str| {
            Document::read(&file.clone().unwrap_or_else(|| project.path(name)))
        };
        let ledger = Ledger::from_document(&given(&self.ledger, "defects.yaml")?)?;
        Ok((given(&self.spec, "openapi.yaml")?, ledger))
    }
}

/// Reads the bytes of a document.
pub(crate) fn read(from: &str) -> anyhow::Result<Vec<u8>> {
    Ok(if from.starts_with("http://") || from.starts_with("https://") {
        download(from).with_context(|| format!("cannot download {from}"))?
    } else {
        read_file(Path::new(from))?
    })
}

fn download(url: &str) -> anyhow::Result<Vec<u8>> {
    // Do not follow redirects: a login page is not a document, and the key must not go to another host.
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
            bail!("POSTHOG_PERSONAL_API_KEY is set and would be sent in clear text; use https, or unset it");
        }
        request = request.bearer_auth(key);
    }
    let response = request.send()?;
    let status = response.status();
    if !status.is_success() {
        let hint = if status.is_redirection() || status.as_u16() == 401 || status.as_u16() == 403 {
            ": set POSTHOG_PERSONAL_API_KEY, or download the document by hand and pass the file"
        } else {
            ""
        };
        bail!("the server returned {status}{hint}");
    }
    Ok(read_bounded(url, response)?)
}
