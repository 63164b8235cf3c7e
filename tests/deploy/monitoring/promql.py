"""What a PromQL expression asks for: parses it, and finds metrics and labels that nobody exports."""

import dataclasses
import re

import promql_parser as promql

ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", re.M)
COUNTERS_ONLY = {"rate", "increase", "irate"}
GAUGES_ONLY = {"delta", "deriv", "predict_linear", "idelta"}
# Of Prometheus itself, about what it scrapes.
OWN = {"up": "gauge"}


class Fault(Exception):
    """Why an expression, or something else, is wrong."""


@dataclasses.dataclass
class Metric:
    """One metric of the table: its type, and its labels with their values; no values where they come from data."""

    name: str
    kind: str
    labels: dict

    def samples(self):
        """The names of its time series, each with its type and whether it has `le`."""
        if self.kind != "histogram":
            return {self.name: (self.kind, False)}
        return {
            f"{self.name}_bucket": ("counter", True),
            f"{self.name}_sum": ("counter", False),
            f"{self.name}_count": ("counter", False),
        }


def read_metrics_table(text, without=None):
    """The metrics of docs/metrics.md by name; `without` leaves one out."""
    metrics = {}
    for name, kind, labels, _ in ROW.findall(text):
        values = {}
        for part in filter(None, labels.split("; ")):
            label, _, listed = part.partition(":")
            values[label.strip("` ")] = {v.strip() for v in listed.split(",") if v.strip()}
        if name != without:
            metrics[name] = Metric(name, kind, values)
    return metrics


class Exported:
    """Time series by name: type, and labels with their values (an empty set: any)."""

    def __init__(self, table, target_labels):
        self.target_labels = set(target_labels)
        self.series = {name: (kind, {}) for name, kind in OWN.items()}
        for metric in table.values():
            for sample, (kind, has_le) in metric.samples().items():
                self.series[sample] = (kind, metric.labels | ({"le": set()} if has_le else {}))

    def record(self, name, labels):
        self.series[name] = ("recorded", {label: set() for label in labels})

    def labels(self, name):
        kind, labels = self.series[name]
        return set(labels) | (set() if kind == "recorded" else self.target_labels)


def parse(expression):
    try:
        return promql.parse(expression)
    except ValueError as error:
        raise Fault(f"does not parse: {error}") from error


def metrics_of(expression):
    """The names of all time series that an expression asks for."""
    return {selector.name for selector, _ in selectors(parse(expression), None)}


def selectors(node, function):
    """Every selector, with the function that is called on it."""
    if isinstance(node, promql.VectorSelector):
        yield node, function
    elif isinstance(node, promql.MatrixSelector):
        yield node.vector_selector, function
    elif isinstance(node, promql.Call):
        for argument in node.args:
            yield from selectors(argument, node.func.name)
    elif isinstance(node, promql.BinaryExpr):
        yield from selectors(node.lhs, None)
        yield from selectors(node.rhs, None)
    elif isinstance(node, (promql.AggregateExpr, promql.ParenExpr, promql.UnaryExpr, promql.SubqueryExpr)):
        yield from selectors(node.expr, None if isinstance(node, promql.AggregateExpr) else function)


def record_labels(expression):
    """The labels of the result of an expression that ends in aggregations, whatever is exported."""
    return labels_of(parse(expression), lambda _: None)


def result_labels(expression, exported):
    """The labels of the result of an expression."""
    return labels_of(parse(expression), lambda selector: exported.labels(selector.name))


def check(expression, exported):
    """Raises a Fault unless all that the expression asks for is exported."""
    node = parse(expression)
    for selector, function in selectors(node, None):
        check_selector(selector, function, exported)
    check_bare_counters(node, exported)
    labels_of(node, lambda selector: exported.labels(selector.name))


