#!/usr/bin/env bash
# A real Valkey (or Redis) for the tests, on the loopback interface: one server, one with TLS and an ACL user, or a cluster of three
# nodes.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/services/common.sh
source "$HERE/common.sh"

# Name and secret of a throw-away server that only the loopback interface reaches. tests/support/valkey.rs has them too.
ACL_USER=newsstage
ACL_PASSWORD=newsstage-secret
START_SECONDS=60
STOP_SECONDS=30

usage() {
    cat <<'TEXT'
usage: valkey.sh COMMAND
  install                      install Debian's valkey-server or redis-server, and openssl, where they are missing
  start WORKDIR MODE [OWNER]   start with files in WORKDIR and print the addresses, separated by commas, when all answer.
                               MODE: single, tls (TLS alone, with an ACL user), cluster (three nodes). Everything that is
                               acknowledged is on disk. With OWNER, a process id, the servers are killed and their data
                               deleted once that process is gone.
  stop WORKDIR                 shut down in order (SIGTERM)
  kill WORKDIR [NODE]          SIGKILL, all nodes or that one (0, 1, 2)
  restart WORKDIR              start those that do not run on the same ports and data
  status WORKDIR               print "running" or "stopped"
WORKDIR holds a folder for each node with server.conf, server.log, port, pid and data/; with TLS also ca.pem.
TEXT
}

# ---- install ----

command_of() { # command_of server|cli
    local name
    for name in "valkey-$1" "redis-$1"; do
        command -v "$name" && return
    done
    return 1
}

install() {
    local package
    if ! command_of server >/dev/null || ! command_of cli >/dev/null; then
        for package in valkey-server redis-server; do
            install_packages "$package" && command_of server >/dev/null && break
        done
        command_of server >/dev/null && command_of cli >/dev/null ||
            fail "neither Valkey nor Redis is here: install Debian's package valkey-server or redis-server"
    fi
    command -v openssl >/dev/null || install_packages openssl || fail "openssl is missing: install Debian's package openssl"
    "$(command_of server)" --version
}

# ---- one node ----

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range from which the system hands out ports by itself. A node of a cluster also takes the port + 1000.
free_port() {
    local attempt port
    for attempt in $(seq 200); do
        port=$((13000 + (RANDOM * 32768 + RANDOM + attempt) % 900))
        port_open "$port" || port_open $((port + 1000)) || { printf '%s\n' "$port" && return; }
    done
    fail "no free port between 13000 and 14900"
}

# The process of this node, if it runs; a number that now belongs to another process does not count.
running_pid() { # running_pid NODE_DIR
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) || return 1
    [[ -n $pid && -r /proc/$pid/environ ]] || return 1
    [[ $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$1/data" ]] || return 1
    printf '%s\n' "$pid"
}

# A user who may do what the stage needs, on its own keys, and nothing else.
acl_user() {
    printf 'user %s on >%s ~{newsstage:* &* -@all +auth +ping +info +cluster|slots +cluster|keyslot' \
        "$ACL_USER" "$ACL_PASSWORD"
    printf ' +script|load +evalsha +time +get +set +mget +hget +hmget +hset +hdel +hgetall +hincrby +del +append'
    printf ' +rpush +lindex +lpop +lrange\n'
}

write_conf() { # write_conf NODE_DIR PORT MODE
    local dir=$1 port=$2 mode=$3 work
    work=$(dirname "$dir")
    {
        printf 'bind 127.0.0.1\nprotected-mode no\ndaemonize no\ndir %s/data\nlogfile %s/server.log\n' "$dir" "$dir"
        printf 'maxmemory-policy noeviction\nappendonly yes\nappendfsync always\nsave ""\n'
        if [[ $mode == tls ]]; then
            printf 'port 0\ntls-port %s\ntls-cert-file %s/server.pem\ntls-key-file %s/server.key\n' "$port" "$work" "$work"
            printf 'tls-ca-cert-file %s/ca.pem\ntls-auth-clients optional\nuser default off\n' "$work"
            acl_user
        else
            printf 'port %s\n' "$port"
        fi
        if [[ $mode == cluster ]]; then
            printf 'cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout 2000\n'
            printf 'cluster-require-full-coverage yes\n'
        fi
    } >"$dir/server.conf"
}

cli() { # cli NODE_DIR ARGUMENT...
    local dir=$1 work
    shift
    work=$(dirname "$dir")
    local options=(-h 127.0.0.1 -p "$(cat "$dir/port")")
    [[ ! -e $work/ca.pem ]] || options+=(--tls --cacert "$work/ca.pem" --user "$ACL_USER" --pass "$ACL_PASSWORD" --no-auth-warning)
    timeout 10 "$(command_of cli)" "${options[@]}" "$@" 2>/dev/null
}

launch() { # launch NODE_DIR: starts the server and waits until it answers; 1 when it ended or the time is over
    local dir=$1 started=$SECONDS pid
    nohup "$(command_of server)" "$dir/server.conf" </dev/null >>"$dir/server.log" 2>&1 9>&- &
    pid=$!
    echo "$pid" >"$dir/pid"
    while [[ $(cli "$dir" ping || true) != PONG ]]; do
        kill -0 "$pid" 2>/dev/null || return 1
        if ((SECONDS - started > START_SECONDS)); then
            printf 'the server did not answer within %s s\n' "$START_SECONDS" >&2
            kill -KILL "$pid" 2>/dev/null || true
            return 1
        fi
        sleep 0.05
    done
}

end() { # end SIGNAL NODE_DIR: and waits until the process is gone
    local signal=$1 dir=$2 pid started=$SECONDS
    pid=$(running_pid "$dir") || { rm -f "$dir/pid" && return; }
    kill "-$signal" "$pid" 2>/dev/null || true
    while running_pid "$dir" >/dev/null; do
        if ((SECONDS - started > STOP_SECONDS)); then kill -KILL "$pid" 2>/dev/null || true; fi
        sleep 0.02
    done
    rm -f "$dir/pid"
}

# ---- all nodes ----

make_certificates() { # make_certificates WORKDIR
    local work=$1
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=newsstage test CA' \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
            -keyout "$work/ca.key" -out "$work/ca.pem"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
            -keyout "$work/server.key" -out "$work/server.csr"
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >"$work/server.ext"
        openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -set_serial 1 -days 3650 \
            -extfile "$work/server.ext" -out "$work/server.pem"
    } >"$work/openssl.log" 2>&1 || { cat "$work/openssl.log" >&2 && fail "openssl could not make the server's certificate"; }
}

