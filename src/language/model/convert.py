#!/usr/bin/env python3
"""Converts the language model of py3langid into the table that the stage reads (`base.bin`).

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python convert.py            writes base.bin
    venv/bin/python convert.py --check    compares base.bin with what would be written
    venv/bin/python convert.py --labels   writes the labels of golden_sentences.tsv into golden_labels.tsv

The model is naive Bayes over byte n-grams of two to six bytes, found with an automaton that reports, for each place of
the text, the longest n-gram that ends there. Scores of a class are

    prior(class) + sum over n-grams of ln(1 + count) * ln P(n-gram | class)

What the table keeps: for each script that several languages share, the n-grams that can stand in text of that script,
and of each n-gram how far its logarithm lies above the least one of the class, as a byte. Four of five lie on that
floor, so a row is a bit mask and the bytes that are not zero.

Layout, little endian: "NSLB", u16 format, u16 scripts; for each script: 4 bytes ISO 15924 code, u16 classes,
u32 n-grams, f32 units per nat; of each class 8 bytes name, f32 prior, f32 floor; lengths of the n-grams; n-grams, in
order of length and value; bit masks; bytes that are not zero.
"""

import argparse
import io
import lzma
import pathlib
import struct
import sys

import numpy as np
import py3langid
from py3langid.langid import LanguageIdentifier, MODEL_FILE

HERE = pathlib.Path(__file__).parent
VERSION = "0.4.0"
FORMAT = 1

# Classes by script. Two columns of the model are called "sr" and two "uz": one for each script, and the greater counts.
CLASSES = {
    "Latn": "ace af an az bcl br bs ca crh cs cy da de en eo es et eu ext fi fo fr fuv fy ga gcf gcr gd gl gug guw ha hr "
    "ht hu id ig is it jv kab kik ku la lb lg lij ln lt ltg lv mg ms mt nl nn no nso oc om pcm pl pt qu ro rw se sk sl sn "
    "so sq sr st sv sw tk tl tr uz vec vi vo wa xh yo zu zxx",
    "Cyrl": "ba be bg crh kk ky mk mn ru sr tg tt uk uz zxx",
    "Arab": "ar ary arz fa ps sdh ug ur uzs zxx",
    "Deva": "gom hi mr ne sa zxx",
    "Hani": "ja wuu yue zh zxx",
}
ASCII_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def scripts_of(ngram):
    """Scripts in whose text the bytes can stand: signs, digits and torn characters can in any."""
    fits = set(CLASSES)
    for place, byte in enumerate(ngram):
        following = ngram[place + 1] if place + 1 < len(ngram) else None
        fits &= scripts_of_byte(byte, following)
    return fits


def scripts_of_byte(byte, following):
    every = set(CLASSES)
    if byte < 0x80:
        return {"Latn"} if byte in ASCII_LETTERS else every
    if byte <= 0xC2 or byte == 0xE2:
        return every
    if byte <= 0xCC or (byte == 0xCD and (following is None or following < 0xB0)):
        return {"Latn"}
    if 0xD0 <= byte <= 0xD3 or (byte == 0xD4 and (following is None or following < 0xB0)):
        return {"Cyrl"}
    if 0xD8 <= byte <= 0xDB or (byte == 0xDD and (following is None or following >= 0x90)):
        return {"Arab"}
    if byte == 0xE0:
        return {"Deva"} if following in (None, 0xA4, 0xA5) else set()
    if byte == 0xE1:
        return {"Latn"} if following is None or 0xB8 <= following <= 0xBB else set()
    if 0xE3 <= byte <= 0xE9:
        return {"Hani"}
    if byte == 0xEF:
        if following is None:
            return {"Arab", "Hani"}
        return {"Arab"} if 0xAD <= following <= 0xBB else {"Hani"}
    return set()


def load():
    if py3langid.__name__ != "py3langid":
        raise SystemExit("py3langid is missing")
    path = pathlib.Path(py3langid.__file__).parent / MODEL_FILE
    with lzma.open(path) as model:
        return np.load(io.BytesIO(model.read()), allow_pickle=False)