def check_selector(selector, function, exported):
    name = selector.name
    if not name:
        raise Fault("a selector without a name")
    if name not in exported.series:
        raise Fault(f"nobody exports {name}")
    kind, labels = exported.series[name]
    if function in COUNTERS_ONLY and kind != "counter":
        raise Fault(f"{function} of {name}, which is no counter")
    if function in GAUGES_ONLY and kind == "counter":
        raise Fault(f"{function} of the counter {name}")
    for matcher in selector.matchers.matchers:
        if matcher.name not in exported.labels(name):
            raise Fault(f"{name} has no label {matcher.name}")
        values = labels.get(matcher.name)
        wanted = {"=": lambda v, m=matcher: v == m.value, "=~": lambda v, m=matcher: re.fullmatch(m.value, v)}.get(
            operator(matcher)
        )
        if values and wanted and not any(wanted(value) for value in values):
            raise Fault(f"{name}: {matcher.name} is never {matcher.value}")
        if (
            values
            and operator(matcher) == "=~"
            and re.fullmatch(r"[\w|]+", matcher.value)
            and not set(matcher.value.split("|")) <= values
        ):
            raise Fault(f"{name}: {matcher.name} is never one of {matcher.value}")


def operator(matcher):
    if matcher.op == promql.MatchOp.Equal:
        return "="
    return "=~" if matcher.op == promql.MatchOp.Re else "!"


def check_bare_counters(node, exported):
    """A counter by itself says nothing after a restart: it stands in a function over time."""
    for selector, function in selectors(node, None):
        kind, _ = exported.series[selector.name]
        if kind == "counter" and function is None:
            raise Fault(f"the counter {selector.name} is asked for without rate or increase")


def labels_of(node, labels_of_selector):
    """The labels of a result, or None when they are not known; raises when a label is used that is not there."""

    def of(child):
        return labels_of(child, labels_of_selector)

    def need(labels, known, what):
        if known is not None and not set(labels) <= known:
            raise Fault(f"{what} ({', '.join(sorted(set(labels) - known))}), which is not there")

    if isinstance(node, promql.VectorSelector):
        return labels_of_selector(node)
    if isinstance(node, promql.MatrixSelector):
        return labels_of_selector(node.vector_selector)
    if isinstance(node, (promql.ParenExpr, promql.UnaryExpr, promql.SubqueryExpr)):
        return of(node.expr)
    if isinstance(node, promql.Call):
        return labels_of_call(node, of, need)
    if isinstance(node, promql.AggregateExpr):
        return labels_of_aggregation(node, of, need)
    if isinstance(node, promql.BinaryExpr):
        return labels_of_operation(node, of, need)
    return set()


def labels_of_call(node, of, need):
    inner = [of(argument) for argument in node.args]
    name = node.func.name
    if name == "histogram_quantile":
        need({"le"}, inner[1], "a histogram without its label")
        return None if inner[1] is None else inner[1] - {"le"}
    if name in ("absent", "absent_over_time", "time", "vector", "scalar"):
        return set()
    vectors = [
        labels
        for labels, argument in zip(inner, node.args)
        if not isinstance(argument, (promql.NumberLiteral, promql.StringLiteral))
    ]
    return vectors[0] if vectors else set()


def labels_of_aggregation(node, of, need):
    inner = of(node.expr)
    if str(node.op) in ("topk", "bottomk"):
        return inner
    if node.modifier is None:
        return inner if re.match(r"^(topk|bottomk|limitk)\b", node.prettify().strip()) else set()
    if node.modifier.type == promql.AggModifierType.By:
        need(node.modifier.labels, inner, "grouped by a label")
        return set(node.modifier.labels)
    return None if inner is None else inner - set(node.modifier.labels)


def labels_of_operation(node, of, need):
    left, right = of(node.lhs), of(node.rhs)
    scalar = (promql.NumberLiteral,)
    if isinstance(node.lhs, scalar) or (isinstance(node.lhs, promql.Call) and node.lhs.func.name == "time"):
        return right
    if isinstance(node.rhs, scalar):
        return left
    modifier = node.modifier
    if modifier is None or modifier.matching is None:
        return left
    if modifier.matching.type == promql.LabelModifierType.Include:
        need(modifier.matching.labels, left, "matched on a label")
        need(modifier.matching.labels, right, "matched on a label")
    if modifier.group_labels:
        need(modifier.group_labels, right, "taken from the other side a label")
        return None if left is None else left | set(modifier.group_labels)
    return left
