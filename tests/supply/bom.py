"""The bill of materials, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/)."""

import datetime
import json
import pathlib
import tomllib
import uuid

import crates
import parts

FILE = pathlib.Path("deploy/sbom/newsstage.cdx.json")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "newsstage.example")


def _crate(crate):
    component = {
        "type": "library",
        "bom-ref": crate.purl,
        "name": crate.name,
        "version": crate.version,
        "description": crate.description,
        "scope": "required" if crate.linked else "excluded",
        "hashes": [{"alg": "SHA-256", "content": crate.checksum}],
        "licenses": [{"expression": crate.licence}],
        "purl": crate.purl,
    }
    if crate.authors:
        component["authors"] = [{"name": name} for name in crate.authors]
    if crate.repository:
        component["externalReferences"] = [{"type": "vcs", "url": crate.repository}]
    return component


def _library(library):
    component = {
        "type": "library",
        "bom-ref": library.purl,
        "name": library.name,
        "scope": "required",
        "licenses": [{"expression": library.licence}],
        "purl": library.purl,
        "properties": [{"name": "newsstage:sources", "value": f"{library.crate[0]} {library.crate[1]}"}],
    }
    if library.version:
        component["version"] = library.version
    if library.cpe:
        component["cpe"] = library.cpe
    return component


def _data(data):
    component = {
        "type": data.kind,
        "bom-ref": data.file,
        "name": data.name,
        "description": data.description,
        "copyright": data.copyright,
        "hashes": [{"alg": "SHA-256", "content": data.sha256}],
        "licenses": [{"expression": data.licence}],
        "properties": [{"name": "newsstage:file", "value": data.file}],
    }
    if data.version:
        component["version"] = data.version
    if data.purl:
        component["pedigree"] = {"ancestors": [{"type": data.kind, "name": data.name, "purl": data.purl}]}
    return component


def _dependencies(known):
    """bom-ref -> those of what it uses."""
    uses = {known[key].purl: {known[other].purl for other in others} for key, others in crates.edges().items()}
    by_name = {library.name: library for library in parts.libraries()}
    for library in parts.libraries():
        uses.setdefault(library.purl, set())
        user = by_name[library.within].purl if library.within else known[library.user].purl
        uses.setdefault(user, set()).add(library.purl)
    root = next(crate for key, crate in known.items() if key[0] == crates.ROOT)
    for data in parts.data():
        uses[data.file] = set()
        uses[root.purl].add(data.file)
    # The standard library is in everything; once is enough.
    uses[_rust()["bom-ref"]] = set()
    uses[root.purl].add(_rust()["bom-ref"])
    return [{"ref": ref, "dependsOn": sorted(others)} for ref, others in sorted(uses.items())]


def _rust():
    """The standard library, which every Rust program links, of the toolchain that makes the image."""
    text = pathlib.Path("deploy/docker/Dockerfile").read_text(encoding="utf-8")
    version = text.partition("RUST_IMAGE=rust:")[2].partition("-")[0]
    return {
        "type": "library",
        "bom-ref": f"pkg:github/rust-lang/rust@{version}",
        "name": "Rust standard library",
        "version": version,
        "scope": "required",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": f"pkg:github/rust-lang/rust@{version}",
        "cpe": f"cpe:2.3:a:rust-lang:rust:{version}:*:*:*:*:*:*:*",
    }


def made():
    """The document but for the two members that say when it was made."""
    known = crates.crates()
    root = next(crate for key, crate in known.items() if key[0] == crates.ROOT)
    package = tomllib.loads(pathlib.Path("Cargo.toml").read_text(encoding="utf-8"))["package"]
    components = [_crate(crate) for crate in known.values() if crate is not root]
    components += [_library(library) for library in parts.libraries()] + [_rust()]
    components += [_data(data) for data in parts.data()]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "pre-build"}],
            "authors": [{"name": "newsstage"}],
            "component": {
                "type": "application",
                "bom-ref": root.purl,
                "name": root.name,
                "version": root.version,
                "description": root.description,
                "licenses": [{"license": {"id": package["license"]}}],
                "purl": root.purl,
            },
            "properties": [
                {"name": "newsstage:target", "value": " ".join(crates.TARGETS)},
                {"name": "newsstage:features", "value": " ".join(crates.features()) or "default"},
            ],
        },
        "components": components,
        "dependencies": _dependencies(known),
    }


def stamped(document):
    """With a serial number that follows from the content, and the time."""
    content = json.dumps(document, sort_keys=True)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        **document,
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, content)}",
        "metadata": {"timestamp": now, **document["metadata"]},
    }


def unstamped(document):
    document = dict(document)
    metadata = dict(document.pop("metadata"))
    metadata.pop("timestamp", None)
    document.pop("serialNumber", None)
    return {**document, "metadata": metadata}


def shipped():
    return json.loads(FILE.read_text(encoding="utf-8"))


def write():
    """Renews the file, and its time only when something else changes."""
    document = made()
    if FILE.exists() and unstamped(shipped()) == document:
        return
    FILE.write_text(json.dumps(stamped(document), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
