"""Opens what holds pictures of documents: photos, scans, PDF pages, clips. Bounded in every way.

Rules, in order:

1. The first bytes say what a file is, not its name; a clip is told by its container.
2. Size in bytes, then in pixels, is checked before anything is decoded.
3. At most 20 pages and 90 frames of a clip are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from kiosk.devices.picture_files import MAX_FILE_BYTES, MAX_PIXELS, decode_picture
from kiosk.domain.errors import PictureTooLargeError, PictureTypeError, PictureUnreadableError

if TYPE_CHECKING:
    from kiosk.ports import Picture

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
_CLIPS = frozenset({".avi", ".mp4", ".mkv", ".mov", ".webm", ".m4v"})
SUFFIXES = _PICTURES | _CLIPS | {".pdf"}
"""What is looked at in a folder."""
MAX_PAGES = 20
MAX_FRAMES = 90
_FRAME_STEP = 2
_DOTS_PER_INCH = 250
_POINTS_PER_INCH = 72


class FileKind(StrEnum):
    """What a file holds."""

    PICTURE = "picture"
    PAGES = "pages"
    CLIP = "clip"


def kind_of(path: Path) -> FileKind:
    """What a file holds, by its first bytes.

    Raises:
        PictureUnreadableError: no such file, empty, or it cannot be opened.
        PictureTooLargeError: more than 64 MiB.
        PictureTypeError: none of the known types.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as exc:
        raise PictureUnreadableError("file cannot be opened") from exc
    if size > MAX_FILE_BYTES:
        raise PictureTooLargeError("bytes")
    if not head:
        raise PictureUnreadableError("empty file")
    if b"%PDF-" in head:
        return FileKind.PAGES
    clip = (
        head[4:8] == b"ftyp"
        or head[:4] == b"\x1aE\xdf\xa3"
        or (head[:4] == b"RIFF" and head[8:11] == b"AVI")
    )
    if clip:
        return FileKind.CLIP
    known = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"BM", b"II*\0", b"MM\0*")
    if head.startswith(known) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return FileKind.PICTURE
    raise PictureTypeError("first bytes")


def pictures_of(path: Path) -> Iterator[Picture]:
    """Every picture of a file, (H, W, 3) uint8 BGR, in order.

    Raises:
        PictureUnreadableError: missing, damaged, truncated, or protected by a password.
        PictureTooLargeError: too many bytes or pixels.
        PictureTypeError: no type that this program reads.
    """
    match kind_of(path):
        case FileKind.PICTURE:
            try:
                data = path.read_bytes()
            except OSError as exc:
                raise PictureUnreadableError("file cannot be opened") from exc
            _refuse_truncated(data)
            yield decode_picture(data)
        case FileKind.PAGES:
            yield from _pages(path)
        case FileKind.CLIP:
            yield from _frames(path)


def _refuse_truncated(data: bytes) -> None:
    """A JPEG without its end marker would be decoded with a grey foot: half a zone."""
    if data[:2] == b"\xff\xd8" and b"\xff\xd9" not in data[-4096:]:
        raise PictureUnreadableError("truncated")


def _pages(path: Path) -> Iterator[Picture]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        raise PictureUnreadableError("PDF") from exc
    try:
        for number in range(min(len(document), MAX_PAGES)):
            yield _page(document[number])
    except pypdfium2.PdfiumError as exc:
        raise PictureUnreadableError("PDF page") from exc
    finally:
        document.close()


def _page(page: Any) -> Picture:
    """One page at 250 dpi; large formats as many dots as the limit allows."""
    width, height = page.get_size()
    area = max(1.0, width * height)
    scale = min(_DOTS_PER_INCH / _POINTS_PER_INCH, (MAX_PIXELS / 2 / area) ** 0.5)
    bitmap = page.render(scale=scale)
    image = np.asarray(bitmap.to_numpy(), np.uint8)
    if image.ndim == 2 or image.shape[2] == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.ascontiguousarray(image[:, :, :3])


def _frames(path: Path) -> Iterator[Picture]:
    clip = cv2.VideoCapture(str(path))
    try:
        width = clip.get(cv2.CAP_PROP_FRAME_WIDTH)
        if not clip.isOpened() or width <= 0:
            raise PictureUnreadableError("clip")
        if width * clip.get(cv2.CAP_PROP_FRAME_HEIGHT) > MAX_PIXELS:
            raise PictureTooLargeError("pixels")
        shown = 0
        while shown < MAX_FRAMES:
            found, image = clip.read()
            if not found:
                break
            shown += 1
            yield np.asarray(image, np.uint8)
            for _ in range(_FRAME_STEP - 1):
                clip.grab()
        if shown == 0:
            raise PictureUnreadableError("clip without a picture")
    finally:
        clip.release()
