//! The command line: options, commands and their arguments.

mod long_help;
pub(crate) mod transfer;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use posthog_groups::Region;
use posthog_groups_fake::Era;
use serde::Deserialize;

/// Read, change, move and audit the groups of a PostHog project.
#[derive(Debug, Parser)]
#[command(name = "posthog-groups", version, after_long_help = long_help::TOP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Debug, Default)]
pub(crate) struct GlobalArguments {
    /// Group type, by name or index [env: POSTHOG_GROUP_TYPE]
    ///
    /// Not needed if the project has only one.
    #[arg(long, short = 't', global = true, value_name = "NAME|INDEX", help_heading = TARGET)]
    pub(crate) group_type: Option<String>,

    /// Project id, or `@current` [env: POSTHOG_PROJECT_ID]
    ///
    /// The id is part of the URL in PostHog's web interface.
    #[arg(long, global = true, value_name = "ID", help_heading = TARGET)]
    pub(crate) project: Option<String>,

    /// Context of the configuration file [env: POSTHOG_GROUPS_CONTEXT]
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true, help_heading = TARGET)]
    pub(crate) context: Option<String>,

    /// Instance, such as `https://posthog.example.com` [env: POSTHOG_HOST] [default: https://us.posthog.com]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "region", hide_short_help = true,
        help_heading = CONNECTION)]
    pub(crate) host: Option<String>,

    /// Region of PostHog Cloud, instead of --host
    #[arg(long, global = true, value_enum, value_name = "REGION", hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) region: Option<RegionName>,

    /// Read the personal API key from this file
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) key_file: Option<PathBuf>,

    /// Read the personal API key from the output of this shell command
    #[arg(long, global = true, value_name = "COMMAND", hide_short_help = true, help_heading = CONNECTION,
        conflicts_with = "key_file")]
    pub(crate) key_command: Option<String>,

    /// Read the personal API key from standard input
    #[arg(long, global = true, hide_short_help = true, help_heading = CONNECTION,
        conflicts_with_all = ["key_file", "key_command"])]
    pub(crate) key_stdin: bool,

    /// Rejected, because the process list and the shell history show arguments.
    #[arg(long = "key", global = true, hide = true, value_name = "KEY",
        aliases = ["api-key", "personal-api-key", "token"])]
    pub(crate) refused_key: Option<String>,

    /// Configuration file [env: POSTHOG_GROUPS_CONFIG]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) config: Option<PathBuf>,

    /// Allow plain HTTP to other machines, which sends the key unencrypted
    #[arg(long, global = true, hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) allow_insecure_http: bool,

    /// Timeout of one attempt of a request, in seconds [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", hide_short_help = true, help_heading = CONNECTION,
        value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,

    /// Retries of a failed request [default: 4]
    #[arg(long, global = true, value_name = "N", hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) retries: Option<u32>,

    /// Output format
    ///
    /// The default is `table` on a terminal, and `plain` otherwise.
    #[arg(long, short = 'o', global = true, value_enum, value_name = "FORMAT", help_heading = OUTPUT)]
    pub(crate) output: Option<Format>,

    /// Write control characters in csv and exports unchanged, even to a terminal
    #[arg(long, global = true, hide_short_help = true, help_heading = OUTPUT)]
    pub(crate) raw: bool,

    /// Print only errors on standard error
    #[arg(long, short = 'q', global = true, help_heading = OUTPUT)]
    pub(crate) quiet: bool,

    /// Print every request on standard error, without the key
    #[arg(long, short = 'v', global = true, help_heading = OUTPUT)]
    pub(crate) verbose: bool,

    /// When to use colors; `always` overrides NO_COLOR
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_short_help = true,
        help_heading = OUTPUT)]
    pub(crate) color: Colors,

    /// Same as `--color never`
    #[arg(long, global = true, hide_short_help = true, help_heading = OUTPUT)]
    pub(crate) no_color: bool,
}

