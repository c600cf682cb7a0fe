#!/usr/bin/env bash
# Generates a client from the specification, type-checks it and runs the conformance kit; see README.md. Usage: run.sh typescript|python|go
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../lib.sh"

language=$1
work="$cache/$language"
mkdir -p "$work"

# same_bytes A B: fails if the two generated outputs differ.
same_bytes() {
    if ! diff -r -q "$1" "$2"; then
        echo "error: generating twice gave different files" >&2
        exit 1
    fi
    echo "$language: generated twice, $(find "$1" -type f | wc -l) file(s), $(find "$1" -type f -exec cat {} + | wc -l) lines, byte for byte the same"
}

# conforms COMMAND...: runs the conformance kit with this adapter. A client that lacks an operation fails here.
conforms() {
    local results="$work/results.json"
    python3 -B "$here/conformance.py" --server "$POSTHOG_GROUPS_FAKE" --json "$results" -- "$@"
    if grep -q '"result": "skipped"' "$results"; then
        echo "error: the adapter leaves operations out" >&2
        exit 1
    fi
}

source "$here/$language/run.sh"
