"""The crates of the program that is shipped, as Cargo resolves them without a connection."""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tomllib

import spdx

ROOT = "newsstage"
TARGETS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")


@dataclasses.dataclass(frozen=True)
class Crate:
    name: str
    version: str
    licence: str  # an SPDX expression
    description: str
    repository: str
    authors: tuple
    checksum: str  # SHA-256 of the package; empty for our own
    folder: pathlib.Path
    linked: bool  # in the program, and not only used to build it

    @property
    def key(self):
        return self.name, self.version

    @property
    def purl(self):
        return f"pkg:cargo/{self.name}@{self.version.replace('+', '%2B')}"


def cargo(*arguments):
    """What Cargo prints, asked once for all checks of a run: SUPPLY_CACHE is a folder that lives as long as the run."""
    name = hashlib.sha256(" ".join(arguments).encode()).hexdigest()
    kept = pathlib.Path(os.environ["SUPPLY_CACHE"]) / name if "SUPPLY_CACHE" in os.environ else None
    if kept and kept.exists():
        return kept.read_text(encoding="utf-8")
    command = ["cargo", *arguments, "--locked", "--offline"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if kept:
        kept.write_text(printed, encoding="utf-8")
    return printed


def features():
    """What the image is built with: the arguments of `cargo build` that choose features."""
    text = pathlib.Path("deploy/docker/Dockerfile").read_text(encoding="utf-8")
    command = re.search(r"cargo build[^&\n]*", text)[0]
    return tuple(re.findall(r"--(?:no-default-features|all-features|features[= ]\S+)", command))


def _arguments():
    return [word for option in features() for word in option.split(" ")]


@functools.cache
def _tree(edges):
    """(name, version) of all crates that the edges reach, on any platform of the image. Without development dependencies,
    whose features `cargo metadata` would mix in."""
    found = set()
    for target in TARGETS:
        lines = cargo("tree", "-e", edges, "--target", target, "--prefix", "none", "-f", "{p}", *_arguments())
        found |= {tuple(line.split()[:2]) for line in lines.splitlines() if line.strip()}
    return {(name, version.removeprefix("v")) for name, version in found}


@functools.cache
def metadata():
    return json.loads(cargo("metadata", "--format-version", "1", *_arguments()))


@functools.cache
def metadata_of_all_features():
    """Optional dependencies included."""
    return json.loads(cargo("metadata", "--format-version", "1", "--all-features"))


@functools.cache
def lock():
    return tomllib.loads(pathlib.Path("Cargo.lock").read_text(encoding="utf-8"))["package"]


@functools.cache
def crates():
    """By (name, version): the crates that are linked, and those that build them."""
    linked, built = _tree("normal,no-proc-macro"), _tree("normal,build")
    checksums = {(package["name"], package["version"]): package.get("checksum", "") for package in lock()}
    found = {}
    for package in metadata()["packages"]:
        key = package["name"], package["version"]
        if key in built:
            found[key] = Crate(
                *key,
                licence=spdx.normal(package["license"] or ""),
                description=" ".join((package["description"] or "").split()),
                repository=package["repository"] or package["homepage"] or "",
                authors=tuple(re.sub(r"\s*<[^>]*>", "", author) for author in package["authors"]),
                checksum=checksums[key],
                folder=pathlib.Path(package["manifest_path"]).parent,
                linked=key in linked,
            )
    assert set(found) == built, f"not in the metadata: {built - set(found)}"
    return dict(sorted(found.items()))


def has_feature(key, feature):
    """Whether a crate is built with a feature."""
    keys = {package["id"]: (package["name"], package["version"]) for package in metadata()["packages"]}
    return any(keys[node["id"]] == key and feature in node["features"] for node in metadata()["resolve"]["nodes"])


def edges():
    """(name, version) -> those that it depends on, to link or to build."""
    keys = {package["id"]: (package["name"], package["version"]) for package in metadata()["packages"]}
    known = crates()
    result = {key: set() for key in known}
    for node in metadata()["resolve"]["nodes"]:
        key = keys[node["id"]]
        if key in known:
            for dependency in node["deps"]:
                used = any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
                if used and keys[dependency["pkg"]] in known:
                    result[key].add(keys[dependency["pkg"]])
    return result
