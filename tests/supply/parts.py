"""What the program contains and Cargo does not know: deploy/sbom/components.toml, with the versions that the sources state."""

import dataclasses
import functools
import hashlib
import pathlib
import re
import tomllib

from crates import crates, has_feature

FILE = pathlib.Path("deploy/sbom/components.toml")


@dataclasses.dataclass(frozen=True)
class Library:
    """In C, compiled in by a crate."""

    name: str
    licence: str
    version: str  # empty where the sources state none
    crate: tuple  # (name, version) of the package that has the sources
    user: tuple  # that of the crate that links it
    within: str  # the library that contains it, or empty
    texts: tuple
    purl: str
    cpe: str
    holds: str
    or_links: str


@dataclasses.dataclass(frozen=True)
class Data:
    name: str
    licence: str
    version: str
    copyright: str
    description: str
    file: str
    text: str
    purl: str
    kind: str

    @property
    def sha256(self):
        return hashlib.sha256(pathlib.Path(self.file).read_bytes()).hexdigest()


@functools.cache
def _table():
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _package(name):
    found = [crate for crate in crates().values() if crate.name == name]
    if len(found) != 1:
        raise LookupError(f"{FILE} names the crate {name}, of which there are {len(found)} in the program")
    return found[0]


def _version(folder, where):
    if not where:
        return ""
    text = (folder / where["file"]).read_text(encoding="utf-8", errors="replace")
    parts = re.findall(where["pattern"], text)
    if not parts:
        raise LookupError(f"{folder.name}/{where['file']} states no version as {FILE} has it")
    return ".".join(part if isinstance(part, str) else ".".join(part) for part in parts)


@functools.cache
def libraries():
    found = []
    for entry in _table()["library"]:
        package = _package(entry["crate"])
        if "feature" in entry and not has_feature(package.key, entry["feature"]):
            raise LookupError(f"{package.name} is not built with {entry['feature']}, as {FILE} has it")
        version = _version(package.folder, entry.get("version"))
        texts = [(package.folder / name).read_text(encoding="utf-8") for name in entry.get("texts", [])]
        if until := entry.get("until"):
            texts = [text.partition(until)[0].partition("/*")[2] for text in texts]
        found.append(
            Library(
                name=entry["name"],
                licence=entry["licence"],
                version=version,
                crate=package.key,
                user=_package(entry.get("used_by", entry["crate"])).key,
                within=entry.get("within", ""),
                texts=tuple(texts),
                purl=entry["purl"].format(version=version),
                cpe=entry.get("cpe", "").format(version=version),
                holds=entry.get("holds", "").format(version=version),
                or_links=entry.get("or_links", ""),
            )
        )
    return tuple(found)


@functools.cache
def data():
    fields = {field.name: "" for field in dataclasses.fields(Data)}
    return tuple(Data(**{**fields, **entry}) for entry in _table()["data"])
