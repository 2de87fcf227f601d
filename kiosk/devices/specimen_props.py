"""What lies around a specimen: desks, a hand, a telephone, sensor noise. Made once and kept."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from kiosk.ports import Picture

    Floats = npt.NDArray[np.float32]
    Colour = tuple[int, int, int]

NOISE_SEED = 20261125
NOISE_SIGMA = 32.0


class Background(StrEnum):
    """Desks: plain dark mat, wood, pale surface of low contrast, cluttered desk."""

    MAT = "mat"
    WOOD = "wood"
    PALE = "pale"
    CLUTTER = "clutter"


class Hand(StrEnum):
    """Where a hand holds the document: nowhere, at its edge, over the zone."""

    NONE = "none"
    EDGE = "edge"
    ZONE = "zone"


def _grain(
    rng: np.random.Generator, size: tuple[int, int], cell: tuple[int, int], depth: float
) -> Floats:
    """Smooth random relief around 0, (H, W, 1) float32; ``cell`` is its grain in pixels (x, y)."""
    width, height = size
    coarse = rng.normal(0, 1, (height // cell[1] + 3, width // cell[0] + 3)).astype(np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine[:, :, None] * depth, np.float32)


def _flat(colour: Colour, size: tuple[int, int]) -> Floats:
    return np.broadcast_to(np.array(colour, np.float32), (size[1], size[0], 3)).copy()


def _picture(values: Floats) -> Picture:
    return np.clip(values, 0, 255).astype(np.uint8)


def _mat(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    ground = _flat((66, 58, 52), size)
    ground += _grain(rng, size, (2, 2), 2.5) + _grain(rng, size, (170, 150), 3.0)
    return _picture(ground)


def _wood(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    ground = _flat((78, 118, 158), size)
    ground += _grain(rng, size, (240, 3), 9.0) + _grain(rng, size, (90, 2), 5.0)
    ground += _grain(rng, size, (420, 60), 8.0) + _grain(rng, size, (3, 2), 2.0)
    image = _picture(ground)
    offset = int(rng.integers(0, 120))
    for y in range(offset, size[1], 238):
        cv2.line(image, (0, y), (size[0], y), (44, 70, 98), 2, cv2.LINE_AA)
        cv2.line(image, (0, y + 2), (size[0], y + 2), (104, 146, 184), 1, cv2.LINE_AA)
    return image


def _pale(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    ground = _flat((222, 224, 226), size)
    ground += _grain(rng, size, (2, 2), 2.0) + _grain(rng, size, (200, 160), 4.0)
    return _picture(ground)


def _turned(x: float, y: float, w: float, h: float, degrees: float) -> npt.NDArray[np.int32]:
    return np.asarray(cv2.boxPoints(((x, y), (w, h), degrees)), np.int32)


def _sheet_of_paper(image: Picture, rng: np.random.Generator, x: float, y: float) -> None:
    """A written page: a shadow, paper, and grey lines of text."""
    turn = float(rng.uniform(-28, 28))
    w, h = 430.0, 560.0
    cv2.fillConvexPoly(image, _turned(x + 6, y + 8, w, h, turn), (60, 82, 104), cv2.LINE_AA)
    cv2.fillConvexPoly(image, _turned(x, y, w, h, turn), (238, 240, 242), cv2.LINE_AA)
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    for row in range(24):
        v = -h / 2 + 40 + row * 20
        u0, u1 = -w / 2 + 36, w / 2 - 36 - float(rng.uniform(0, 120))
        u = u0
        while u < u1:
            word = float(rng.uniform(14, 52))
            ends = [(x + a * cos - v * sin, y + a * sin + v * cos) for a in (u, min(u + word, u1))]
            cv2.line(
                image,
                (round(ends[0][0]), round(ends[0][1])),
                (round(ends[1][0]), round(ends[1][1])),
                (120, 116, 112),
                4,
                cv2.LINE_AA,
            )
            u += word + 9


def _pen(image: Picture, rng: np.random.Generator, x: float, y: float) -> None:
    turn = float(rng.uniform(0, np.pi))
    dx, dy = np.cos(turn) * 130, np.sin(turn) * 130
    tail, tip = (round(x - dx), round(y - dy)), (round(x + dx), round(y + dy))
    cv2.line(
        image, (tail[0] + 5, tail[1] + 7), (tip[0] + 5, tip[1] + 7), (50, 70, 90), 13, cv2.LINE_AA
    )
    cv2.line(image, tail, tip, (122, 60, 34), 12, cv2.LINE_AA)
    cv2.line(
        image, (round(x + dx * 0.8), round(y + dy * 0.8)), tip, (210, 208, 204), 7, cv2.LINE_AA
    )


def _cup(image: Picture, x: int, y: int) -> None:
    cv2.circle(image, (x + 8, y + 10), 92, (50, 70, 90), -1, cv2.LINE_AA)
    cv2.circle(image, (x, y), 92, (232, 230, 226), -1, cv2.LINE_AA)
    cv2.circle(image, (x, y), 78, (30, 46, 66), -1, cv2.LINE_AA)
    cv2.ellipse(image, (x - 18, y - 20), (40, 24), 30, 0, 360, (54, 78, 104), -1, cv2.LINE_AA)


def _keyboard(image: Picture, x: int, y: int) -> None:
    cv2.rectangle(image, (x, y), (x + 560, y + 190), (46, 44, 42), -1, cv2.LINE_AA)
    for row in range(4):
        for column in range(12):
            left, top = x + 12 + column * 45 + (row % 2) * 8, y + 12 + row * 44
            cv2.rectangle(image, (left, top), (left + 38, top + 36), (70, 68, 66), -1, cv2.LINE_AA)


def _clutter(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    image = _wood(rng, size)
    width, height = size
    _sheet_of_paper(image, rng, width * 0.16, height * 0.34)
    _sheet_of_paper(image, rng, width * 0.90, height * 0.86)
    _keyboard(image, int(width * 0.52), -110 + int(rng.integers(-20, 20)))
    _cup(image, int(width * 0.08), int(height * 0.86))
    note = _turned(width * 0.88, height * 0.36, 150, 150, float(rng.uniform(-12, 12)))
    cv2.fillConvexPoly(image, note, (116, 214, 246), cv2.LINE_AA)
    _pen(image, rng, width * 0.36, height * 0.93)
    return image


_DESKS = {
    Background.MAT: _mat,
    Background.WOOD: _wood,
    Background.PALE: _pale,
    Background.CLUTTER: _clutter,
}


@lru_cache(maxsize=8)
def draw_background(kind: Background, size: tuple[int, int], seed: int) -> Picture:
    """A desk, (H, W, 3) uint8 BGR; the same array at every call: read it only."""
    return _DESKS[kind](np.random.default_rng(seed), size)


def draw_hand(unit: float) -> tuple[Picture, tuple[float, float]]:
    """A hand that reaches in from the right, its thumb on the document.

    Args:
        unit: width of the document in pixels.

    Returns:
        (H, W, 4) uint8 BGRA, premultiplied, and the pixel of it that lies on the document's edge.
    """
    width, height = int(unit * 0.95), int(unit * 0.80)
    skin, shade, sleeve = (150, 182, 226), (120, 150, 200), (96, 66, 44)
    colour = np.zeros((height, width, 3), np.uint8)
    mask = np.zeros((height, width), np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(unit * (0.16 + x)), round(unit * (0.18 + y))

    def limb(a: tuple[float, float], b: tuple[float, float], thick: float, tone: Colour) -> None:
        cv2.line(colour, at(*a), at(*b), tone, max(2, round(unit * thick)), cv2.LINE_AA)
        cv2.line(mask, at(*a), at(*b), 255, max(2, round(unit * thick)), cv2.LINE_AA)

    limb((0.44, 0.36), (0.95, 0.80), 0.24, sleeve)
    limb((0.28, 0.20), (0.46, 0.36), 0.20, skin)
    for index in range(4):
        tip = (0.02 + 0.035 * index, 0.20 + 0.055 * index)
        limb(tip, (0.26, 0.20 + 0.04 * index), 0.075, shade)
    limb((0.22, 0.12), (0.34, 0.26), 0.16, skin)
    limb((-0.055, -0.01), (0.12, 0.04), 0.082, skin)
    limb((0.12, 0.04), (0.26, 0.16), 0.105, skin)
    nail_at, nail = at(-0.062, -0.012), (round(unit * 0.028), round(unit * 0.02))
    cv2.ellipse(colour, nail_at, nail, 16, 0, 360, (186, 204, 240), -1, cv2.LINE_AA)
    depth = cv2.GaussianBlur(mask, (0, 0), max(1.0, unit * 0.02))
    lit = cv2.multiply(colour, cv2.merge([depth] * 3), scale=1 / 255)
    soft = cv2.addWeighted(colour, 0.45, lit, 0.55, 0)
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.8)
    premultiplied = cv2.multiply(soft, cv2.merge([alpha] * 3), scale=1 / 255)
    sprite = cv2.merge([*cv2.split(premultiplied), alpha])
    return np.asarray(sprite, np.uint8), (unit * 0.16, unit * 0.18)


def draw_telephone(code: Picture) -> Picture:
    """A telephone held close, its screen showing a code; (1500, 900, 3) uint8 BGR.

    Args:
        code: (H, W) or (H, W, 3) uint8, with its quiet zone.
    """
    picture = np.asarray(
        cv2.cvtColor(code, cv2.COLOR_GRAY2BGR) if code.ndim == 2 else code, np.uint8
    )
    width, height, side = 900, 1500, 760
    phone = np.full((height, width, 3), (24, 22, 20), np.uint8)
    cv2.rectangle(phone, (30, 30), (width - 31, height - 31), (252, 251, 249), -1)
    scale = side / max(picture.shape[:2])
    method = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    whole = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method)
    h, w = whole.shape[:2]
    y, x = (height - h) // 2, (width - w) // 2
    phone[y : y + h, x : x + w] = whole
    for row, length in ((y - 150, 420), (y - 110, 560), (y + h + 70, 500), (y + h + 110, 340)):
        cv2.line(phone, (90, row), (90 + length, row), (196, 190, 184), 14, cv2.LINE_AA)
    return phone


@lru_cache(maxsize=4)
def noise_bank(size: tuple[int, int]) -> Picture:
    """Noise of standard deviation 32 around 128, larger than the frame by 256 pixels each way."""
    rng = np.random.default_rng(NOISE_SEED)
    width, height = size
    bank = rng.standard_normal((height + 256, width + 256, 3), np.float32)
    return _picture(np.rint(bank * NOISE_SIGMA + 128))
