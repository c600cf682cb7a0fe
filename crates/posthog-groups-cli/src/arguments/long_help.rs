//! The text after the options in `--help`: notes and examples.

pub(crate) const TOP: &str = "\
First steps:
  Without an account: run the stand-in server, and paste what it prints into another shell
    posthog-groups serve --seed 100
  With one: create a personal API key under Settings, Personal API keys, and check it
    export POSTHOG_PERSONAL_API_KEY=phx_... POSTHOG_HOST=https://eu.posthog.com
    posthog-groups doctor

Output:
  table    aligned columns with a header, cut to the terminal; the default on a terminal
  plain    columns separated by tabs, no header, nothing cut; the default elsewhere
  json     one JSON document: an array for lists, an object for one thing
  ndjson   one JSON document on each line
  csv      comma-separated values with a header
  Numbers keep all their digits. Control characters of the data are written as escapes.

Exit codes:
  0  done                      4  the key is missing, unknown, or may not do this
  1  failed                    5  rate limited
  2  wrong usage or settings   6  done in part: some of several
  3  no such group or project  130, 143  stopped by Ctrl-C or SIGTERM

Settings, first found: flags, environment, context of the configuration file
  POSTHOG_PERSONAL_API_KEY   the key, phx_...
  POSTHOG_HOST               the instance [default: https://us.posthog.com]
  POSTHOG_PROJECT_ID         the project [default: @current]
  POSTHOG_GROUP_TYPE         the group type
  POSTHOG_PROJECT_API_KEY    the project token, phc_..., for sending events
  POSTHOG_GROUPS_CONFIG      the configuration file; `contexts --help` shows one
  POSTHOG_GROUPS_CONTEXT     the context of it
  NO_COLOR                   no colors, unless --color always is given

The key is sent to the host in force and to nobody else, and is never shown. There is no telemetry.";

pub(crate) const TYPES: &str = "\
Examples:
  posthog-groups types
  posthog-groups types -o json | jq -r '.[].group_type'";

pub(crate) const LIST: &str = "\
Groups are written while they come in, so a list of a million needs no memory.

Examples:
  posthog-groups list -t organization --search enterprise
  posthog-groups list --key-contains org:1 -n 20
  posthog-groups list -o ndjson | jq -c 'select(.group_properties.seats > 100)'

JSON: group_type_index, group_key, group_properties, created_at.
Table, plain and CSV: group_key, created_at, group_properties (as JSON).
Servers since 2026-06-12 may be behind writes for a while; `get` is not.";

pub(crate) const GET: &str = "\
Examples:
  posthog-groups get org:5
  posthog-groups get org:5 org:6 -o ndjson
  posthog-groups get org:5 -o json | jq .group_properties.plan

One key gives one JSON object, several give an array. On a terminal, values are shown as one would give them to `set`.
Keys that are not there are named, and the exit code is 3, or 6 where others are there.";

pub(crate) const CREATE: &str = "\
VALUE is JSON where it can be read as JSON, otherwise text; --string makes all of them text.
Pairs go over members of --properties with the same name.

Examples:
  posthog-groups create org:9 --set name=Acme --set seats=40
  posthog-groups create org:9 --properties '{\"name\": \"Acme\", \"plan\": \"trial\"}'
  posthog-groups create org:9 --properties @acme.json --dry-run
  jq .account crm.json | posthog-groups create org:9 --properties -";

pub(crate) const SET: &str = "\
VALUE is JSON where it can be read as JSON: seats=42 is a number, active=true a boolean, 'tags=[\"a\"]' a list.
Everything else is text: name=Acme, zip=01234. For text that looks like JSON, quote it ('zip=\"1234\"') or add --string.
The name ends at the first `=`; a name that has one goes into --properties of `upsert`.

Only what differs is written; the other properties stay.

Examples:
  posthog-groups set org:5 plan=enterprise seats=42
  posthog-groups set org:5 zip=1234 --string
  posthog-groups set org:5 'address={\"city\": \"Bonn\"}' --dry-run";

pub(crate) const UNSET: &str = "\
Asks before it removes, and shows the values that will be gone. Without a terminal it wants --yes.

Examples:
  posthog-groups unset org:5 trial_ends
  posthog-groups unset org:5 a b c --yes
  posthog-groups unset org:5 trial_ends --dry-run";

pub(crate) const UPSERT: &str = "\
The group is read first, and only what differs is written. VALUE is as `set` has it.
Pairs go over members of --properties with the same name.

Examples:
  posthog-groups upsert org:9 --create --set plan=enterprise
  posthog-groups upsert org:9 --properties @acme.json --dry-run -o json";

pub(crate) const EXPORT: &str = "\
The format follows from the name: .ndjson or .csv, each also with .gz or .zst. The file appears when it is complete.

Examples:
  posthog-groups export -t organization groups.ndjson
  posthog-groups export --key-contains acme groups.csv.gz
  posthog-groups export --order newest - | jq -c .group_key";

pub(crate) const IMPORT: &str = "\
An import merges: only what is missing or different is written, other properties stay, and no group is removed.
After a failure or Ctrl-C, the same command goes on where it was: what is done is in FILE.journal.

Examples:
  posthog-groups plan -t organization groups.csv
  posthog-groups import -t organization groups.csv
  posthog-groups import groups.ndjson.gz --yes --report report.ndjson";

pub(crate) const PLAN: &str = "\
Examples:
  posthog-groups plan -t organization groups.csv
  posthog-groups export -t organization - --context staging | posthog-groups plan -t organization -";

pub(crate) const ACTIVITY: &str = "\
The key needs the scope activity_log:read.

Examples:
  posthog-groups activity org:5
  posthog-groups activity org:5 -n 10 -o ndjson";

pub(crate) const RELATED: &str = "\
Two are related when they share an event of the last 90 days.

Examples:
  posthog-groups related org:6
  posthog-groups related --person 22214f25-675c-81b0-86ec-463bec153cad -o json";

pub(crate) const VALUES: &str = "\
The server tells at most 20 values, the most frequent first. Numbers and nested values are told as their JSON text.

Examples:
  posthog-groups values plan
  posthog-groups values industry --containing heal -o csv";

pub(crate) const DEFINITIONS: &str = "\
Servers since 2026-06-26, PostHog Cloud among them, no longer have this; look at some groups with `list` there.

Examples:
  posthog-groups definitions
  posthog-groups definitions -t organization -o csv";

pub(crate) const WHOAMI: &str = "\
The key needs the scope user:read; `doctor` also checks keys without it.

Examples:
  posthog-groups whoami
  posthog-groups whoami -o json | jq .project.id";

pub(crate) const CONTEXTS: &str = "\
The configuration file, posthog-groups/config.toml in ~/.config unless --config or POSTHOG_GROUPS_CONFIG names another:

  default_context = \"eu\"

  [contexts.eu]
  region = \"eu\"                             # or: host = \"https://posthog.example.com\"
  project = 7
  group_type = \"organization\"
  key_command = [\"pass\", \"show\", \"posthog\"]   # or: key_file = \"eu.key\"

  [contexts.staging]
  host = \"https://posthog.staging.example.com\"
  key_file = \"~/.config/posthog-groups/staging.key\"
  project_token_file = \"staging.token\"      # for sending events

Keys themselves do not belong in it. Paths are relative to the file.

Examples:
  posthog-groups contexts
  posthog-groups contexts --context staging";

pub(crate) const DOCTOR: &str = "\
Nothing is changed: scopes for writing are tried on a group that cannot exist.
The exit code is 0 when all is well or there are only warnings, 4 when the key is the trouble,
5 when the server throttles the key so that not all could be checked, and 1 otherwise.

Examples:
  posthog-groups doctor
  posthog-groups doctor -o json | jq '.[] | select(.status != \"ok\")'";

pub(crate) const SERVE: &str = "\
It answers as PostHog does, quirks included, and keeps everything in memory: nothing leaves this machine.

Examples:
  In one shell:
    posthog-groups serve --seed 1000
  In another, after pasting what it prints:
    posthog-groups list -t organization -n 5
  In a script:
    posthog-groups serve --port 8123 --seed 10 > env.sh & sleep 1; . ./env.sh";

pub(crate) const COMPLETIONS: &str = "\
The folder has to be there; make it with `mkdir -p` if it is not.

Examples:
  posthog-groups completions bash > ~/.local/share/bash-completion/completions/posthog-groups
  posthog-groups completions zsh > ~/.zfunc/_posthog-groups
  posthog-groups completions fish > ~/.config/fish/completions/posthog-groups.fish";

pub(crate) const MAN: &str = "\
Examples:
  posthog-groups man | man -l -
  posthog-groups man --out ~/.local/share/man/man1";
