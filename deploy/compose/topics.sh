#!/bin/bash
# Makes the topics of compose.yaml that are not there yet.
set -euo pipefail

BROKERS=${BROKERS:-kafka:9092}
TOOLS=${TOOLS:-/opt/kafka/bin}

# topic NAME PARTITIONS [SETTING...]
topic() {
    local name=$1 partitions=$2 setting arguments=()
    shift 2
    for setting in "$@"; do arguments+=(--config "$setting"); done
    "$TOOLS/kafka-topics.sh" --bootstrap-server "$BROKERS" --create --if-not-exists --topic "$name" \
        --partitions "$partitions" --replication-factor 1 "${arguments[@]}"
}

topic news.raw 4
# Room for the enrichment beside the article, and for the headers of a dead letter.
topic news.enriched 4 max.message.bytes=2000000
topic news.dead 1 max.message.bytes=2000000
# Of the stage with the shared index (profile valkey).
topic news.shared.enriched 4 max.message.bytes=2000000
topic news.shared.dead 1 max.message.bytes=2000000
