"""Finds documents and zones with the small net of this project.

The net was trained on drawn scenes only (``packaging/train``; model card: ``resources/models``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kiosk.capture.location import WORK_AREA, Location, Place, located, merged, prepared
from kiosk.capture.picture import Picture
from kiosk.devices.nets import open_net

MODEL = Path(__file__).resolve().parents[2] / "resources" / "models" / "document-finder.onnx"
_SHA256 = "89227f15f27ebdc1edc1c622ebd41f763cc95b2d2ad632a0324347aaa6ddeb74"
_CLOSER_AREA = 3 * WORK_AREA
_BORDER = 0.125
_SMALL = 0.35
"""Square of a place's length as a share of the picture: what is larger was seen well enough."""


class NetDocumentFinder:
    """See :class:`kiosk.ports.DocumentFinder`. One thread, no memory arena."""

    def __init__(self, model: Path = MODEL) -> None:
        """``model``: file of the net."""
        self._model = model
        self._session: Any = None

    def warm_up(self) -> None:
        """Load the model and run it once. Raises ModelError."""
        if self._session is None:
            self._load()
            self.find(np.full((216, 384), 255, np.uint8))

    def _load(self) -> None:
        self._session = open_net(self._model, _SHA256)

    def find(self, grey: Picture, *, thorough: bool = False) -> Location:
        """See the port."""
        if self._session is None:
            self._load()
        whole = self._look(grey)
        if not thorough:
            return whole
        if grey.size > 2 * _CLOSER_AREA:
            whole = merged(whole, [self._look(grey, _CLOSER_AREA)])
        if not any(zone.directed for zone in whole.zones):
            # A scan cut at the edge of its document: with a desk around it, it is one again.
            whole = merged(self._framed(grey), [whole])
        # What is small on a large picture is looked at again by itself: corners get exact.
        closer = []
        for places, around in ((whole.documents, 0.58), (whole.zones, 0.72)):
            small = [p for p in places if p.length**2 < _SMALL * grey.size]
            looks = [self._look_at(grey, place, around) for place in small]
            closer += (
                looks if places is whole.documents else [replace(z, documents=()) for z in looks]
            )
        return merged(Location(), [*closer, whole])

    def _framed(self, grey: Picture) -> Location:
        """The picture with a plain border of an eighth of its length around it."""
        border = round(_BORDER * max(grey.shape))
        tone = int(np.median(grey)) // 3
        around = (border, border, border, border)
        framed = cv2.copyMakeBorder(grey, *around, cv2.BORDER_CONSTANT, value=[tone])
        return self._look(np.asarray(framed, np.uint8)).shifted(-border, -border)

    def _look_at(self, grey: Picture, place: Place, around: float) -> Location:
        """What lies at one place of a picture and so far around its middle, in lengths of it."""
        middle, half = place.corners.mean(0), around * max(place.length, place.height)
        x0, y0 = np.maximum(0, np.floor(middle - half)).astype(int)
        x1, y1 = np.ceil(middle + half).astype(int)
        return self._look(grey[y0:y1, x0:x1]).shifted(float(x0), float(y0))

    def _look(self, grey: Picture, area: int = WORK_AREA) -> Location:
        small, scale = prepared(grey, area)
        tensor = small.astype(np.float32)[None, None]
        masks, ways = self._session.run(None, {"pictures": tensor})
        return located(np.asarray(masks[0]), np.asarray(ways[0]), scale)
