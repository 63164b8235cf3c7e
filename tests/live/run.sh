#!/usr/bin/env bash
# Tests the page of the live view in a headless Chromium: `newsstage demo --live` plays the bundled articles, an aggregator's
# page in Arabic and hostile ones, and the browser looks. One line for each check; the last is "N passed, N failed".
# Needs node and npm; installs Debian's Chromium and the pinned packages below when they are missing and it may.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/services/common.sh
source tests/services/common.sh

PLAYWRIGHT=1.65.1
AXE=4.14.1
TOOLS=${CARGO_TARGET_DIR:-target}/tools/live
STAGE=${NEWSSTAGE_BIN:-${CARGO_TARGET_DIR:-target}/release/newsstage}

browser() { type -P chromium || type -P chromium-browser || type -P google-chrome; }

prerequisites() {
    command -v node >/dev/null || install_packages nodejs npm || fail "node is missing: install nodejs 18 or later and npm"
    command -v npm >/dev/null || install_packages npm || fail "npm is missing"
    browser >/dev/null || install_packages chromium || fail "Chromium is missing: apt-get install chromium"
    if [[ $(cat "$TOOLS/versions" 2>/dev/null) != "$PLAYWRIGHT $AXE" ]]; then
        rm -rf "$TOOLS"
        mkdir -p "$TOOLS"
        npm install --prefix "$TOOLS" --no-save --no-audit --no-fund --ignore-scripts --silent \
            "playwright-core@$PLAYWRIGHT" "axe-core@$AXE" >&2 || fail "npm could not install playwright-core and axe-core"
        printf '%s %s\n' "$PLAYWRIGHT" "$AXE" >"$TOOLS/versions"
    fi
    if [[ -z ${NEWSSTAGE_BIN:-} ]]; then
        cargo build --release --locked --quiet --bin newsstage >&2 || fail "newsstage does not build"
    fi
    [[ -x $STAGE ]] || fail "$STAGE is missing"
}

prerequisites
CHROMIUM=$(browser) TOOLS=$(cd "$TOOLS" && pwd -P) STAGE=$(cd "$(dirname "$STAGE")" && pwd -P)/$(basename "$STAGE")
export CHROMIUM TOOLS STAGE
exec timeout -k 10 300 node tests/live/page.mjs "$@"
