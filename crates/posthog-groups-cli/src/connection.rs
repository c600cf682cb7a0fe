//! The context of a command: settings, output, and the client, which is created on first use.

use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use posthog_groups::{Client, GroupHandle, GroupTypeRef, Groups, ProjectToken, check_group_key};

use crate::arguments::GlobalArguments;
use crate::config_file::{self, ConfigFile};
use crate::exit::Failure;
use crate::key_source::{KeySource, variable};
use crate::output::Output;
use crate::requests::{self, Requests};
use crate::settings::{self, CHOOSE_CONTEXT, Settings};
use crate::style::Styles;
use crate::transfer::progress::Progress;
use crate::visible::visible;

pub(crate) struct Context {
    pub(crate) config: Option<ConfigFile>,
    pub(crate) settings: Settings,
    pub(crate) output: Output,
    quiet: bool,
    styles: Styles,
    timeout: Option<Duration>,
    retries: Option<u32>,
    client: Arc<OnceLock<Client>>,
    requests: Requests,
}

pub(crate) fn read_config(arguments: &GlobalArguments) -> Result<Option<ConfigFile>, Failure> {
    if let Some(path) = &arguments.config {
        return config_file::read(path, Some("--config"));
    }
    if let Some(path) = variable("POSTHOG_GROUPS_CONFIG")? {
        return config_file::read(path.as_ref(), Some("POSTHOG_GROUPS_CONFIG"));
    }
    config_file::default_path().map_or(Ok(None), |path| config_file::read(&path, None))
}

impl Context {
    pub(crate) fn new(arguments: &GlobalArguments) -> Result<Self, Failure> {
        let context = Self::for_inspection(arguments)?;
        match context.settings.unchosen_context(context.config.as_ref()) {
            Some(unchosen) => Err(Failure::usage(unchosen).help(CHOOSE_CONTEXT)),
            None => Ok(context),
        }
    }

    /// Like [`new`](Self::new), for commands that only show settings, which may be incomplete.
    pub(crate) fn for_inspection(arguments: &GlobalArguments) -> Result<Self, Failure> {
        let config = read_config(arguments)?;
        let settings = settings::settle(arguments, config.as_ref())?;
        let context = Self {
            config,
            settings,
            output: Output::new(arguments),
            quiet: arguments.quiet,
            styles: Styles::of(&io::stderr(), arguments),
            timeout: arguments.timeout,
            retries: arguments.retries,
            client: Arc::default(),
            requests: requests::observe(arguments.verbose),
        };
        let of_file = context.config.as_ref().and_then(ConfigFile::warning);
        for warning in
            of_file.map(|exposed| exposed.to_string()).into_iter().chain(context.settings.overruled_context())
        {
            context.warn(&warning);
        }
        Ok(context)
    }

