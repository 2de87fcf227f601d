"""Opens picture files with bounded bytes and pixels: the size is read before the pixels are.

Rules, in order:

1. The first bytes say what a file is; only the decoder of that format is asked.
2. At most 64 MiB, 40 megapixels, 20,000 px a side and 16 times longer than wide, checked before a
   pixel is decoded.
3. A file that ends too early is an error: half a picture must not pass for a whole one.
4. An animation (GIF, WebP, PNG, AVIF) or a burst (MPO) is read as its first picture; a TIFF as its
   pages, without the reduced copies of them.
5. HEIC needs the optional package ``pi-heif``; without it, an error says so.

The decoders are Pillow's (PNG, JPEG, WebP, BMP, GIF, TIFF, AVIF) and libheif's: one library that is
fuzzed upstream instead of a parser of our own for every header.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from kiosk.devices.picture_pixels import bgr_of
from kiosk.domain.errors import (
    CaptureError,
    NoCameraError,
    PictureIncompleteError,
    PictureSupportError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
)

if TYPE_CHECKING:
    from kiosk.ports import Picture

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MAX_SIDE: Final = 20_000
"""OpenCV's geometric functions end at 32,767 px."""
MAX_ASPECT: Final = 16
"""A document, or a strip cut out of one, is never longer; work on such ribbons has no end."""
MAX_PAGES: Final = 20
PICTURE_SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".bmp", ".tif", ".tiff"}
    | {".gif", ".heic", ".heif", ".avif"}
)
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_REDUCED_COPY: Final = 1  # bit 0 of NewSubfileType
_SUBFILE_TYPE: Final = 254
_FAULTS: Final = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, EOFError),
    *(ArithmeticError, RuntimeError, struct.error, zlib.error),
)
"""What Pillow's decoders raise on damaged files."""

_CUT_SHORT: Final = ("truncated", "end of file", "incomplete")
_BLOCK: Final = 8

# A scanner's odd metadata is no reason to write on the error stream; a bomb is one to refuse.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def format_of(head: bytes) -> str | None:
    """Name of the picture format (``JPEG``, ``HEIF`` ...) by the first bytes; None for no picture.

    ``head``: at least the first 64 bytes, or all of a shorter file.
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    return None


def _of_brands(head: bytes) -> str | None:
    """Still pictures and clips share one container: the brands tell (ISO/IEC 14496-12, 4.3)."""
    major = head[8:12]
    end = min(int.from_bytes(head[:4], "big"), len(head))
    others = {head[at : at + 4] for at in range(16, end - 3, 4)}
    if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and _AVIF_BRANDS & others):
        return "AVIF"
    return "HEIF" if major in _HEIF_BRANDS else None


def open_picture(path: Path) -> Picture:
    """Picture of a file, (H, W, 3) uint8 BGR, turned upright by its EXIF orientation.

    Raises:
        NoCameraError: no such file, or it cannot be opened.
        PictureTypeError: no picture by its first bytes.
        PictureSupportError: HEIC, and the package that reads it is not installed.
        PictureTooLargeError: more than 64 MiB, 40 megapixels or 20,000 px a side.
        PictureIncompleteError: the file ends too early.
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
    return next(pages_in(data))


def pages_in(data: bytes) -> Iterator[Picture]:
    """At most 20 pictures of a file in memory: the pages of a TIFF, the first picture of others.

    Raises as :func:`open_picture`; at the page that is damaged.
    """
    with _translated():
        image = _opened(data)
    for number in range(MAX_PAGES):
        with _translated():
            if number and not _turn_to(image, number):
                return
            check_size(image.size)
            picture = None if _is_reduced_copy(image, number) else _pixels(image)
        if picture is not None:
            yield picture
        if image.format != "TIFF":
            return


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height as the file announces them. Raises as :func:`open_picture`."""
    with _translated():
        return _opened(data).size


@contextmanager
def _translated() -> Iterator[None]:
    """Pillow's many exceptions as ours."""
    try:
        yield
    except CaptureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as exc:
        raise PictureTooLargeError("decoder") from exc
    except _FAULTS as exc:
        if any(word in str(exc).lower() for word in _CUT_SHORT):
            raise PictureIncompleteError("decoder") from exc
        raise PictureUnreadableError("decoder") from exc


def _opened(data: bytes) -> Image.Image:
    """The picture with its size known and no pixel decoded."""
    if not data:
        raise PictureUnreadableError("empty file")
    if len(data) > MAX_FILE_BYTES:
        raise PictureTooLargeError("bytes")
    form = format_of(data[:1024])
    if form is None:
        raise PictureTypeError("first bytes")
    if form == "WEBP":
        if int.from_bytes(data[4:8], "little") + 8 > len(data):
            raise PictureIncompleteError("WebP")
        check_size(_webp_size(data))  # its decoder makes room for the pixels when it opens
    if form == "HEIF":
        _need_heif()
    formats = ("JPEG", "MPO") if form == "JPEG" else (form,)
    image = Image.open(BytesIO(data), formats=formats)
    if image.size[0] <= 0 or image.size[1] <= 0:
        raise PictureUnreadableError("empty picture")
    return image


def _need_heif() -> None:
    try:
        from pi_heif import register_heif_opener
    except ImportError as exc:
        raise PictureSupportError("pi-heif") from exc
    if "HEIF" not in Image.OPEN:
        register_heif_opener(thumbnails=False)


def _webp_size(data: bytes) -> tuple[int, int]:
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


def check_size(size: tuple[int, int]) -> None:
    """Raises PictureUnreadableError or PictureTooLargeError for a size that is not worked on."""
    if size[0] <= 0 or size[1] <= 0:
        raise PictureUnreadableError("empty picture")
    if size[0] * size[1] > MAX_PIXELS or max(size) > MAX_SIDE:
        raise PictureTooLargeError("pixels")
    if max(size) > MAX_ASPECT * min(size):
        raise PictureUnreadableError("shape")


def _turn_to(image: Image.Image, number: int) -> bool:
    """Whether there is such a page; Pillow ends them with EOFError."""
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def _is_reduced_copy(image: Image.Image, number: int) -> bool:
    """A smaller copy of the page before, as some scanners add."""
    tags = getattr(image, "tag_v2", None)
    kind = tags.get(_SUBFILE_TYPE, 0) if tags is not None and number else 0
    return isinstance(kind, int) and bool(kind & _REDUCED_COPY)


def _pixels(image: Image.Image) -> Picture:
    image.load()
    check_size(image.size)
    if image.format in ("JPEG", "MPO") and _has_no_foot(image):
        raise PictureIncompleteError("JPEG")
    return bgr_of(image)


def _has_no_foot(image: Image.Image) -> bool:
    """A JPEG cut short and closed again by some program: what is missing is exactly middle grey.

    The decoder fills blocks without data with zeros (libjpeg, jdhuff.c: ``insufficient_data``).
    """
    width, height = image.size
    foot = image.crop((0, max(0, height - _BLOCK), width, height)).convert("RGB")
    if foot.getextrema() != ((128, 128),) * 3:
        return False
    return image.convert("RGB").getextrema() != ((128, 128),) * 3
