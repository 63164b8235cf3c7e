"""Checks of Dockerfile, compose.yaml and newsstage.service: `check.py CHECK [SCRATCH STAGE]` runs the function CHECK.

SCRATCH has what compose made of each combination of profiles (compose-NAME.json); STAGE is the program. Some functions
print what the shell script needs.
"""

import fnmatch
import json
import pathlib
import re
import subprocess
import sys
import tomllib

import yaml

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


# ---- what the files say ----


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


# ---- for the shell script ----


def image_environment(*_):
    for rest in image("ENV"):
        for name, value in re.findall(r'(\w+)=(\S+)', rest):
            print(f"{name}={value}")


def image_user(*_):
    print(image("USER")[-1])


def image_command(*_):
    for part in json.loads(image("ENTRYPOINT")[-1]) + json.loads(image("CMD")[-1]):
        print(part)


# ---- the image ----


def build_command(metadata):
    """Profile and program of each `cargo build` are those of Cargo.toml, and the result is taken from where it will be."""
    package = json.loads(pathlib.Path(metadata).read_text(encoding="utf-8"))["packages"][0]
    programs = {target["name"] for target in package["targets"] if "bin" in target["kind"]}
    manifest = tomllib.loads(pathlib.Path("Cargo.toml").read_text(encoding="utf-8"))
    commands = [command for stage, word, rest in instructions() if word == "RUN" for command in re.findall(r"cargo build[^&]*", rest)]
    require(len(commands) == 2 and len({c.strip() for c in commands}) == 1, f"dependencies and program are built by different commands: {commands}")
    words = commands[0].split()
    require("--locked" in words and "--no-default-features" not in words, f"not locked: {commands[0]}")
    profile = words[words.index("--profile") + 1]
    require(profile in manifest["profile"], f"no profile {profile}")
    program = words[words.index("--bin") + 1]
    require(program in programs, f"no program {program}")
    workdir = next(rest for stage, word, rest in instructions() if stage == "build" and word == "WORKDIR")
    taken = [sources for stage, source, sources, _ in copies() if stage == "rootfs" and source == "build"]
    require(taken == [[f"{workdir}/target/{profile}/{program}"]], f"taken from {taken}")


def ignored(path):
    """Whether .dockerignore leaves a file out: the last pattern that matches it, or a folder above it, decides."""
    out = False
    for line in pathlib.Path(".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        keeps, pattern = pattern.startswith("!"), pattern.lstrip("!").strip("/")
        above = [path, *map(str, pathlib.PurePosixPath(path).parents)]
        if any(fnmatch.fnmatchcase(folder, pattern) and ("/" in pattern or "/" not in folder) for folder in above):
            out = not keeps
    return out


def tracked(*paths):
    return subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *paths], capture_output=True, text=True, check=True).stdout.splitlines()


def context_holds_what_is_copied(*_):
    taken = [source for _, stage, sources, _ in copies() if stage is None for source in sources]
    require(len(taken) >= 5, f"only {taken}")
    for source in taken:
        require(pathlib.Path(source).exists(), f"there is no {source}")
        for path in tracked(source):
            require(not ignored(path), f"{path} is copied, but left out by .dockerignore")
    for path in ("target/release/newsstage", ".git/config", "docs/runbook.md", "tests/run", "benches/README.md", "deploy/compose/compose.yaml"):
        require(ignored(path), f"{path} is sent to the builder")
    stages = {stage for stage, _, _ in instructions()}
    for _, stage, _, _ in copies():
        require(stage is None or stage in stages, f"there is no stage {stage}")


def sources_need_nothing_else(*_):
    """Whatever the program compiles in lies in src/; tests may read more, and are not built."""
    texts = {path: pathlib.Path(path).read_text(encoding="utf-8") for path in tracked("src") if path.endswith(".rs")}
    only_tests = re.compile(r'#\[cfg\(test\)\]\s*(?:#\[path = "([^"]+)"\]\s*)?(?:pub(?:\([^)]*\))? )?mod (\w+);')
    tests = {path or f"{name}.rs" for text in texts.values() for path, name in only_tests.findall(text)}
    require(len(texts) > 100 and len(tests) > 10, "no sources found")
    require(not pathlib.Path("build.rs").exists(), "there is a build.rs: copy it in the Dockerfile, and say so here")
    for path, text in texts.items():
        shipped = text.split("#[cfg(test)]\nmod tests {")[0]
        for included in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', shipped):
            file = (pathlib.Path(path).parent / included).resolve()
            inside = file.is_relative_to(pathlib.Path("src").resolve())
            require(inside or pathlib.Path(path).name in tests, f"{path} takes {included}")
            require(file.exists(), f"{path} takes {included}, which does not exist")


