"""Fuzzes what turns text and probabilities into documents, and what reads settings.

    python packaging/fuzz/zones.py [--minutes N] [--corpus DIR] [INPUT...]

Rules, in order:

1. The first byte chooses what is tried: lines of a zone, names, probabilities, settings, catalogue.
2. Probabilities are drawn lines with random errors on them, or anything at all, NaN and infinity
   included: a net may answer that.
3. A reading must keep its promises: lines of the layout's shape, allowed characters, doubts inside.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from run import fuzz

with atheris.instrument_imports(include=["kiosk"]):
    import numpy as np

    from kiosk.capture.decode import ALPHABET, read_zone
    from kiosk.config import parse_config
    from kiosk.documents import catalogue, mrz, names
    from kiosk.documents.layouts import LAYOUTS, allowed, character_classes
    from kiosk.domain.errors import CatalogueError, ConfigFileError, MrzFormatError

TODAY = date(2026, 11, 25)
STEPS = 4
_ZONES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
    "IDFRABERTHIER<<<<<<<<<<<<<<<<<<92C001\n8806923102858CORINNE<<<<<<<6512068F6",
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<",
)
_SETTINGS = 'profile = "counter"\n[camera]\nkind = "live"\ndevice = "0"\n[screen]\ntheme = "dark"\n'


def lines_of_a_zone(feed: atheris.FuzzedDataProvider) -> str:
    """What :func:`mrz.parse` says of any lines."""
    lines = feed.ConsumeUnicode(400).split("\n")
    try:
        reading = mrz.parse(lines, TODAY)
    except MrzFormatError as exc:
        return exc.code
    layout = LAYOUTS[reading.document.layout]
    if len(reading.document.mrz) != layout.lines:
        raise AssertionError(layout.name)
    mrz.digits_hold(lines)
    return f"zone {layout.name}"


def two_names(feed: atheris.FuzzedDataProvider) -> str:
    """Names announced and read, of any characters."""
    announced = feed.ConsumeUnicode(feed.ConsumeIntInRange(0, 80))
    read = feed.ConsumeUnicode(feed.ConsumeIntInRange(0, 80))
    truncated = feed.ConsumeBool()
    variants = names.spellings(announced)
    if set("".join(variants)) - set(ALPHABET):
        raise AssertionError("characters outside the alphabet")
    match = names.compare_surname(announced, read, truncated=truncated)
    names.compare_given_names(announced.split(" "), read.split(" "), truncated=truncated)
    return f"names {match.value}"


def probabilities(feed: atheris.FuzzedDataProvider) -> str:
    """What :func:`read_zone` makes of drawn lines with errors, or of noise."""
    if feed.ConsumeBool():
        lines = _ZONES[feed.ConsumeIntInRange(0, len(_ZONES) - 1)].split("\n")
        scores = [_drawn(line) for line in lines]
    else:
        count = feed.ConsumeIntInRange(0, 4)
        rng = np.random.default_rng(feed.ConsumeIntInRange(0, 1 << 30))
        steps = [feed.ConsumeIntInRange(0, 260) for _ in range(count)]
        scores = [rng.random((n, len(ALPHABET) + 1), np.float32) for n in steps]
    for _ in range(feed.ConsumeIntInRange(0, 12)):
        _disturb(feed, scores)
    with np.errstate(all="ignore"):
        reading = read_zone(scores)
    if reading is None:
        return "no reading"
    layout = LAYOUTS[reading.layout]
    rows = reading.lines
    if [len(row) for row in rows] != [layout.width] * layout.lines:
        raise AssertionError("shape")
    for row, classes in zip(rows, character_classes(reading.layout), strict=True):
        for character, kind in zip(row, classes, strict=True):
            if character not in allowed(kind):
                raise AssertionError(kind)
    for line, position in reading.doubts:
        rows[line][position]
    return f"read {reading.layout}"


def _drawn(text: str) -> np.ndarray:
    out = np.full((len(text) * STEPS, len(ALPHABET) + 1), 1e-5, np.float32)
    out[:, 0] = 1
    for position, letter in enumerate(text):
        out[position * STEPS + 1] = 1e-5
        out[position * STEPS + 1, ALPHABET.index(letter) + 1] = 1
    return out / out.sum(1, keepdims=True)


def _disturb(feed: atheris.FuzzedDataProvider, scores: list[np.ndarray]) -> None:
    usable = [i for i, line in enumerate(scores) if len(line)]
    if not usable:
        return
    index = usable[feed.ConsumeIntInRange(0, len(usable) - 1)]
    step = feed.ConsumeIntInRange(0, len(scores[index]) - 1)
    match feed.ConsumeIntInRange(0, 3):
        case 0:
            scores[index] = np.delete(scores[index], step, axis=0)
        case 1:
            scores[index] = np.insert(scores[index], step, scores[index][step], axis=0)
        case 2:
            scores[index][step, feed.ConsumeIntInRange(0, len(ALPHABET))] = feed.ConsumeFloat()
        case _:
            scores[index][step] = np.roll(scores[index][step], feed.ConsumeIntInRange(0, 38))


def settings(feed: atheris.FuzzedDataProvider) -> str:
    """Any text as ``visavis.toml``."""
    try:
        parse_config(feed.ConsumeUnicodeNoSurrogates(4000))
    except ConfigFileError as exc:
        return exc.code
    return "settings"


def catalogues(feed: atheris.FuzzedDataProvider) -> str:
    """Any bytes as the data files of documents and features."""
    half = feed.ConsumeIntInRange(0, feed.remaining_bytes())
    try:
        catalogue.load(feed.ConsumeBytes(half), feed.ConsumeBytes(feed.remaining_bytes()))
    except CatalogueError as exc:
        return exc.code
    return "catalogue"


_TARGETS = (lines_of_a_zone, two_names, probabilities, settings, catalogues)


def one(data: bytes) -> str:
    """Try one input on the target that its last byte chooses; how it ended."""
    feed = atheris.FuzzedDataProvider(data)
    return _TARGETS[feed.ConsumeIntInRange(0, len(_TARGETS) - 1)](feed)


def seeds() -> dict[str, bytes]:
    """One real input a target; the provider takes numbers from the end, text from the start."""
    room = ROOT / "resources" / "documents"
    both = (room / "catalogue.toml").read_bytes()[:2000]
    both += (room / "features.toml").read_bytes()[:900]
    made = {f"zone-{i}": b"\1" + zone.encode() + b"\0" for i, zone in enumerate(_ZONES)}
    made["names"] = b"\1D'Oeuvre-ElieDOEUVRE ELIE" + bytes([1, 12, 13, 1])
    made["settings"] = b"\1" + _SETTINGS.encode() + b"\3"
    made["catalogue"] = both + (2000).to_bytes(2, "little") + b"\4"
    made |= {f"scores-{i}": os.urandom(80) + bytes([i, 1, 2]) for i in range(8)}
    return made


if __name__ == "__main__":
    fuzz("zones", one, seeds())
