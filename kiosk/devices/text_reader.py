"""Recognises lines of OCR-B with the PP-OCRv6 recogniser.

The file comes inside the ``rapidocr`` package (Apache-2.0); its own loader is not used: it can
download. The file is found without importing the package, its SHA-256 is checked, and of its
18,710 classes only the blank and the 37 symbols of the zone are kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kiosk.capture.decode import ALPHABET
from kiosk.capture.picture import Picture, Scores
from kiosk.devices.nets import open_net
from kiosk.domain.errors import ModelError

_PACKAGE, _FILE = "rapidocr", "PP-OCRv6_rec_small.onnx"
_SHA256 = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
_HEIGHT, _WIDTH, _STEP = 48, 960, 96
_WIDTHS = range(2 * _STEP, _WIDTH + 1, _STEP)
"""Widths that are taken as they are: few, so that few plans of computation are made."""


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


class PaddleModel:
    """The recogniser, loaded once and shared by the readers. One thread, no memory arena."""

    def __init__(self, model: Path | None = None) -> None:
        """``model``: file to use instead of the packaged one."""
        self._model = model
        self._session: Any = None
        self._columns: dict[str, int] = {}

    @property
    def loaded(self) -> bool:
        """Whether the file was read."""
        return self._session is not None

    def load(self) -> None:
        """Read the file; the second time nothing happens. Raises ModelError."""
        if self._session is not None:
            return
        session = open_net(self._model or find_model(), _SHA256)
        characters = session.get_modelmeta().custom_metadata_map["character"].split("\n")
        # Column 0 is the blank, the last one the space.
        self._columns = {symbol: index + 1 for index, symbol in enumerate(characters)}
        self._columns[" "] = int(len(characters) + 1)
        self._session = session

    def columns(self, alphabet: str) -> list[int]:
        """The blank and the columns of these symbols. Raises ModelError without one of them."""
        self.load()
        try:
            return [0, *(self._columns[symbol] for symbol in alphabet)]
        except KeyError as exc:
            raise ModelError("other alphabet") from exc

    def scores(self, strip: Picture) -> Scores:
        """(T, classes) probabilities of a strip (48, w[, 3]), grey or BGR."""
        self.load()
        plane = strip.astype(np.float32) / 127.5 - 1.0
        if plane.ndim == 2:
            tensor = np.broadcast_to(plane, (1, 3, *plane.shape))
        else:
            tensor = plane.transpose(2, 0, 1)[None]
        name = self._session.get_inputs()[0].name
        found = self._session.run(None, {name: np.ascontiguousarray(tensor)})[0][0]
        return np.asarray(found, np.float32)


class PaddleTextReader:
    """See :class:`kiosk.ports.TextReader`. Few strip sizes; time goes with the width."""

    def __init__(self, model: Path | PaddleModel | None = None) -> None:
        """``model``: a shared one, or a file to use instead of the packaged one."""
        self._net = model if isinstance(model, PaddleModel) else PaddleModel(model)
        self._columns: list[int] = []

    def warm_up(self) -> None:
        """Load the model and run it once. Raises ModelError."""
        if not self._columns:
            self.recognise([np.full((_HEIGHT, _WIDTH), 255, np.uint8)])

    def recognise(self, strips: Sequence[Picture]) -> list[Scores]:
        """See the port; strips of other sizes than 48 x ``_WIDTHS`` are brought to 48 x 960."""
        self._columns = self._columns or self._net.columns(ALPHABET)
        return [self._one(strip) for strip in strips]

    def _one(self, strip: Picture) -> Scores:
        if strip.shape[0] != _HEIGHT or strip.shape[1] not in _WIDTHS:
            strip = np.asarray(cv2.resize(strip, (_WIDTH, _HEIGHT)), np.uint8)
        kept = self._net.scores(strip)[:, self._columns]
        return np.asarray(kept / np.maximum(kept.sum(1, keepdims=True), 1e-9), np.float32)