def versions_agree(*_):
    manifest = tomllib.loads(pathlib.Path("Cargo.toml").read_text(encoding="utf-8"))["package"]
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE.read_text(encoding="utf-8"), flags=re.M))
    rust = re.fullmatch(r"rust:(\d+\.\d+)\.\d+-slim-(\w+)", arguments["RUST_IMAGE"])
    runtime = re.fullmatch(r"debian:(\w+)-slim", arguments["RUNTIME_IMAGE"])
    require(rust and runtime, f"base images: {arguments}")
    require(rust[1] == manifest["rust-version"], f"Rust {rust[1]}, but rust-version is {manifest['rust-version']}")
    require(rust[2] == runtime[1], f"built on {rust[2]}, runs on {runtime[1]}")
    require(arguments["VERSION"] == manifest["version"], f"VERSION is {arguments['VERSION']}")
    services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    for name in STAGES:
        require(services[name]["image"] == f"newsstage:{manifest['version']}", f"{name} runs {services[name]['image']}")
    tested = re.search(r"<kafka\.version>(.*)</kafka\.version>", pathlib.Path("tests/services/pom.xml").read_text(encoding="utf-8"))[1]
    for name in ("kafka", "topics", "seed"):
        require(services[name]["image"] == f"apache/kafka:{tested}", f"{name} runs {services[name]['image']}, tested is {tested}")
    require("NEWSSTAGE_REVISION=" in DOCKERFILE.read_text(encoding="utf-8"), "the revision is not built in")
    require('option_env!("NEWSSTAGE_REVISION")' in pathlib.Path("src/cli/mod.rs").read_text(encoding="utf-8"), "the program does not take the revision")


def labels_are_there(*_):
    labels = " ".join(image("LABEL"))
    for name in ("title", "description", "licenses", "version", "revision"):
        require(f"org.opencontainers.image.{name}=" in labels, f"no label {name}")
    require(re.fullmatch(r"[1-9]\d*:[1-9]\d*", image("USER")[-1]), "the user is not a number, or root")
    require(image("STOPSIGNAL") == ["SIGTERM"] and image("EXPOSE") == ["9464"], "signal or port")
    require(instructions()[-1][0] == next(stage for stage, word, rest in instructions() if word == "FROM" and rest == "scratch"), "the last stage has a base")


# ---- compose ----


def profiles_start_what_they_should(scratch, _stage):
    for subset in range(8):
        chosen = [name for n, name in enumerate(PROFILES) if subset >> n & 1]
        expected = DEFAULT.union(*(PROFILES[name] for name in chosen))
        found = set(compose(scratch, "-".join(["default", *chosen])))
        require(found == expected, f"{chosen or 'default'}: {sorted(found ^ expected)}")
    services = everything(scratch)
    require(services["newsstage-shared"].get("scale") == 2, "the shared index has one replica")
    require(services["newsstage"].get("scale", 1) == 1, "the stage with an index of its own has several replicas")
    for name, service in services.items():
        for on, how in service.get("depends_on", {}).items():
            needs = {"topics": "service_completed_successfully", "kafka": "service_healthy", "valkey": "service_healthy"}.get(on)
            require(needs is None or how["condition"] == needs, f"{name} does not wait for {on}")
            require(needs != "service_healthy" or "healthcheck" in services[on], f"{on} says nothing of its health")
    for name in ("newsstage", "newsstage-shared", "seed"):
        require("topics" in services[name]["depends_on"], f"{name} does not wait for the topics")


def images_are_pinned(scratch, _stage):
    for name, service in everything(scratch).items():
        tag = service["image"].rpartition(":")[2]
        require(re.fullmatch(r"v?\d+\.\d+\.\d+(-\w+)?", tag), f"{name}: {service['image']}")


