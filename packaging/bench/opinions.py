"""Benchmark: what the second reader confirms, of texts as drawn and of texts made false.

    python packaging/bench/opinions.py [--json] [--count N] [--seed N] [--crowd N] [--restored]

``count`` single frames of sides with a zone, fair and hard by turns. Of each that the first reader
reads as drawn, every line is shown to the second reader once. Then the text is made false: one
character by another that looks like it or that no check digit tells from it, or a letter of a name
lost or doubled; only texts whose check digits all hold are asked about, because others need a
word-for-word confirmation anyway. ``confirmed_false`` must be as near to 0 as can be.

Characters that stay disputed are shown by themselves once, as the live reader does several times:
those of the text as drawn, and those that were made false.

With ``--restored`` the frames are hard ones, and each is looked at with its blur taken back by the
guesses that are tried first, wrong ones among them. Readings with right check digits that are not
the text as drawn are counted (``misread``, ``misread_surely`` without a doubt), and how many of
them the second reader confirms in every line: from the very strips that were misread, from those of
other guesses, and from the strips as they are. The first of these figures says what a look at a
restored strip is worth on which the reading itself stands.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import cv2
import numpy as np
from sides import PRESETS, SEED, staged, zone_sides

from kiosk.bootstrap.hardware import load_readers
from kiosk.capture.alone import alone, seen_alone
from kiosk.capture.deblur import BlurSearch, taken_back
from kiosk.capture.opinion import Dispute, look_at_line
from kiosk.capture.picture import grey_of
from kiosk.capture.zone_lines import for_general
from kiosk.documents.check_digits import blind_twins
from kiosk.documents.layouts import allowed, layout_of
from kiosk.documents.mrz import digits_hold
from kiosk.services.zone_reading import ReadZone, Tried, ZoneReader, read_lines

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture, Scores

_ALIKE = (
    *("OQDCG0", "ILTJ1", "GCS6", "BR8EPS", "UVYW0", "MNHW", "KXYRH"),
    *("FPET7", "S58B", "Z27", "AR4"),
)
_FALSE_A_LINE, _MOST_DISPUTES = 8, 4
_GUESSES = 9
"""Restorations of a frame."""


def made_false(lines: tuple[str, ...], number: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Kinds and texts that differ from ``lines`` in one character of a line, check digits right."""
    layout, line = layout_of(lines), lines[number]
    if layout is None:
        return
    printed = len(line.rstrip("<"))
    for position, true in enumerate(line[:printed]):
        if true == "<":
            continue
        permitted = allowed(layout.classes[number][position])
        others = {c for group in _ALIKE if true in group for c in group} | blind_twins(true)
        texts = [("other", line[:position] + c + line[position + 1 :]) for c in others & permitted]
        shorter = (line[:position] + line[position + 1 :]).ljust(len(line), "<")
        texts.append(("lost", shorter))
        if printed < len(line):
            texts.append(("doubled", (line[:position] + true + line[position:])[: len(line)]))
        for kind, text in texts:
            rows = (*lines[:number], text, *lines[number + 1 :])
            if text != line and digits_hold(rows):
                yield kind, rows


