"""How much a camera's pictures tremble where nothing moves: sensor noise."""

from __future__ import annotations

from itertools import product

import numpy as np

from kiosk.capture.picture import Picture, grey_of

_BLOCK = 16


def noise_between(before: Picture, after: Picture) -> float | None:
    """Standard deviation of the noise in grey levels; None for pictures of different sizes.

    The median over blocks of 16 x 16 px, so that a hand which moves through does not count. Two
    pictures of one scene differ by the noise of both, hence the square root of two.
    """
    first, second = grey_of(before), grey_of(after)
    if first.shape != second.shape or min(first.shape) < _BLOCK:
        return None
    difference = second.astype(np.int16) - first
    height, width = difference.shape
    deviations = [
        float(difference[y : y + _BLOCK, x : x + _BLOCK].std())
        for y, x in product(
            range(0, height - _BLOCK + 1, _BLOCK * 2), range(0, width - _BLOCK + 1, _BLOCK * 2)
        )
    ]
    return float(np.median(deviations)) / float(np.sqrt(2))
