//! The configuration file: contexts, each with an instance, a project, and where its key is.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::arguments::RegionName;
use crate::exit::Failure;
use crate::key_source::{Exposed, without_keys};

/// A configuration file that was read.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) default_context: Option<String>,
    pub(crate) contexts: BTreeMap<String, ContextTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default_context: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, ContextTable>,
}

/// One context of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContextTable {
    pub(crate) host: Option<String>,
    pub(crate) region: Option<RegionName>,
    pub(crate) project: Option<ProjectText>,
    pub(crate) group_type: Option<String>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) key_command: Option<Vec<String>>,
    pub(crate) project_token_file: Option<PathBuf>,
    pub(crate) project_token_command: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) allow_insecure_http: bool,
    /// Recognized only to return a helpful error.
    key: Option<Spanned<IgnoredAny>>,
    project_token: Option<Spanned<IgnoredAny>>,
}

/// A project, written as a number or as text.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected the id of a project, or \"@current\"")]
pub(crate) enum ProjectText {
    Number(u64),
    Text(String),
}

impl ProjectText {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

const MEMBERS: &str = "the file may have default_context, and tables [contexts.NAME] with host, region, project, group_type, key_file, \
     key_command, project_token_file, project_token_command, allow_insecure_http";

pub(crate) fn default_path() -> Option<PathBuf> {
    let places = etcetera::choose_base_strategy().ok()?;
    Some(places.config_dir().join("posthog-groups").join("config.toml"))
}

/// Reads the file. Returns `None` if it does not exist and was not named explicitly.
pub(crate) fn read(path: &Path, named_by: Option<&str>) -> Result<Option<ConfigFile>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound && named_by.is_none() => Ok(None),
        Err(e) => {
            let by = named_by.map_or_else(String::new, |by| format!(" (from {by})"));
            Err(Failure::usage(format!("cannot read the configuration file {}{by}: {e}", path.display())))
        }
    }
}

pub(crate) fn parse(path: &Path, text: &str) -> Result<ConfigFile, Failure> {
    let at = |offset: usize| {
        let line = text.get(..offset).map_or(0, |before| before.matches('\n').count()) + 1;
        format!("{}:{line}", path.display())
    };
    let document: Document = toml::from_str(text).map_err(|e| {
        // The message would quote a key that is given in place of another value.
        let quotes_key = without_keys(e.message()) != e.message();
        let message = if quotes_key { "found a key where another value is expected" } else { e.message() };
        let place = e.span().map_or_else(|| path.display().to_string(), |span| at(span.start));
        match message.split_once(", expected one of") {
            Some((unknown, _)) if unknown.starts_with("unknown field") => {
                Failure::usage(format!("{place}: {unknown}")).help(MEMBERS)
            }
            _ => Failure::usage(format!("{place}: {}", message.replace('\n', "; "))),
        }
    })?;
    for (name, context) in &document.contexts {
        if let Some(key) = &context.key {
            return Err(Failure::usage(format!("{}: this file must not contain keys", at(key.span().start)))
                .help(
                "put the key in a file that only you can read and set `key_file = \"FILE\"`, or let a password store print \
                 it: `key_command = [\"pass\", \"show\", \"posthog\"]`",
            ));
        }
        if let Some(token) = &context.project_token {
            return Err(Failure::usage(format!(
                "{}: this file must not contain tokens",
                at(token.span().start)
            ))
            .help("set `project_token_file = \"FILE\"` or `project_token_command = [...]`"));
        }
        for (one, other, both) in [
            ("host", "region", context.host.is_some() && context.region.is_some()),
            ("key_file", "key_command", context.key_file.is_some() && context.key_command.is_some()),
            (
                "project_token_file",
                "project_token_command",
                context.project_token_file.is_some() && context.project_token_command.is_some(),
            ),
        ] {
            if both {
                return Err(Failure::usage(format!(
                    "{}: the context `{name}` has both `{one}` and `{other}`; remove one of them",
                    path.display()
                )));
            }
        }
    }
    let Document { default_context, contexts } = document;
    Ok(ConfigFile { path: path.to_owned(), default_context, contexts })
}

impl ConfigFile {
    /// Returns a warning if other users can change the file, which defines commands to run and the host that receives the key.
    pub(crate) fn warning(&self) -> Option<Exposed> {
        Exposed::check(&self.path, false)
    }

    /// Resolves a path of the file: `~/` is the home directory, and other paths are relative to the file.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        if let Ok(rest) = path.strip_prefix("~")
            && let Ok(home) = etcetera::home_dir()
        {
            return home.join(rest);
        }
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file() {
        let file = parse(Path::new("/etc/posthog/config.toml"), "").unwrap();
        assert_eq!(file.resolve(Path::new("eu.key")), Path::new("/etc/posthog/eu.key"));
        assert_eq!(file.resolve(Path::new("/run/eu.key")), Path::new("/run/eu.key"));
        assert_eq!(file.resolve(Path::new("~/eu.key")), etcetera::home_dir().unwrap().join("eu.key"));
    }
}
