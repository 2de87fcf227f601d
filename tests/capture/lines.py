"""What a perfect and a hesitating recogniser answer, made from text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kiosk.capture.decode import ALPHABET
from kiosk.capture.picture import Scores

STEPS_A_LETTER = 4
MARGIN = 4
"""Blank steps before the first letter and after the last."""


def step_of(position: int) -> int:
    """The time step of a letter."""
    return MARGIN + position * STEPS_A_LETTER + 1


def scores_of(
    text: str,
    hesitations: Mapping[int, Mapping[str, float]] | None = None,
    *,
    confidence: float = 0.98,
) -> Scores:
    """(T, 38) probabilities: each letter one step, three blanks between, a margin at each end.

    Args:
        text: the line.
        hesitations: per position the probabilities of symbols, instead of one clear symbol.
        confidence: of the clear symbols.
    """
    out = np.full((len(text) * STEPS_A_LETTER + 2 * MARGIN, 38), 1e-5, np.float32)
    out[:, 0] = 1
    for position, letter in enumerate(text):
        step = step_of(position)
        out[step] = 1e-5
        offered = (hesitations or {}).get(position, {letter: confidence})
        for symbol, chance in offered.items():
            out[step, ALPHABET.index(symbol) + 1] = chance
    return np.asarray(out / out.sum(1, keepdims=True), np.float32)


TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
TD1 = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
FR_ID = (
    "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<",
    "8806923102858CORINNE<<<<<<<6512068F6",
)
