"""Small pieces of optics on uint8 pictures: fast, and free of state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from kiosk.ports import Picture

    Matrix = npt.NDArray[np.float64]

LIGHT_ONE = 128  # grey level of a light map that leaves a picture as it is


def pixels(image: Any) -> Picture:
    """An OpenCV result as what it is; OpenCV's own types do not say. No copy."""
    return np.asarray(image, np.uint8)


def rotation(x: float, y: float, z: float) -> Matrix:
    """Rotation matrix (3, 3): about z first, then x, then y; radians."""
    cx, sx, cy, sy, cz, sz = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z, np.float64)


def streak(length: float, angle: float) -> npt.NDArray[np.float32]:
    """Kernel of a straight motion blur, summing to 1."""
    size = int(length) | 1
    kernel = np.zeros((size, size), np.float32)
    middle = size // 2
    dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    cv2.line(
        kernel,
        (round(middle - dx), round(middle - dy)),
        (round(middle + dx), round(middle + dy)),
        1.0,
        1,
    )
    return np.asarray(kernel / kernel.sum(), np.float32)


def blob(radius: int, strength: float) -> Picture:
    """A soft reflection, (radius, 2 * radius, 3) uint8, to be added."""
    y, x = np.mgrid[-1 : 1 : radius * 1j, -1 : 1 : 2 * radius * 1j]
    level = np.exp(-3.2 * (x * x + y * y)) - 0.04
    grey = np.clip(level * 255 * strength * 1.2, 0, 255).astype(np.uint8)
    return pixels(cv2.merge([grey, grey, grey]))


def multiplied(image: Picture, light: Picture) -> Picture:
    """Picture under a light map, in which LIGHT_ONE stands for 1."""
    return pixels(cv2.multiply(image, light, scale=1 / LIGHT_ONE))


def composite(ground: Picture, sprite: Picture, light: Picture) -> None:
    """Lay a premultiplied BGRA sprite over the ground, in place, lit like it."""
    b, g, r, alpha = cv2.split(sprite)
    clear = cv2.bitwise_not(alpha)
    lit = multiplied(pixels(cv2.merge([b, g, r])), light)
    under = cv2.multiply(ground, cv2.merge([clear, clear, clear]), scale=1 / 255)
    cv2.add(under, lit, ground)


def with_shadow(image: Picture, margin: int, corner_share: float) -> Picture:
    """Round the corners of a picture and lay a soft shadow under it.

    Args:
        image: (H, W, 3) uint8 BGR.
        margin: pixels added on each side, for the shadow.
        corner_share: radius of the corners as a share of the width.

    Returns:
        (H + 2 margin, W + 2 margin, 4) uint8 BGRA, premultiplied.
    """
    h, w = image.shape[:2]
    mask = np.zeros((h, w), np.uint8)
    radius = int(corner_share * w)
    cv2.rectangle(mask, (radius, 0), (w - 1 - radius, h - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (w - 1, h - 1 - radius), 255, -1)
    for x in (radius, w - 1 - radius):
        for y in (radius, h - 1 - radius):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    around = (margin, margin, margin, margin)
    solid = pixels(cv2.copyMakeBorder(mask, *around, cv2.BORDER_CONSTANT))
    lowered = np.roll(solid, (margin // 4, margin // 6), (0, 1))
    shadow = pixels(cv2.GaussianBlur(lowered, (0, 0), margin / 4))
    alpha = np.maximum(solid, (shadow * 0.45).astype(np.uint8))
    colour = cv2.copyMakeBorder(image, *around, cv2.BORDER_REPLICATE)
    premultiplied = cv2.multiply(colour, cv2.merge([solid] * 3), scale=1 / 255)
    return pixels(cv2.merge([*cv2.split(premultiplied), alpha]))
