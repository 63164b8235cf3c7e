"""Checks of the image."""

import fnmatch
import json
import pathlib
import re
import subprocess
import tomllib

import yaml
from files import COMPOSE, DOCKERFILE, STAGES, copies, image, instructions, require


def image_environment(*_):
    for rest in image("ENV"):
        for name, value in re.findall(r"(\w+)=(\S+)", rest):
            print(f"{name}={value}")


def image_user(*_):
    print(image("USER")[-1])


def image_command(*_):
    for part in json.loads(image("ENTRYPOINT")[-1]) + json.loads(image("CMD")[-1]):
        print(part)


def build_command(metadata):
    """Profile and program of each `cargo build` are those of Cargo.toml, and the result is taken from where it will be."""
    package = json.loads(pathlib.Path(metadata).read_text(encoding="utf-8"))["packages"][0]
    programs = {target["name"] for target in package["targets"] if "bin" in target["kind"]}
    manifest = tomllib.loads(pathlib.Path("Cargo.toml").read_text(encoding="utf-8"))
    commands = [
        command
        for stage, word, rest in instructions()
        if word == "RUN"
        for command in re.findall(r"cargo build[^&]*", rest)
    ]
    require(
        len(commands) == 2 and len({c.strip() for c in commands}) == 1,
        f"dependencies and program are built by different commands: {commands}",
    )
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
    return subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *paths],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


def context_holds_what_is_copied(*_):
    taken = [source for _, stage, sources, _ in copies() if stage is None for source in sources]
    require(len(taken) >= 5, f"only {taken}")
    for source in taken:
        require(pathlib.Path(source).exists(), f"there is no {source}")
        for path in tracked(source):
            require(not ignored(path), f"{path} is copied, but left out by .dockerignore")
    for path in (
        "target/release/newsstage",
        ".git/config",
        "docs/runbook.md",
        "tests/run",
        "benches/README.md",
        "deploy/compose/compose.yaml",
    ):
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
    tested = re.search(
        r"<kafka\.version>(.*)</kafka\.version>", pathlib.Path("tests/services/pom.xml").read_text(encoding="utf-8")
    )[1]
    for name in ("kafka", "topics", "seed"):
        require(
            services[name]["image"] == f"apache/kafka:{tested}",
            f"{name} runs {services[name]['image']}, tested is {tested}",
        )
    require("NEWSSTAGE_REVISION=" in DOCKERFILE.read_text(encoding="utf-8"), "the revision is not built in")
    require(
        'option_env!("NEWSSTAGE_REVISION")' in pathlib.Path("src/cli/mod.rs").read_text(encoding="utf-8"),
        "the program does not take the revision",
    )


def labels_are_there(*_):
    labels = " ".join(image("LABEL"))
    for name in ("title", "description", "licenses", "version", "revision"):
        require(f"org.opencontainers.image.{name}=" in labels, f"no label {name}")
    require(re.fullmatch(r"[1-9]\d*:[1-9]\d*", image("USER")[-1]), "the user is not a number, or root")
    require(image("STOPSIGNAL") == ["SIGTERM"] and image("EXPOSE") == ["9464"], "signal or port")
    require(
        instructions()[-1][0]
        == next(stage for stage, word, rest in instructions() if word == "FROM" and rest == "scratch"),
        "the last stage has a base",
    )
