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

# python_environment FOLDER REQUIREMENTS: a virtual environment in FOLDER/python with just what the file names, which has hashes.
# FOLDER/python.made says of which file it was made.
python_environment() {
    local folder=$1 requirements=$2
    [[ -f $folder/python.made && $(cat "$folder/python.made") == "$(sha256sum "$requirements")" ]] && return
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        install_packages python3-venv ||
        fail "python3, 3.11 or later, with venv is missing (Debian: apt-get install python3-venv)"
    rm -rf "$folder/python" "$folder/python.made"
    python3 -m venv "$folder/python"
    "$folder/python/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
        --only-binary :all: -r "$requirements" || fail "pip could not install what $requirements names"
    sha256sum "$requirements" >"$folder/python.made"
}
