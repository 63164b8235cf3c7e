# shellcheck shell=bash
# What containers.sh, monitoring.sh and ../supply.sh share: tools from the package registries, and the running and counting of checks.
# Sourced, not run, from the root of the repository.

# shellcheck source=tests/services/common.sh
source tests/services/common.sh

TARGET=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
TOOLS=$TARGET/tools/deploy
PYTHON=$TOOLS/python/bin/python
STAGE=${NEWSSTAGE_BIN:-$TARGET/release/newsstage}
REQUIREMENTS=tests/deploy/requirements.txt
PASSED=0 FAILED=0
SCRATCH=$(mktemp -d)
export PYTHONDONTWRITEBYTECODE=1 # nothing of the checks stays in the repository
AS_ROOT=()
[[ $EUID -eq 0 ]] || AS_ROOT=(sudo -n)

# Nobody's settings but the checks' own.
for variable in $(compgen -e | grep -E '^(NEWSSTAGE__|NEWSSTAGE_CONFIG$|RUST_LOG$|COMPOSE_|SEED_)' || true); do unset "$variable"; done

clean_up() {
    local status=$?
    trap - EXIT
    # Files of root are there only after a sudo that worked.
    rm -rf "$SCRATCH" 2>/dev/null || "${AS_ROOT[@]}" rm -rf "$SCRATCH"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# check NAME COMMAND...: one line; on failure the output too. The command runs in a subshell, which it may leave, and ends at
# its first failure: so `check` must not stand in a condition.
check() {
    local name=$1 output status
    shift
    set +e
    output=$(
        set -e
        "$@" 2>&1 </dev/null
    )
    status=$?
    set -e
    if ((status == 0)); then
        printf 'ok      %s\n' "$name"
        PASSED=$((PASSED + 1))
    else
        printf 'FAILED  %s\n' "$name"
        printf '%s\n' "${output:-ended with status $status}" | sed 's/^/        /'
        FAILED=$((FAILED + 1))
    fi
}

# need NAME COMMAND...: a check without which the others say nothing.
need() {
    local before=$FAILED
    check "$@"
    ((FAILED == before)) || finish
}

finish() {
    printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
    ((FAILED == 0)) || exit 1
    exit 0
}

stage_is_built() {
    [[ -x $STAGE ]] ||
        fail "$STAGE is missing: build it with 'cargo build --release', or name it in NEWSSTAGE_BIN"
}

# Only one script at a time installs tools.
lock_tools() {
    command -v flock >/dev/null || install_packages util-linux || fail "flock is missing (Debian: apt-get install util-linux)"
    mkdir -p "$TOOLS" && exec 9>"$TOOLS/lock" && flock 9
}

python_tools() {
    lock_tools
    python_environment "$TOOLS" "$REQUIREMENTS"
}

# promtool from Debian's package `prometheus`, unpacked and not installed: installing it would start a server.
PROMTOOL_AT_LEAST=2.42
promtool_is_there() {
    local version
    version=$("$TOOLS/promtool" --version 2>&1 | sed -n '1s/^promtool, version \([0-9.]*\).*/\1/p') && [[ -n $version ]] &&
        printf '%s\n' "$PROMTOOL_AT_LEAST" "$version" | sort -C -V && printf 'promtool %s\n' "$version"
}

promtool_tool() {
    local found
    lock_tools
    promtool_is_there && return
    if found=$(command -v promtool); then
        ln -sf "$found" "$TOOLS/promtool"
        promtool_is_there && return
    fi
    rm -rf "$TOOLS/promtool" "$TOOLS/prometheus"
    mkdir -p "$TOOLS/prometheus"
    if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
        if ! download_prometheus; then
            refresh_packages && download_prometheus
        fi || true
        dpkg -x "$TOOLS/prometheus/"prometheus_*.deb "$TOOLS/prometheus" 2>/dev/null &&
            mv "$TOOLS/prometheus/usr/bin/promtool" "$TOOLS/promtool"
        rm -rf "$TOOLS/prometheus"
    fi
    promtool_is_there ||
        fail "promtool, $PROMTOOL_AT_LEAST or later, is missing: put it on the PATH (it comes with Prometheus; Debian: the package prometheus)"
}

download_prometheus() { (cd "$TOOLS/prometheus" && apt-get download -qq prometheus); }

refresh_packages() {
    "${AS_ROOT[@]}" apt-get update -qq
}

systemd_tool() {
    command -v systemd-analyze >/dev/null || install_packages systemd ||
        fail "systemd-analyze is missing (Debian: apt-get install systemd)"
    systemd-analyze --version | head -n 1
}

# end PID: kills a server and waits until it is gone.
end() {
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# ask PORT PATH: the answer of the admin address, body only.
ask() {
    "$PYTHON" -c 'import sys, urllib.request as u
print(u.urlopen(u.Request(f"http://127.0.0.1:{sys.argv[1]}{sys.argv[2]}"), timeout=5).read().decode(), end="")' "$@"
}

free_port() { "$PYTHON" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
