#!/usr/bin/env bash
# Checks the image, the compose file and the systemd unit, without a container engine: linters, what the files say of each
# other and of the program, and the file system of the image with the program in it. Needs target/release/newsstage, Debian,
# and root or a sudo that asks nothing, to change the root folder.
# shellcheck disable=SC2329 # the functions that `check` calls by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/deploy/checks.sh
source tests/deploy/checks.sh

DOCKERFILE=deploy/docker/Dockerfile
COMPOSE=deploy/compose/compose.yaml
UNIT=deploy/systemd/newsstage.service
EXPOSURE=15 # of `systemd-analyze security`, in tenths: 0 is closed, 100 is open
ROOTFS=$SCRATCH/rootfs
CONTEXT=$SCRATCH/context

CHROOT=$(command -v chroot || printf '/usr/sbin/chroot')

compose() { "$TOOLS/python/bin/docker-compose" --file "$COMPOSE" "$@"; }
python_check() { "$PYTHON" tests/deploy/containers/check.py "$@"; }

scripts_are_clean() {
    "$TOOLS/python/bin/shellcheck" --external-sources deploy/docker/*.sh deploy/compose/*.sh \
        tests/deploy/containers.sh tests/deploy/monitoring.sh tests/deploy/checks.sh
}

# ---- the image ----

dockerfile_is_clean() { "$TOOLS/python/bin/hadolint" --no-color "$DOCKERFILE"; }

# What the first two steps of the build see: the manifest is complete with the empty sources, and names what is built.
manifest_loads_without_sources() {
    cargo metadata --version >/dev/null 2>&1 || command -v cargo >/dev/null || fail "cargo is missing"
    mkdir "$CONTEXT" && cp Cargo.toml Cargo.lock "$CONTEXT"
    (cd "$CONTEXT" && sh "$OLDPWD/deploy/docker/skeleton.sh")
    [[ -z $(find "$CONTEXT/src" -type f -size +13c) ]] || fail "skeleton.sh makes more than empty sources"
    cargo metadata --manifest-path "$CONTEXT/Cargo.toml" --locked --offline --no-deps --format-version 1 >"$SCRATCH/metadata.json"
    python_check build_command "$SCRATCH/metadata.json"
}

# By the script that the Dockerfile runs. It ends by running the program there.
lay_root() {
    command -v dpkg-query >/dev/null || fail "dpkg-query is missing: the image is made on Debian"
    mkdir "$SCRATCH/files" && cp deploy/docker/newsstage.toml LICENSE THIRD_PARTY.md \
        THIRD_PARTY_LICENSES.txt deploy/sbom/newsstage.cdx.json "$SCRATCH/files"
    "${AS_ROOT[@]}" sh deploy/docker/rootfs.sh "$STAGE" "$SCRATCH/files" "$ROOTFS" ||
        fail "the root file system cannot be laid (it takes root, or a sudo that asks nothing, for chroot)"
}

# in_image COMMAND...: as the user and with the environment of the Dockerfile.
in_image() {
    local settings
    mapfile -t settings < <(python_check image_environment)
    "${AS_ROOT[@]}" env -i "${settings[@]}" "$CHROOT" --userspec="$(python_check image_user)" "$ROOTFS" "$@"
}

nothing_but_the_program() {
    local found
    found=$(find "$ROOTFS" -type f -perm /111 ! -name 'lib*.so*' ! -name 'ld-linux*' -printf '/%P\n')
    [[ $found == /usr/local/bin/newsstage ]] || fail "programs in the image: $found"
    [[ -z $(find "$ROOTFS" -perm /6000) ]] || fail "there are set-uid files"
    found=$(find "$ROOTFS" ! -user root -printf '/%P %u\n')
    [[ $found == '/var/lib/newsstage '* && $found != *$'\n'* ]] || fail "not of root: $found"
    for file in /etc/ssl/certs/ca-certificates.crt /var/lib/dpkg/status.d/libc6 /usr/share/doc/libc6/copyright \
        /usr/share/doc/newsstage/{LICENSE,THIRD_PARTY_LICENSES.txt,newsstage.cdx.json}; do
        [[ -s $ROOTFS$file ]] || fail "no $file"
    done
}

# The stage itself, from the embedded broker to the output.
demo_runs_in_the_image() { in_image /usr/local/bin/newsstage demo --fast | grep 'demo-ar-001-agg .*demo-ar-001 (exact)'; }

# ENTRYPOINT and CMD with settings by environment only; the broker is not there, the admin address is.
image_starts_as_it_says() {
    local command port attempt server answer='' before
    mapfile -t command < <(python_check image_command)
    port=$(free_port)
    before=$(cd "$ROOTFS" && find . -path ./var/lib/newsstage -prune -o -path ./tmp -prune -o -printf '%p %T@ %s\n' | sort)
    in_image /usr/local/bin/newsstage config show | grep -A9 '^\[admin\]' | grep 'listen = "0.0.0.0:9464"'
    in_image /usr/local/bin/newsstage config show | grep 'path = "/var/lib/newsstage/index"'
    # Port 9464 may be taken on this machine.
    (
        mapfile -t settings < <(python_check image_environment)
        exec "${AS_ROOT[@]}" env -i "${settings[@]}" "NEWSSTAGE__ADMIN__LISTEN=127.0.0.1:$port" \
            NEWSSTAGE__KAFKA__BROKERS=127.0.0.1:1 NEWSSTAGE__INPUT__TOPIC=in NEWSSTAGE__OUTPUT__TOPIC=out \
            NEWSSTAGE__DEAD_LETTER__TOPIC=dead "$CHROOT" --userspec="$(python_check image_user)" "$ROOTFS" "${command[@]}"
    ) >"$SCRATCH/stage.log" 2>&1 9>&- &
    server=$!
    for ((attempt = 0; attempt < 100; attempt++)); do
        answer=$(ask "$port" /livez 2>/dev/null) && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    end "$server"
    [[ $answer == ok ]] || { tail -n 20 "$SCRATCH/stage.log" && fail "it does not answer"; }
    [[ -d $ROOTFS/var/lib/newsstage/index ]] || fail "the index is not on the volume"
    [[ $before == "$(cd "$ROOTFS" && find . -path ./var/lib/newsstage -prune -o -path ./tmp -prune -o -printf '%p %T@ %s\n' | sort)" ]] ||
        fail "it wrote outside of the volume"
}

# ---- compose ----

# Every combination of profiles.
compose_resolves() {
    local subset n name arguments all=(observability ui valkey)
    for ((subset = 0; subset < 8; subset++)); do
        arguments=() name=default
        for ((n = 0; n < 3; n++)); do
            if ((subset >> n & 1)); then arguments+=(--profile "${all[n]}") && name+=-${all[n]}; fi
        done
        compose "${arguments[@]}" config --quiet || fail "$name does not resolve"
        compose "${arguments[@]}" config --format json >"$SCRATCH/compose-$name.json"
    done
}

stage_configurations_are_right() {
    local file
    for file in deploy/compose/newsstage.toml deploy/compose/newsstage-shared.toml; do
        "$STAGE" check --offline --strict --config "$file" --set "dedup.path=$SCRATCH/none" || fail "$file"
    done
}

# tool NAME: a stand-in for one of Kafka's tools, which writes down how it was called, and what it was given.
tool() {
    mkdir -p "$SCRATCH/kafka"
    printf '#!/bin/sh\necho "$@" >>"%s"\n%s\n' "$SCRATCH/$1.calls" "$2" >"$SCRATCH/kafka/$1"
    chmod +x "$SCRATCH/kafka/$1"
}

topics_are_made() {
    tool kafka-topics.sh ''
    TOOLS=$SCRATCH/kafka bash deploy/compose/topics.sh
    python_check topics_are_those_of_the_stages "$SCRATCH/kafka-topics.sh.calls"
    tool kafka-topics.sh 'exit 1'
    if TOOLS=$SCRATCH/kafka bash deploy/compose/topics.sh; then fail "a topic that cannot be made goes unnoticed"; fi
}

articles_are_sent() {
    local articles=src/cli/demo/articles.ndjson
    tool kafka-console-producer.sh "cat >'$SCRATCH/sent'"
    TOOLS=$SCRATCH/kafka PAUSE=0 ROUNDS=2 bash deploy/compose/seed.sh "$articles"
    cat "$articles" "$articles" | grep -v '^$' | cmp - "$SCRATCH/sent" || fail "not the articles, twice"
    grep -q -- '--bootstrap-server kafka:9092 --topic news.raw' "$SCRATCH/kafka-console-producer.sh.calls"
    tool kafka-console-producer.sh 'cat >/dev/null; exit 1'
    if TOOLS=$SCRATCH/kafka PAUSE=0 bash deploy/compose/seed.sh "$articles"; then fail "a failed producer goes unnoticed"; fi
}

# ---- systemd ----

# With the program where it is here.
unit_is_right() {
    sed "s|^ExecStart=/usr/local/bin/newsstage |ExecStart=$STAGE |" "$UNIT" >"$SCRATCH/newsstage.service"
    local said
    said=$(systemd-analyze verify --man=no "$SCRATCH/newsstage.service" 2>&1) || fail "$said"
    [[ -z $said ]] || fail "$said"
}

unit_is_closed() { systemd-analyze security --no-pager --offline=true --threshold="$EXPOSURE" "$SCRATCH/newsstage.service"; }

need 'newsstage is built' stage_is_built
need 'tools: Python packages' python_tools
need 'tools: systemd-analyze' systemd_tool
check 'scripts: shellcheck' scripts_are_clean
check 'image: hadolint' dockerfile_is_clean
check 'image: Cargo.toml loads with the empty sources' manifest_loads_without_sources
need 'image: the root file system is laid, and the program runs' lay_root
check 'image: nothing but the program' nothing_but_the_program
check 'image: the demo runs in it' demo_runs_in_the_image
check 'image: starts by its entry point, writes to its volume alone' image_starts_as_it_says
need 'compose: every combination of profiles resolves' compose_resolves
check 'compose: the configurations of the stages are right' stage_configurations_are_right
check 'compose: the topics of the stages are made' topics_are_made
check 'compose: the sample articles are sent' articles_are_sent
check 'systemd: the unit loads' unit_is_right
check 'systemd: the unit is closed' unit_is_closed
for name in context_holds_what_is_copied sources_need_nothing_else versions_agree labels_are_there \
    profiles_start_what_they_should images_are_pinned mounts_are_there ports_are_local stages_are_confined \
    stops_leave_time_to_drain stages_find_their_servers unit_starts_a_command_that_exists unit_restarts_where_it_helps \
    documents_name_what_is_there no_registry_hosts; do
    check "${name//_/ }" python_check "$name" "$SCRATCH" "$STAGE"
done
finish
