"""Drawing ground: a sheet at double size, with text in millimetre-true pixels and guilloche lines.

All positions and sizes given to :class:`Sheet` are pixels of the finished picture (300 dpi).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "resources" / "fonts"
NEXT = "AtkinsonHyperlegibleNext-{}.ttf"
OCRB = "ocr-b/OCRB.otf"

SUPERSAMPLING = 2
OCRB_PITCH_PX = 30.0  # 2.54 mm at 300 dpi: ISO 1073-2, ICAO Doc 9303-3 §3.3
OCRB_SIZE_PX = 43.0  # gives the nominal letter height of 2.4 to 2.5 mm with this font


@cache
def font(name: str, size: float) -> ImageFont.FreeTypeFont:
    """One of the vendored fonts; ``size`` in pixels of the drawing sheet."""
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


class Sheet:
    """A picture under construction."""

    def __init__(self, width: int, height: int, top: Colour, bottom: Colour) -> None:
        """Start with a soft diagonal gradient from ``top`` to ``bottom`` (RGB)."""
        self.width, self.height = width, height
        self._k = SUPERSAMPLING
        rows = np.linspace(0.0, 1.0, height * self._k, dtype=np.float32)[:, None, None]
        columns = np.linspace(0.0, 1.0, width * self._k, dtype=np.float32)[None, :, None]
        share = rows * 0.6 + columns * 0.4
        first, last = np.array(top, np.float32), np.array(bottom, np.float32)
        self._use(Image.fromarray((first + (last - first) * share).round().astype(np.uint8)))

    def _use(self, image: Image.Image) -> None:
        self.image = image.convert("RGB")
        self.draw = ImageDraw.Draw(self.image)

    def curves(self, lines: list[npt.NDArray[np.float64]], colour: Colour, alpha: float) -> None:
        """Lay thin antialiased curves (N, 2), in pixels of the finished picture, over the sheet."""
        base = np.asarray(self.image)
        over = base.copy()
        for line in lines:
            points = np.round(line * self._k * 16).astype(np.int32).reshape(-1, 1, 2)
            cv2.polylines(
                over,
                [points],
                isClosed=False,
                color=colour,
                thickness=1,
                lineType=cv2.LINE_AA,
                shift=4,
            )
        mixed = cv2.addWeighted(over, alpha, base, 1 - alpha, 0)
        self._use(Image.fromarray(mixed))

    def box(  # noqa: PLR0913
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        fill: Colour | None,
        *,
        radius: float = 0,
        outline: Colour | None = None,
        line: float = 0,
    ) -> None:
        """Rectangle, rounded when ``radius`` is given."""
        k = self._k
        self.draw.rounded_rectangle(
            (x * k, y * k, (x + w) * k, (y + h) * k),
            radius * k,
            fill,
            outline,
            round(line * k),
        )

    def veil(self, x: float, y: float, w: float, h: float, colour: Colour, alpha: float) -> None:
        """Calm the ground of a zone: a translucent box."""
        k = self._k
        box = (round(x * k), round(y * k), round((x + w) * k), round((y + h) * k))
        part = self.image.crop(box)
        self.image.paste(Image.blend(part, Image.new("RGB", part.size, colour), alpha), box[:2])

    def text(  # noqa: PLR0913
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: Colour,
        *,
        weight: str = "Regular",
        anchor: str = "ls",
        name: str = NEXT,
    ) -> float:
        """One line of text with its baseline at ``y``; returns its width."""
        face = font(name.format(weight), size * self._k)
        self.draw.text((x * self._k, y * self._k), text, colour, face, anchor)
        return float(face.getlength(text)) / self._k

    def ocrb(
        self,
        x: float,
        y: float,
        text: str,
        colour: Colour = (28, 30, 34),
        *,
        pitch: float = OCRB_PITCH_PX,
        size: float = OCRB_SIZE_PX,
    ) -> None:
        """One line of the machine-readable zone: fixed pitch, first character cell starts at x."""
        face = font(OCRB, size * self._k)
        for index, character in enumerate(text):
            centre = x + (index + 0.5) * pitch
            self.draw.text((centre * self._k, y * self._k), character, colour, face, "ms")

    def slanted(
        self,
        text: str,
        centre: tuple[float, float],
        size: float,
        degrees: float,
        colour: Colour,
        alpha: float,
    ) -> None:
        """Large translucent slanted text, as the SPECIMEN mark."""
        k = self._k
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).text(
            (centre[0] * k, centre[1] * k), text, 255, font(NEXT.format("Bold"), size * k), "mm"
        )
        mask = mask.rotate(degrees, Image.Resampling.BICUBIC, center=(centre[0] * k, centre[1] * k))
        mask = mask.point([round(v * alpha) for v in range(256)])
        self.image.paste(Image.new("RGB", self.image.size, colour), mask=mask)

    def paste(
        self,
        picture: Image.Image,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        radius: float = 0,
        alpha: float = 1.0,
    ) -> None:
        """Lay a picture (RGB or RGBA) into a box, with rounded corners and soft edges."""
        k = self._k
        size = (round(w * k), round(h * k))
        scaled = picture.resize(size, Image.Resampling.LANCZOS)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius * k, 255)
        if scaled.mode == "RGBA":
            mask = Image.composite(scaled.getchannel("A"), Image.new("L", size, 0), mask)
        if alpha < 1:
            mask = mask.point([round(v * alpha) for v in range(256)])
        mask = mask.filter(ImageFilter.GaussianBlur(0.6))
        self.image.paste(scaled.convert("RGB"), (round(x * k), round(y * k)), mask)

    def finished(self) -> Image.Image:
        """The picture at its final size."""
        return self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)


def waves(
    width: int,
    height: int,
    *,
    count: int,
    amplitude: float,
    period: float,
    turn: float = 0.0,
    shear: float = 0.0,
) -> list[npt.NDArray[np.float64]]:
    """Families of interlaced waves over the whole sheet: the ground of the guilloche."""
    x = np.arange(-20.0, width + 21.0, 4.0)
    lines = []
    for index in range(count):
        share = index / max(count - 1, 1)
        base = -amplitude + share * (height + 2 * amplitude)
        phase = turn + share * np.pi * 3
        swell = amplitude * (0.55 + 0.45 * np.sin(x / width * np.pi * 2 + share * 4))
        y = base + swell * np.sin(2 * np.pi * x / period + phase) + shear * (x - width / 2)
        lines.append(np.column_stack([x, y]))
    return lines


def rosette(
    centre: tuple[float, float], outer: float, inner: float, *, lobes: int, count: int
) -> list[npt.NDArray[np.float64]]:
    """Concentric lobed curves turned a little each: the rosette of a security print."""
    angle = np.linspace(0, 2 * np.pi, 720)
    lines = []
    for index in range(count):
        share = index / max(count - 1, 1)
        radius = inner + (outer - inner) * share
        wobble = (outer - inner) * 0.16 * (0.4 + share)
        r = radius + wobble * np.sin(lobes * angle + share * np.pi * 2.5)
        lines.append(
            np.column_stack([centre[0] + r * np.cos(angle), centre[1] + r * np.sin(angle)])
        )
    return lines
