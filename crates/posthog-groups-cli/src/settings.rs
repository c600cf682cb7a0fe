//! Resolves the settings and their sources. Flags override the environment, which overrides the context of the configuration
//! file. The functions are pure.

use std::fmt;
use std::path::PathBuf;

use posthog_groups::Region;

use crate::arguments::{GlobalArguments, RegionName};
use crate::config_file::{ConfigFile, ContextTable};
use crate::exit::Failure;
use crate::key_source::{KeySource, Secret};

/// A setting and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
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

/// Environment variables. An empty variable is treated as not set.
pub(crate) type Variables<'a> = &'a dyn Fn(&'static str) -> Result<Option<String>, Failure>;

/// The variables of this process.
pub(crate) fn variable(name: &'static str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not valid Unicode"))),
    }
}

/// Resolves every setting.
pub(crate) fn settle(
    flags: &GlobalArguments,
    variables: Variables<'_>,
    file: Option<&ConfigFile>,
) -> Result<Settings, Failure> {
    if flags.refused_key.is_some() {
        return Err(Failure::usage(
            "a key on the command line is visible in the process list and in the shell history",
        )
        .help(
            "set POSTHOG_PERSONAL_API_KEY, or use --key-file FILE, --key-command COMMAND or --key-stdin; replace the key if \
             it was a real one",
        ));
    }
    let context = choose_context(flags, variables, file)?;
    let empty = ContextTable::default();
    let (name, table) = match (&context, file) {
        (Some(context), Some(file)) => {
            (context.value.as_str(), file.contexts.get(&context.value).unwrap_or(&empty))
        }
        _ => ("", &empty),
    };
    let of_context = || Source::Context(name.to_owned());
    let pick = |flag: Option<(&'static str, String)>,
                variable: &'static str,
                in_context: Option<String>|
     -> Result<Option<Setting<String>>, Failure> {
        if let Some((flag, value)) = flag {
            return Ok(Some(Setting { value, source: Source::Flag(flag) }));
        }
        if let Some(value) = variables(variable)? {
            return Ok(Some(Setting { value, source: Source::Variable(variable) }));
        }
        Ok(in_context.map(|value| Setting { value, source: of_context() }))
    };
    let or_default = |found: Option<Setting<String>>, value: &str| {
        found.unwrap_or_else(|| Setting { value: value.to_owned(), source: Source::Default })
    };

    let host_flag = flags.host.clone().map(|host| ("--host", host));
    let host_flag = host_flag.or(flags.region.map(|region| ("--region", region.url())));
    let host_of_context = table.host.clone().or(table.region.map(RegionName::url));
    let resolved = |path: &PathBuf| file.map_or_else(|| path.clone(), |file| file.resolve(path));
    let from_context = |path: &Option<PathBuf>, command: &Option<Vec<String>>| {
        let source = match (path, command) {
            (Some(path), _) => KeySource::File(resolved(path)),
            (None, Some(command)) => KeySource::Command(command.clone()),
            (None, None) => return None,
        };
        Some(Setting { value: source, source: of_context() })
    };
    let from_variable = |name| -> Result<_, Failure> {
        let setting = |value| Setting {
            value: KeySource::Given(name, Secret::new(value)),
            source: Source::Variable(name),
        };
        Ok(variables(name)?.map(setting))
    };
    let key = match key_flag(flags) {
        Some(key) => Some(key),
        None => from_variable("POSTHOG_PERSONAL_API_KEY")?
            .or_else(|| from_context(&table.key_file, &table.key_command)),
    };
    let project_token = from_variable("POSTHOG_PROJECT_API_KEY")?
        .or_else(|| from_context(&table.project_token_file, &table.project_token_command));
    Ok(Settings {
        host: or_default(pick(host_flag, "POSTHOG_HOST", host_of_context)?, Region::Us.url()),
        project: or_default(
            pick(
                flags.project.clone().map(|project| ("--project", project)),
                "POSTHOG_PROJECT_ID",
                table.project.as_ref().map(crate::config_file::ProjectText::text),
            )?,
            "@current",
        ),
        group_type: pick(
            flags.group_type.clone().map(|name| ("--group-type", name)),
            "POSTHOG_GROUP_TYPE",
            table.group_type.clone(),
        )?,
        key,
        project_token,
        allow_insecure_http: flags.allow_insecure_http || table.allow_insecure_http,
        context,
    })
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
    Some(Setting { value, source: Source::Flag(flag) })
}

fn choose_context(
    flags: &GlobalArguments,
    variables: Variables<'_>,
    file: Option<&ConfigFile>,
) -> Result<Option<Setting<String>>, Failure> {
    let setting = |value: String, source| Some(Setting { value, source });
    let wanted = if let Some(name) = &flags.context {
        setting(name.clone(), Source::Flag("--context"))
    } else if let Some(name) = variables("POSTHOG_GROUPS_CONTEXT")? {
        setting(name, Source::Variable("POSTHOG_GROUPS_CONTEXT"))
    } else {
        match file {
            Some(ConfigFile { default_context: Some(name), .. }) => {
                setting(name.clone(), Source::DefaultContext)
            }
            Some(file) if file.contexts.len() == 1 => {
                file.contexts.keys().next().and_then(|name| setting(name.clone(), Source::OnlyContext))
            }
            _ => None,
        }
    };
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
        let sources = [
            Some(&self.host.source),
            Some(&self.project.source),
            self.group_type.as_ref().map(|setting| &setting.source),
            self.key.as_ref().map(|setting| &setting.source),
        ];
        let names: Vec<&str> = sources
            .into_iter()
            .flatten()
            .filter_map(|source| match source {
                Source::Variable(name) => Some(*name),
                _ => None,
            })
            .collect();
        if names.is_empty() {
            return None;
        }
        let verb = if names.len() == 1 { "overrides" } else { "override" };
        Some(format!("{} {verb} the context `{}`", names.join(", "), context.value))
    }
}
