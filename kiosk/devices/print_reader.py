"""Recognises lines of ordinary print with the PP-OCRv6 recogniser, on its shared session.

Of its classes the blank and the Latin letters, digits and signs of French documents are kept one by
one; all others are summed up in one column, so that a doubt stays a doubt.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from kiosk.capture.picture import Picture, Scores
from kiosk.capture.print_decode import PRINT_ALPHABET
from kiosk.devices.text_reader import PaddleModel

_HEIGHT = 48
_EDGE = 8
_STEP = 160  # few widths, so that few plans of computation are made
_MAX_WIDTH = 1120


class PaddlePrintReader:
    """See :class:`kiosk.ports.PrintedTextReader`."""

    def __init__(self, model: PaddleModel | None = None) -> None:
        """``model``: shared with the reader of zones, to load it once."""
        self._net = model or PaddleModel()
        self._columns: list[int] = []

    def warm_up(self) -> None:
        """Load the model and run it once. Raises ModelError."""
        if not self._columns:
            self.recognise_print([np.full((_HEIGHT, _STEP, 3), 255, np.uint8)])

    def recognise_print(self, strips: Sequence[Picture]) -> list[Scores]:
        """See the port; strips of any size are brought to a height of 48."""
        self._columns = self._columns or self._net.columns(PRINT_ALPHABET)
        return [self._one(strip) for strip in strips]

    def _one(self, strip: Picture) -> Scores:
        height, width = strip.shape[:2]
        wide = min(_MAX_WIDTH - 2 * _EDGE, max(_EDGE, round(width * _HEIGHT / height)))
        way = cv2.INTER_AREA if height > _HEIGHT else cv2.INTER_CUBIC
        scaled = cv2.resize(strip, (wide, _HEIGHT), interpolation=way)
        full = -(-(wide + 2 * _EDGE) // _STEP) * _STEP
        right = full - wide - _EDGE
        padded = cv2.copyMakeBorder(scaled, 0, 0, _EDGE, right, cv2.BORDER_REPLICATE)
        scores = self._net.scores(np.asarray(padded, np.uint8))
        kept = scores[:, self._columns]
        rest = np.clip(1.0 - kept.sum(1, keepdims=True), 0.0, 1.0)
        return np.asarray(np.hstack([kept, rest]), np.float32)
