"""The table of values in the chart's README, made of values.yaml and its comments."""

import json
import re

import kube

BEGIN = "<!-- values: written from values.yaml -->\n"
END = "<!-- end of values -->\n"


def put(readme, values):
    """The README with the table of these values between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after and END not in rest:
        raise ValueError("README.md has no marks for the table of values")
    return before + BEGIN + table(values) + END + after


def table(text):
    told = comments(text)
    lines = ["| value | default | meaning |\n", "|---|---|---|\n"]
    for name, value in entries(kube.read(text)[0]):
        default = "" if value is ... else f"`{json.dumps(value, ensure_ascii=False)}`"
        lines.append(f"| `{name}` | {default} | {told.get(name, '')} |\n")
    return "".join(lines)


def entries(values, place=""):
    """Dotted names and defaults; `...` for a table with values of its own, which has only a meaning."""
    for key, value in values.items():
        dotted = f"{place}.{key}".lstrip(".")
        if isinstance(value, dict) and value:
            yield dotted, ...
            yield from entries(value, dotted)
        else:
            yield dotted, value


def comments(text):
    """The comment above each key, in one line, by dotted name."""
    found = {}
    way = []
    comment = []
    for line in text.splitlines():
        if said := re.fullmatch(r"\s*# ?(.*)", line):
            comment.append(said.group(1))
        elif key := re.match(r"( *)([A-Za-z_]+):", line):
            depth = len(key.group(1)) // 2
            way[depth:] = [key.group(2)]
            if comment:
                found[".".join(way)] = re.sub(r"\s+", " ", " ".join(comment)).strip().replace("|", "\\|")
            comment = []
        else:
            comment = []
    return found