    /// The client. The key is read on the first call.
    pub(crate) fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let Some(key) = &self.settings.key else { return Err(no_key()) };
        let client = self.client_of(&self.read(&key.value)?, &self.settings.project.value)?;
        let client = client.with_options(|options| match self.retries {
            Some(retries) => options.retries(retries),
            None => options,
        });
        Ok(self.client.get_or_init(|| client))
    }

    /// Reads a key, after a warning if others can access it.
    fn read(&self, source: &KeySource) -> Result<String, Failure> {
        if let Some(exposed) = source.warning() {
            self.warn(&exposed.to_string());
        }
        source.read()
    }

    /// A client for the configured host, which it validates.
    pub(crate) fn client_of(&self, key: &str, project: &str) -> Result<Client, Failure> {
        let build = |allow_insecure_http| {
            let builder = Client::builder()
                .personal_api_key(key)
                .host(&self.settings.host.value)
                .project(project)
                .allow_insecure_http(allow_insecure_http)
                // No deadline: each attempt and each wait is bounded, and the user sees them and can interrupt them.
                .deadline(None)
                .trace_urls(true)
                .user_agent(concat!("posthog-groups-cli/", env!("CARGO_PKG_VERSION")));
            match self.timeout {
                Some(timeout) => builder.timeout(timeout),
                None => builder,
            }
            .build()
        };
        build(self.settings.allow_insecure_http).map_err(|e| self.refused(&e, build(true).is_ok()))
    }

    /// Starts to report long waits on standard error.
    pub(crate) fn report_waits(&self) {
        if !self.quiet {
            self.requests.report_waits(Arc::clone(&self.client));
        }
    }

    /// Fails if `what` and the key would both be read from standard input.
    pub(crate) fn check_stdin_is_free(&self, what: &str, instead: &str) -> Result<(), Failure> {
        match &self.settings.key {
            Some(key) if matches!(key.value, KeySource::Stdin) => {
                Err(Failure::usage(format!("standard input cannot provide both the key and the {what}"))
                    .help(format!("put one of them in a file: --key-file FILE, or {instead}")))
            }
            _ => Ok(()),
        }
    }

    /// The failure of a setting, with its source and with flags instead of methods of the library.
    fn refused(&self, error: &posthog_groups::Error, is_insecure: bool) -> Failure {
        let source = match error.attr() {
            Some("host") => Some(&self.settings.host.source),
            Some("project") => Some(&self.settings.project.source),
            _ => None,
        };
        let from = source.map_or_else(String::new, |source| format!(" (from {source})"));
        let insecure = "use https://, or pass --allow-insecure-http if you trust the network";
        let help = if is_insecure { Some(insecure.into()) } else { error.help() };
        help.into_iter()
            .fold(Failure::usage(format!("{}{from}", error.message())), |failure, help| failure.help(help))
    }

    /// The groups of the configured type, or of the only one of the project.
    pub(crate) async fn groups(&self) -> Result<Groups, Failure> {
        let client = self.client()?;
        if let Some(group_type) = &self.settings.group_type {
            let groups = client.groups(group_type_ref(&group_type.value));
            // Every command needs the index, and the client keeps it.
            return match groups.type_index().await {
                Ok(_) => Ok(groups),
                Err(e) if e.is_invalid_input() && is_name(&group_type.value) => {
                    let types = client.group_types().await.unwrap_or_default();
                    let similar = similar(&group_type.value, types.iter().map(|t| t.group_type.as_str()));
                    let failure = Failure::from(e);
                    Err(match similar {
                        Some(name) => failure.help(format!("did you mean `{name}`?")),
                        None => failure,
                    })
                }
                Err(e) => Err(e.into()),
            };
        }
        let types = client.group_types().await?;
        match types.as_slice() {
            [only] => Ok(client.groups(only.group_type_index)),
            [] => Err(Failure::usage("the project has no group types").help(
                "group types are created by events: send one with `$group_type` first; `posthog-groups types` lists them",
            )),
            several => {
                let names: Vec<String> =
                    several.iter().map(|t| format!("{} ({})", t.group_type, t.group_type_index)).collect();
                Err(Failure::usage(format!("the project has {} group types: {}", names.len(), names.join(", ")))
                    .help("choose one with --group-type NAME, POSTHOG_GROUP_TYPE, or `group_type` in the context"))
            }
        }
    }

    /// The group with this key, which is checked before anything is sent.
    pub(crate) async fn group(&self, key: &str) -> Result<GroupHandle, Failure> {
        check_group_key(key)?;
        Ok(self.groups().await?.group(key))
    }

    pub(crate) fn group_type(&self) -> String {
        match &self.settings.group_type {
            Some(group_type) => format!("type {}", group_type.value),
            None => "the only type".to_owned(),
        }
    }

    /// The project token (`phc_...`) for sending events, if one is configured.
    pub(crate) fn project_token(&self) -> Result<Option<ProjectToken>, Failure> {
        let Some(token) = &self.settings.project_token else { return Ok(None) };
        let token = ProjectToken::new(&self.read(&token.value)?).map_err(|e| {
            Failure::usage(format!("the project token: {e}")).help("PostHog shows it under Settings, Project")
        })?;
        Ok(Some(token))
    }

    pub(crate) fn progress(&self, stage: &'static str, unit: &'static str) -> Result<Progress, Failure> {
        Ok(Progress::start(self.quiet, self.client()?.clone(), stage, unit))
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints a note on standard error, unless `--quiet` was given.
    pub(crate) fn note(&self, text: &str) {
        self.say(&format!("{}\n", visible(text)));
    }

    pub(crate) fn warn(&self, text: &str) {
        self.say(&format!("{} {}\n", self.styles.warning("warning:"), visible(text)));
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            // If standard error is closed, the failure cannot be reported.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}

pub(crate) fn no_key() -> Failure {
    Failure::auth("no personal API key is configured")
        .help(
            "create one in PostHog under Settings, Personal API keys, with the scopes group:read, group:write, \
             activity_log:read, project:read and user:read",
        )
        .help(
            "then set POSTHOG_PERSONAL_API_KEY, pass --key-file FILE, or write a context: `posthog-groups contexts --help`",
        )
        .help("without an account, `posthog-groups serve --seed 100` runs a stand-in server and prints the settings for it")
}

/// The most similar name, if it is similar enough.
fn similar<'n>(given: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |name: &str| strsim::jaro_winkler(&given.to_lowercase(), &name.to_lowercase());
    let best = names.map(|name| (name, likeness(name))).max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.filter(|(_, likeness)| *likeness > 0.8).map(|(name, _)| name)
}

/// A number is an index, anything else a name.
pub(crate) fn group_type_ref(text: &str) -> GroupTypeRef {
    text.parse::<i64>().map_or_else(|_| GroupTypeRef::from(text), GroupTypeRef::from)
}

fn is_name(text: &str) -> bool {
    text.parse::<i64>().is_err()
}
