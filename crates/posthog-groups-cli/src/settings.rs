//! Resolves the settings and their sources. Flags override the environment, which overrides the context of the configuration
//! file.

use std::fmt;
use std::path::PathBuf;

use posthog_groups::Region;

use crate::arguments::{GlobalArguments, RegionName};
use crate::config_file::{ConfigFile, ContextTable, ProjectText};
use crate::exit::Failure;
use crate::key_source::{KeySource, variable};

/// A setting and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

impl<T> Setting<T> {
    fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(&'static str),
    Variable(&'static str),
    Context(String),
    /// `default_context` of the file.
    DefaultContext,
    /// There is only one context.
    OnlyContext,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Context(name) => write!(f, "context {name}"),
            Self::DefaultContext => f.write_str("default_context"),
            Self::OnlyContext => f.write_str("only context"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The resolved settings.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) context: Option<Setting<String>>,
    pub(crate) host: Setting<String>,
    pub(crate) project: Setting<String>,
    pub(crate) group_type: Option<Setting<String>>,
    pub(crate) key: Option<Setting<KeySource>>,
    pub(crate) project_token: Option<Setting<KeySource>>,
    pub(crate) allow_insecure_http: bool,
}

pub(crate) fn settle(flags: &GlobalArguments, file: Option<&ConfigFile>) -> Result<Settings, Failure> {
    if flags.refused_key.is_some() {
        return Err(Failure::usage(
            "a key on the command line is visible in the process list and in the shell history",
        )
        .help(
            "set POSTHOG_PERSONAL_API_KEY, or use --key-file FILE, --key-command COMMAND or --key-stdin; replace the key if \
             it was a real one",
        ));
    }
    let context = choose_context(flags, file)?;
    let table = context.as_ref().zip(file).and_then(|(context, file)| file.contexts.get(&context.value));
    let (empty, name) = (ContextTable::default(), context.as_ref().map(|context| context.value.clone()));
    let (table, of_context) = (table.unwrap_or(&empty), Source::Context(name.unwrap_or_default()));
    let from_context = |value| Setting::new(value, of_context.clone());
    let text = |flag, given: &Option<String>, variable, in_context: Option<String>| {
        let given = given.clone().map(|value| Setting::new(value, Source::Flag(flag)));
        Ok::<_, Failure>(or_variable(given, variable)?.or(in_context.map(from_context)))
    };
    let in_context = |path: &Option<PathBuf>, command: &Option<Vec<String>>| {
        let path = path.as_ref().zip(file).map(|(path, file)| KeySource::File(file.resolve(path)));
        let source = path.or_else(|| command.clone().map(KeySource::Command));
        source.map(|source| Setting::new(source, of_context.clone()))
    };
    let secret = |given: Option<Setting<KeySource>>, name| {
        let source = |_| Setting::new(KeySource::Variable(name), Source::Variable(name));
        Ok::<_, Failure>(if given.is_some() { given } else { variable(name)?.map(source) })
    };

    let (host_flag, host) = match flags.region {
        Some(region) => ("--region", &Some(region.url())),
        None => ("--host", &flags.host),
    };
    let host_of_context = table.host.clone().or(table.region.map(RegionName::url));
    let project_of_context = table.project.as_ref().map(ProjectText::text);
    let default = |value: &str| Setting::new(value.to_owned(), Source::Default);
    Ok(Settings {
        host: text(host_flag, host, "POSTHOG_HOST", host_of_context)?
            .unwrap_or_else(|| default(Region::Us.url())),
        project: text("--project", &flags.project, "POSTHOG_PROJECT_ID", project_of_context)?
            .unwrap_or_else(|| default("@current")),
        group_type: text("--group-type", &flags.group_type, "POSTHOG_GROUP_TYPE", table.group_type.clone())?,
        key: secret(key_flag(flags), "POSTHOG_PERSONAL_API_KEY")?
            .or_else(|| in_context(&table.key_file, &table.key_command)),
        project_token: secret(None, "POSTHOG_PROJECT_API_KEY")?
            .or_else(|| in_context(&table.project_token_file, &table.project_token_command)),
        allow_insecure_http: flags.allow_insecure_http || table.allow_insecure_http,
        context,
    })
}

/// The setting, or else the value of the variable.
fn or_variable(
    given: Option<Setting<String>>,
    name: &'static str,
) -> Result<Option<Setting<String>>, Failure> {
    match given {
        Some(_) => Ok(given),
        None => Ok(variable(name)?.map(|value| Setting::new(value, Source::Variable(name)))),
    }
}

fn key_flag(flags: &GlobalArguments) -> Option<Setting<KeySource>> {
    let (value, flag) = if let Some(path) = &flags.key_file {
        (KeySource::File(path.clone()), "--key-file")
    } else if let Some(command) = &flags.key_command {
        (KeySource::Shell(command.clone()), "--key-command")
    } else if flags.key_stdin {
        (KeySource::Stdin, "--key-stdin")
    } else {
        return None;
    };
    Some(Setting::new(value, Source::Flag(flag)))
}

fn choose_context(
    flags: &GlobalArguments,
    file: Option<&ConfigFile>,
) -> Result<Option<Setting<String>>, Failure> {
    let flag = flags.context.clone().map(|name| Setting::new(name, Source::Flag("--context")));
    let wanted = or_variable(flag, "POSTHOG_GROUPS_CONTEXT")?.or_else(|| {
        let file = file?;
        match &file.default_context {
            Some(name) => Some(Setting::new(name.clone(), Source::DefaultContext)),
            None if file.contexts.len() > 1 => None,
            None => file.contexts.keys().next().map(|only| Setting::new(only.clone(), Source::OnlyContext)),
        }
    });
    let Some(wanted) = wanted else { return Ok(None) };
    let Some(file) = file else {
        return Err(Failure::usage(format!(
            "there is no configuration file, so the context `{}` (from {}) does not exist",
            wanted.value, wanted.source
        ))
        .help("`posthog-groups contexts --help` shows an example"));
    };
    if file.contexts.contains_key(&wanted.value) {
        return Ok(Some(wanted));
    }
    let known: Vec<&str> = file.contexts.keys().map(String::as_str).collect();
    let help = if known.is_empty() {
        "add a table [contexts.NAME] to the file; `posthog-groups contexts --help` shows an example"
            .to_owned()
    } else {
        format!("choose one of {}, or add a table [contexts.NAME] to the file", known.join(", "))
    };
    Err(Failure::usage(format!(
        "{} has no context `{}` (from {})",
        file.path.display(),
        wanted.value,
        wanted.source
    ))
    .help(help))
}

/// The help if none of several contexts is selected.
pub(crate) const CHOOSE_CONTEXT: &str = "choose one with --context NAME, POSTHOG_GROUPS_CONTEXT, or `default_context = \"NAME\"` at the top of the file";

impl Settings {
    /// Set if the file has several contexts, none is selected, and the host or the key would come from one. Falling back to the
    /// default host would send the key to the wrong server.
    pub(crate) fn unchosen_context(&self, file: Option<&ConfigFile>) -> Option<String> {
        let file = file.filter(|file| file.contexts.len() > 1)?;
        let needed = self.host.source == Source::Default || self.key.is_none();
        if self.context.is_some() || !needed {
            return None;
        }
        let names: Vec<&str> = file.contexts.keys().map(String::as_str).collect();
        Some(format!("{} has the contexts {}, and none is selected", file.path.display(), names.join(", ")))
    }

    /// Environment variables that override the context given on the command line, which is surprising enough for a warning.
    pub(crate) fn overruled_context(&self) -> Option<String> {
        let context = self.context.as_ref().filter(|context| context.source == Source::Flag("--context"))?;
        let sources = [&self.host.source, &self.project.source];
        let sources = sources
            .into_iter()
            .chain(self.group_type.as_ref().map(|setting| &setting.source))
            .chain(self.key.as_ref().map(|setting| &setting.source));
        let name = |source: &Source| if let Source::Variable(name) = source { Some(*name) } else { None };
        let names: Vec<&str> = sources.filter_map(name).collect();
        if names.is_empty() {
            return None;
        }
        let verb = if names.len() == 1 { "overrides" } else { "override" };
        Some(format!("{} {verb} the context `{}`", names.join(", "), context.value))
    }
}