def mounts_are_there(scratch, _stage):
    number = 0
    for name, service in everything(scratch).items():
        for mount in service.get("volumes", []):
            if mount["type"] == "bind":
                number += 1
                require(pathlib.Path(mount["source"]).is_file(), f"{name}: there is no file {mount['source']}")
                require(mount.get("read_only"), f"{name} may write {mount['source']}")
    require(number >= 8, f"only {number} files are mounted")


def ports_are_local(scratch, _stage):
    taken = {}
    for name, service in everything(scratch).items():
        for port in service.get("ports", []):
            require(port.get("host_ip") == "127.0.0.1", f"{name} opens port {port['published']} to everybody")
            require(port["published"] not in taken, f"{name} and {taken.get(port['published'])} both want {port['published']}")
            taken[port["published"]] = name


def stages_are_confined(scratch, _stage):
    for name in STAGES:
        service = everything(scratch)[name]
        require(service.get("read_only") and service["cap_drop"] == ["ALL"], f"{name} may write, or has capabilities")
        require("no-new-privileges:true" in service["security_opt"], f"{name} may gain privileges")
        require(int(service["mem_limit"]) > 0, f"{name} has no limit of memory")
        require(service["build"]["dockerfile"] == str(DOCKERFILE), f"{name} is built from {service['build']['dockerfile']}")
        require(pathlib.Path(service["build"]["context"]).resolve() == pathlib.Path().resolve(), f"{name}: not the root of the repository")
        require("user" not in service and "privileged" not in service and not service.get("command") and not service.get("entrypoint"), f"{name} does not run as the image says")


def stops_leave_time_to_drain(scratch, stage):
    for name, file in STAGES.items():
        grace = seconds(everything(scratch)[name]["stop_grace_period"])
        drain = drain_seconds(stage, "--config", str(COMPOSE.parent / file))
        require(grace >= drain + DRAIN_MARGIN, f"{name} has {grace} s to stop and may take {drain} s")
    stop = seconds(unit()["TimeoutStopSec"][0])
    require(stop >= drain_seconds(stage) + DRAIN_MARGIN, f"the unit has {stop} s to stop")


def stages_find_their_servers(scratch, _stage):
    """Names and ports in the stages' configurations are those of services; volumes are where the index is."""
    services = everything(scratch)
    for name, file in STAGES.items():
        config = tomllib.loads((COMPOSE.parent / file).read_text(encoding="utf-8"))
        mounts = {mount["target"]: mount for mount in services[name]["volumes"]}
        path = dict(re.findall(r"(\w+)=(\S+)", image("ENV")[0]))["NEWSSTAGE_CONFIG"]
        require(mounts[path]["source"].endswith(f"/{file}"), f"{name} does not get {file}")
        host, port = config["kafka"]["brokers"].split(":")
        require(f"INTERNAL://{host}:{port}" in services[host]["environment"]["KAFKA_ADVERTISED_LISTENERS"], f"{name}: no broker at {host}:{port}")
        require(config["admin"]["listen"] == f"0.0.0.0:{image('EXPOSE')[0]}", f"{name} cannot be asked from outside")
        if config["dedup"].get("backend") == "valkey":
            for url in config["dedup"]["shared"]["urls"]:
                require(re.fullmatch(r"redis://(\w+):6379", url)[1] in services, f"no server at {url}")
        else:
            volume = pathlib.PurePosixPath(config["dedup"]["path"]).parent
            require(mounts[str(volume)]["type"] == "volume", f"{name}: the index is not on a volume")
            require(any(target.rstrip("/") == str(volume) for _, source, _, target in copies() if source), "the image does not make the folder of the volume")
    groups = [tomllib.loads((COMPOSE.parent / file).read_text(encoding="utf-8"))["kafka"]["group"] for file in STAGES.values()]
    require(len(set(groups)) == len(STAGES), "two stages share a consumer group")
    valkey = " ".join(services["valkey"]["command"])
    require("--maxmemory-policy noeviction" in valkey and "--appendonly yes" in valkey, "the server may forget")


