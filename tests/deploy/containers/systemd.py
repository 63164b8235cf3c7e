"""Checks of newsstage.service, and of the page about all of this."""

import pathlib
import re
import subprocess
import tomllib

from files import COMPOSE, DOCKERFILE, PROFILES, require, unit


def unit_starts_a_command_that_exists(_scratch, stage):
    words = unit()["ExecStart"][0].split()
    require(words[0] == "/usr/local/bin/newsstage", f"starts {words[0]}")
    answer = subprocess.run([stage, words[1], "--help"], capture_output=True, text=True, check=True).stdout
    for flag in (word for word in words if word.startswith("--")):
        require(re.search(rf"(?<![\w-]){flag}(?![\w-])", answer), f"{words[1]} has no {flag}")
    require(
        unit()["StateDirectory"] == ["newsstage"] and unit()["WorkingDirectory"] == ["%S/newsstage"],
        "state and working folder differ",
    )
    default = tomllib.loads(
        subprocess.run([stage, "config", "show"], capture_output=True, text=True, check=True).stdout
    )["dedup"]["path"]
    require(not default.startswith("/"), f"the default dedup.path, {default}, is not in the working folder")


def unit_restarts_where_it_helps(_scratch, stage):
    answer = subprocess.run([stage, "--help"], capture_output=True, text=True, check=True).stdout
    codes = set(re.findall(r"^ +(\d+)  ", answer, flags=re.M))
    require(len(codes) >= 13, f"exit codes: {codes}")
    down = set(unit()["RestartPreventExitStatus"][0].split())
    require(down <= codes, f"no such codes: {down - codes}")
    operations = pathlib.Path("docs/operations.md").read_text(encoding="utf-8")
    need_person = re.search(
        r"Restarting helps after ([\d, and]+).*?\. ([\d, and]+) need a\s+person", operations, flags=re.S
    )
    helps, person = (set(re.findall(r"\d+", part)) for part in need_person.groups())
    # A wrong command line is not in that sentence: who starts by hand sees it.
    require(down == person | {"64"}, f"stays down after {sorted(down)}, a person is needed after {sorted(person)}")
    require(not down & helps and unit()["Restart"] == ["on-failure"], "no restart where it would help")


def documents_name_what_is_there(*_):
    text = pathlib.Path("docs/containers.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        require((pathlib.Path("docs") / target).exists(), f"there is no {target}")
    for path in re.findall(r"(?<![\w/.])((?:deploy|tests)/[\w./-]+\w)", text):
        require(pathlib.Path(path).exists(), f"there is no {path}")
    for name in re.findall(r"docker compose .*?--profile (\w+)", text) + re.findall(
        r"^\| `(\w+)` \| (?:a |Prom)", text, flags=re.M
    ):
        require(name in PROFILES, f"there is no profile {name}")
    for name in PROFILES:
        require(f"| `{name}` |" in text, f"{name} is not described")
    for codes in re.findall(r"exit codes ([\d, and]+)", text):
        require(
            set(re.findall(r"\d+", codes)) == set(unit()["RestartPreventExitStatus"][0].split()), f"exit codes {codes}"
        )


def no_registry_hosts(*_):
    """Images are named without a host, so that they come from wherever the engine is told to look."""
    for path in (DOCKERFILE, COMPOSE):
        for line in path.read_text(encoding="utf-8").splitlines():
            reference = re.search(r"(?:^FROM |^ARG \w+_IMAGE=|^\s*image: )(\S+)", line)
            if reference:
                require("." not in reference[1].split("/")[0].split(":")[0] or "/" not in reference[1], line)
