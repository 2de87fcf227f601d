"""Recognises lines of OCR-B with the PP-OCRv6 recogniser.

The file comes inside the ``rapidocr`` package (Apache-2.0); its own loader is not used: it can
download. The file is found without importing the package, its SHA-256 is checked, and of its
18,710 classes only the blank and the 37 symbols of the zone are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kiosk.capture.decode import ALPHABET
from kiosk.capture.picture import Picture, Scores
from kiosk.domain.errors import ModelError

_PACKAGE, _FILE = "rapidocr", "PP-OCRv6_rec_small.onnx"
_SHA256 = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
_HEIGHT, _WIDTH = 48, 960


def find_model() -> Path:
    """The recogniser's file. Raises ModelError when the package or the file is missing."""
    try:
        files = metadata.files(_PACKAGE) or []
    except metadata.PackageNotFoundError as exc:
        raise ModelError("package missing") from exc
    for file in files:
        if file.name == _FILE:
            return Path(str(file.locate()))
    raise ModelError("file missing")


class PaddleTextReader:
    """See :class:`kiosk.ports.TextReader`. One thread, no memory arena, fixed strip size."""

    def __init__(self, model: Path | None = None) -> None:
        """``model``: file to use instead of the packaged one."""
        self._model = model
        self._session: Any = None
        self._columns: list[int] = []

    def warm_up(self) -> None:
        """Load the model and run it once. Raises ModelError."""
        if self._session is None:
            self._load()
            self.recognise([np.full((_HEIGHT, _WIDTH), 255, np.uint8)])

    def _load(self) -> None:
        import onnxruntime

        path = self._model or find_model()
        try:
            data = path.read_bytes()
        except OSError as exc:
            raise ModelError("unreadable") from exc
        if hashlib.sha256(data).hexdigest() != _SHA256:
            raise ModelError("other file than expected")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        characters = session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._columns = [0, *(characters.index(symbol) + 1 for symbol in ALPHABET)]
        self._session = session

    def recognise(self, strips: Sequence[Picture]) -> list[Scores]:
        """See the port; strips of any size are brought to 48 x 960."""
        if self._session is None:
            self._load()
        return [self._one(strip) for strip in strips]

    def _one(self, strip: Picture) -> Scores:
        if strip.shape != (_HEIGHT, _WIDTH):
            strip = np.asarray(cv2.resize(strip, (_WIDTH, _HEIGHT)), np.uint8)
        plane = strip.astype(np.float32) / 127.5 - 1.0
        tensor = np.broadcast_to(plane, (1, 3, _HEIGHT, _WIDTH))
        name = self._session.get_inputs()[0].name
        scores = self._session.run(None, {name: np.ascontiguousarray(tensor)})[0][0]
        kept = np.asarray(scores[:, self._columns], np.float32)
        return np.asarray(kept / np.maximum(kept.sum(1, keepdims=True), 1e-9), np.float32)
