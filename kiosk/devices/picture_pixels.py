"""Makes a decoded picture of any kind the one that the readers know: (H, W, 3) uint8 BGR, upright.

Rules, in order:

1. Orientation: the EXIF tag 0x0112 is obeyed in every format; one that cannot be read is none.
2. More than 8 bits: the brightest value of the picture becomes the top of 8 bits, because
   scanners put 10, 12 or 16 bits into 16.
3. Transparency is laid on white, as paper is.
4. CMYK, palettes, grey and 1 bit become BGR.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from kiosk.ports import Picture

_TRANSPARENT = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def bgr_of(image: Image.Image) -> Picture:
    """Pixels of a loaded picture, (H, W, 3) uint8 BGR, upright.

    Raises:
        OSError, ValueError, MemoryError: Pillow cannot convert it.
    """
    image = _upright(image)
    if image.mode.startswith("I") or image.mode == "F":
        return _from_grey(_eight_bits(image))
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        image = _on_white(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return _from_grey(np.asarray(image.convert("L"), np.uint8))
    if image.mode != "RGB":
        image = image.convert("RGB")
    return np.asarray(cv2.cvtColor(np.asarray(image, np.uint8), cv2.COLOR_RGB2BGR), np.uint8)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return image  # metadata out of shape: the pixels are still good


def _eight_bits(image: Image.Image) -> Picture:
    values = np.asarray(image)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max())
    if values.dtype.kind == "f" and top <= 1.0:
        factor = 255.0
    else:
        factor = 255.0 / (2 ** max(8, int(max(top, 1.0)).bit_length()) - 1)
    scaled = values.astype(np.float32) * np.float32(factor)
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _from_grey(grey: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
