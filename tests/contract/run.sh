#!/usr/bin/env bash
# The contract test; see README.md. Usage: run.sh [2025|2026|both]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../lib.sh"

venv contract "$here/requirements.txt"
stand_in
"$venv/bin/python" -B "$here/contract.py" --url "$url" --spec "$spec" --reports "$cache/contract" --era "${1:-both}"
