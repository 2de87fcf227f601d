"""Fixed sets of drawn strips that measure a net, and how it is scored on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from camera import HARD, MEDIUM, READABLE, Severity
from glyphs import ALPHABET, Bank, held_out_bank
from lines import LineFactory

Recogniser = Callable[[np.ndarray], np.ndarray]
"""Strips (n, 32, 704) uint8 -> probabilities (n, 176, 38) float32."""
_BLIND_SEED, _LINE_SEEDS = 10_003, {"readable": 10_000, "hard": 10_001, "new_shapes": 10_002}


@dataclass(frozen=True)
class StripSet:
    """Strips (n, 32, 704) uint8 and what they say; an empty text where there is no line."""

    pictures: np.ndarray
    texts: list[str]


def _lines(bank: Bank, seed: int, severities: tuple[Severity, ...], count: int) -> StripSet:
    factory = LineFactory(bank, seed)
    lines = [factory.one(severities[i % len(severities)]) for i in range(count)]
    return StripSet(np.stack([line.picture for line in lines]), [line.text for line in lines])


def validation_sets(bank: Bank, ocr_b: Path, faces: Path, count: int) -> dict[str, StripSet]:
    """The four sets: readable, hard, shapes never trained on, and strips without a line."""
    seeds = _LINE_SEEDS
    blind = LineFactory(bank, _BLIND_SEED)
    nothing = np.stack([blind.empty().picture for _ in range(count)])
    return {
        "readable": _lines(bank, seeds["readable"], (READABLE,), count),
        "hard": _lines(bank, seeds["hard"], (MEDIUM, HARD), count),
        "new_shapes": _lines(
            held_out_bank(ocr_b, faces), seeds["new_shapes"], (READABLE, MEDIUM), count
        ),
        "blind": StripSet(nothing, [""] * count),
    }


def greedy(probabilities: np.ndarray) -> str:
    """Text of (176, 38) probabilities, CTC collapse."""
    best = probabilities.argmax(1)
    keep = [b for i, b in enumerate(best) if b and (i == 0 or b != best[i - 1])]
    return "".join(ALPHABET[b - 1] for b in keep)


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def score(recognise: Recogniser, strips: StripSet) -> dict[str, float]:
    """Share of exact lines and character error rate; letters a strip where there is no line."""
    parts = [recognise(strips.pictures[i : i + 50]) for i in range(0, len(strips.texts), 50)]
    reads = [greedy(p) for p in np.concatenate(parts)]
    letters = sum(map(len, strips.texts))
    if not letters:
        return {"letters_a_strip": round(sum(map(len, reads)) / len(reads), 3)}
    errors = sum(_distance(r, t) for r, t in zip(reads, strips.texts, strict=True))
    exact = sum(r == t for r, t in zip(reads, strips.texts, strict=True))
    return {"exact": round(exact / len(reads), 4), "cer": round(errors / letters, 4)}
