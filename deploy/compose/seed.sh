#!/bin/bash
# seed.sh FILE: sends the lines of FILE, one article each, to TOPIC: one every PAUSE seconds, all of them ROUNDS times.
set -euo pipefail

FILE=$1
BROKERS=${BROKERS:-kafka:9092}
TOPIC=${TOPIC:-news.raw}
PAUSE=${PAUSE:-0.2}
ROUNDS=${ROUNDS:-1}
TOOLS=${TOOLS:-/opt/kafka/bin}

articles() {
    local round line
    for ((round = 0; round < ROUNDS; round++)); do
        while IFS= read -r line || [[ -n $line ]]; do
            [[ -n $line ]] || continue
            printf '%s\n' "$line"
            sleep "$PAUSE"
        done <"$FILE"
    done
}

articles | "$TOOLS/kafka-console-producer.sh" --bootstrap-server "$BROKERS" --topic "$TOPIC"
printf 'sent the articles of %s %s times to %s\n' "$FILE" "$ROUNDS" "$TOPIC"
