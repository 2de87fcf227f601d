"""Whole machine-readable zones of random text with right check digits, drawn and cut.

    python packaging/train/zones.py --count 60 --seed 1 --severity readable --font OCRB.otf --out F

They calibrate the decoder's guards, and test it: no letter of them is known beforehand, and names
have no language. The file holds ``pictures`` (n, 32, 704) uint8 and ``lines``, JSON of the lists of
lines; the strips follow each other in the same order. ``blind`` (m, 32, 704) uint8 are as many
strips that hold no line.
"""

from __future__ import annotations

import argparse
import json
import string
from pathlib import Path

import cv2
import numpy as np
from camera import HARD, MEDIUM, READABLE, Severity
from glyphs import Bank, plain_bank
from lines import LineFactory

from kiosk.documents.check_digits import check_digit
from kiosk.documents.layouts import LAYOUTS, Layout

SEVERITIES = {"readable": READABLE, "medium": MEDIUM, "hard": HARD}
_LETTERS, _DIGITS = string.ascii_uppercase, string.digits
_KINDS = ("TD1", "TD1", "TD3", "TD3", "TD2", "FR-ID")
_CODES = {"TD1": "I<", "TD2": "I<", "TD3": "P<", "FR-ID": "ID"}


def _some(rng: np.random.Generator, pool: str, count: int) -> str:
    return "".join(map(pool.__getitem__, rng.integers(0, len(pool), count).tolist()))


def _word(rng: np.random.Generator) -> str:
    word = _some(rng, _LETTERS, int(rng.integers(2, 10)))
    if rng.random() < 0.5:  # a doubled letter
        place = int(rng.integers(0, len(word)))
        word = word[:place] + word[place] + word[place:]
    return word


def _names(rng: np.random.Generator, width: int) -> str:
    given = "<".join(_word(rng) for _ in range(int(rng.integers(1, 4))))
    return f"{_word(rng)}<<{given}"[: width - 1].ljust(width, "<")


def _date(rng: np.random.Generator) -> str:
    return f"{rng.integers(0, 100):02}{rng.integers(1, 13):02}{rng.integers(1, 29):02}"


def _write(rows: list[list[str]], layout: Layout, field: str, value: str) -> None:
    span = layout.fields.get(field)
    if span is not None:
        rows[span.line][span.start : span.end] = value[: span.width].ljust(span.width, "<")


def random_zone(rng: np.random.Generator) -> tuple[str, ...]:
    """Lines of a zone whose check digits are right."""
    layout = LAYOUTS[_KINDS[int(rng.integers(len(_KINDS)))]]
    french = layout.name == "FR-ID"
    rows = [["<"] * layout.width for _ in range(layout.lines)]
    country = "FRA" if french else _some(rng, _LETTERS, 3)
    number = _some(rng, _DIGITS, 12) if french else _some(rng, _LETTERS + _DIGITS, 9)
    if layout.name == "TD3" and country == "FRA":
        country = "UTO"
    born, ends = _date(rng), _date(rng)
    names = _word(rng).ljust(25, "<") if french else _names(rng, layout.fields["names"].width)
    optional = _some(rng, _DIGITS, 14) if layout.name == "TD3" and rng.random() < 0.4 else ""
    facts = {
        "code": _CODES[layout.name],
        "issuer": country,
        "nationality": country,
        "names": names,
        "given_names": f"{_word(rng)}<<{_word(rng)}"[:14],
        "office": _some(rng, _DIGITS, 6),
        "number": number,
        "number_check": check_digit(number),
        "birth": born,
        "birth_check": check_digit(born),
        "sex": _some(rng, "MF", 1),
        "expiry": ends,
        "expiry_check": check_digit(ends),
        "optional": optional,
        "optional_check": check_digit(optional.ljust(14, "<")),
    }
    for field, value in facts.items():
        _write(rows, layout, field, value)
    lines = ["".join(row) for row in rows]
    _write(rows, layout, "composite", check_digit(layout.composite_text(lines)))
    return tuple("".join(row) for row in rows)


def drawn_zones(
    bank: Bank, severity: Severity, count: int, seed: int
) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Strips (n, 32, 704) uint8 of ``count`` zones, and the lines of each."""
    factory, rng = LineFactory(bank, seed), np.random.default_rng(seed)
    zones = [random_zone(rng) for _ in range(count)]
    return np.stack([s for zone in zones for s in factory.zone(zone, severity)]), zones


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--severity", choices=SEVERITIES, default="readable")
    parser.add_argument("--font", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    severity = SEVERITIES[options.severity]
    bank = plain_bank(options.font)
    strips, zones = drawn_zones(bank, severity, options.count, options.seed)
    factory = LineFactory(bank, options.seed + 1)
    blind = np.stack([factory.empty(severity).picture for _ in range(options.count)])
    np.savez(options.out, pictures=strips, lines=np.array(json.dumps(zones)), blind=blind)


if __name__ == "__main__":
    main()
