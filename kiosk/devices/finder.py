"""Finds documents and zones with the small net of this project.

The net was trained on drawn scenes only (``packaging/train``; model card: ``resources/models``).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from kiosk.capture.location import WORK_AREA, Location, located, merged, prepared
from kiosk.capture.picture import Picture
from kiosk.domain.errors import ModelError

MODEL = Path(__file__).resolve().parents[2] / "resources" / "models" / "document-finder.onnx"
_SHA256 = "89227f15f27ebdc1edc1c622ebd41f763cc95b2d2ad632a0324347aaa6ddeb74"
_CLOSER_LOOKS = (3 * WORK_AREA, 8 * WORK_AREA)


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
        import onnxruntime

        try:
            data = self._model.read_bytes()
        except OSError as exc:
            raise ModelError("unreadable") from exc
        if hashlib.sha256(data).hexdigest() != _SHA256:
            raise ModelError("other file than expected")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        )

    def find(self, grey: Picture, *, thorough: bool = False) -> Location:
        """See the port."""
        if self._session is None:
            self._load()
        first = self._look(grey, WORK_AREA)
        if not thorough:
            return first
        larger = [area for area in _CLOSER_LOOKS if area < 1.5 * grey.size]
        return merged(first, [self._look(grey, area) for area in larger])

    def _look(self, grey: Picture, area: int) -> Location:
        small, scale = prepared(grey, area)
        tensor = small.astype(np.float32)[None, None]
        masks, ways = self._session.run(None, {"pictures": tensor})
        return located(np.asarray(masks[0]), np.asarray(ways[0]), scale)
