"""Licence expressions: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/, with the `/` of old crates for OR."""

import re

# The one that is taken where a crate offers a choice: the first of these.
PREFERRED = (
    "Apache-2.0",
    "MIT",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "Zlib",
    "BSL-1.0",
    "Unicode-3.0",
    "MPL-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "CC-BY-4.0",
    "LicenseRef-public-domain",
    "MIT-0",
    "CC0-1.0",
    "Unlicense",
)


class Malformed(Exception):
    """Not a licence expression."""


def normal(expression):
    """The expression in the form of SPDX."""
    return re.sub(r"\s*/\s*", " OR ", expression.strip())


def taken(expression):
    """The licences that apply, all of them, after the choice where there is one; None where none is in PREFERRED."""
    words = re.findall(r"\(|\)|[^\s()]+", normal(expression))
    licences = _alternatives(words, 0)
    if words:
        raise Malformed(expression)
    return licences


def _rank(licences):
    return max(PREFERRED.index(licence) for licence in licences)


def _alternatives(words, depth):
    options = [_both(words, depth)]
    while words and words[0] == "OR":
        words.pop(0)
        options.append(_both(words, depth))
    usable = [option for option in options if option is not None]
    return min(usable, key=_rank) if usable else None


def _both(words, depth):
    parts = [_one(words, depth)]
    while words and words[0] == "AND":
        words.pop(0)
        parts.append(_one(words, depth))
    return None if None in parts else frozenset().union(*parts)


def _one(words, depth):
    if not words or depth > 8:
        raise Malformed(f"ends too soon, or is nested too deep: {words}")
    word = words.pop(0)
    if word == "(":
        inner = _alternatives(words, depth + 1)
        if not words or words.pop(0) != ")":
            raise Malformed("a bracket is not closed")
        return inner
    if word in (")", "OR", "AND", "WITH"):
        raise Malformed(f"unexpected {word}")
    if words and words[0] == "WITH":
        words.pop(0)
        word = f"{word} WITH {words.pop(0)}" if words else ""
    return frozenset([word]) if word in PREFERRED else None