def count_line(
    read: ReadZone, number: int, readers: Any, rng: np.random.Generator, counts: Counter[str]
) -> None:
    """One line: as drawn, and made false."""
    lines, second = read.reading.lines, readers.second
    strip = read.strips[number]
    scores = second.recognise([for_general(strip, len(lines))])[0]

    def shown(text: tuple[str, ...], dispute: Dispute) -> bool:
        places = read.reading.places[number]
        seen: Scores = second.recognise([alone(strip, places, dispute.position)])[0]
        return seen_alone(text, number, dispute.position, seen, digits_hold=True)

    look = look_at_line(lines, number, scores, digits_hold=True)
    counts["lines"] += 1
    counts["confirmed"] += look is not None and look.same
    if look is not None and look.alike:
        counts["disputed_characters"] += len(look.disputes)
        counts["seen_alone"] += sum(shown(lines, d) for d in look.disputes)
    texts = list(made_false(lines, number))
    for index in rng.permutation(len(texts))[:_FALSE_A_LINE]:
        kind, text = texts[int(index)]
        look = look_at_line(text, number, scores, digits_hold=True)
        counts["false"] += 1
        counts[f"false_{kind}"] += 1
        if look is not None and look.same:
            counts["confirmed_false"] += 1
        elif look is not None and look.alike and len(look.disputes) <= _MOST_DISPUTES:
            wrong = [
                d for d in look.disputes if text[number][d.position] != lines[number][d.position]
            ]
            counts["false_shown"] += len(wrong)
            counts["seen_alone_false"] += sum(shown(text, d) for d in wrong)


def sees(readers: Any, lines: tuple[str, ...], strips: tuple[Picture, ...]) -> bool:
    """Whether the second reader confirms every line of a text from these strips."""
    second = readers.second.recognise([for_general(strip, len(lines)) for strip in strips])
    looks = [look_at_line(lines, n, s, digits_hold=True) for n, s in enumerate(second)]
    return all(look is not None and look.same for look in looks)


def count_restored(
    grey: Picture,
    tried: Tried,
    true: tuple[str, ...],
    readers: Any,
    rng: np.random.Generator,
    counts: Counter[str],
) -> None:
    """One frame with its blur taken back in several ways."""
    reads = []
    for blur in BlurSearch().guesses(_GUESSES):
        read = read_lines(readers.text, taken_back(grey, blur), tried.zone)
        if read is not None and digits_hold(read.reading.lines):
            reads.append(read)
    counts["restored_read"] += len(reads)
    right = [read for read in reads if read.reading.lines == true]
    for index, read in enumerate(reads):
        lines = read.reading.lines
        if lines == true:
            continue
        counts["misread"] += 1
        counts["misread_surely"] += not read.reading.doubts
        counts["misread_confirmed_by_itself"] += sees(readers, lines, read.strips)
        others = [each for k, each in enumerate(reads) if k != index][:3]
        counts["misread_shown_by_others"] += len(others)
        counts["misread_confirmed_by_others"] += sum(
            sees(readers, lines, each.strips) for each in others
        )
        counts["misread_confirmed_as_it_is"] += sees(readers, lines, tried.strips)
    if right:
        read = right[int(rng.integers(len(right)))]
        counts["read"] += 1
        for number in range(len(true)):
            count_line(read, number, readers, rng, counts)


def run(count: int, seed: int, people: int, *, restored: bool = False) -> dict[str, int]:
    """Count."""
    readers = load_readers(thorough=False)
    readers.warm_up()
    sides = [side for side in zone_sides(people) if side.legible and digits_hold(side.mrz)]
    counts: Counter[str] = Counter()
    for frame in range(count):
        rng = np.random.default_rng([seed, frame])
        side = sides[(frame // len(PRESETS)) % len(sides)]
        preset = "hard" if restored else list(PRESETS)[frame % len(PRESETS)]
        grey = grey_of(staged(side, preset, rng).frame(0.0, rng)[0])
        zones = ZoneReader(readers.text)
        read = zones.read(zones.find(grey, readers.finder.find(grey).zone))
        counts["frames"] += 1
        if restored:
            if zones.tried is not None:
                count_restored(grey, zones.tried, side.mrz, readers, rng, counts)
            continue
        if read is None or read.reading.lines != side.mrz:
            continue
        counts["read"] += 1
        for number in range(len(side.mrz)):
            count_line(read, number, readers, rng, counts)
    return dict(counts)


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="What the second reader confirms.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--crowd", type=int, default=34)
    parser.add_argument("--restored", action="store_true", help="strips with blur taken back")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    figures = run(options.count, options.seed, options.crowd, restored=options.restored)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
