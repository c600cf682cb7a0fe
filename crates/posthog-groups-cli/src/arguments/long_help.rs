//! The text after the options in `--help`: notes and examples.

pub(crate) const TOP: &str = "\
First steps:
  Without an account, run the stand-in server and paste its output into another shell:
    posthog-groups serve --seed 100
  With an account, create a personal API key under Settings, Personal API keys, and check it:
    export POSTHOG_PERSONAL_API_KEY=phx_... POSTHOG_HOST=https://eu.posthog.com
    posthog-groups doctor

Output:
  table    aligned columns with a header, truncated to the terminal; the default on a terminal
  plain    tab-separated columns without a header, not truncated; the default if the output is not a terminal
  json     one JSON document: an array for lists, an object for single results
  ndjson   one JSON document per line
  csv      comma-separated values with a header
  Numbers keep all their digits. Control characters are escaped, in csv only on a terminal.

Exit codes:
  0  success                    4  key missing, invalid, or without permission
  1  failure                    5  rate limited
  2  invalid usage or settings  6  partial success
  3  group or project not found 130, 143  stopped by Ctrl-C or SIGTERM

Settings: flags override environment variables, which override the context of the configuration file
  POSTHOG_PERSONAL_API_KEY   the key, phx_...
  POSTHOG_HOST               the instance [default: https://us.posthog.com]
  POSTHOG_PROJECT_ID         the project [default: @current]
  POSTHOG_GROUP_TYPE         the group type
  POSTHOG_PROJECT_API_KEY    the project token, phc_..., for sending events
  POSTHOG_GROUPS_CONFIG      the configuration file; `contexts --help` shows one
  POSTHOG_GROUPS_CONTEXT     the context to use
  NO_COLOR                   disables colors, unless --color always is given

The key is sent only to the configured host, and is never shown. There is no telemetry.";

pub(crate) const TYPES: &str = "\
Examples:
  posthog-groups types
  posthog-groups types -o json | jq -r '.[].group_type'";

pub(crate) const LIST: &str = "\
Groups are printed as they arrive, in constant memory.

--where matches VALUE as the value that `set` would write, or as text: zip=1234 matches both the number and the text.
The server cannot filter by property, so all groups are fetched, 100 per request. Use --search to fetch fewer groups.

Examples:
  posthog-groups list -t organization --search enterprise
  posthog-groups list --key-contains org:1 -n 20
  posthog-groups list --search enterprise --where plan=enterprise --columns name,seats
  posthog-groups list -o ndjson | jq -c 'select(.group_properties.seats > 100)'

JSON: group_type_index, group_key, group_properties, created_at.
Table, plain and CSV: group_key, created_at, group_properties (as JSON).
On servers since 2026-06-12, recent writes appear in lists after a delay; `get` shows them immediately.";

pub(crate) const GET: &str = "\
Examples:
  posthog-groups get org:5
  posthog-groups get org:5 org:6 -o ndjson
  posthog-groups get org:5 -o json | jq .group_properties.plan

With -o json, one key prints an object, and several keys print an array. On a terminal, values are shown in the format that
`set` accepts. If a group does not exist, the exit code is 3, or 6 if other groups were found.";

pub(crate) const CREATE: &str = "\
VALUE is JSON if it parses as JSON, otherwise text; --string treats every VALUE as text.
Pairs override members of --properties with the same name. The server removes white space around the key.

Examples:
  posthog-groups create org:9 --set name=Acme --set seats=40
  posthog-groups create org:9 --properties '{\"name\": \"Acme\", \"plan\": \"trial\"}'
  posthog-groups create org:9 --properties @acme.json --dry-run
  jq .account crm.json | posthog-groups create org:9 --properties -";

pub(crate) const SET: &str = "\
VALUE is JSON if it parses as JSON: seats=42 is a number, active=true a boolean, 'tags=[\"a\"]' a list.
Anything else is text: name=Acme, zip=01234. Quote text that looks like JSON ('zip=\"1234\"'), or add --string.
The name ends at the first `=`. For names that contain `=`, use `upsert --properties`.

Only properties that differ are written. Other properties are not changed.

--where selects groups by their properties, as in `list`: it lists all groups, shows the changes, and asks for confirmation.
A group that changes after it was listed is still written.

Examples:
  posthog-groups set org:5 plan=enterprise seats=42
  posthog-groups set org:5 zip=1234 --string
  posthog-groups set org:5 'address={\"city\": \"Bonn\"}' --dry-run
  posthog-groups set --where plan=free plan=starter";

pub(crate) const UNSET: &str = "\
Shows the values and asks for confirmation. Without a terminal, --yes is required.
If the server cannot return the group (status 500), its properties are removed without reading it first.

Examples:
  posthog-groups unset org:5 trial_ends
  posthog-groups unset org:5 a b c --yes
  posthog-groups unset org:5 trial_ends --dry-run";

pub(crate) const UPSERT: &str = "\
Reads the group first, and writes only properties that differ. VALUE is read as in `set`.
Pairs override members of --properties with the same name.

Examples:
  posthog-groups upsert org:9 --create --set plan=enterprise
  posthog-groups upsert org:9 --properties @acme.json --dry-run -o json";

pub(crate) const EXPORT: &str = "\
The file name determines the format: .ndjson or .csv, optionally followed by .gz or .zst. The file is created or replaced
only when the export is complete.

Examples:
  posthog-groups export -t organization groups.ndjson
  posthog-groups export --key-contains acme groups.csv.gz
  posthog-groups export --order newest - | jq -c .group_key";

pub(crate) const IMPORT: &str = "\
Creates missing groups and writes properties that differ. Other properties are not changed, and no group is removed.
After a failure or Ctrl-C, run the same command again to resume: FILE.journal records the rows that are done.

Examples:
  posthog-groups plan -t organization groups.csv
  posthog-groups import -t organization groups.csv
  posthog-groups import groups.ndjson.gz --yes --report report.ndjson";

pub(crate) const PLAN: &str = "\
--who shows, for each property that differs, its value on the server and who last wrote it according to the history of the
group. It sends two requests per group for at most --limit groups, and requires the scope activity_log:read. The history
contains only writes through the API, and only its latest 100 entries are read. If it does not explain the value, the column
`note` says so.

Examples:
  posthog-groups plan -t organization groups.csv
  posthog-groups plan -t organization groups.csv --who
  posthog-groups export -t organization - --context staging | posthog-groups plan -t organization -";

pub(crate) const ACTIVITY: &str = "\
The key requires the scope activity_log:read.

Examples:
  posthog-groups activity org:5
  posthog-groups activity org:5 -n 10 -o ndjson";

pub(crate) const RELATED: &str = "\
Persons and groups are related if they share an event of the last 90 days.

Examples:
  posthog-groups related org:6
  posthog-groups related --person 22214f25-675c-81b0-86ec-463bec153cad -o json";

pub(crate) const VALUES: &str = "\
The server returns at most 20 values, the most frequent first. Numbers and nested values are returned as JSON text.

Examples:
  posthog-groups values plan
  posthog-groups values industry --containing heal -o csv";

pub(crate) const DEFINITIONS: &str = "\
Servers since 2026-06-26, including PostHog Cloud, no longer offer this; use `list` there.

Examples:
  posthog-groups definitions
  posthog-groups definitions -t organization -o csv";

pub(crate) const API: &str = "\
Use this for endpoints that have no command. As with all commands, the key is sent only to the configured host.
GET requests are retried, and all other methods are sent once. The response must be JSON.

Examples:
  posthog-groups api GET /api/users/@me/
  posthog-groups api GET '/api/projects/{project_id}/feature_flags/?limit=10' | jq -c '.results[]'
  posthog-groups api PATCH /api/projects/{project_id}/groups_types/update_metadata --body @types.json";

pub(crate) const WHOAMI: &str = "\
The key requires the scope user:read. `doctor` also checks keys without this scope.

Examples:
  posthog-groups whoami
  posthog-groups whoami -o json | jq .project.id";

pub(crate) const CONTEXTS: &str = "\
The configuration file is ~/.config/posthog-groups/config.toml, unless --config or POSTHOG_GROUPS_CONFIG names another:

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

The file must not contain keys. Paths are relative to the file.

Examples:
  posthog-groups contexts
  posthog-groups contexts --context staging";

pub(crate) const DOCTOR: &str = "\
`doctor` does not change anything: it tests write scopes with a group that cannot exist.
The exit code is 0 if no check failed (warnings are not failures), 4 if only checks of the key failed,
5 if some checks were skipped because the key is rate limited, and 1 otherwise.

Examples:
  posthog-groups doctor
  posthog-groups doctor -o json | jq '.[] | select(.status != \"ok\")'";

pub(crate) const SERVE: &str = "\
The server responds like PostHog, including its quirks. It keeps all data in memory and does not connect to other machines.

Examples:
  In one shell:
    posthog-groups serve --seed 1000
  In another, after pasting its output:
    posthog-groups list -t organization -n 5
  In a script:
    posthog-groups serve --port 8123 --seed 10 > env.sh & sleep 1; . ./env.sh";

pub(crate) const MCP: &str = "\
An MCP host (Claude Desktop, Claude Code, Cursor, VS Code) starts this command and calls its tools. Standard output carries
only the protocol. Write tools are offered only with --allow-writes. The README shows how to configure the hosts.

Examples:
  claude mcp add posthog-groups -- posthog-groups mcp --context eu
  posthog-groups mcp --context staging --allow-writes";

pub(crate) const COMPLETIONS: &str = "\
Create the directory first, with `mkdir -p`.

Examples:
  posthog-groups completions bash > ~/.local/share/bash-completion/completions/posthog-groups
  posthog-groups completions zsh > ~/.zfunc/_posthog-groups
  posthog-groups completions fish > ~/.config/fish/completions/posthog-groups.fish";

pub(crate) const MAN: &str = "\
Examples:
  posthog-groups man | man -l -
  posthog-groups man --out ~/.local/share/man/man1";
