#!/usr/bin/env bash
# Runs three tools on the pairs of pairs.yaml and prints their results as a Markdown table:
#
#     tests/diff-pairs/compare.sh [--check]
#
# --check compares the table with the one in README.md, and fails if they differ.
#
# Requires cargo, node with npm, and go. The other tools are installed with pinned versions into $DIFF_TOOLS, by default
# ~/.cache/posthog-groups/diff-tools.
set -euo pipefail

redocly_version=2.77.0
oasdiff_version=v1.36.0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=${DIFF_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/posthog-groups/diff-tools}
redocly=$tools/redocly-$redocly_version/node_modules/.bin/redocly
oasdiff=$tools/oasdiff-$oasdiff_version/oasdiff

for program in cargo node npm go; do
  if ! command -v "$program" >/dev/null; then
    echo "compare.sh: $program is not installed" >&2
    exit 2
  fi
done
if [ ! -x "$redocly" ]; then
  npm install --silent --no-audit --no-fund --prefix "$tools/redocly-$redocly_version" "@redocly/cli@$redocly_version" >&2
fi
if [ ! -x "$oasdiff" ]; then
  GOBIN=$tools/oasdiff-$oasdiff_version go install "github.com/oasdiff/oasdiff@$oasdiff_version" >&2
fi

# The test writes the pairs and our results; it fails if a result is not the expected one.
target=$(cd "$root" && cargo metadata --format-version 1 --no-deps | node -p 'JSON.parse(require("fs").readFileSync(0)).target_directory')
(cd "$root" && cargo test --quiet --package posthog-groups-spec --test diff every_pair >&2)
pairs=$target/tmp/diff-pairs

# An empty redocly.yaml, because one in the working directory would turn off rules.
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
cd "$empty"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

say_redocly() {
  "$redocly" diff "$pairs/base.json" "$1" --format json --fail-on none 2>/dev/null |
    node -e '
      let report;
      try { report = JSON.parse(require("fs").readFileSync(0)); } catch { console.log("error"); process.exit(); }
      const { major, minor, patch } = report.summary;
      console.log(major ? "breaking" : minor ? "compatible" : patch ? "documentation" : "identical");'
}

say_oasdiff() {
  "$oasdiff" changelog "$pairs/base.json" "$1" --format json 2>/dev/null |
    node -e '
      let changes;
      const text = require("fs").readFileSync(0, "utf8").trim();
      try { changes = JSON.parse(text || "[]"); } catch { console.log("error"); process.exit(); }
      if (!Array.isArray(changes)) changes = changes.changes ?? [];
      const worst = Math.max(0, ...changes.map((change) => change.level));
      console.log(["identical", "compatible", "warning", "breaking"][worst]);'
}

# A result, in bold if it is wrong about whether the change is breaking.
marked() {
  if { [ "$1" = breaking ] && [ "$2" != breaking ]; } || { [ "$1" != breaking ] && [ "$2" = breaking ]; }; then
    printf '**%s**' "$2"
  else
    printf '%s' "$2"
  fi
}

table() {
  echo "| pair | truth | ours | redocly $redocly_version | oasdiff $oasdiff_version |"
  echo "|---|---|---|---|---|"
  local total=0 ours_wrong=0 redocly_wrong=0 oasdiff_wrong=0
  while IFS=$'\t' read -r name truth ours; do
    local theirs other
    theirs=$(marked "$truth" "$(say_redocly "$pairs/$name.json")")
    other=$(marked "$truth" "$(say_oasdiff "$pairs/$name.json")")
    ours=$(marked "$truth" "$ours")
    echo "| $name | $truth | $ours | $theirs | $other |"
    total=$((total + 1))
    case $ours in '**'*) ours_wrong=$((ours_wrong + 1)) ;; esac
    case $theirs in '**'*) redocly_wrong=$((redocly_wrong + 1)) ;; esac
    case $other in '**'*) oasdiff_wrong=$((oasdiff_wrong + 1)) ;; esac
  done <"$pairs/table.tsv"
  echo "| **correct** | $total | $((total - ours_wrong)) | $((total - redocly_wrong)) | $((total - oasdiff_wrong)) |"
}

if [ "${1:-}" != --check ]; then
  table
  exit 0
fi
# Fails if the result of a tool changes, so that the notes can be updated.
table >table.md
if ! sed -n '/^| pair /,/^| \*\*as the truth/p' "$here/README.md" | diff - table.md; then
  echo "compare.sh: the table in README.md is not what the tools say now; run compare.sh and look at the difference" >&2
  exit 1
fi
echo "the table in README.md is what the tools say"
