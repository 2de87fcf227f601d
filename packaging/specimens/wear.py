"""Damage: scratches, a stain on the zone, a torn corner."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def scratch(image: Image.Image, count: int, seed: int) -> Image.Image:
    """Light scratches across the whole card."""
    rng = np.random.default_rng(seed)
    layer = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(layer)
    for _ in range(count):
        x, y = rng.uniform(0, image.width), rng.uniform(0, image.height)
        angle, length = rng.normal(0.5, 0.5), rng.uniform(60, 420)
        bend = rng.uniform(-24, 24)
        middle = (x + np.cos(angle) * length / 2 + bend, y + np.sin(angle) * length / 2 - bend)
        end = (x + np.cos(angle) * length, y + np.sin(angle) * length)
        draw.line(
            [(x, y), middle, end], int(rng.integers(90, 230)), int(rng.integers(1, 4)), "curve"
        )
    layer = layer.filter(ImageFilter.GaussianBlur(0.7))
    return Image.composite(Image.new("RGB", image.size, (250, 250, 250)), image, layer)


def stain(image: Image.Image, centre: tuple[float, float], radius: float, seed: int) -> Image.Image:
    """A dried drop that hides what is under it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    dx, dy = x - centre[0], y - centre[1]
    angle = np.arctan2(dy, dx)
    edge = radius * (
        1
        + 0.10 * np.sin(3 * angle + rng.uniform(0, 6))
        + 0.06 * np.sin(7 * angle + rng.uniform(0, 6))
    )
    distance = np.hypot(dx, dy) / edge
    cover = np.clip((1.0 - distance) * 14, 0, 1)
    rim = np.exp(-(((distance - 0.95) / 0.05) ** 2)) * 0.30
    mask = Image.fromarray((np.clip(cover + rim, 0, 1) * 255).astype(np.uint8))
    return Image.composite(Image.new("RGB", image.size, (74, 46, 26)), image, mask)


def worn(image: Image.Image, side: str) -> Image.Image:
    """A card that spent years in a pocket and one morning under a cup."""
    seed = 7 if side == "front" else 11
    image = scratch(image, 46 if side == "front" else 60, seed)
    if side == "back":
        image = stain(image, (430, 540), 96, seed)
        image = scratch(image.copy(), 14, seed + 1)
    draw = ImageDraw.Draw(image)
    w = image.width
    draw.polygon(
        [(w, 0), (w - 92, 0), (w - 74, 22), (w - 50, 30), (w - 34, 62), (w, 84)], (58, 54, 52)
    )
    draw.line([(w - 92, 0), (w - 74, 22), (w - 50, 30), (w - 34, 62), (w, 84)], (236, 232, 226), 5)
    return image
