"""Opens picture files with bounded bytes and pixels: the size is read before the pixels are."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from kiosk.domain.errors import (
    NoCameraError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
)

if TYPE_CHECKING:
    from kiosk.ports import Picture

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 40_000_000
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def open_picture(path: Path) -> Picture:
    """Picture of a file, (H, W, 3) uint8 BGR, turned upright by its EXIF orientation.

    Raises:
        NoCameraError: no such file, or it cannot be opened.
        PictureTypeError: not PNG, JPEG, WebP, BMP or TIFF by its first bytes.
        PictureTooLargeError: more than 64 MiB or 40 megapixels.
        PictureUnreadableError: damaged.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PictureTooLargeError("bytes")
        data = path.read_bytes()
    except OSError as exc:
        raise NoCameraError("file cannot be opened") from exc
    return decode_picture(data)


def decode_picture(data: bytes) -> Picture:
    """Same as :func:`open_picture` for bytes in memory."""
    if len(data) > MAX_FILE_BYTES:
        raise PictureTooLargeError("bytes")
    width, height = picture_size(data)
    if width * height > MAX_PIXELS:
        raise PictureTooLargeError("pixels")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as exc:
        raise PictureUnreadableError("decoder") from exc
    if image is None:
        raise PictureUnreadableError("decoder")
    return np.asarray(image, np.uint8)


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height as the file announces them. Raises as :func:`open_picture`."""
    try:
        size = _announced(data)
    except (struct.error, IndexError) as exc:
        raise PictureUnreadableError("header") from exc
    if size[0] <= 0 or size[1] <= 0:
        raise PictureUnreadableError("empty picture")
    return size


def _announced(data: bytes) -> tuple[int, int]:
    if not data:
        raise PictureUnreadableError("empty file")
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:2] == b"BM":
        width, height = struct.unpack_from("<ii", data, 18)
        return width, abs(height)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _tiff(data)
    raise PictureTypeError("first bytes")


def _jpeg(data: bytes) -> tuple[int, int]:
    """Walk the segments to the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise PictureUnreadableError("JPEG marker")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + max(2, length)


def _webp(data: bytes) -> tuple[int, int]:
    """The three forms of RFC 9649: lossy, lossless, extended."""
    form = data[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width = int.from_bytes(data[24:27], "little") + 1
    height = int.from_bytes(data[27:30], "little") + 1
    return width, height


def _tiff(data: bytes) -> tuple[int, int]:
    """Tags 256 and 257 of the first directory."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    size = {256: 0, 257: 0}
    for index in range(count):
        tag, kind = struct.unpack_from(order + "HH", data, at + 2 + index * 12)
        if tag in size:
            form = order + ("H" if kind == 3 else "I")
            (size[tag],) = struct.unpack_from(form, data, at + 2 + index * 12 + 8)
    return size[256], size[257]
