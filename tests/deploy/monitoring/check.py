"""Checks of rules.yml and newsstage.json: `check.py CHECK SCRAPE STAGE` runs the function CHECK; it raises on a fault.

SCRAPE is a file with what /metrics of the program STAGE answers.
"""

import functools
import itertools
import json
import pathlib
import re
import subprocess
import sys

import yaml
from promql import (
    Exported,
    Fault,
    check,
    metrics_of,
    read_metrics_table,
    record_labels,
    result_labels,
)

RULES = pathlib.Path("deploy/monitoring/prometheus/rules.yml")
TESTS = pathlib.Path("deploy/monitoring/prometheus/rules_test.yml")
DASHBOARD = pathlib.Path("deploy/monitoring/grafana/newsstage.json")
GENERATOR = pathlib.Path("deploy/monitoring/grafana/dashboard.py")
RUNBOOK = pathlib.Path("docs/runbook.md")
TABLE = pathlib.Path("docs/metrics.md")
DOCUMENTS = [TABLE, RUNBOOK, pathlib.Path("docs/operations.md"), pathlib.Path("docs/containers.md")]
# Labels that whoever scrapes adds.
TARGET_LABELS = {"job", "instance", "namespace", "pod", "container"}


@functools.cache
def rules():
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts():
    return [rule for rule in rules() if "alert" in rule]


def exported(without=None):
    """Metrics with their labels: of the program by its table of metrics, of Prometheus, and those that rules record."""
    metrics = Exported(read_metrics_table(TABLE.read_text(encoding="utf-8"), without), TARGET_LABELS)
    for rule in rules():
        if "record" in rule:
            metrics.record(rule["record"], record_labels(rule["expr"]))
    return metrics


@functools.cache
def dashboard():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def panels():
    for panel in dashboard()["panels"]:
        yield panel
        yield from panel.get("panels", [])


