#!/usr/bin/env bash
# Checks the alerts and the dashboard: every rule loads, every alert fires and stays silent when it should and has its
# section in docs/runbook.md, and every expression in rules, dashboard and documents asks for what newsstage exports. Needs
# target/release/newsstage, which it asks for its metrics.
# shellcheck disable=SC2329 # the functions that `check` calls by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/deploy/checks.sh
source tests/deploy/checks.sh

RULES=deploy/monitoring/prometheus
PROMTOOL=$TOOLS/promtool
SCRAPE=$SCRATCH/metrics.txt
PROMETHEUS_CONFIG=deploy/compose/prometheus.yml

# What the program exports, from the program: it starts, finds no broker, and serves its metrics meanwhile.
scrape() {
    local port attempt server
    port=$(free_port)
    "$STAGE" run --set kafka.brokers=127.0.0.1:1 --set input.topic=in --set output.topic=out --set dead_letter.topic=dead \
        --set "dedup.path=$SCRATCH/index" --set "admin.listen=127.0.0.1:$port" >"$SCRATCH/stage.log" 2>&1 9>&- &
    server=$!
    for ((attempt = 0; attempt < 100; attempt++)); do
        if ask "$port" /metrics >"$SCRAPE" 2>/dev/null; then break; fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    end "$server"
    grep -q '^# EOF$' "$SCRAPE" || { tail -n 20 "$SCRATCH/stage.log" && fail "newsstage served no metrics"; }
}

rules_load() { "$PROMTOOL" check rules "$RULES/rules.yml"; }
rules_are_right() { "$PROMTOOL" test rules "$RULES/rules_test.yml"; }

# The configuration of compose.yaml, with the rules where they are here.
prometheus_config_loads() {
    sed "s|/etc/prometheus/rules.yml|$PWD/$RULES/rules.yml|" "$PROMETHEUS_CONFIG" >"$SCRATCH/prometheus.yml"
    "$PROMTOOL" check config "$SCRATCH/prometheus.yml"
}

python_check() { "$PYTHON" tests/deploy/monitoring/check.py "$@"; }

need 'newsstage is built' stage_is_built
need 'tools: Python packages' python_tools
need 'tools: promtool' promtool_tool
need 'newsstage serves its metrics' scrape
check 'rules: promtool loads them' rules_load
check 'rules: each alert fires when it should, and only then' rules_are_right
check 'rules: Prometheus of the compose file loads them' prometheus_config_loads
for name in metrics_are_documented every_alert_is_tested every_alert_is_described every_alert_has_a_runbook \
    runbook_commands_exist expressions_of_rules expressions_of_dashboard expressions_of_documents \
    metrics_named_in_documents wrong_expressions_are_found every_renamed_metric_is_found \
    dashboard_is_up_to_date dashboard_numbers_and_places dashboard_variables grafana_finds_it; do
    check "${name//_/ }" python_check "$name" "$SCRAPE" "$STAGE"
done
finish
