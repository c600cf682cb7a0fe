#!/usr/bin/env bash
# Generates a client from the spec, checks it and runs the scenario; see README.md. Usage: run.sh typescript|python|go
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../lib.sh"

language=$1
work="$cache/$language"
mkdir -p "$work"

# same_bytes A B: the two generations must not differ.
same_bytes() {
    if ! diff -r -q "$1" "$2"; then
        echo "error: generating twice gave different files" >&2
        exit 1
    fi
    echo "$language: generated twice, $(find "$1" -type f | wc -l) file(s), $(find "$1" -type f -exec cat {} + | wc -l) lines, byte for byte the same"
}

# scenario COMMAND...: runs it and makes sure that it took every step of scenario.json, in both eras.
scenario() {
    local failed=0
    "$@" | tee "$work/output.txt" || failed=1
    python3 - "$here/scenario.json" "$work/output.txt" <<'PYTHON'
import json, re, sys

wanted = [f"{era} {step}" for era in ("2025", "2026") for step in json.load(open(sys.argv[1], encoding="utf-8"))["steps"]]
lines = open(sys.argv[2], encoding="utf-8").read().splitlines()
taken = [match[1] for match in (re.fullmatch(r"(?:ok  |FAIL) (20\d\d .*?)(?: \| .*)?", line) for line in lines) if match]
if taken != wanted:
    sys.exit(f"error: not the steps of scenario.json: missing {sorted(set(wanted) - set(taken))}, extra {sorted(set(taken) - set(wanted))}")
PYTHON
    [ "$failed" = 0 ] || exit 1
}

source "$here/$language/run.sh"
