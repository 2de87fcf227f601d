"""Small real files of every kind that the program opens: what the fuzzers mutate.

They are made on the spot from one drawn picture. Only HEIC, which nothing here can write, is a
file: the drawn passport of the specimens, made small.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
HEIC = Path(__file__).parent / "small.heic"
SIZE = (48, 32)


def drawn() -> Image.Image:
    """A picture with edges, colours and a gradient, 48 x 32."""
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, SIZE[0], dtype=np.uint8)
    pixels[..., 1] = np.linspace(0, 255, SIZE[1], dtype=np.uint8)[:, None]
    cv2.putText(pixels, "P<", (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
    return Image.fromarray(pixels)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """The bytes of a picture file."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def pictures() -> dict[str, bytes]:
    """Files of pictures by a name for people."""
    image = drawn()
    grey = image.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    made = {
        "jpeg": saved(image, "JPEG", exif=exif),
        "jpeg-progressive": saved(image, "JPEG", progressive=True),
        "jpeg-cmyk": saved(image.convert("CMYK"), "JPEG"),
        "mpo": saved(image, "MPO", save_all=True, append_images=[image]),
        "png": saved(image, "PNG", exif=exif),
        "png-16": saved(deep, "PNG"),
        "png-palette": saved(image.convert("P"), "PNG", transparency=3),
        "png-animated": saved(image, "PNG", save_all=True, append_images=[image.rotate(180)]),
        "webp": saved(image, "WEBP", exif=exif),
        "webp-lossless": saved(image, "WEBP", lossless=True),
        "webp-animated": saved(image, "WEBP", save_all=True, append_images=[image.rotate(180)]),
        "gif": saved(image, "GIF", save_all=True, append_images=[image.rotate(180)]),
        "bmp": saved(image, "BMP"),
        "tiff-pages": saved(image, "TIFF", save_all=True, append_images=[image, image]),
        "tiff-lzw": saved(image, "TIFF", compression="tiff_lzw"),
        "tiff-jpeg": saved(image, "TIFF", compression="jpeg"),
        "tiff-g4": saved(image.convert("1"), "TIFF", compression="group4"),
        "tiff-16": saved(deep, "TIFF"),
        "tiff-cmyk": saved(image.convert("CMYK"), "TIFF", compression="tiff_adobe_deflate"),
        "avif": saved(image, "AVIF"),
    }
    if HEIC.exists():
        made["heic"] = HEIC.read_bytes()
    return made


def documents() -> dict[str, bytes]:
    """Files of pages and clips by a name for people."""
    image = drawn()
    made = {"pdf": saved(image, "PDF", save_all=True, append_images=[image])}
    with tempfile.TemporaryDirectory() as folder:
        for name, code in (("avi", "MJPG"), ("mp4", "mp4v"), ("mkv", "MJPG")):
            file = Path(folder) / f"clip.{name}"
            writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*code), 10, SIZE)
            for turn in range(4):
                writer.write(np.asarray(image.rotate(turn * 90))[:, :, ::-1].copy())
            writer.release()
            if file.exists() and file.stat().st_size:
                made[name] = file.read_bytes()
    return made
