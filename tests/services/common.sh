# shellcheck shell=bash
# What the test scripts share: messages, and Debian packages installed when they are missing. Sourced, not run.

# Ends the script with a reason a person can act on.
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# install_packages PACKAGE...: installs Debian packages as root or through a sudo that asks nothing. Returns 1 when that
# cannot be done; the caller then says what is missing.
install_packages() {
    local as_root=()
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null || return 1
    printf 'installing with apt-get: %s\n' "$*" >&2
    "${as_root[@]}" apt-get update -qq >&2 || true # an old list may still do
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2 </dev/null
}
