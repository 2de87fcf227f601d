"""What a webcam does to a line: defocus, motion, light, noise, moiré, sharpening, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Severity:
    """How bad a picture may be.

    Attributes:
        blur, motion: as a share of a letter.
        noise: grey levels.
        light: least exposure.
        quality: least JPEG quality.
        glare: how often.
        letter_px: least pixels a letter.
        wear: how much of the faint, uneven and broken ink there may be, 0 to 1.
    """

    blur: float
    motion: float
    noise: float
    light: float
    quality: int
    glare: float
    letter_px: float
    wear: float


READABLE = Severity(0.09, 0.14, 8.0, 0.40, 55, 0.0, 10.0, 0.0)
MEDIUM = Severity(0.14, 0.34, 13.0, 0.22, 35, 0.10, 8.0, 0.6)
HARD = Severity(0.18, 0.55, 22.0, 0.09, 22, 0.20, 6.5, 1.0)
_MIX = ((READABLE, 0.42), (MEDIUM, 0.40), (HARD, 0.18))


def any_severity(rng: np.random.Generator) -> Severity:
    """One of the three as training mixes them."""
    return _MIX[int(rng.choice(len(_MIX), p=[share for _, share in _MIX]))][0]


def _streak(length: float, angle: float) -> np.ndarray | None:
    size = int(length) | 1
    if size < 3:
        return None
    kernel = np.zeros((size, size), np.float32)
    middle = size // 2
    d = np.array([np.cos(angle), np.sin(angle)]) * middle
    start, end = np.round(middle - d).astype(int), np.round(middle + d).astype(int)
    cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0, 1, cv2.LINE_AA)
    return kernel / kernel.sum()


def _defocused(picture: np.ndarray, px: float, s: Severity, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.75:
        sigma = rng.uniform(0, s.blur) * px
        across = sigma * rng.uniform(0.3, 1.5) if rng.random() < 0.25 else sigma
        if max(sigma, across) > 0.15:
            sides = max(0.05, sigma), max(0.05, across)
            picture = cv2.GaussianBlur(picture, (0, 0), sides[0], sigmaY=sides[1])
    if rng.random() < 0.4:
        kernel = _streak(rng.uniform(0.05, s.motion) * px, rng.uniform(0, np.pi))
        if kernel is not None:
            picture = cv2.filter2D(picture, -1, kernel)
    return picture


def _lit(picture: np.ndarray, s: Severity, rng: np.random.Generator) -> np.ndarray:
    h, w = picture.shape
    x = np.linspace(-1, 1, w, dtype=np.float32)[None]
    if rng.random() < 0.5:
        picture = picture * (1 + rng.uniform(-0.35, 0.35) * x + rng.uniform(-0.2, 0.2) * x * x)
    if rng.random() < 0.12:  # a shadow of a hand
        edge, soft = rng.uniform(-1, 1), rng.uniform(0.01, 0.2)
        picture = picture * (
            1 - rng.uniform(0.2, 0.6) / (1 + np.exp(np.clip((x - edge) / soft, -30, 30)))
        )
    if rng.random() < s.glare:
        across, down = rng.uniform(0.03, 0.25) * w, rng.uniform(0.5, 3) * h
        dx = (np.arange(w, dtype=np.float32) - rng.uniform(0, w)) / across
        dy = (np.arange(h, dtype=np.float32) - rng.uniform(-h, 2 * h)) / down
        blob = np.exp(-(dx**2))[None] * np.exp(-(dy**2))[:, None]
        picture = picture + np.float32(rng.uniform(30, 200)) * blob
    if rng.random() < 0.05:  # moiré of print and sensor
        dx, dy = rng.uniform(-0.6, 0.6, 2)
        wave = np.sin(np.arange(w, dtype=np.float32)[None] * dx + np.arange(h)[:, None] * dy)
        picture = picture * (1 + rng.uniform(0.03, 0.14) * wave)
    return picture


def seen(
    picture: np.ndarray, px: float, severity: Severity, rng: np.random.Generator
) -> np.ndarray:
    """The picture (H, W) of grey levels as uint8 from the camera; ``px`` pixels a letter."""
    picture = _defocused(picture.astype(np.float32), px, severity, rng)
    picture = _lit(picture, severity, rng)
    usual = max(0.35, severity.light)
    light = rng.uniform(usual, 1.1) if rng.random() < 0.75 else rng.uniform(severity.light, usual)
    grain = rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < 0.35:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * 1.9
    noise = rng.uniform(0, severity.noise) * (0.4 + 0.6 * light)
    picture = picture * np.float32(light) + grain * np.float32(noise)
    if rng.random() < 0.2:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
        picture = picture + np.float32(rng.uniform(0.3, 1.5)) * (picture - soft)
    out = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.integers(severity.quality, 95))
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
        out = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return out