start_node() { # start_node NODE_DIR MODE
    local dir=$1 mode=$2 attempt port
    for attempt in 1 2 3 4 5; do
        rm -rf "$dir"
        mkdir -p "$dir/data"
        port=$(free_port)
        echo "$port" >"$dir/port"
        write_conf "$dir" "$port" "$mode"
        launch "$dir" && return
        grep -qE 'Address already in use|Failed listening' "$dir/server.log" || break
        printf 'port %s was taken meanwhile (attempt %s of 5)\n' "$port" "$attempt" >&2
    done
    tail -n 20 "$dir/server.log" >&2
    return 1
}

addresses() { # addresses WORKDIR
    local dir list=()
    for dir in "$1"/node-*; do list+=("127.0.0.1:$(cat "$dir/port")"); done
    (IFS=, && printf '%s\n' "${list[*]}")
}

# Every node must know that all slots are served.
cluster_is_up() { # cluster_is_up WORKDIR
    local dir
    for dir in "$1"/node-*; do
        cli "$dir" cluster info | grep -q '^cluster_state:ok' || return 1
    done
}

wait_for_cluster() { # wait_for_cluster WORKDIR
    local started=$SECONDS
    until cluster_is_up "$1"; do
        ((SECONDS - started <= START_SECONDS)) || fail "the cluster was not up within $START_SECONDS s"
        sleep 0.1
    done
}

start() { # start WORKDIR MODE OWNER
    local work=$1 mode=$2 owner=$3 count=1 node list
    command_of server >/dev/null && command -v openssl >/dev/null || install >&2
    case $mode in
        single) ;;
        tls) make_certificates "$work" ;;
        cluster) count=3 ;;
        *) usage >&2 && exit 2 ;;
    esac
    [[ -z $owner ]] || watch_owner "$work" "$owner"
    for ((node = 0; node < count; node++)); do
        start_node "$work/node-$node" "$mode" || fail "the server did not start in $work"
    done
    list=$(addresses "$work")
    if [[ $mode == cluster ]]; then
        # shellcheck disable=SC2086 # one word for each node
        "$(command_of cli)" --cluster create ${list//,/ } --cluster-yes >"$work/create.log" 2>&1 ||
            { cat "$work/create.log" >&2 && fail "the nodes did not become a cluster"; }
        wait_for_cluster "$work"
    fi
    printf '%s\n' "$list"
}

# In the background: when OWNER is gone, however it ended, so are the servers.
watch_owner() { # watch_owner WORKDIR OWNER
    local work=$1 owner=$2 dir
    (
        exec </dev/null >/dev/null 2>&1 9>&-
        trap '' HUP INT TERM
        while kill -0 "$owner" && [[ -d $work ]]; do sleep 0.5; done
        for dir in "$work"/node-*; do end KILL "$dir"; done
        rm -rf "$work"/node-*/data
    ) &
    disown
}

all_nodes() { # all_nodes SIGNAL WORKDIR
    local dir
    for dir in "$2"/node-*; do
        if [[ -d $dir ]]; then end "$1" "$dir"; fi
    done
}

restart() { # restart WORKDIR
    local dir
    for dir in "$1"/node-*; do
        [[ -d $dir/data ]] || fail "no server was started in $1"
        running_pid "$dir" >/dev/null || launch "$dir" || { tail -n 20 "$dir/server.log" >&2 && fail "no restart in $dir"; }
    done
    if grep -q '^cluster-enabled yes' "$1/node-0/server.conf"; then wait_for_cluster "$1"; fi
    addresses "$1"
}

status() { # status WORKDIR
    local dir
    for dir in "$1"/node-*; do
        if running_pid "$dir" >/dev/null; then echo running && return; fi
    done
    echo stopped
}

workdir() { # the absolute path, so that it names the server's folder
    [[ -n ${1:-} ]] || { usage >&2 && exit 2; }
    mkdir -p "$1" && (cd "$1" && pwd -P)
}

case ${1:-} in
    install) install ;;
    start) start "$(workdir "${2:-}")" "${3:-single}" "${4:-}" ;;
    stop) all_nodes TERM "$(workdir "${2:-}")" ;;
    kill)
        if [[ -n ${3:-} ]]; then end KILL "$(workdir "${2:-}")/node-$3"; else all_nodes KILL "$(workdir "${2:-}")"; fi
        ;;
    restart) restart "$(workdir "${2:-}")" ;;
    status) status "$(workdir "${2:-}")" ;;
    *) usage >&2 && exit 2 ;;
esac
