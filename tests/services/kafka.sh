#!/usr/bin/env bash
# A real Apache Kafka for the tests: one KRaft node on the loopback interface, broker and controller in one process.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
# shellcheck source=tests/services/common.sh
source "$HERE/common.sh"

VERSION=$(sed -n 's:.*<kafka\.version>\(.*\)</kafka\.version>.*:\1:p' "$HERE/pom.xml")
HOME_DIR=${NEWSSTAGE_KAFKA_HOME:-${CARGO_TARGET_DIR:-$ROOT/target}/services/kafka-$VERSION}
CHECKSUMS=$HERE/kafka.sha256
# Names and secrets of a throw-away broker that only the loopback interface reaches. tests/support/broker.rs has them too.
CLUSTER_ID=bmV3c3N0YWdlLXRlc3RzMQ
SASL_USER=newsstage
SASL_PASSWORD=newsstage-secret
STORE_PASSWORD=changeit
START_SECONDS=120 # a start takes about 4 s on a quiet machine
STOP_SECONDS=30
# Small and quick to start; a benchmark wants more, such as "-Xms1g -Xmx1g -XX:+UseG1GC".
JVM_OPTIONS=${NEWSSTAGE_KAFKA_JVM:--Xms128m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxDirectMemorySize=128m}

usage() {
    cat <<'TEXT'
usage: kafka.sh COMMAND
  install [DIR]                 download the broker into DIR/lib and prepare certificates and storage there
  start WORKDIR [PORT [OWNER]]  start a broker with its files in WORKDIR; print its plaintext address when it answers.
                                PORT 0 (the default) takes free ports. PORT is PLAINTEXT, PORT+1 the controller,
                                PORT+2 SASL_SSL (SCRAM-SHA-512, PLAIN, OAUTHBEARER), PORT+3 SSL. With OWNER, a process id, the
                                broker is killed and its data deleted once that process is gone.
  stop WORKDIR                  shut down in order (SIGTERM)
  kill WORKDIR                  SIGKILL
  restart WORKDIR               stop if it runs, then start on the same ports and data
  status WORKDIR                print "running" or "stopped"
  free-port                     print a PORT such that PORT..PORT+3 are free now
  pin [DIR]                     renew kafka.sha256 from DIR/lib, after a change of pom.xml
DIR is target/services/kafka-VERSION unless given here or in NEWSSTAGE_KAFKA_HOME; NEWSSTAGE_KAFKA_JVM replaces the JVM's
options.
WORKDIR holds broker.log, server.properties, ca.pem (what clients trust), port, pid and data/.
TEXT
}

# ---- install ----

java_major() { # of the `java` found first; 0 when there is none
    local line
    line=$("$(java_command)" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1) || true
    printf '%s\n' "${line:-0}"
}

java_command() { printf '%s\n' "${JAVA_HOME:+$JAVA_HOME/bin/}java"; }

