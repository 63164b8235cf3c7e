"""Checks of what comes from others: `check.py CHECK [ARGUMENT...]` runs the function CHECK.

`check.py write` renews THIRD_PARTY_LICENSES.txt and the bill of materials.
"""

import difflib
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tomllib

import bom
import crates
import notices
import parts
import spdx

PAGE = pathlib.Path("THIRD_PARTY.md")
RENEW = "renew it with UPDATE=1 bash tests/supply.sh, and read what changed"
# Which registry that is, deny.toml says.
REGISTRY = next(package["source"] for package in crates.lock() if package["name"] == "serde")
# Where `unsafe` may be; what is not shipped included.
UNSAFE = {"src/dedup/store/map.rs": 2, "src/kafka/rights.rs": 10, "benches/index.rs": 1}


class Fault(Exception):
    """What is wrong."""


def require(condition, message):
    if not condition:
        raise Fault(message)


def require_same(shipped, made, name):
    if shipped != made:
        lines = list(difflib.unified_diff(shipped.splitlines(), made.splitlines(), name, "as it should be", n=0, lineterm=""))
        raise Fault("\n".join([f"{name} has drifted: {RENEW}", *lines[:40]]))


def write():
    bom.write()
    notices.write()


# ---- crates ----


def locked(packages):
    """What is wrong in Cargo.lock: crates from elsewhere than the others, or without a checksum."""
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["name"] == crates.ROOT:
            if "source" in package:
                yield f"{name} is ours, but comes from {package['source']}"
        elif package.get("source") != REGISTRY:
            yield f"{name} comes from {package.get('source', 'a folder')}"
        elif not re.fullmatch("[0-9a-f]{64}", package.get("checksum", "")):
            yield f"{name} has no checksum"


def every_crate_is_of_the_registry_with_a_checksum():
    packages = crates.lock()
    require(len(packages) > 100, f"only {len(packages)} packages in Cargo.lock")
    require(not (faults := list(locked(packages))), "\n".join(faults))
    text = pathlib.Path("Cargo.toml").read_text(encoding="utf-8")
    require(not re.search(r"^\s*\[(patch|replace)\b", text, re.M), "Cargo.toml replaces a dependency")


def every_choice_of_licence_is_known():
    for crate in crates.crates().values():
        require(spdx.taken(crate.licence), f"{crate.name} {crate.version}: no usable licence in '{crate.licence}'")


def unsafe_code(text):
    """Lines of code that say `unsafe`, without comments and strings."""
    text = re.sub(r'r(#*)".*?"\1|"(?:\\.|[^"\\])*"', '""', text, flags=re.S)
    return [line for line in text.splitlines() if re.search(r"\bunsafe\b", line.partition("//")[0])]


def unsafe_is_where_it_is_said():
    lints = tomllib.loads(pathlib.Path("Cargo.toml").read_text(encoding="utf-8"))["lints"]["rust"]
    require(lints.get("unsafe_code") == "deny", "Cargo.toml does not deny unsafe_code")
    found = {}
    for path in sorted(p for folder in ("src", "benches", "tests") for p in pathlib.Path(folder).rglob("*.rs")):
        text = path.read_text(encoding="utf-8")
        if lines := unsafe_code(text):
            found[str(path)] = len(lines)
        allows = re.search(r"\((?:[\w:]+, *)*unsafe_code\b", text)
        require(bool(lines) == bool(allows), f"{path}: allows unsafe code and has none, or the other way round")
        said = text.count("// SAFETY: ") + text.count("/// # Safety\n")
        require(not lines or said == len(lines), f"{path}: unsafe without a word on why it is safe")
    require(found == UNSAFE, f"unsafe in {found}, expected {UNSAFE}")
    page = pathlib.Path("SECURITY.md").read_text(encoding="utf-8")
    for path in found:
        require(not path.startswith("src/") or path in page, f"SECURITY.md does not name {path}")


# ---- bill of materials ----


def _validate(document):
    import fastjsonschema

    # The package without its code, which needs more.
    folder = pathlib.Path(importlib.util.find_spec("cyclonedx").submodule_search_locations[0]) / "schema" / "_res"

    def load(address):
        name = address.rpartition("/")[2].removesuffix(".schema.json").removesuffix(".SNAPSHOT")
        return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))

    schema = load("bom-1.6.schema.json")
    schema["$id"] = "http://cyclonedx.org/schema/bom-1.6.schema.json"
    validate = fastjsonschema.compile(schema, handlers={"http": load, "https": load})
    try:
        validate(document)
    except fastjsonschema.JsonSchemaValueException as fault:
        raise Fault(str(fault)) from fault


def bill_is_valid():
    _validate(bom.shipped())
    broken = bom.shipped()
    broken["components"][0]["type"] = "nonsense"
    try:
        _validate(broken)
    except Fault:
        return
    raise Fault("the validator accepts anything")


def bill_is_that_of_the_lock_file():
    shipped, made = bom.unstamped(bom.shipped()), bom.made()
    show = [json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) for document in (shipped, made)]
    require_same(*show, str(bom.FILE))


