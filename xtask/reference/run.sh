#!/usr/bin/env bash
# Renders an OpenAPI document as one HTML file that works without a network. Usage: run.sh DOCUMENT FILE
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
spec=$(realpath "$1")
page=$(realpath -m "$2")
work="${POSTHOG_GROUPS_CACHE:-${CARGO_TARGET_DIR:-$here/../../target}/other-languages}/reference"

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
mkdir -p "$work"
cp "$here"/package.json "$here"/package-lock.json "$work"
cd "$work"
if ! cmp -s package-lock.json node_modules/installed.json; then
    npm ci --silent --no-audit --no-fund
    cp package-lock.json node_modules/installed.json
fi
# The scripts are embedded in the page, and the extensions (x-required-scopes and so on) are shown.
node_modules/.bin/redocly build-docs "$spec" --output rendered.html --title "PostHog groups API, corrected" \
    --inlineBundle --openapi.showExtensions=true --openapi.disableTelemetry=true >render.log 2>&1 || { cat render.log >&2; exit 1; }

# Removes a logo that the renderer would load from another host, and forbids the browser to load anything that is not in the file.
policy="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; worker-src blob:"
node -e '
const { readFileSync, writeFileSync } = require("node:fs");
const [from, to, policy] = process.argv.slice(1);
const html = readFileSync(from, "utf8");
const head = /<head>/;
if (!head.test(html) || /<(script|link)[^>]+(src|href)="?https?:/.test(html.split("<body")[0])) {
  console.error("error: the page loads something, or has no head");
  process.exit(1);
}
const logo = /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini(-full)?\.svg/g;
writeFileSync(to, html.replaceAll(logo, "data:,").replace(head, () => `<head>\n  <meta http-equiv="Content-Security-Policy" content="${policy}" />`));
' rendered.html "$page" "$policy"
