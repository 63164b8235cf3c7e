"""What Dockerfile, compose.yaml and newsstage.service say."""

import json
import pathlib
import re
import subprocess
import tomllib

DOCKERFILE = pathlib.Path("deploy/docker/Dockerfile")
COMPOSE = pathlib.Path("deploy/compose/compose.yaml")
UNIT = pathlib.Path("deploy/systemd/newsstage.service")
STAGES = {"newsstage": "newsstage.toml", "newsstage-shared": "newsstage-shared.toml"}
DEFAULT = {"kafka", "topics", "newsstage", "seed"}
PROFILES = {"observability": {"prometheus", "grafana"}, "ui": {"kafka-ui"}, "valkey": {"valkey", "newsstage-shared"}}
DRAIN_MARGIN = 10  # seconds


class Fault(Exception):
    """What is wrong."""


def require(condition, message):
    if not condition:
        raise Fault(message)


def instructions():
    """(stage, instruction, rest) of the Dockerfile; a stage is named or has its number."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.M).replace("\\\n", " ")
    stage, number, found = "", 0, []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        rest = " ".join(rest.split())
        if word == "FROM":
            name = re.search(r" AS (\w+)$", rest)
            stage, number = (name[1] if name else str(number)), number + 1
        found.append((stage, word, rest))
    return found


def image(word):
    """The values of an instruction in the last stage."""
    last = instructions()[-1][0]
    return [rest for stage, instruction, rest in instructions() if stage == last and instruction == word]


def copies():
    """(stage, from, sources, target) of each COPY."""
    for stage, word, rest in instructions():
        if word == "COPY":
            flags = dict(re.findall(r"--(\w+)=(\S+)", rest))
            *sources, target = re.sub(r"--\w+=\S+ ", "", rest).split()
            yield stage, flags.get("from"), sources, target


def compose(scratch, name):
    return json.loads((pathlib.Path(scratch) / f"compose-{name}.json").read_text(encoding="utf-8"))["services"]


def everything(scratch):
    return compose(scratch, "default-observability-ui-valkey")


def unit():
    """Setting to values, in order."""
    settings = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            settings.setdefault(match[1], []).append(match[2])
    return settings


def seconds(text):
    parts = re.findall(r"(\d+)(min|m|s)", text)
    require(parts and "".join(a + b for a, b in parts) == text, f"no duration: {text}")
    return sum(int(number) * (1 if of == "s" else 60) for number, of in parts)


def drain_seconds(stage, *arguments):
    shown = subprocess.run([stage, "config", "show", *arguments], capture_output=True, text=True, check=True).stdout
    return seconds(tomllib.loads(shown)["shutdown"]["timeout"])