def topics_are_those_of_the_stages(calls):
    """Every topic of the stages is made; output and dead letters have more room than the input."""
    made = {}
    for line in pathlib.Path(calls).read_text(encoding="utf-8").splitlines():
        size = re.search(r"max\.message\.bytes=(\d+)", line)
        require("--create --if-not-exists" in line and "--bootstrap-server kafka:9092" in line, line)
        made[re.search(r"--topic (\S+)", line)[1]] = int(size[1]) if size else 1048588
    wanted = set()
    for file in STAGES.values():
        config = tomllib.loads((COMPOSE.parent / file).read_text(encoding="utf-8"))
        for table, room in (("input", 0), ("output", 16384), ("dead_letter", 4096)):
            topic = config[table]["topic"]
            wanted.add(topic)
            require(topic in made, f"nobody makes {topic}")
            require(made[topic] >= made[config["input"]["topic"]] + room, f"{topic} has too little room")
    require(set(made) == wanted, f"made for nobody: {sorted(set(made) - wanted)}")


# ---- systemd ----


def unit_starts_a_command_that_exists(_scratch, stage):
    words = unit()["ExecStart"][0].split()
    require(words[0] == "/usr/local/bin/newsstage", f"starts {words[0]}")
    answer = subprocess.run([stage, words[1], "--help"], capture_output=True, text=True, check=True).stdout
    for flag in (word for word in words if word.startswith("--")):
        require(re.search(rf"(?<![\w-]){flag}(?![\w-])", answer), f"{words[1]} has no {flag}")
    require(unit()["StateDirectory"] == ["newsstage"] and unit()["WorkingDirectory"] == ["%S/newsstage"], "state and working folder differ")
    default = tomllib.loads(subprocess.run([stage, "config", "show"], capture_output=True, text=True, check=True).stdout)["dedup"]["path"]
    require(not default.startswith("/"), f"the default dedup.path, {default}, is not in the working folder")


def unit_restarts_where_it_helps(_scratch, stage):
    answer = subprocess.run([stage, "--help"], capture_output=True, text=True, check=True).stdout
    codes = set(re.findall(r"^ +(\d+)  ", answer, flags=re.M))
    require(len(codes) >= 13, f"exit codes: {codes}")
    down = set(unit()["RestartPreventExitStatus"][0].split())
    require(down <= codes, f"no such codes: {down - codes}")
    operations = pathlib.Path("docs/operations.md").read_text(encoding="utf-8")
    need_person = re.search(r"Restarting helps after ([\d, and]+).*?\. ([\d, and]+) need a\s+person", operations, flags=re.S)
    helps, person = (set(re.findall(r"\d+", part)) for part in need_person.groups())
    # A wrong command line is not in that sentence: who starts by hand sees it.
    require(down == person | {"64"}, f"stays down after {sorted(down)}, a person is needed after {sorted(person)}")
    require(not down & helps and unit()["Restart"] == ["on-failure"], "no restart where it would help")


# ---- documents ----


def documents_name_what_is_there(*_):
    text = pathlib.Path("docs/containers.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        require((pathlib.Path("docs") / target).exists(), f"there is no {target}")
    for path in re.findall(r"(?<![\w/.])((?:deploy|tests)/[\w./-]+\w)", text):
        require(pathlib.Path(path).exists(), f"there is no {path}")
    for name in re.findall(r"docker compose .*?--profile (\w+)", text) + re.findall(r"^\| `(\w+)` \| (?:a |Prom)", text, flags=re.M):
        require(name in PROFILES, f"there is no profile {name}")
    for name in PROFILES:
        require(f"| `{name}` |" in text, f"{name} is not described")
    for codes in re.findall(r"exit codes ([\d, and]+)", text):
        require(set(re.findall(r"\d+", codes)) == set(unit()["RestartPreventExitStatus"][0].split()), f"exit codes {codes}")


def no_registry_hosts(*_):
    """Images are named without a host, so that they come from wherever the engine is told to look."""
    for path in (DOCKERFILE, COMPOSE):
        for line in path.read_text(encoding="utf-8").splitlines():
            reference = re.search(r"(?:^FROM |^ARG \w+_IMAGE=|^\s*image: )(\S+)", line)
            if reference:
                require("." not in reference[1].split("/")[0].split(":")[0] or "/" not in reference[1], line)


def main():
    name, *arguments = sys.argv[1:]
    try:
        globals()[name](*arguments)
    except Fault as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
