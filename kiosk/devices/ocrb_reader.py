"""Recognises lines of OCR-B with the small net of this project.

The net was trained on drawn lines only (``packaging/train``; model card: ``resources/models``);
what it reads is confirmed by a second, general reader before it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kiosk.capture.decode import ALPHABET
from kiosk.capture.picture import Picture, Scores
from kiosk.devices.nets import open_net
from kiosk.domain.errors import ModelError

MODEL = Path(__file__).resolve().parents[2] / "resources" / "models" / "ocrb-lines.onnx"
_SHA256 = "81c68fc1675348bc104ad195948a47ea74464d16918e5259c07380a44f981542"
_HEIGHT, _WIDTH = 32, 704


class OcrbTextReader:
    """See :class:`kiosk.ports.TextReader`. One thread, no memory arena, one strip size."""

    def __init__(self, model: Path = MODEL) -> None:
        """``model``: file of the net."""
        self._model = model
        self._session: Any = None

    def warm_up(self) -> None:
        """Load the model and run it once. Raises ModelError."""
        if self._session is None:
            self._load()
            self.recognise([np.full((_HEIGHT, _WIDTH), 255, np.uint8)])

    def _load(self) -> None:
        session = open_net(self._model, _SHA256)
        if session.get_modelmeta().custom_metadata_map.get("alphabet") != ALPHABET:
            raise ModelError("other alphabet")
        self._session = session

    def recognise(self, strips: Sequence[Picture]) -> list[Scores]:
        """See the port; strips of any size are brought to 32 x 704."""
        if self._session is None:
            self._load()
        batch = np.stack([self._fitted(strip) for strip in strips]).astype(np.float32)[:, None]
        scores = self._session.run(None, {"strips": batch})[0]
        return [np.asarray(line, np.float32) for line in scores]

    @staticmethod
    def _fitted(strip: Picture) -> Picture:
        size = (_WIDTH, _HEIGHT)
        return np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)
