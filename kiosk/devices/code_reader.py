"""Reads machine-readable codes with zxing-cpp: QR, Data Matrix (2D-Doc), PDF417, Code 128 ...

Payloads are bytes as printed: 2D-Doc separates fields by control characters that a text mode
would replace. Nothing is interpreted and nothing is opened here.
"""

from __future__ import annotations

import zxingcpp

from kiosk.capture.picture import Picture, grey_of
from kiosk.ports import CodeSighting

MAX_PAYLOAD_BYTES = 8 * 1024
MAX_CODES = 16


class ZxingCodeReader:
    """See :class:`kiosk.ports.CodeReader`."""

    def __init__(self, *, thorough: bool = False) -> None:
        """``thorough``: search harder (still pictures); otherwise quick enough for live frames."""
        kinds = zxingcpp.BarcodeFormat
        self._formats = [kinds.QRCode, kinds.DataMatrix, kinds.PDF417, kinds.Code128]
        if thorough:
            self._formats += [kinds.MicroQRCode, kinds.Aztec, kinds.Code39, kinds.EAN13]

    def read(self, image: Picture) -> tuple[CodeSighting, ...]:
        """See the port."""
        found = zxingcpp.read_barcodes(
            grey_of(image),
            formats=zxingcpp.BarcodeFormats(self._formats),
            try_rotate=True,
            try_downscale=True,
            try_invert=True,
        )
        sightings = []
        for code in found[:MAX_CODES]:
            payload = bytes(code.bytes)
            if code.valid and 0 < len(payload) <= MAX_PAYLOAD_BYTES:
                place = code.position
                corners = tuple(
                    (float(p.x), float(p.y))
                    for p in (
                        place.top_left,
                        place.top_right,
                        place.bottom_right,
                        place.bottom_left,
                    )
                )
                sightings.append(CodeSighting(code.format.name, payload, corners))
        return tuple(sightings)
