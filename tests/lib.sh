# Shell functions for the scripts in contract/ and clients/. Sourced, not run.
#
# POSTHOG_GROUPS_FAKE   the stand-in server's program; `cargo xtask contract` and `cargo xtask clients` build and set it
# POSTHOG_GROUPS_CACHE  folder for tools and generated code [default: target/other-languages in the workspace]

workspace=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
spec="$workspace/spec/openapi.yaml"
cache=${POSTHOG_GROUPS_CACHE:-$workspace/target/other-languages}
mkdir -p "$cache"

# Prints the line on which a script failed, because `set -e` prints nothing.
trap 'echo "error: ${BASH_SOURCE[0]##*/} line $LINENO: $BASH_COMMAND" >&2' ERR

# venv NAME REQUIREMENTS: creates a virtual environment with exactly these packages, again if the list changes.
# Sets $venv to its folder.
venv() {
    venv="$cache/venv-$1"
    local expected
    expected=$(python3 --version && cat "$2")
    if [ -f "$venv/installed.txt" ] && [ "$(cat "$venv/installed.txt")" = "$expected" ]; then
        return
    fi
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$2"
    printf '%s\n' "$expected" >"$venv/installed.txt"
}

# stand_in: starts the server on a free port, sets $url, and stops it when the script ends.
stand_in() {
    if [ ! -x "${POSTHOG_GROUPS_FAKE:-}" ]; then
        echo "error: POSTHOG_GROUPS_FAKE names no program; run this through cargo xtask, or build posthog-groups-fake" >&2
        exit 2
    fi
    port_file=$(mktemp -u "${TMPDIR:-/tmp}/posthog-groups-fake.XXXXXX")
    "$POSTHOG_GROUPS_FAKE" --port 0 --port-file "$port_file" >/dev/null &
    stand_in_pid=$!
    trap 'kill "$stand_in_pid" 2>/dev/null || true; rm -f "$port_file"' EXIT
    for _ in $(seq 200); do
        if [ -s "$port_file" ]; then
            url="http://127.0.0.1:$(cat "$port_file")"
            return
        fi
        if ! kill -0 "$stand_in_pid" 2>/dev/null; then
            echo "error: the stand-in server did not start" >&2
            exit 2
        fi
        sleep 0.05
    done
    echo "error: the stand-in server did not start within ten seconds" >&2
    exit 2
}
