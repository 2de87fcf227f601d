"""Drawn documents for training the finder: cards and pages of no State, with and without a zone.

Rules, in order:

1. Everything is drawn here from a seed. No specimen of this project and no real document is used,
   so that specimens remain unseen by the finder.
2. Proportions and places follow ICAO Doc 9303-3 to -6 (ID-1, ID-2, ID-3; zone at the foot of a
   side) with more room for variation than the standard has, because print and cuts vary.
3. The zone is told by its four corners in reading order: outer edges of the first and last letters,
   top of the first line, foot of the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from texts import text as line_text

WIDTH = 720
"""Width of a drawn document in px."""
_ASPECTS = (1.586, 1.42, 1.42, 1.586, 1.5)


@dataclass(frozen=True)
class Card:
    """A drawn document.

    Attributes:
        levels: (H, W) uint8 grey, at full, half and quarter size.
        zone: (4, 2) float32 corners in px of the full size, or None.
        corner: radius of its corners as a share of its width.
    """

    levels: tuple[np.ndarray, ...]
    zone: np.ndarray | None
    corner: float


def _waves(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Guilloche-like lines, -1..1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    out = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        angle, period = rng.uniform(0, np.pi), rng.uniform(5, 40)
        bend = rng.uniform(0, 25) * np.sin(
            (x * np.cos(angle + 1.3) + y * np.sin(angle + 1.3)) * 2 * np.pi / rng.uniform(80, 500)
        )
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle) + bend) * 2 * np.pi / period)
        out += wave if rng.random() < 0.5 else (wave > rng.uniform(0.2, 0.9)).astype(np.float32)
    return out / max(1.0, float(np.abs(out).max()))


def _clouds(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    small = rng.standard_normal((height // 40 + 3, width // 40 + 3)).astype(np.float32)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


class CardFactory:
    """Draws documents from one seed."""

    def __init__(self, fonts: list[Path], plain: list[Path], seed: int) -> None:
        """Fonts: of zones (OCR-B first); plain: of all other print."""
        self._rng = np.random.default_rng(seed)
        self._fonts, self._plain = fonts, plain

    def card(self) -> Card:
        """A fresh document."""
        rng = self._rng
        height = round(WIDTH / (rng.choice(_ASPECTS) * rng.uniform(0.95, 1.05)))
        paper = self._paper(height)
        self._furniture(paper, height)
        zone = self._zone(paper, height) if rng.random() < 0.72 else None
        if zone is None and rng.random() < 0.4:
            self._print(paper, height, (0.05, 0.55, 0.95, 0.95), long_lines=True)
        grey = np.clip(paper, 0, 255).astype(np.uint8)
        half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        quarter = cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        corner = float(rng.choice([0.0, rng.uniform(0.02, 0.05)], p=[0.3, 0.7]))
        return Card((grey, half, quarter), zone, corner)

    def sheet(self) -> Card:
        """Another thing on the desk: a sheet of print, a form, an envelope; never with a zone."""
        rng = self._rng
        height = round(WIDTH * rng.uniform(0.5, 1.4))
        paper = np.full((height, WIDTH), rng.uniform(190, 250), np.float32)
        for _ in range(int(rng.integers(1, 5))):
            x0, y0 = rng.uniform(0.03, 0.5), rng.uniform(0.03, 0.7)
            self._print(
                paper,
                height,
                (
                    x0,
                    y0,
                    min(0.97, x0 + rng.uniform(0.2, 0.9)),
                    min(0.97, y0 + rng.uniform(0.1, 0.6)),
                ),
                long_lines=rng.random() < 0.5,
            )
        if rng.random() < 0.3:
            self._code(paper, height)
        grey = np.clip(paper, 0, 255).astype(np.uint8)
        half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        quarter = cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return Card((grey, half, quarter), None, 0.0)

    # --- parts --------------------------------------------------------------------------------

    def _paper(self, height: int) -> np.ndarray:
        rng = self._rng
        light = rng.uniform(150, 250)
        paper = np.full((height, WIDTH), light, np.float32)
        paper += _clouds(rng, height, WIDTH) * rng.uniform(0, 14)
        if rng.random() < 0.8:
            paper += _waves(rng, height, WIDTH) * rng.uniform(3, 26)
        return paper

    def _furniture(self, paper: np.ndarray, height: int) -> None:
        """Header bar, portrait, second portrait, chip, seal, lines of print."""
        rng = self._rng
        if rng.random() < 0.55:
            top = round(height * rng.uniform(0.06, 0.16))
            cv2.rectangle(paper, (0, 0), (WIDTH, top), float(rng.uniform(20, 200)), -1)
        if rng.random() < 0.55:
            left = rng.random() < 0.8
            w, h = rng.uniform(0.2, 0.32) * WIDTH, rng.uniform(0.4, 0.62) * height
            x = rng.uniform(0.03, 0.09) * WIDTH if left else WIDTH * 0.95 - w
            self._portrait(paper, x, rng.uniform(0.14, 0.3) * height, w, h)
        if rng.random() < 0.3:
            self._code(paper, height)
        if rng.random() < 0.25:
            x, y = int(rng.uniform(0.05, 0.8) * WIDTH), int(rng.uniform(0.2, 0.6) * height)
            cv2.rectangle(paper, (x, y), (x + 90, y + 70), float(rng.uniform(120, 210)), -1)
            for k in range(0, 90, 22):
                cv2.line(paper, (x + k, y), (x + k, y + 70), float(rng.uniform(60, 110)), 2)
        x0 = rng.uniform(0.05, 0.42)
        self._print(paper, height, (x0, rng.uniform(0.08, 0.2), 0.96, rng.uniform(0.55, 0.72)))
        if rng.random() < 0.25:  # a word across everything, as on specimens and copies
            cv2.putText(
                paper, "".join(rng.choice(list("ABCDEFGHIJKLMNO"), 8)),
                (int(rng.uniform(0, 200)), int(rng.uniform(0.4, 0.9) * height)),
                0, float(rng.uniform(2, 4)), float(rng.uniform(90, 200)), int(rng.integers(2, 9)),
            )  # fmt: skip

    def _portrait(self, paper: np.ndarray, x: float, y: float, w: float, h: float) -> None:
        rng = self._rng
        x0, y0, x1, y1 = int(x), int(y), int(x + w), int(y + h)
        cv2.rectangle(paper, (x0, y0), (x1, y1), float(rng.uniform(130, 235)), -1)
        skin, hair, coat = rng.uniform(70, 220), rng.uniform(15, 150), rng.uniform(20, 180)
        middle = (int(x + w / 2), int(y + h * 0.42))
        cv2.ellipse(paper, (middle[0], y1), (int(w * 0.48), int(h * 0.3)), 0, 180, 360, coat, -1)
        cv2.ellipse(
            paper,
            (middle[0], int(y + h * 0.36)),
            (int(w * 0.3), int(h * 0.29)),
            0,
            0,
            360,
            hair,
            -1,
        )
        cv2.ellipse(paper, middle, (int(w * 0.24), int(h * 0.26)), 0, 0, 360, skin, -1)

    def _code(self, paper: np.ndarray, height: int) -> None:
        """A square of modules, or bars."""
        rng = self._rng
        size = int(rng.uniform(0.12, 0.3) * WIDTH)
        x, y = int(rng.uniform(0.05, 0.65) * WIDTH), int(rng.uniform(0.1, 0.45) * height)
        cells = rng.integers(0, 2, (24, 24)).astype(np.float32)
        if rng.random() < 0.3:
            cells[:] = cells[0]
        code = cv2.resize(cells, (size, size), interpolation=cv2.INTER_NEAREST) * 220 + 20
        part = paper[y : y + size, x : x + size]
        part[:] = code[: part.shape[0], : part.shape[1]]

    def _print(
        self,
        paper: np.ndarray,
        height: int,
        box: tuple[float, float, float, float],
        *,
        long_lines: bool = False,
    ) -> None:
        """Lines of print in a box given as shares; some as long as the lines of a zone."""
        rng = self._rng
        x0, y0, x1, y1 = (round(v * s) for v, s in zip(box, (WIDTH, height) * 2, strict=True))
        if x1 - x0 < 40 or y1 - y0 < 20:
            return
        size = int(rng.uniform(11, 30))
        font = ImageFont.truetype(str(rng.choice(self._plain)), size)
        image = Image.new("L", (x1 - x0, y1 - y0))
        draw = ImageDraw.Draw(image)
        letters = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789      ")
        y = 0.0
        while y < y1 - y0 - size:
            count = 200 if long_lines else int(rng.integers(3, 26))
            draw.text(
                (0 if long_lines else rng.uniform(0, 20), y),
                "".join(rng.choice(letters, count)),
                font=font,
                fill=255,
            )
            y += size * (rng.uniform(1.15, 1.5) if long_lines else rng.uniform(1.3, 3.2))
        ink = np.asarray(image, np.float32) / 255
        part = paper[y0:y1, x0:x1]
        dark = rng.uniform(10, 110)
        part[:] = part * (1 - ink) + dark * ink

    def _zone(self, paper: np.ndarray, height: int) -> np.ndarray:
        """Two or three lines at the foot; their corners."""
        rng = self._rng
        count, letters = [(3, 30), (2, 44), (2, 36)][int(rng.integers(0, 3))]
        share = rng.uniform(0.82, 0.96)
        pitch = share * WIDTH / letters
        gap = pitch * rng.uniform(1.55, 2.5)
        font_path = self._fonts[0] if rng.random() < 0.75 else Path(rng.choice(self._fonts))
        font = ImageFont.truetype(str(font_path), 100)
        font = ImageFont.truetype(str(font_path), round(100 * pitch / font.getlength("M")))
        left = (WIDTH - share * WIDTH) / 2 + rng.uniform(-0.4, 0.4) * (1 - share) * WIDTH
        cap = font.getbbox("H")
        tall = cap[3] - cap[1]
        foot = height * (1 - rng.uniform(0.03, 0.11))
        top = foot - tall - (count - 1) * gap
        if rng.random() < 0.35:  # the zone's own ground
            y = int(top - pitch * rng.uniform(0.5, 1.6))
            paper[max(0, y) :] = paper[max(0, y) :] * 0.15 + rng.uniform(190, 255) * 0.85
        image = Image.new("L", (WIDTH, height))
        draw = ImageDraw.Draw(image)
        for number in range(count):
            line = line_text(rng)[:letters].ljust(letters, "<")
            y = top + number * gap - cap[1]
            for k, symbol in enumerate(line):
                draw.text((left + k * pitch, y), symbol, font=font, fill=255)
        ink = np.asarray(image, np.float32) / 255
        if rng.random() < 0.3:
            ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.4, 1.2))
        dark = rng.uniform(5, 80) if rng.random() < 0.85 else rng.uniform(80, 130)
        paper[:] = paper * (1 - ink) + dark * ink
        right = left + letters * pitch
        return np.float32([[left, top], [right, top], [right, foot], [left, foot]])