require_tools() { # require_tools java|maven...
    local tool missing=() packages=()
    for tool in "$@"; do
        case $tool in
            java) (($(java_major) >= 17)) || { missing+=("Java 17 or later (java)") && packages+=(default-jre-headless); } ;;
            maven) command -v mvn >/dev/null || { missing+=("Apache Maven (mvn)") && packages+=(maven); } ;;
        esac
    done
    ((${#missing[@]} == 0)) && return
    if ! install_packages "${packages[@]}"; then
        fail "the tests need a real Kafka, and this machine lacks: $(IFS=,; echo "${missing[*]}")." \
            "Install them (Debian: apt-get install ${packages[*]}) and run again."
    fi
    if [[ " ${missing[*]} " == *Java* ]] && (($(java_major) < 17)); then
        fail "Kafka needs Java 17 or later; $(java_command) is version $(java_major)"
    fi
}

# Every jar of the pinned list is there, whole, and no other one.
complete() { # complete LIB
    [[ -d $1 && -s $CHECKSUMS ]] || return 1
    [[ $(find "$1" -name '*.jar' | wc -l) -eq $(wc -l <"$CHECKSUMS") ]] || return 1
    (cd "$1" && sha256sum --check --quiet --strict "$CHECKSUMS") >/dev/null 2>&1
}

download() { # download LIB
    local lib=$1 attempt
    for attempt in 1 2 3; do
        rm -rf "$lib"
        if mvn -q -B -Dstyle.color=never -f "$HERE/pom.xml" -Dmaven.repo.local="$(dirname "$lib")/maven-repository" \
            dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$lib" >&2; then
            return
        fi
        printf 'download of Kafka %s failed (attempt %s of 3)\n' "$VERSION" "$attempt" >&2
    done
    fail "Maven could not download Apache Kafka $VERSION; its messages are above"
}

install_broker() { # install_broker DIR
    local dir=$1
    mkdir -p "$dir"
    exec 9>"$dir/lock"
    flock 9 # two installs at once: the second finds the work done
    require_tools java
    if ! complete "$dir/lib"; then
        require_tools maven
        download "$dir/lib.part"
        complete "$dir/lib.part" || fail "the downloaded Kafka $VERSION is not the pinned one: $CHECKSUMS does not match"
        rm -rf "${dir:?}/lib"
        mv "$dir/lib.part" "$dir/lib"
        rm -rf "$dir/maven-repository"
    fi
    prepare "$dir"
    flock -u 9
    exec 9>&-
}

# Certificates and a formatted, empty storage are made once and copied for each broker: a start then needs one JVM, not eight.
# The folder's name follows this script, so that a change of it makes them anew.
prepared() { printf '%s/prepared-%s\n' "$1" "$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-12)"; }

prepare() { # prepare DIR
    local dir=$1 part to
    to=$(prepared "$dir")
    [[ -d $to ]] && return
    rm -rf "$dir"/prepared-*
    part=$dir/prepared-part
    mkdir -p "$part"
    make_certificates "$part"
    write_properties "$part" 9092
    "$(java_command)" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -cp "$dir/lib/*" kafka.tools.StorageTool format --cluster-id "$CLUSTER_ID" --config "$part/server.properties" \
        --add-scram "SCRAM-SHA-512=[name=$SASL_USER,password=$SASL_PASSWORD]" >"$part/format.log" 2>&1 ||
        { cat "$part/format.log" >&2 && fail "Kafka's storage could not be formatted"; }
    mv "$part" "$to"
}

# A certificate authority of its own and a broker certificate for localhost and 127.0.0.1.
make_certificates() { # make_certificates DIR
    local dir=$1 keytool=${JAVA_HOME:+$JAVA_HOME/bin/}keytool
    local common=(-storetype PKCS12 -storepass "$STORE_PASSWORD" -keypass "$STORE_PASSWORD")
    local key=(-keyalg EC -groupname secp256r1 -validity 3650)
    {
        "$keytool" -genkeypair -alias ca -dname "CN=newsstage test CA" "${key[@]}" -ext bc:c=ca:true \
            -ext ku:c=keyCertSign -keystore "$dir/ca.p12" "${common[@]}"
        "$keytool" -exportcert -rfc -alias ca -keystore "$dir/ca.p12" "${common[@]}" -file "$dir/ca.pem"
        "$keytool" -genkeypair -alias broker -dname "CN=localhost" "${key[@]}" -keystore "$dir/broker.p12" "${common[@]}"
        "$keytool" -certreq -alias broker -keystore "$dir/broker.p12" "${common[@]}" -file "$dir/broker.csr"
        "$keytool" -gencert -alias ca -validity 3650 -ext san=dns:localhost,ip:127.0.0.1 -ext eku=serverAuth \
            -keystore "$dir/ca.p12" "${common[@]}" -infile "$dir/broker.csr" -outfile "$dir/broker.crt" -rfc
        "$keytool" -importcert -noprompt -alias ca -keystore "$dir/broker.p12" "${common[@]}" -file "$dir/ca.pem"
        "$keytool" -importcert -noprompt -alias broker -keystore "$dir/broker.p12" "${common[@]}" -file "$dir/broker.crt"
    } >"$dir/keytool.log" 2>&1 || { cat "$dir/keytool.log" >&2 && fail "keytool could not make the broker's certificate"; }
}

# ---- one broker ----

write_properties() { # write_properties WORKDIR PORT
    local work=$1 port=$2
    sed -e "s|@WORK@|$work|g" -e "s|@STORE_PASSWORD@|$STORE_PASSWORD|g" \
        -e "s|@SASL_USER@|$SASL_USER|g" -e "s|@SASL_PASSWORD@|$SASL_PASSWORD|g" \
        -e "s|@PLAINTEXT@|$port|g" -e "s|@CONTROLLER@|$((port + 1))|g" \
        -e "s|@SASL@|$((port + 2))|g" -e "s|@TLS@|$((port + 3))|g" \
        "$HERE/kafka.properties" >"$work/server.properties"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range from which the system hands out ports by itself (32768 and up), so that no client socket takes one of them
# between the look and the start.
free_port() {
    local attempt port offset
    for attempt in $(seq 200); do
        port=$((15000 + (RANDOM * 32768 + RANDOM + attempt) % 4250 * 4))
        for offset in 0 1 2 3; do
            port_open $((port + offset)) && continue 2
        done
        printf '%s\n' "$port"
        return
    done
    fail "no four free ports in a row between 15000 and 32000"
}

# The process of this WORKDIR's broker, if it runs; a number that now belongs to another process does not count.
running_pid() { # running_pid WORKDIR
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) || return 1
    [[ -n $pid && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$1/server.properties" || return 1
    printf '%s\n' "$pid"
}

# Asks for the cluster's metadata (version 1, no topics) and reads how many brokers serve: a port that merely opens, or a
# broker that the controller has not yet let in, does not answer with one.
answers() { # answers PORT
    local reply
    reply=$(
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        printf '\x00\x00\x00\x0e\x00\x03\x00\x01\x00\x00\x00\x07\xff\xff\x00\x00\x00\x00' >&3
        timeout 3 head -c 12 <&3 | od -An -tx1 | tr -d ' \n'
    ) 2>/dev/null || return 1
    [[ ${reply:8:16} == 0000000700000001 ]]
}

launch() { # launch WORKDIR: starts the JVM and waits until the broker serves; 1 when it ended or the time is over
    local work=$1 started=$SECONDS pid log=$1/broker.log lines jvm
    touch "$log"
    lines=$(wc -l <"$log")
    # nohup and a closed lock: the broker outlives this script and holds nothing of it.
    read -ra jvm <<<"$JVM_OPTIONS"
    nohup "$(java_command)" "${jvm[@]}" \
        -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true \
        -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true \
        -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS \
        -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
        -Dorg.slf4j.simpleLogger.log.org.apache.kafka.coordinator.group=info \
        -Dorg.slf4j.simpleLogger.log.kafka.coordinator.transaction=info \
        -cp "$HOME_DIR/lib/*" kafka.Kafka "$work/server.properties" </dev/null >>"$log" 2>&1 9>&- &
    pid=$!
    echo "$pid" >"$work/pid"
    # The line is this broker's own; the answer alone could come from another one on the same port.
    while ! { grep -q 'Kafka Server started' < <(tail -n "+$((lines + 1))" "$log") && answers "$(cat "$work/port")"; }; do
        kill -0 "$pid" 2>/dev/null || return 1
        if ((SECONDS - started > START_SECONDS)); then
            printf 'the broker did not answer within %s s\n' "$START_SECONDS" >&2
            kill -KILL "$pid" 2>/dev/null || true
            return 1
        fi
        sleep 0.1
    done
}

show_log() { printf -- '---- the end of %s\n' "$1/broker.log" >&2 && tail -n 40 "$1/broker.log" >&2; }

start() { # start WORKDIR PORT OWNER
    local work=$1 port=$2 owner=$3 ready attempt chosen
    running_pid "$work" >/dev/null && fail "a broker already runs in $work"
    install_broker "$HOME_DIR"
    ready=$(prepared "$HOME_DIR")
    cp "$ready/ca.pem" "$ready/broker.p12" "$work/"
    [[ -z $owner ]] || watch_owner "$work" "$owner"
    for attempt in 1 2 3 4 5; do
        chosen=$port
        ((port != 0)) || chosen=$(free_port)
        rm -rf "$work/data"
        cp -r "$ready/data" "$work/data"
        echo "$chosen" >"$work/port"
        : >"$work/broker.log"
        write_properties "$work" "$chosen"
        if launch "$work"; then
            printf '127.0.0.1:%s\n' "$chosen"
            return
        fi
        # Another process may have taken one of the ports in between; only then is another try of use.
        if ((port != 0)) || ! grep -qE 'Address already in use|BindException' "$work/broker.log"; then break; fi
        printf 'ports from %s on were taken meanwhile (attempt %s of 5)\n' "$chosen" "$attempt" >&2
    done
    show_log "$work"
    fail "Kafka did not start in $work"
}

# In the background: when OWNER is gone, however it ended, so is the broker.
watch_owner() { # watch_owner WORKDIR OWNER
    local work=$1 owner=$2
    (
        exec </dev/null >/dev/null 2>&1 9>&-
        trap '' HUP INT TERM
        while kill -0 "$owner" && [[ -d $work ]]; do sleep 0.5; done
        end KILL "$work"
        rm -rf "$work/data"
    ) &
    disown
}

end() { # end SIGNAL WORKDIR: and waits until the process is gone
    local signal=$1 work=$2 pid started=$SECONDS
    pid=$(running_pid "$work") || { rm -f "$work/pid" && return; }
    kill "-$signal" "$pid" 2>/dev/null || true
    while running_pid "$work" >/dev/null; do
        if ((SECONDS - started > STOP_SECONDS)); then
            printf 'the broker did not stop within %s s and is killed\n' "$STOP_SECONDS" >&2
            kill -KILL "$pid" 2>/dev/null || true
        fi
        sleep 0.05
    done
    rm -f "$work/pid"
}

restart() { # restart WORKDIR
    local work=$1
    [[ -d $work/data ]] || fail "no broker was started in $work"
    end TERM "$work"
    launch "$work" || { show_log "$work" && fail "Kafka did not start again in $work"; }
    printf '127.0.0.1:%s\n' "$(cat "$work/port")"
}

pin() { # pin DIR
    require_tools java maven
    mkdir -p "$1"
    download "$1/lib"
    (cd "$1/lib" && LC_ALL=C sha256sum -- *.jar) >"$CHECKSUMS"
    rm -rf "$1/maven-repository"
}

workdir() { # the absolute path, so that it names the broker in the process list
    [[ -n ${1:-} ]] || { usage >&2 && exit 2; }
    mkdir -p "$1" && (cd "$1" && pwd -P)
}

case ${1:-} in
    install) install_broker "${2:-$HOME_DIR}" ;;
    start) start "$(workdir "${2:-}")" "${3:-0}" "${4:-}" ;;
    stop) end TERM "$(workdir "${2:-}")" ;;
    kill) end KILL "$(workdir "${2:-}")" ;;
    restart) restart "$(workdir "${2:-}")" ;;
    status) if running_pid "$(workdir "${2:-}")" >/dev/null; then echo running; else echo stopped; fi ;;
    free-port) free_port ;;
    pin) pin "${2:-$HOME_DIR}" ;;
    *) usage >&2 && exit 2 ;;
esac