const TARGET: &str = "Target";
const CONNECTION: &str = "Connection";
const OUTPUT: &str = "Output";

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns with a header, truncated to the width of the terminal
    Table,
    /// Tab-separated columns without a header, not truncated
    Plain,
    /// One JSON document: an array for lists
    Json,
    /// One JSON document per line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colors {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A region of PostHog Cloud.
#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RegionName {
    /// United States, https://us.posthog.com
    Us,
    /// European Union, https://eu.posthog.com
    Eu,
}

impl RegionName {
    pub(crate) fn url(self) -> String {
        match self {
            Self::Us => Region::Us.url().to_owned(),
            Self::Eu => Region::Eu.url().to_owned(),
        }
    }
}

/// A command. [`crate::help::TOPICS`] has the order in the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the group types of the project
    #[command(after_long_help = long_help::TYPES)]
    Types,
    /// List groups, newest first
    #[command(after_long_help = long_help::LIST, visible_alias = "ls")]
    List(List),
    /// Show groups by their keys
    #[command(after_long_help = long_help::GET, visible_alias = "show")]
    Get(Get),
    /// Create a group
    #[command(after_long_help = long_help::CREATE)]
    Create(Create),
    /// Set properties of a group
    #[command(after_long_help = long_help::SET)]
    Set(Set),
    /// Remove properties of a group
    #[command(after_long_help = long_help::UNSET)]
    Unset(Unset),
    /// Merge properties into a group, or create it
    #[command(after_long_help = long_help::UPSERT)]
    Upsert(Upsert),
    /// Show the history of a group, newest first
    #[command(after_long_help = long_help::ACTIVITY)]
    Activity(Activity),
    /// Show related persons and groups
    #[command(after_long_help = long_help::RELATED)]
    Related(Related),
    /// Show the most frequent values of a property
    #[command(after_long_help = long_help::VALUES)]
    Values(Values),
    /// List property names (removed on 2026-06-26)
    #[command(after_long_help = long_help::DEFINITIONS)]
    Definitions,
    /// Export groups to an NDJSON or CSV file
    #[command(after_long_help = long_help::EXPORT)]
    Export(transfer::Export),
    /// Create and update groups from a file
    #[command(after_long_help = long_help::IMPORT)]
    Import(transfer::Import),
    /// Show what an import would change
    #[command(after_long_help = long_help::PLAN)]
    Plan(transfer::Plan),
    /// Send a request to any path of the API
    #[command(after_long_help = long_help::API)]
    Api(Api),
    /// Show the user of the key
    #[command(after_long_help = long_help::WHOAMI)]
    Whoami,
    /// Show contexts and the source of each setting
    #[command(after_long_help = long_help::CONTEXTS)]
    Contexts,
    /// Check settings, connection, key and server
    #[command(after_long_help = long_help::DOCTOR)]
    Doctor,
    /// Offer the operations to AI assistants
    #[command(after_long_help = long_help::MCP)]
    Mcp(Mcp),
    /// Run a local stand-in server for testing
    #[command(after_long_help = long_help::SERVE)]
    Serve(Serve),
    /// Print shell completions
    #[command(after_long_help = long_help::COMPLETIONS)]
    Completions(Completions),
    /// Print the manual page, or write all pages
    #[command(after_long_help = long_help::MAN)]
    Man(Man),
}

