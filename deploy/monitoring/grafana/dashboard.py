#!/usr/bin/env python3
"""Writes newsstage.json, the Grafana dashboard: `python3 dashboard.py` prints it, `python3 dashboard.py --write` renews the file.

The dashboard is data: `ROWS` below says which panels there are and what they ask. Needs nothing but Python's own library.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
TAXONOMY = HERE.parents[2] / "src" / "topics" / "taxonomy" / "topics.tsv"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24

# What every query selects, and over what it is summed.
S = 'namespace=~"$namespace", job=~"$job", instance=~"$instance"'
R = "[$__rate_interval]"


def rate(metric, by="", labels=""):
    """The rate per second of a counter, summed."""
    selector = f"{metric}{{{S}{', ' + labels if labels else ''}}}{R}"
    return f"sum{f' by ({by})' if by else ''} (rate({selector}))"


def gauge(metric, how="sum", by="", labels=""):
    """A gauge over all replicas."""
    return f"{how}{f' by ({by})' if by else ''} ({metric}{{{S}{', ' + labels if labels else ''}}})"


def quantiles(metric, labels=""):
    """Three targets: the quantiles of a histogram."""
    buckets = rate(f"{metric}_bucket", "le", labels)
    return [
        (f"histogram_quantile({q}, {buckets})", name)
        for q, name in ((0.5, "half"), (0.95, "95 of 100"), (0.99, "99 of 100"))
    ]


def average(metric, by):
    return f"{rate(metric + '_sum', by)} / {rate(metric + '_count', by)}"


def share(part, whole):
    return f"{part} / ({whole} > 0)"


CONSUMED = rate("newsstage_messages_consumed_total")
# A partition that moves is shown by its old and its new owner for a moment.
LAG = f"sum (max by (topic, partition) (newsstage_consumer_lag_messages{{{S}}}))"


def panel(kind, title, targets, width=8, height=8, unit="short", about="", stack=False, log=False, **more):
    """One panel. `targets`: an expression, or a list of (expression, legend); `more` goes into the panel as it is."""
    if isinstance(targets, str):
        targets = [(targets, title)]
    instant = kind in ("stat", "table")
    queries = []
    for n, (expr, name) in enumerate(targets):
        query = {"refId": chr(ord("A") + n), "datasource": SOURCE, "expr": expr, "legendFormat": name}
        query |= {"instant": True, "range": False} if instant else {"range": True}
        if kind == "table":
            query["format"] = "table"
        queries.append(query)
    defaults = {"unit": unit} | more.pop("defaults", {})
    options = more.pop("options", {})
    if kind == "timeseries":
        # Shares and counts are read against 0; a logarithm has none.
        custom = {
            "lineWidth": 1,
            "fillOpacity": 60 if stack else 10,
            "showPoints": "never",
            "stacking": {"mode": "normal" if stack else "none"},
        }
        custom["scaleDistribution"] = {"type": "log", "log": 10} if log else {"type": "linear"}
        defaults = ({} if log else {"min": 0}) | defaults | {"custom": custom}
        options = {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        } | options
    if kind == "stat":
        options = {
            "reduceOptions": {"calcs": ["lastNotNull"]},
            "colorMode": "value",
            "graphMode": "none",
            "textMode": "auto",
        } | options
    body = {"type": kind, "title": title, "description": about, "datasource": SOURCE, "targets": queries}
    body["fieldConfig"] = {"defaults": defaults, "overrides": more.pop("overrides", [])}
    body["options"] = options
    return body | more | {"gridPos": {"w": width, "h": height}}


def steps(*values):
    """Colours of a stat: green, then yellow and red from the given values on."""
    colours = ["green", "yellow", "red"]
    found = [{"color": colours[0], "value": None}]
    found += [{"color": colour, "value": value} for colour, value in zip(colours[1:], values)]
    return {"thresholds": {"mode": "absolute", "steps": found}}


def stat(title, expr, unit, about, defaults=None, **more):
    return panel("stat", title, expr, 4, 4, unit, about, defaults=defaults or {}, **more)


def lines(title, targets, unit="short", about="", width=8, **more):
    return panel("timeseries", title, targets, width, 8, unit, about, **more)


def topics():
    """Code to label of the shipped taxonomy, broad and narrow."""
    rows = [line.split("\t") for line in TAXONOMY.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return {f"medtop:{code}": (label, broader == "") for code, broader, label in rows}


def named(labels):
    """Overrides that show labels instead of codes."""
    return [
        {"matcher": {"id": "byName", "options": code}, "properties": [{"id": "displayName", "value": label}]}
        for code, label in labels.items()
    ]


def topic_table():
    mapping = {code: {"text": label, "index": n} for n, (code, (label, _)) in enumerate(topics().items())}
    count = f"topk(40, sum by (topic) (increase(newsstage_articles_topic_total{{{S}}}[$__range])))"
    return panel(
        "table",
        "Topics in this time",
        [(count, "")],
        8,
        10,
        "short",
        "Tags of the shipped taxonomy. An article can have several.",
        defaults={"decimals": 0},
        overrides=[
            {
                "matcher": {"id": "byName", "options": "topic"},
                "properties": [{"id": "mappings", "value": [{"type": "value", "options": mapping}]}],
            },
            {
                "matcher": {"id": "byName", "options": "articles"},
                "properties": [{"id": "custom.cellOptions", "value": {"type": "gauge", "mode": "basic"}}],
            },
        ],
        transformations=[
            {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {"Value": "articles"}}},
            {"id": "sortBy", "options": {"sort": [{"field": "articles", "desc": True}]}},
        ],
    )


def build_table():
    return panel(
        "table",
        "What runs",
        [
            (
                f"newsstage_build_info{{{S}}} * on (namespace, job, instance) group_left (fingerprint) newsstage_config_info{{{S}}}",
                "",
            )
        ],
        24,
        5,
        "short",
        "Replicas of one stage should have one version and one configuration.",
        transformations=[
            {"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True, "__name__": True}}}
        ],
    )


BROAD = {code: label for code, (label, broad) in topics().items() if broad}
BROAD_TOPICS = 'topic=~"' + "|".join(BROAD) + '"'

ROWS = [
    (
        "At a glance",
        [
            stat("Articles in", CONSUMED, "cps", "Messages taken from the input topic, per second."),
            stat(
                "Oldest that waits",
                gauge("newsstage_consumer_lag_seconds", "max"),
                "s",
                "Age of the oldest article that is not processed yet.",
                steps(300, 900),
            ),
            stat("Waiting", LAG, "short", "Messages of the input topic that are not processed yet."),
            stat(
                "Copies",
                share(rate("newsstage_duplicates_total", labels='kind=~"exact|near"'), CONSUMED),
                "percentunit",
                "Share of the articles that repeat an earlier one: exact and near copies.",
            ),
            stat(
                "Dead letters",
                share(rate("newsstage_dead_letters_total"), CONSUMED),
                "percentunit",
                "Share of the messages that cannot be enriched.",
                steps(0.01, 0.05),
            ),
            stat("Replicas", f"count (newsstage_build_info{{{S}}})", "short", "Processes that Prometheus sees."),
            panel(
                "state-timeline",
                "What keeps replicas from being ready",
                [(gauge("newsstage_not_ready", "max", "instance, reason") + " > 0", "{{instance}} {{reason}}")],
                24,
                4,
                "short",
                "Empty when all are ready.",
                defaults={
                    "mappings": [
                        {"type": "value", "options": {"1": {"text": "not ready", "color": "red", "index": 0}}}
                    ],
                    "custom": {"fillOpacity": 80, "lineWidth": 0},
                },
                options={"showValue": "never", "legend": {"showLegend": False}},
            ),
        ],
    ),
    (
        "Flow",
        [
            lines(
                "Throughput",
                [(CONSUMED, "in")] + [(rate("newsstage_messages_produced_total", "kind"), "{{kind}}")],
                "cps",
                "Messages taken, and records that the broker has acknowledged.",
            ),
            lines(
                "From input to output",
                quantiles("newsstage_end_to_end_duration_seconds"),
                "s",
                "From the timestamp of the message to its acknowledged output.",
                log=True,
            ),
            lines("Bytes in", rate("newsstage_batch_bytes_sum"), "Bps", "Bytes of message values."),
            lines(
                "Step of an article, average",
                [(average("newsstage_step_duration_seconds", "step"), "{{step}}")],
                "s",
                "parse to assemble: one article. recall to commit: one batch.",
                width=12,
                log=True,
            ),
            lines(
                "Step, 99 of 100",
                [
                    (
                        f"histogram_quantile(0.99, {rate('newsstage_step_duration_seconds_bucket', 'le, step')})",
                        "{{step}}",
                    )
                ],
                "s",
                "The slowest one of a hundred takes this long or longer.",
                width=12,
                log=True,
            ),
            lines(
                "Messages in a batch",
                quantiles("newsstage_batch_messages"),
                "short",
                "Full batches mean that there is more to do than time.",
            ),
            lines(
                "In flight",
                [
                    (gauge("newsstage_inflight_messages"), "taken, not committed"),
                    (gauge("newsstage_producer_queue_messages"), "waiting for the broker"),
                ],
                "short",
            ),
            lines(
                "Since the last batch",
                [
                    (
                        f"time() - ({gauge('newsstage_last_progress_timestamp_seconds', 'max', 'instance')} > 0)",
                        "{{instance}}",
                    )
                ],
                "s",
                "Rises while a replica has nothing to do, or is stuck.",
            ),
        ],
    ),
    (
        "Lag and partitions",
        [
            lines(
                "Messages that wait, by partition",
                [(gauge("newsstage_consumer_lag_messages", "max", "topic, partition"), "{{topic}} {{partition}}")],
                "short",
            ),
            lines(
                "Age of the oldest, by partition",
                [(gauge("newsstage_consumer_lag_seconds", "max", "topic, partition"), "{{topic}} {{partition}}")],
                "s",
            ),
            lines(
                "Partitions, by replica",
                [(gauge("newsstage_assigned_partitions", "max", "instance"), "{{instance}}")],
                "short",
                stack=True,
            ),
        ],
    ),
    (
        "What the articles are",
        [
            lines(
                "Copies, by verdict",
                [(rate("newsstage_duplicates_total", "kind"), "{{kind}}")],
                "cps",
                "exact: the same text. near: the same story in other words. partial: shares a part. update: a later version.",
                stack=True,
            ),
            lines(
                "Share of copies",
                [
                    (
                        f"{rate('newsstage_duplicates_total', 'kind')} / ignoring (kind) group_left () ({CONSUMED} > 0)",
                        "{{kind}}",
                    )
                ],
                "percentunit",
                stack=True,
            ),
            lines(
                "Share without a language",
                share(
                    "(" + rate("newsstage_articles_language_total", labels='language="und"') + " or vector(0))",
                    rate("newsstage_articles_language_total"),
                ),
                "percentunit",
                "Language `und`.",
            ),
            panel(
                "timeseries",
                "Languages",
                [(f"topk(15, {rate('newsstage_articles_language_total', 'language')})", "{{language}}")],
                8,
                10,
                "cps",
                "The fifteen most frequent.",
                stack=True,
            ),
            panel(
                "timeseries",
                "Broad topics",
                [(rate("newsstage_articles_topic_total", "topic", BROAD_TOPICS), "{{topic}}")],
                8,
                10,
                "cps",
                "An article can have several.",
                overrides=named(BROAD),
            ),
            topic_table(),
        ],
    ),
    (
        "Dead letters",
        [
            lines(
                "Dead letters, by reason",
                [(rate("newsstage_dead_letters_total", "reason") + " > 0", "{{reason}}")],
                "cps",
                "docs/operations.md says what each code means.",
                width=12,
                stack=True,
            ),
            lines(
                "Breaker",
                [(gauge("newsstage_breaker_open", "max", "instance"), "{{instance}}")],
                "short",
                "1: the stage has stopped itself and waits for a person.",
                width=12,
                defaults={"max": 1, "decimals": 0},
            ),
        ],
    ),
    (
        "Duplicate index",
        [
            lines(
                "Articles remembered", [(gauge("newsstage_dedup_entries", "max", "instance"), "{{instance}}")], "short"
            ),
            lines(
                "Disk",
                [(gauge("newsstage_dedup_disk_bytes", "max", "instance"), "{{instance}}")],
                "bytes",
                "Of the index folder. When the volume is full, the stage ends.",
            ),
            lines(
                "Memory",
                [(gauge("newsstage_dedup_memory_bytes", "max", "instance"), "{{instance}}")],
                "bytes",
                "At most dedup.memory.",
            ),
            lines(
                "Time for a batch",
                [
                    (
                        f"histogram_quantile(0.95, {rate('newsstage_step_duration_seconds_bucket', 'le, step', 'step=~' + chr(34) + 'recall|dedup|lease|flush' + chr(34))})",
                        "{{step}}",
                    )
                ],
                "s",
                "95 of 100 batches. lease: with a shared index, how long others have to wait.",
            ),
            lines(
                "Learned again",
                [(rate("newsstage_dedup_rebuilt_articles_total", "instance"), "{{instance}}")],
                "cps",
                "Articles read back from the output topic because the index had lost them.",
            ),
            lines(
                "Index split",
                [(gauge("newsstage_dedup_index_split", "max", "instance"), "{{instance}}")],
                "short",
                "1: replicas have an index each, and miss copies of each other's articles.",
                defaults={"max": 1, "decimals": 0},
            ),
        ],
    ),
    (
        "Kafka",
        [
            lines("Transactions", [(rate("newsstage_transactions_total", "result"), "{{result}}")], "cps"),
            lines("Time of a transaction", quantiles("newsstage_transaction_duration_seconds"), "s"),
            lines(
                "Retries, and messages dropped",
                [
                    (rate("newsstage_transaction_retries_total"), "retried calls"),
                    (rate("newsstage_stale_messages_dropped_total"), "dropped, done by the new owner"),
                ],
                "cps",
            ),
            lines(
                "Rebalances",
                [(f"sum by (event) (increase(newsstage_rebalances_total{{{S}}}{R}))", "{{event}}")],
                "short",
                "lost: the group had given the replica up.",
                width=24,
                stack=True,
            ),
        ],
    ),
    (
        "Stored queries",
        [
            lines(
                "Queries",
                [(gauge("newsstage_queries", "max", "state"), "{{state}}")],
                "short",
                "disabled: an error in the query.",
            ),
            lines(
                "Matches",
                [
                    (rate("newsstage_query_matches_total"), "matches"),
                    (rate("newsstage_query_candidates_total"), "looked at"),
                ],
                "cps",
                "Queries that were looked at because a word of theirs was in the article, and those that matched.",
            ),
            lines(
                "Over budget",
                [(f"topk(10, {rate('newsstage_query_over_budget_total', 'query')})", "{{query}}")],
                "cps",
                "Articles on which a query was given up because it took too many steps.",
            ),
            lines(
                "Memory",
                [(gauge("newsstage_queries_memory_bytes", "max", "instance"), "{{instance}}")],
                "bytes",
                width=12,
            ),
            lines(
                "Loads",
                [(f"sum by (result) (increase(newsstage_query_loads_total{{{S}}}{R}))", "{{result}}")],
                "short",
                "A failed load leaves the queries of before in use.",
                width=12,
                stack=True,
            ),
        ],
    ),
    (
        "Process",
        [
            lines(
                "Processor",
                [(rate("process_cpu_seconds_total", "instance"), "{{instance}}")],
                "none",
                "Cores in use.",
                width=6,
            ),
            lines(
                "Resident memory",
                [(gauge("process_resident_memory_bytes", "max", "instance"), "{{instance}}")],
                "bytes",
                width=6,
            ),
            lines("Open files", [(gauge("process_open_fds", "max", "instance"), "{{instance}}")], "short", width=6),
            lines(
                "Running for",
                [(f"time() - {gauge('newsstage_start_time_seconds', 'max', 'instance')}", "{{instance}}")],
                "s",
                width=6,
            ),
            build_table(),
        ],
    ),
]


def layout(rows):
    """Puts panels side by side, in rows as high as their highest panel, and numbers them."""
    panels, y, number = [], 0, 1
    for title, members in rows:
        panels.append(
            {
                "id": number,
                "type": "row",
                "title": title,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
            }
        )
        y, x, high, number = y + 1, 0, 0, number + 1
        for member in members:
            size = member["gridPos"]
            if x + size["w"] > COLUMNS:
                x, y, high = 0, y + high, 0
            panels.append({"id": number} | member | {"gridPos": {"x": x, "y": y} | size})
            x, high, number = x + size["w"], max(high, size["h"]), number + 1
        y += high
    return panels


def choice(name, label, metric):
    """A variable with the values of a label; what lacks the label is in All."""
    query = f"label_values({metric}, {name})"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "sort": 1,
        "current": {"text": "All", "value": "$__all"},
    }


def restarts():
    return {
        "name": "Starts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "blue",
        "titleFormat": "{{instance}} started",
        "expr": f"changes(newsstage_start_time_seconds{{{S}}}[$__rate_interval]) > 0",
    }


def dashboard():
    narrowed = 'newsstage_build_info{namespace=~"$namespace"}'
    both = 'newsstage_build_info{namespace=~"$namespace", job=~"$job"}'
    return {
        "uid": "newsstage",
        "title": "newsstage",
        "description": "A stage of duplicates, languages and topics on Kafka",
        "tags": ["newsstage"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "timezone": "",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Data source",
                    "type": "datasource",
                    "query": "prometheus",
                    "current": {},
                },
                choice("namespace", "Namespace", "newsstage_build_info"),
                choice("job", "Stage", narrowed),
                choice("instance", "Replica", both),
            ]
        },
        "annotations": {"list": [restarts()]},
        "panels": layout(ROWS),
    }


def main():
    text = json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"
    if sys.argv[1:] == ["--write"]:
        (HERE / "newsstage.json").write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
