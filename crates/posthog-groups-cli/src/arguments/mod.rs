//! What may be written on the command line.

mod long_help;
pub(crate) mod transfer;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use posthog_groups_fake::Era;

/// Look at, change, move and audit the groups of a PostHog project.
#[derive(Debug, Parser)]
#[command(name = "posthog-groups", version, after_long_help = long_help::TOP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Debug, Default)]
pub(crate) struct GlobalArguments {
    /// Group type: its name or its index; may be left out where the project has only one [env: POSTHOG_GROUP_TYPE]
    #[arg(long, short = 't', global = true, value_name = "NAME|INDEX", help_heading = "What to work on")]
    pub(crate) group_type: Option<String>,

    /// Project: the number in its address, or `@current` [env: POSTHOG_PROJECT_ID]
    #[arg(long, global = true, value_name = "ID", help_heading = "What to work on")]
    pub(crate) project: Option<String>,

    /// Context of the configuration file to use [env: POSTHOG_GROUPS_CONTEXT]
    #[arg(long, global = true, value_name = "NAME", help_heading = "What to work on")]
    pub(crate) context: Option<String>,

    /// Instance, such as `https://posthog.example.com` [env: POSTHOG_HOST] [default: https://us.posthog.com]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "region", help_heading = CONNECTION)]
    pub(crate) host: Option<String>,

    /// Region of PostHog Cloud, in place of a host
    #[arg(long, global = true, value_enum, value_name = "REGION", help_heading = CONNECTION)]
    pub(crate) region: Option<RegionName>,

    /// Read the personal API key from this file
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) key_file: Option<PathBuf>,

    /// Read the personal API key from what this shell command prints
    #[arg(long, global = true, value_name = "COMMAND", hide_short_help = true, help_heading = CONNECTION,
        conflicts_with = "key_file")]
    pub(crate) key_command: Option<String>,

    /// Read the personal API key from standard input
    #[arg(long, global = true, hide_short_help = true, help_heading = CONNECTION,
        conflicts_with_all = ["key_file", "key_command"])]
    pub(crate) key_stdin: bool,

    /// Refused with the mend: a key among the arguments is in the list of processes and in the shell's history.
    #[arg(long = "key", global = true, hide = true, value_name = "KEY",
        aliases = ["api-key", "personal-api-key", "token"])]
    pub(crate) refused_key: Option<String>,

    /// Configuration file [env: POSTHOG_GROUPS_CONFIG]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) config: Option<PathBuf>,

    /// Send the key over plain http to another machine, where the network is trusted
    #[arg(long, global = true, hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) allow_insecure_http: bool,

    /// Seconds that one attempt of a request may take [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", hide_short_help = true, help_heading = CONNECTION,
        value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,

    /// How often a failed request is repeated at most [default: 4]
    #[arg(long, global = true, value_name = "N", hide_short_help = true, help_heading = CONNECTION)]
    pub(crate) retries: Option<u32>,

    /// Form of the output [default: table on a terminal, otherwise plain]
    #[arg(long, short = 'o', global = true, value_enum, value_name = "FORMAT", help_heading = OUTPUT)]
    pub(crate) output: Option<Format>,

    /// Write control characters in CSV and in answers of `api` as they are, to a terminal too
    #[arg(long, global = true, hide_short_help = true, help_heading = OUTPUT)]
    pub(crate) raw: bool,

    /// Say nothing on standard error but errors
    #[arg(long, short = 'q', global = true, help_heading = OUTPUT)]
    pub(crate) quiet: bool,

    /// Show every request on standard error: method, path, status, attempt, time; never the key
    #[arg(long, short = 'v', global = true, help_heading = OUTPUT)]
    pub(crate) verbose: bool,

    /// When to use colors; `always` also goes before NO_COLOR in the environment
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_short_help = true,
        help_heading = OUTPUT)]
    pub(crate) color: Colors,

    /// The same as `--color never`
    #[arg(long, global = true, hide_short_help = true, help_heading = OUTPUT)]
    pub(crate) no_color: bool,
}

const CONNECTION: &str = "Connection";
const OUTPUT: &str = "Output";

/// A form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns with a header, cut to the width of the terminal
    Table,
    /// Columns separated by tabs, without a header, nothing cut
    Plain,
    /// One JSON document: an array for lists
    Json,
    /// One JSON document on each line
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
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RegionName {
    /// United States, https://us.posthog.com
    Us,
    /// European Union, https://eu.posthog.com
    Eu,
}