impl Command {
    /// Whether the command reports its own progress and waits.
    pub(crate) fn shows_progress(&self) -> bool {
        match self {
            Self::Export(_) | Self::Import(_) | Self::Plan(_) => true,
            Self::Set(set) => !set.conditions.is_empty(),
            _ => false,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Api {
    /// HTTP method: GET, POST, PUT, PATCH or DELETE
    #[arg(value_name = "METHOD")]
    pub(crate) method: String,
    /// Path and query, such as `/api/projects/{project_id}/groups/`; `{project_id}` is replaced by the project
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// Body as JSON; `@FILE` reads it from a file, `-` from standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) body: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) filter: transfer::Filter,

    /// Only groups with this property value; repeatable
    ///
    /// Filters locally, after fetching all groups.
    #[arg(long = "where", value_name = "NAME=VALUE")]
    pub(crate) conditions: Vec<String>,

    /// Show the key and these properties as columns (table, plain, csv)
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,

    /// Maximum number of groups [default: all]
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Keys of the groups
    #[arg(required = true, value_name = "KEY")]
    pub(crate) keys: Vec<String>,
}

/// Properties, as pairs or as a JSON object.
#[derive(Args, Debug)]
pub(crate) struct GivenProperties {
    /// Set a property; repeatable
    ///
    /// VALUE is JSON if it parses as JSON, otherwise text.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) pairs: Vec<String>,

    /// Properties as a JSON object; `@FILE` reads them from a file, `-` from standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) properties: Option<String>,

    /// Treat every VALUE as text
    #[arg(long)]
    pub(crate) string: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Key of the new group
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) properties: GivenProperties,
    /// Show what would be created without creating it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
#[command(override_usage = "posthog-groups set [OPTIONS] <KEY> <NAME=VALUE>...\n       \
    posthog-groups set [OPTIONS] --where <NAME=VALUE> <NAME=VALUE>...")]
pub(crate) struct Set {
    /// Key of the group, unless --where is given, and properties to set
    ///
    /// VALUE is JSON if it parses as JSON, otherwise text.
    #[arg(required = true, value_name = "KEY|NAME=VALUE")]
    pub(crate) words: Vec<String>,
    /// Set the properties of all groups with this property value; repeatable
    #[arg(long = "where", value_name = "NAME=VALUE")]
    pub(crate) conditions: Vec<String>,
    /// Do not ask for confirmation; required for --where without a terminal
    #[arg(long, short = 'y', requires = "conditions")]
    pub(crate) yes: bool,
    /// Treat every VALUE as text
    #[arg(long)]
    pub(crate) string: bool,
    /// Show what would change without writing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Unset {
    /// Key of the group
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Names of the properties to remove
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Do not ask for confirmation; required without a terminal
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Show what would be removed without removing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Upsert {
    /// Key of the group
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) properties: GivenProperties,
    /// Create the group if it does not exist
    #[arg(long)]
    pub(crate) create: bool,
    /// Show what would change without writing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Activity {
    /// Key of the group
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Maximum number of entries [default: all]
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Related {
    /// Key of a group
    #[arg(value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// UUID of a person, instead of a group; distinct ids are not accepted
    #[arg(long, value_name = "UUID")]
    pub(crate) person: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Values {
    /// Name of the property
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only values that contain this text; `%` matches any text, `_` any character
    #[arg(long, value_name = "TEXT")]
    pub(crate) containing: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Mcp {
    /// Also offer the tools that create and change groups
    #[arg(long)]
    pub(crate) allow_writes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Port to listen on; 0 picks a free port
    #[arg(long, default_value_t = 8000, value_name = "N")]
    pub(crate) port: u16,
    /// Address to listen on; anyone who can reach the address can read and change all data
    #[arg(long = "address", default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) address: IpAddr,
    /// Server to imitate: 2025 (self-hosted images of that year) or 2026 (PostHog Cloud); overrides the state file
    #[arg(long, value_name = "YEAR")]
    pub(crate) era: Option<Era>,
    /// Start with N generated groups of three types, and some persons and activity
    #[arg(long, value_name = "N", conflicts_with = "state")]
    pub(crate) seed: Option<usize>,
    /// Start with the state in this JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Groups per page of the list [real servers: 100]; overrides the state file
    #[arg(long, value_name = "N", value_parser = page_size)]
    pub(crate) page_size: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Write one page per command to this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("expected a number greater than zero".to_owned()),
    }
}

fn page_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a page must have at least one group".to_owned()),
        Ok(size) => Ok(size),
        Err(_) => Err("expected a number".to_owned()),
    }
}