def ngrams(model):
    """The n-gram of each feature, read off the automaton: the shortest text that reports it."""
    rows = model["nextmove"].reshape(-1, 256)
    row, reported = model["nextmove_row"], model["out_feat"]
    texts, queue = {0: b""}, [0]
    for state in queue:
        for byte, target in enumerate(rows[row[state]].tolist()):
            if target not in texts:
                texts[target] = texts[state] + bytes([byte])
                queue.append(target)
    found = {}
    for state in queue:
        feature = int(reported[state])
        if feature >= 0 and feature not in found:
            found[feature] = texts[state]
    check(texts, reported, found)
    return found


def check(texts, reported, found):
    """The automaton must report the longest n-gram that ends at a place: the stage looks n-grams up instead."""
    feature_of = {ngram: feature for feature, ngram in found.items()}
    for state, text in texts.items():
        longest = next((feature_of[text[start:]] for start in range(len(text)) if text[start:] in feature_of), -1)
        if longest != int(reported[state]):
            raise SystemExit(f"not the longest n-gram at {text!r}")


def table(model):
    texts = ngrams(model)
    logs = model["ptc"].astype(np.float32)
    names = [str(name) for name in model["classes"]]
    floors = logs.min(axis=0)
    fits = {feature: scripts_of(ngram) for feature, ngram in texts.items()}
    out = [b"NSLB", struct.pack("<HH", FORMAT, len(CLASSES))]
    for script, wanted in CLASSES.items():
        wanted = wanted.split()
        columns = [column for column, name in enumerate(names) if name in wanted]
        features = sorted(
            (feature for feature in texts if script in fits[feature]),
            key=lambda feature: (len(texts[feature]), texts[feature]),
        )
        above = logs[np.ix_(features, columns)] - floors[columns]
        units = 255.0 / float(above.max())
        steps = np.rint(above * units).astype(np.uint8)
        kept = steps.any(axis=1)
        # An n-gram on the floor of every class still counts as found: it hides the shorter ones.
        out.append(script.encode() + struct.pack("<HIf", len(columns), len(features), units))
        for column in columns:
            out.append(names[column].encode().ljust(8, b"\0") + struct.pack("<ff", model["pc"][column], floors[column]))
        out.append(bytes(len(texts[feature]) for feature in features))
        out.append(b"".join(texts[feature] for feature in features))
        out.append(np.packbits(steps > 0, axis=1, bitorder="little").tobytes())
        out.append(steps[steps > 0].tobytes())
        print(f"{script}: {len(columns)} classes, {len(features)} n-grams, {int(kept.sum())} not empty", file=sys.stderr)
    return b"".join(out)


def labels():
    """Labels of the package for every sentence that the lines of the file unfold to."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    lines = (HERE / "golden_sentences.tsv").read_text("utf-8").splitlines()
    with open(HERE / "golden_labels.tsv", "w", encoding="utf-8") as out:
        out.write("# Labels of py3langid 0.4.0 for golden_sentences.tsv, written by convert.py: language, labels in order.\n")
        for line in lines:
            if line and not line.startswith("#"):
                language, *parts = line.split("\t")
                found = [identifier.classify(sentence)[0] for sentence in unfold(parts)]
                out.write(f"{language}\t{' '.join(run_lengths(found))}\n")


def unfold(parts):
    """All sentences of a line: one alternative of each part, the last part changing fastest."""
    sentences = [""]
    for part in parts:
        sentences = [
            f"{sentence}{alternative}" for sentence in sentences for alternative in part.split("|")
        ]
    return sentences


def run_lengths(found):
    runs = []
    for label in found:
        if runs and runs[-1][0] == label:
            runs[-1][1] += 1
        else:
            runs.append([label, 1])
    return [f"{label}*{times}" for label, times in runs]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--labels", action="store_true")
    options = arguments.parse_args()
    if options.labels:
        labels()
        return
    written = table(load())
    path = HERE / "base.bin"
    if options.check:
        if path.read_bytes() != written:
            raise SystemExit("base.bin differs from the model of the package")
        print("base.bin is the model of the package")
        return
    path.write_bytes(written)


if __name__ == "__main__":
    main()
