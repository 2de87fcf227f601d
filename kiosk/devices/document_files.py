"""Opens what holds pictures of documents: photos, scans, PDF pages, clips. Bounded in every way.

Rules, in order:

1. The first bytes say what a file is, not its name; a clip is told by its container.
2. Size in bytes, then in pixels, is checked before anything is decoded.
3. At most 20 pages and 90 frames of a clip are looked at; what was left out is told.
4. Frames of a clip that cannot be decoded are left out and counted. A page that cannot be decoded
   is an error: nobody may believe that the whole document was read.
5. Only one thread is inside PDFium at a time: it is not made for more.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from kiosk.devices.picture_files import (
    MAX_FILE_BYTES,
    MAX_PAGES,
    MAX_PIXELS,
    MAX_SIDE,
    PICTURE_SUFFIXES,
    check_size,
    format_of,
    pages_in,
)
from kiosk.domain.errors import (
    PictureProtectedError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
)

if TYPE_CHECKING:
    from kiosk.ports import Picture

_CLIPS = frozenset({".avi", ".mp4", ".mkv", ".mov", ".webm", ".m4v"})
SUFFIXES = PICTURE_SUFFIXES | _CLIPS | {".pdf"}
"""What is looked at in a folder."""
MAX_FRAMES = 90
_FRAME_STEP = 2
_FAILURES_UNTIL_END = 64  # FFmpeg answers "nothing" at the end and at broken frames alike
_COUNT_SLACK = 2  # containers without an index guess the number of their frames
_DOTS_PER_INCH = 250
_POINTS_PER_INCH = 72
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_PDFIUM = threading.Lock()
_FFMPEG_OPTIONS: Final = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


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
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PictureUnreadableError("no file")  # a pipe would be waited for without end
        with path.open("rb") as file:
            head = file.read(1024)
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        raise PictureUnreadableError("file cannot be opened") from exc
    if status.st_size > MAX_FILE_BYTES:
        raise PictureTooLargeError("bytes")
    if not head:
        raise PictureUnreadableError("empty file")
    if format_of(head) is not None:
        return FileKind.PICTURE
    if b"%PDF-" in head:
        return FileKind.PAGES
    clip = (
        head[4:8] == b"ftyp"
        or head[:4] == b"\x1aE\xdf\xa3"
        or (head[:4] == b"RIFF" and head[8:11] == b"AVI")
    )
    if clip:
        return FileKind.CLIP
    raise PictureTypeError("first bytes")


class DocumentFile:
    """One file, opened once.

    Attributes:
        kind: what it holds.
        shown: pictures given so far.
        skipped: frames that could not be decoded.
        more: whether there is more than was looked at.
    """

    def __init__(self, path: Path) -> None:
        """Raises as :func:`kind_of`."""
        self.kind = kind_of(path)
        self.shown = 0
        self.skipped = 0
        self.more = False
        self._path = path

    def pictures(self) -> Iterator[Picture]:
        """Every picture of the file, (H, W, 3) uint8 BGR, in order.

        Raises:
            PictureUnreadableError: missing, damaged, incomplete, or protected by a password.
            PictureTooLargeError: too many bytes or pixels.
            PictureTypeError: no type that this program reads.
            PictureSupportError: HEIC, and the package that reads it is not installed.
        """
        source = {
            FileKind.PICTURE: self._stills,
            FileKind.PAGES: self._pages,
            FileKind.CLIP: self._frames,
        }[self.kind]
        for picture in source():
            check_size((picture.shape[1], picture.shape[0]))
            self.shown += 1
            yield picture
        if self.shown == 0:
            raise PictureUnreadableError("nothing inside")

    def _stills(self) -> Iterator[Picture]:
        try:
            data = self._path.read_bytes()
        except OSError as exc:
            raise PictureUnreadableError("file cannot be opened") from exc
        yield from pages_in(data)

    # --- PDF ----------------------------------------------------------------------------------

    def _pages(self) -> Iterator[Picture]:
        import pypdfium2

        with _pdfium():
            document = pypdfium2.PdfDocument(self._path)
        try:
            with _pdfium():
                count = len(document)
            self.more = count > MAX_PAGES
            for number in range(min(count, MAX_PAGES)):
                with _pdfium():
                    picture = _page(document[number])
                yield picture
        finally:
            with _PDFIUM:
                document.close()

    # --- clips --------------------------------------------------------------------------------

    def _frames(self) -> Iterator[Picture]:
        # A clip is one file: nothing in it may send FFmpeg to another one or to a network.
        os.environ.setdefault(_FFMPEG_OPTIONS, "protocol_whitelist;file")
        clip = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        try:
            width = clip.get(cv2.CAP_PROP_FRAME_WIDTH)
            height = clip.get(cv2.CAP_PROP_FRAME_HEIGHT)
            if not clip.isOpened() or width <= 0:
                raise PictureUnreadableError("clip")
            check_size((int(width), int(height)))
            yield from self._taken(clip)
        finally:
            clip.release()

    def _taken(self, clip: cv2.VideoCapture) -> Iterator[Picture]:
        """Every second frame until the end or the limit; what cannot be decoded is counted."""
        announced = clip.get(cv2.CAP_PROP_FRAME_COUNT)
        decoded, failures, given = 0, 0, 0
        while failures < _FAILURES_UNTIL_END:
            wanted = decoded % _FRAME_STEP == 0
            found = clip.grab()
            image = None
            if found and wanted:
                found, image = clip.retrieve()
            if not found:
                failures += 1
                continue
            failures = 0
            decoded += 1
            if image is None:
                continue
            yield np.asarray(image, np.uint8)
            given += 1
            if given == MAX_FRAMES:
                self.more = bool(clip.grab())
                return
        missing = int(announced) - decoded if 0 < announced < 1e9 else 0
        self.skipped = missing if missing > _COUNT_SLACK else 0


def pictures_of(path: Path) -> Iterator[Picture]:
    """Every picture of a file, (H, W, 3) uint8 BGR, in order. Raises as :class:`DocumentFile`."""
    yield from DocumentFile(path).pictures()


@contextmanager
def _pdfium() -> Iterator[None]:
    """Alone inside PDFium, its errors as ours."""
    import pypdfium2

    with _PDFIUM:
        try:
            yield
        except pypdfium2.PdfiumError as exc:
            if getattr(exc, "err_code", None) == _WRONG_PASSWORD:
                raise PictureProtectedError("PDF") from exc
            raise PictureUnreadableError("PDF") from exc
        except (ValueError, MemoryError, OverflowError) as exc:
            raise PictureUnreadableError("PDF page") from exc


def _page(page: Any) -> Picture:
    """One page at 250 dpi; large formats as many dots as the limits allow."""
    width, height = page.get_size()
    area = max(1.0, width * height)
    scale = min(
        _DOTS_PER_INCH / _POINTS_PER_INCH,
        (MAX_PIXELS / 2 / area) ** 0.5,
        MAX_SIDE / max(1.0, width, height),
    )
    bitmap = page.render(scale=scale)
    image = np.asarray(bitmap.to_numpy(), np.uint8)
    if image.ndim == 2 or image.shape[2] == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.array(image[:, :, :3])
