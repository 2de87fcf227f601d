"""Fuzzes everything that opens a file of a stranger: pictures, PDF pages, clips.

    python packaging/fuzz/pictures.py [--minutes N] [--corpus DIR] [INPUT...]

Rules, in order:

1. Seeds are small real files of every kind (:mod:`seeds`), so that mutations reach the decoders.
2. Pictures are opened in memory; documents through a file, as the program does.
3. What comes out must be (H, W, 3) uint8 within the limits, or an error of the program's own tree.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

from run import fuzz

with atheris.instrument_imports(include=["PIL", "kiosk.devices", "pi_heif"]):
    import seeds
    from PIL import Image

    Image.init()
    from kiosk.devices.document_files import MAX_FRAMES, MAX_PAGES, DocumentFile, FileKind
    from kiosk.devices.picture_files import MAX_PIXELS, MAX_SIDE, pages_in, picture_size
    from kiosk.domain.errors import CaptureError

_FILE = Path(tempfile.mkdtemp(prefix="fuzz-")) / "file"
_MAX_SHOWN = max(MAX_FRAMES, MAX_PAGES)


def check(picture: object) -> None:
    """The promise of every opener."""
    height, width, channels = picture.shape  # type: ignore[attr-defined]
    if channels != 3 or not 0 < width * height <= MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise AssertionError(picture.shape)  # type: ignore[attr-defined]


def one(data: bytes) -> str:
    """Open one input both ways; how it ended."""
    _FILE.write_bytes(data)
    try:
        file = DocumentFile(_FILE)
        if file.kind is FileKind.PICTURE:
            picture_size(data)
            for picture in pages_in(data):
                check(picture)
        else:
            for picture in file.pictures():
                check(picture)
            if file.shown > _MAX_SHOWN:
                raise AssertionError(file.shown)
    except CaptureError as exc:
        return exc.code
    return f"read {file.kind.value}"


if __name__ == "__main__":
    fuzz("pictures", one, seeds.pictures() | seeds.documents())
