#!/usr/bin/env bash
# Tests `posthog-groups mcp` with the Python SDK of the protocol as its client. Builds both programs. Usage: run.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../lib.sh"

if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "skipped: the Python SDK needs Python 3.11 or newer with venv"
    exit 0
fi
venv mcp "$here/requirements.txt"
cargo build --quiet --locked --manifest-path "$workspace/Cargo.toml" -p posthog-groups-fake -p posthog-groups-cli
programs=${CARGO_TARGET_DIR:-$workspace/target}/debug
POSTHOG_GROUPS_FAKE=$programs/posthog-groups-fake
stand_in
"$venv/bin/python" -B "$here/session.py" "$url" "$programs/posthog-groups"