def bill_is_whole():
    document = bom.shipped()
    root = document["metadata"]["component"]["bom-ref"]
    components = {component["bom-ref"]: component for component in document["components"]}
    require(len(components) == len(document["components"]), "two components have one bom-ref")
    uses = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    require(set(uses) == {root, *components}, f"no dependencies, or no component: {set(uses) ^ {root, *components}}")
    reached, open_ = set(), [root]
    while open_:
        if (ref := open_.pop()) not in reached:
            reached.add(ref)
            open_ += uses[ref]
    require(reached == set(uses), f"nothing uses {sorted(set(uses) - reached)}")
    for ref, component in components.items():
        require(component["licenses"][0]["expression"], f"{ref} has no licence")
        if ref.startswith("pkg:cargo/"):
            require(component["purl"] == ref and component["hashes"][0]["content"], f"{ref} has no hash")


def program_is_that_of_the_bill(stage):
    """Versions that the built program says of itself, or has in it."""
    content = pathlib.Path(stage).read_bytes()
    links = subprocess.run(["ldd", stage], capture_output=True, text=True, check=True).stdout
    told = subprocess.run([stage, "version"], capture_output=True, text=True, check=True).stdout
    checked = 0
    for library in parts.libraries():
        if library.holds:
            checked += 1
            inside = library.holds.encode() in content
            outside = bool(library.or_links) and library.or_links in links
            require(inside or outside, f"{library.name} {library.version} is not in {stage}")
            if outside:
                print(f"{library.name} is the system's in this build")
    require(checked >= 3, "nothing was looked for")
    librdkafka = next(library for library in parts.libraries() if library.name == "librdkafka")
    require(f"librdkafka {librdkafka.version}" in told, f"the program says: {told}")
    require("libssl" not in links and "libcrypto" not in links, "the program links the system's OpenSSL")


# ---- notices ----


def licence_texts_are_those_of_the_crates():
    require_same(notices.FILE.read_text(encoding="utf-8"), notices.made(), str(notices.FILE))


def _rows(heading):
    """The cells of the table below a heading."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    require(text, f"{PAGE} has no '{heading}'")
    table = re.search(r"(?:^\|.*\n)+", text, re.M)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def page_names_the_licences_of_direct_dependencies():
    declared = {}
    for package in crates.metadata_of_all_features()["packages"]:
        declared.setdefault(package["name"], set()).add(spdx.normal(package["license"] or ""))
    rows = _rows("## Direct dependencies")
    manifest = tomllib.loads(pathlib.Path("Cargo.toml").read_text(encoding="utf-8"))
    wanted = {*manifest["dependencies"], *manifest["dev-dependencies"]}
    named = {name.strip("`") for name, *_ in rows}
    require(named == wanted, f"{PAGE} names {sorted(named - wanted)} too many, and lacks {sorted(wanted - named)}")
    for name, licence, _ in rows:
        name = name.strip("`")
        # What comes after a comma is about what the crate contains.
        require(licence.partition(",")[0] in declared[name], f"{name}: {licence}, but it declares {declared[name]}")


def page_names_what_else_is_in_the_program():
    libraries = [library for library in parts.libraries() if not library.within]
    wanted = [[library.name, library.version, library.licence, f"`{library.crate[0]}`"] for library in libraries]
    rows = [[*row[:3], row[3].partition(";")[0]] for row in _rows("## Libraries in C that are compiled in")]
    require(sorted(rows) == sorted(wanted), f"{PAGE} has {rows}, the sources {wanted}")
    page = PAGE.read_text(encoding="utf-8")
    for library in parts.libraries():
        version = library.version if len(library.version) < 12 else ""
        if library.within:
            row = rf"^\| {re.escape(f'{library.name} {version}'.strip())} \| {re.escape(library.licence)} \|$"
            require(re.search(row, page, re.M), f"{PAGE} lacks {library.name} {version}, {library.licence}")
    files = {row[-1].strip("`"): row[1] for row in _rows("## Data")}
    wanted = {data.file: data.licence for data in parts.data()}
    require(set(files) == set(wanted), f"{PAGE} has {sorted(files)}, components.toml {sorted(wanted)}")
    for file, licence in wanted.items():
        require(files[file].replace(" ", "-").startswith(licence), f"{file}: {files[file]}, not {licence}")


def page_names_every_licence_of_the_crates():
    page = PAGE.read_text(encoding="utf-8")
    for crate in notices.linked():
        for licence in spdx.taken(crate.licence):
            require(licence in page, f"{PAGE} does not name {licence}, of {crate.name}")
        if "MPL-2.0" in spdx.taken(crate.licence):
            require(f"`{crate.name}`" in page, f"{PAGE} does not name {crate.name}, which is under MPL-2.0")


def main():
    name, *arguments = sys.argv[1:]
    try:
        globals()[name](*arguments)
    except (Fault, LookupError, notices.Missing, spdx.Malformed) as fault:
        sys.exit(str(fault))
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{' '.join(map(str, failed.cmd))}\n{failed.stderr}")


if __name__ == "__main__":
    main()
