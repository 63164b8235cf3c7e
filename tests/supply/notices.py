"""THIRD_PARTY_LICENSES.txt: every crate that is linked, the licence it is used under, and the texts that must go with the
program."""

import functools
import pathlib
import re

import crates
import parts
import spdx

FILE = pathlib.Path("THIRD_PARTY_LICENSES.txt")
APACHE = pathlib.Path("LICENSE")
RULE = "=" * 100
# Words by which the text of a licence is known.
SIGNS = {
    "Apache-2.0": "apache license version 2.0, january 2004",
    "MIT": "permission is hereby granted, free of charge, to any person obtaining a copy of this software",
    "BSD-3-Clause": "redistribution and use in source and binary forms",
    "BSD-2-Clause": "redistribution and use in source and binary forms",
    "Zlib": "this software is provided 'as-is', without any express or implied warranty",
    "BSL-1.0": "boost software license - version 1.0",
    "Unicode-3.0": "unicode license v3",
    "MPL-2.0": "mozilla public license version 2.0",
}
# Those whose text is the same for everybody, and may come from another crate.
FIXED = {"MPL-2.0", "BSL-1.0"}

HEAD = f"""Licences of what newsstage contains

Made by tests/supply.sh from Cargo.lock, the crates' own files and deploy/sbom/components.toml. THIRD_PARTY.md says what is
what. newsstage itself is under the Apache License 2.0, as are all components named with it below; its text is in the file
LICENSE, and again at the end. Where a component offers a choice of licences, the one named here is the one taken.
"""

MPL = """Components under MPL-2.0 are used unchanged. Their sources are the packages of just these versions in the registry of Rust crates, and
in the repositories named here:
"""

RUST = """The Rust standard library, with the crates it contains, is linked into every Rust program. It is used under the
Apache License 2.0: https://github.com/rust-lang/rust
"""


class Missing(Exception):
    """A licence text that is not there."""


def _plain(text):
    words = re.sub(r"[\s/*#=]+", " ", text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"'))
    return words.strip().lower()


def kinds(text):
    """The licences of which a text has the words."""
    plain = _plain(text)
    found = {name for name, sign in SIGNS.items() if sign in plain}
    if "BSD-3-Clause" in found:
        third = re.search("neither the (names?|copyright)|may not be used to endorse", plain)
        found.discard("BSD-2-Clause" if third else "BSD-3-Clause")
    return found


@functools.cache
def files(folder):
    """(name, text) of the files that a package has about licences, shortest first."""
    names = re.compile(r"(un)?licen[sc]e|copying|copyright|notice", re.I)
    found = []
    for path in sorted(folder.iterdir()):
        inside = sorted(path.iterdir()) if path.is_dir() and names.match(path.name) else [path]
        for file in inside:
            if file.is_file() and (names.match(file.name) or path.is_dir()):
                found.append((file.name, file.read_text(encoding="utf-8", errors="replace")))
    return tuple(sorted(found, key=lambda file: len(file[1])))


def _own(crate, licence):
    return next((text for _, text in files(crate.folder) if licence in kinds(text)), None)


def _text(crate, licence):
    """The text of a licence as the crate has it; else as another crate of the same repository does."""
    known = [other for other in crates.crates().values() if other.checksum]
    relatives = [other for other in known if other.repository == crate.repository]
    if licence in FIXED:
        relatives += known
    for other in [crate, *relatives]:
        if (text := _own(other, licence)) is not None:
            return text
    raise Missing(f"{crate.name} {crate.version} has no text of {licence}, and nor has any crate of {crate.repository}")


def _halves(text):
    """The lines that say who has the copyright, and the rest."""
    who, rest = [], []
    for line in text.replace("\r", "").expandtabs().split("\n"):
        (who if re.match(r"\s*(copyright\b|\(c\) *\d|©)", line, re.I) else rest).append(line.rstrip())
    return "\n".join(line.strip() for line in who), "\n".join(rest).strip("\n")


def linked():
    return [crate for crate in crates.crates().values() if crate.linked and crate.name != crates.ROOT]


def _section(title, body):
    return f"{RULE}\n{title}\n{RULE}\n\n{body.rstrip()}\n"


def _texts():
    """Licence texts, each once: [(licence, [(who has it, copyright lines)], text)]."""
    entries = []
    for crate in linked():
        for licence in sorted(spdx.taken(crate.licence) - {"Apache-2.0"}):
            entries.append((licence, f"{crate.name} {crate.version}", _text(crate, licence)))
    shared = {}
    for licence, who, text in entries:
        shared.setdefault((licence, _plain(_halves(text)[1])), []).append((who, text))
    sections = []
    for (licence, _), users in sorted(shared.items(), key=lambda item: (item[0][0], -len(item[1]), item[1][0][0])):
        if licence in FIXED or len({text for _, text in users}) == 1:
            sections.append((licence, [(who, "") for who, _ in users], users[0][1]))
        else:
            sections.append((licence, [(who, _halves(text)[0]) for who, text in users], _halves(users[0][1])[1]))
    return sections


def _users(users):
    return "\n".join(who + "".join(f"\n    {line}" for line in lines.splitlines()) for who, lines in users)


def made():
    rows = [
        f"{crate.name + ' ' + crate.version:<44} {' AND '.join(sorted(spdx.taken(crate.licence)))}" for crate in linked()
    ]
    out = [HEAD, _section("Crates that are linked into the program", "\n".join(rows)), RUST]
    mpl = [crate for crate in linked() if "MPL-2.0" in spdx.taken(crate.licence)]
    if mpl:
        out.append(MPL + "".join(f"    {crate.name} {crate.version}  {crate.repository}\n" for crate in mpl))
    for licence, users, text in _texts():
        out.append(_section(licence, f"{_users(users)}\n\n{text}"))
    for library in parts.libraries():
        for text in library.texts:
            out.append(_section(f"{library.name} {library.version} ({library.licence})", text))
    for data in parts.data():
        text = pathlib.Path(data.text).read_text(encoding="utf-8") if data.text else ""
        title = f"{data.name} {data.version}".strip()
        out.append(_section(f"{title} ({data.licence})", f"{data.description}, {data.copyright}\n\n{text}"))
    for crate in linked():
        for name, text in files(crate.folder):
            if name.lower().startswith("notice"):
                out.append(_section(f"{name} of {crate.name} {crate.version}", text))
    out.append(_section("Apache-2.0", APACHE.read_text(encoding="utf-8")))
    return "\n".join("\n".join(line.rstrip() for line in part.split("\n")) for part in out)


def write():
    FILE.write_text(made(), encoding="utf-8")