def dashboard_expressions():
    """Place and expression, with Grafana's variables put in as they might be."""
    variables = {
        "$__rate_interval": "5m",
        "$__interval": "1m",
        "$__range": "1h",
        "$namespace": ".*",
        "$job": ".*",
        "$instance": ".*",
    }
    found = [(panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", [])]
    found += [
        (f"variable {v['name']}", v["definition"]) for v in dashboard()["templating"]["list"] if v["type"] == "query"
    ]
    found += [(f"annotation {a['name']}", a["expr"]) for a in dashboard()["annotations"]["list"]]
    for place, expression in found:
        # label_values(selector, label): as a query, the label is one of the selector.
        expression = re.sub(r"^label_values\((.*), (\w+)\)$", r"group by (\2) (\1)", expression)
        for name, value in variables.items():
            expression = expression.replace(name, value)
        yield place, expression


def document_expressions():
    """What stands in backticks in docs/ and asks for a metric of the program: whole queries, and series by their labels."""
    table = read_metrics_table(TABLE.read_text(encoding="utf-8"))
    for path in DOCUMENTS:
        for code in re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8")):
            series = re.fullmatch(r"(newsstage_\w+)(\{.*\})", code)
            kind = table[series[1]].kind if series and series[1] in table else ""
            if kind in ("counter", "histogram"):
                yield str(path), f"rate({series[1]}{'_count' if kind == 'histogram' else ''}{series[2]}[5m])"
            elif re.search(r"\bnewsstage[_:]\w+\s*[{\[]|\b(rate|increase|max|sum|time)\b.*\(.*newsstage_", code):
                yield str(path), code


def all_expressions():
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    yield from dashboard_expressions()
    yield from document_expressions()


def check_all(expressions, least):
    metrics, number, faults = exported(), 0, []
    for place, expression in expressions:
        number += 1
        try:
            check(expression, metrics)
        except Fault as fault:
            faults.append(f"{place}: {fault}\n    {expression}")
    require(not faults, "\n".join(faults))
    require(number >= least, f"only {number} expressions found")


def require(condition, message):
    if not condition:
        raise Fault(message)


# ---- the checks ----


def metrics_are_documented(scrape, _stage):
    """docs/metrics.md, which the other checks go by, says what this program exports: names, types, labels, values."""
    table = read_metrics_table(TABLE.read_text(encoding="utf-8"))
    text = pathlib.Path(scrape).read_text(encoding="utf-8")
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    suffix = {"counter": "_total", "info": "_info"}
    served = {name + suffix.get(kind, ""): kind for name, kind in kinds.items()}
    unknown = served.keys() - table.keys()
    require(not unknown, f"served, but not in {TABLE}: {sorted(unknown)}")
    # A metric whose label values come from data or partitions is not served before the first one.
    missing = {
        name for name, metric in table.items() if name not in served and not any(not v for v in metric.labels.values())
    }
    require(not missing, f"in {TABLE}, but not served: {sorted(missing)}")
    require(len(served) > 30, f"only {len(served)} metrics served")
    for name, kind in served.items():
        require(kind == table[name].kind, f"{name} is a {kind}")
        for sample in re.findall(rf"^{name}(?:_bucket|_sum|_count)?\{{(.*)\}} ", text, re.M):
            for label, value in re.findall(r'(\w+)="([^"]*)"', sample):
                if label == "le" and kind == "histogram":
                    continue
                require(label in table[name].labels, f"{name} has the label {label}")
                values = table[name].labels[label]
                require(not values or value in values, f"{name}: {label} has the value {value}")


def every_alert_is_tested(*_):
    fires, silent = set(), set()
    for test in yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]:
        for case in test.get("alert_rule_test", []):
            (fires if case["exp_alerts"] else silent).add(case["alertname"])
    names = {rule["alert"] for rule in alerts()}
    require(len(names) == len(alerts()) > 0, "two alerts have one name")
    require(fires == names, f"no test in which it fires, or no such alert: {sorted(fires ^ names)}")
    require(silent == names, f"no test in which it stays silent, or no such alert: {sorted(silent ^ names)}")


def every_alert_is_described(*_):
    for rule in alerts():
        require(rule["labels"].get("severity") in ("critical", "warning"), f"{rule['alert']} has no known severity")
        for name in ("summary", "description", "runbook_url"):
            require(rule["annotations"].get(name, "").strip(), f"{rule['alert']} has no {name}")
        require(
            "for" in rule or "increase(" in rule["expr"] or "changes(" in rule["expr"], f"{rule['alert']} fires at once"
        )
        used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        lacking = used - result_labels(rule["expr"], exported())
        require(not lacking, f"{rule['alert']} speaks of labels that it does not have: {lacking}")


def every_alert_has_a_runbook(*_):
    sections = re.split(r"^## ", RUNBOOK.read_text(encoding="utf-8"), flags=re.M)[1:]
    texts = {section.split("\n", 1)[0].strip(): section for section in sections}
    written = {title for title in texts if title.startswith("Newsstage")}
    names = {rule["alert"] for rule in alerts()}
    require(written == names, f"without a section in {RUNBOOK}, or without an alert: {sorted(written ^ names)}")
    for rule in alerts():
        name = rule["alert"]
        url = f"{RUNBOOK}#{name.lower()}"
        require(rule["annotations"]["runbook_url"] == url, f"{name}: the runbook_url is not {url}")
        for part in ("**Meaning.**", "**Check.**", "**Remedy.**"):
            require(part in texts[name], f"{RUNBOOK}: {name} has no {part}")
        require(
            f"({rule['labels']['severity']})" in texts[name],
            f"{RUNBOOK}: {name} does not say that it is {rule['labels']['severity']}",
        )


def runbook_commands_exist(_scrape, stage):
    """Every `newsstage …` of the runbook is a command of the program, with flags that it has; every key is a setting."""
    text = RUNBOOK.read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    lines = [line for block in blocks for line in block.splitlines()] + re.findall(r"`(newsstage [^`]+)`", text)
    commands = {line for line in lines if re.match(r"(.*\| *)?newsstage ", line)}
    require(len(commands) >= 3, f"only {len(commands)} commands found")
    for line in commands:
        words = re.split(r"\bnewsstage ", line, maxsplit=1)[1].split("|")[0].split()
        verbs = list(itertools.takewhile(lambda word: re.fullmatch(r"[a-z]+", word), words))[:2]
        answer = help_of(stage, tuple(verbs)) or help_of(stage, tuple(verbs[:1]))
        require(answer, f"no such command: {line}")
        for flag in re.findall(r"(?<!\S)(--[a-z-]+)", line.split("|")[0]):
            require(re.search(rf"(?<![\w-]){flag}(?![\w-])", answer), f"no {flag} in: {line}")
    keys = set(re.findall(r"--set ([a-z_.]+)=", text))
    reference = pathlib.Path("docs/configuration.md").read_text(encoding="utf-8")
    for key in keys:
        table, name = key.rpartition(".")[::2]
        part = reference.split(f"## `[{table}]`", 1)[1].split("\n## ", 1)[0] if table else reference
        require(f"| `{name}` |" in part, f"no setting {key}")


@functools.cache
def help_of(stage, verbs):
    done = subprocess.run([stage, *verbs, "--help"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def expressions_of_rules(*_):
    check_all(((r.get("alert") or r["record"], r["expr"]) for r in rules()), 25)


def expressions_of_dashboard(*_):
    check_all(dashboard_expressions(), 50)


def expressions_of_documents(*_):
    check_all(document_expressions(), 10)


def metrics_named_in_documents(*_):
    known = {
        sample
        for metric in read_metrics_table(TABLE.read_text(encoding="utf-8")).values()
        for sample in {metric.name, *metric.samples()}
    }
    for path in DOCUMENTS:
        for name, more in re.findall(r"\b(newsstage_[a-z0-9_]+)(\*?)", path.read_text(encoding="utf-8")):
            there = any(metric.startswith(name) for metric in known) if more else name in known
            require(there, f"{path}: there is no {name}{more}")


def wrong_expressions_are_found(*_):
    """The checks can fail: each of these has one fault."""
    metrics = exported()
    wrong = [
        "sum(",
        "newsstage_no_such_metric",
        "rate(newsstage_messages_consumed[5m])",
        'newsstage_breaker_open{kind="x"}',
        'newsstage_dead_letters_total{reason="nonsense"}',
        'newsstage_dead_letters_total{reason=~"nonsense|other"}',
        "sum by (kind) (newsstage_dead_letters_total)",
        "sum by (topic) (newsstage:consumer_lag_messages:sum)",
        "newsstage_end_to_end_duration_seconds",
        "newsstage_end_to_end_duration_seconds_total",
        "rate(newsstage_breaker_open[5m])",
        "newsstage_queries + on (topic) newsstage_breaker_open",
        "histogram_quantile(0.9, sum by (job) (rate(newsstage_batch_bytes_bucket[5m])))",
        "max(newsstage_messages_consumed_total)",
        '{job="newsstage"}',
    ]
    for expression in wrong:
        try:
            check(expression, metrics)
        except Fault:
            continue
        raise Fault(f"passes: {expression}")


def every_renamed_metric_is_found(*_):
    """Without any one metric of the program that is asked for, its expressions fail."""
    used = {}
    for _, expression in all_expressions():
        for name in metrics_of(expression):
            used.setdefault(name, expression)
    table = read_metrics_table(TABLE.read_text(encoding="utf-8"))
    checked = 0
    for name, metric in table.items():
        asked = [used[sample] for sample in metric.samples() if sample in used]
        if not asked:
            continue
        checked += 1
        try:
            check(asked[0], exported(without=name))
        except Fault:
            continue
        raise Fault(f"nothing fails when {name} is gone")
    require(checked > 25, f"only {checked} metrics are asked for")


def dashboard_is_up_to_date(*_):
    fresh = subprocess.run(
        [sys.executable, str(GENERATOR)], capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout
    require(fresh == DASHBOARD.read_text(encoding="utf-8"), f"{DASHBOARD} is behind: run python3 {GENERATOR} --write")


def dashboard_numbers_and_places(*_):
    taken, numbers = {}, []
    for panel in panels():
        numbers.append(panel["id"])
        place = panel["gridPos"]
        require(place["x"] + place["w"] <= 24 and place["w"] > 0 and place["h"] > 0, f"{panel['title']} is outside")
        for cell in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        ):
            require(cell not in taken, f"{panel['title']} lies on {taken.get(cell)}")
            taken[cell] = panel["title"]
    require(len(numbers) == len(set(numbers)) > 20, "two panels have one id")
    for panel in panels():
        require(panel["title"].strip(), f"panel {panel['id']} has no title")
        references = [target["refId"] for target in panel.get("targets", [])]
        require(len(references) == len(set(references)), f"{panel['title']}: two queries have one refId")
        require(panel["type"] == "row" or references, f"{panel['title']} asks nothing")


def dashboard_variables(*_):
    names = {variable["name"] for variable in dashboard()["templating"]["list"]}
    require({"datasource", "namespace", "job", "instance"} <= names, f"variables: {names}")
    text = json.dumps(dashboard())
    used = set(re.findall(r"\$\{?([a-z]\w*)", text)) - {"__all"}
    require(used <= names, f"used, but not there: {sorted(used - names)}")
    for panel in panels():
        for target in panel.get("targets", []):
            require(target["datasource"]["uid"] == "${datasource}", f"{panel['title']} has a data source of its own")
            selectors = re.findall(r"\b(?:newsstage|process)[\w:]*(\{[^}]*\})?", target["expr"])
            for selector in selectors:
                for name in ("namespace", "job", "instance"):
                    require(f'{name}=~"${name}"' in selector, f"{panel['title']} does not follow ${name}")


def grafana_finds_it(*_):
    """What compose.yaml mounts is where Grafana's and Prometheus' own files look for it."""
    folder = pathlib.Path("deploy/compose")
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    mounts = {
        name: {target: folder / source for source, target, *_ in (v.split(":") for v in services[name]["volumes"])}
        for name in ("grafana", "prometheus")
    }
    provider = yaml.safe_load((folder / "grafana/dashboards.yml").read_text(encoding="utf-8"))["providers"][0]
    shown = [target for target, source in mounts["grafana"].items() if source.resolve() == DASHBOARD.resolve()]
    require(
        shown and all(target.startswith(provider["options"]["path"] + "/") for target in shown),
        "the dashboard is not where the provider looks",
    )
    require(
        services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] in shown,
        "the home dashboard is not there",
    )
    for kind in ("datasources", "dashboards"):
        require(
            any(t.startswith(f"/etc/grafana/provisioning/{kind}/") for t in mounts["grafana"]),
            f"no {kind} are provisioned",
        )
    source = yaml.safe_load((folder / "grafana/datasources.yml").read_text(encoding="utf-8"))["datasources"][0]
    host, port = re.fullmatch(r"http://([\w-]+):(\d+)", source["url"]).groups()
    require(
        host in services and source["isDefault"] and any(p.endswith(f":{port}") for p in services[host]["ports"]),
        f"no service at {source['url']}",
    )
    config = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))
    for path in config["rule_files"]:
        require(mounts["prometheus"].get(path, pathlib.Path()).resolve() == RULES.resolve(), f"{path} is not mounted")
    for job in config["scrape_configs"]:
        for target in job["dns_sd_configs"]:
            require(
                target["port"] == 9464 and set(target["names"]) <= services.keys(),
                f"no such service: {target['names']}",
            )


def main():
    name, *arguments = sys.argv[1:]
    try:
        globals()[name](*arguments)
    except Fault as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