/// What is to be done. [`crate::help::TOPICS`] says where each stands in the help.
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
    /// Merge properties into a group, and create it if wanted
    #[command(after_long_help = long_help::UPSERT)]
    Upsert(Upsert),
    /// Show the history of a group, newest first
    #[command(after_long_help = long_help::ACTIVITY)]
    Activity(Activity),
    /// Show who and what was seen together with a group or a person
    #[command(after_long_help = long_help::RELATED)]
    Related(Related),
    /// Show the most frequent values of a property
    #[command(after_long_help = long_help::VALUES)]
    Values(Values),
    /// Show the names of properties (servers before 2026-06-26)
    #[command(after_long_help = long_help::DEFINITIONS)]
    Definitions,
    /// Write groups to a file, as NDJSON or CSV
    #[command(after_long_help = long_help::EXPORT)]
    Export(transfer::Export),
    /// Create and change groups from a file
    #[command(after_long_help = long_help::IMPORT)]
    Import(transfer::Import),
    /// Show what an import would change, and write nothing
    #[command(after_long_help = long_help::PLAN)]
    Plan(transfer::ImportInput),
    /// Show the user that the key belongs to
    #[command(after_long_help = long_help::WHOAMI)]
    Whoami,
    /// Show the contexts, and where each setting comes from
    #[command(after_long_help = long_help::CONTEXTS)]
    Contexts,
    /// Check configuration, connection, key and server, and say how to mend what is wrong
    #[command(after_long_help = long_help::DOCTOR)]
    Doctor(Doctor),
    /// Run a stand-in server on this machine, to try things without an account
    #[command(after_long_help = long_help::SERVE)]
    Serve(Serve),
    /// Print the completions of a shell
    #[command(after_long_help = long_help::COMPLETIONS)]
    Completions(Completions),
    /// Print the manual page, or write the pages of all commands to a folder
    #[command(after_long_help = long_help::MAN)]
    Man(Man),
}

impl Command {
    /// Whether the command says by itself how far it is and what it waits for.
    pub(crate) fn shows_progress(&self) -> bool {
        matches!(self, Self::Export(_) | Self::Import(_) | Self::Plan(_))
    }
}

/// Nothing of its own.
#[derive(Args, Debug)]
pub(crate) struct Doctor {}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only groups whose properties contain this text (names included), or whose key it is; case does not matter
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,

    /// Only groups whose key contains this text; case does not matter
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_contains: Option<String>,

    /// Only groups that have this property with this value; may be repeated. All groups are fetched and filtered here
    #[arg(long = "where", value_name = "NAME=VALUE")]
    pub(crate) conditions: Vec<String>,

    /// Show the key and these properties, each in a column of its own; for table, plain and csv
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,

    /// At most so many groups [default: all]
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Keys of groups, exact
    #[arg(required = true, value_name = "KEY")]
    pub(crate) keys: Vec<String>,
}

/// Properties, as pairs or as one JSON object.
#[derive(Args, Debug)]
pub(crate) struct GivenProperties {
    /// Set a property; may be repeated. VALUE is JSON where it can be read as JSON, otherwise text
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) pairs: Vec<String>,

    /// Properties as a JSON object, `@FILE` to read them from a file, `-` from standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) properties: Option<String>,

    /// Take every VALUE as text, also where it looks like a number
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
    /// Show what would be created, and create nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Key of the group
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Properties. VALUE is JSON where it can be read as JSON, otherwise text
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub(crate) pairs: Vec<String>,
    /// Take every VALUE as text, also where it looks like a number
    #[arg(long)]
    pub(crate) string: bool,
    /// Show what would change, and write nothing
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
    /// Do not ask for confirmation; required where there is no terminal to ask on
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Show what would be removed, and write nothing
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
    /// Create the group where it is missing
    #[arg(long)]
    pub(crate) create: bool,
    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Activity {
    /// Key of the group
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// At most so many entries [default: all]
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Related {
    /// Key of a group
    #[arg(value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// UUID of a person, instead of a group; a distinct id does not work
    #[arg(long, value_name = "UUID")]
    pub(crate) person: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Values {
    /// Name of the property
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only values that contain this text; `%` stands for any text and `_` for any character
    #[arg(long, value_name = "TEXT")]
    pub(crate) containing: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Port to listen on; 0 lets the system pick a free one
    #[arg(long, default_value_t = 8000, value_name = "N")]
    pub(crate) port: u16,
    /// Address to listen on; anyone who can reach it can read and change everything
    #[arg(long = "address", default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) address: IpAddr,
    /// Which server to be: 2025 (self-hosted images of that year) or 2026 (PostHog Cloud); overrides the state file
    #[arg(long, value_name = "YEAR")]
    pub(crate) era: Option<Era>,
    /// Start with so many made-up groups of three types, some persons, and some activity
    #[arg(long, value_name = "N", conflicts_with = "state")]
    pub(crate) seed: Option<usize>,
    /// Start with the world in this JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Groups per page of the list [real server: 100]; overrides the state file
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
    /// Write one page for each command to this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "this is no number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("give a number above zero".to_owned()),
    }
}

fn page_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a page holds at least one group".to_owned()),
        Ok(size) => Ok(size),
        Err(_) => Err("this is no number".to_owned()),
    }
}
