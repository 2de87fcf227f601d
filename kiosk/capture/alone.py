"""A character shown to the second reader by itself, so that its neighbours tell it nothing.

Rules, in order:

1. The second reader was made for words. Amid digits it sees a digit: 9 for Q, 6 for G, 1 for J, in
   every frame. Repeated beside itself, a letter has no neighbours but its like.
2. The character is cut from the strip that was read, in the place where the first reader saw it,
   one pitch wide.
3. It is seen the same only where it was seen nearly as often as it was shown, and all but one were
   the same. What the layout rules out stands for what it permits, as in a line
   (:mod:`kiosk.capture.opinion`); not where check digits are wrong: what accuses a document must be
   seen as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from kiosk.capture.decode import letters_of
from kiosk.capture.opinion import stands_for
from kiosk.capture.picture import Picture, Scores, as_picture
from kiosk.capture.zone_lines import TALLER
from kiosk.documents.layouts import layout_of

SHOWN = 4
"""How often the character stands on its strip."""
ALONE_WIDTH = 192
_PITCH = 36
_PAPER = 85
"""Percentile of a strip's grey levels that is paper."""


def alone(strip: Picture, places: Sequence[float], position: int) -> Picture:
    """One character repeated, (48, ``ALONE_WIDTH``) grey uint8.

    Args:
        strip: (48, w) grey uint8, the line as it was read.
        places: middle of each character along the strip, as a share of its width, rising.
        position: which of them.
    """
    height, width = strip.shape
    middles = np.asarray(places) * width
    pitch = float(np.median(np.diff(middles)))
    left = middles[position] - pitch / 2
    across, middle = _PITCH / pitch, height / 2
    matrix = np.array([[across, 0, -across * left], [0, TALLER, (1 - TALLER) * middle]], np.float32)
    cell = cv2.warpAffine(
        strip, matrix, (_PITCH, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    out = np.full((height, ALONE_WIDTH), np.percentile(strip, _PAPER), np.uint8)
    begin = (ALONE_WIDTH - SHOWN * _PITCH) // 2
    out[:, begin : begin + SHOWN * _PITCH] = np.tile(cell, (1, SHOWN))
    return as_picture(out)


def seen_alone(
    lines: Sequence[str], number: int, position: int, second: Scores, *, digits_hold: bool
) -> bool:
    """Whether the second reader sees the character of the reading when it is shown by itself.

    Args:
        lines: the reading, top to bottom.
        number: of the line, from 0.
        position: in the line, from 0.
        second: its probabilities for what :func:`alone` made.
        digits_hold: every check digit of the reading is right.
    """
    layout = layout_of(lines)
    letters = letters_of(second)
    if layout is None or not SHOWN - 1 <= len(letters) <= SHOWN:
        return False
    ours, character_class = lines[number][position], layout.classes[number][position]
    same = sum(
        letter.best == ours or (digits_hold and stands_for(character_class, ours, letter.scores))
        for letter in letters
    )
    return same >= SHOWN - 1 or same == len(letters)
