"""What lies under and beside a line: security print, clouds, other print, bars, edges, thumbs."""

from __future__ import annotations

import cv2
import numpy as np
from glyphs import ALPHABET, CELL_W

PAPER_H, PAPER_W = 168, 1400


def noise_1f(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Clouds (height, width) float32, about -1..1."""
    out = np.zeros((height, width), np.float32)
    for step in (4, 16, 64):
        small = rng.standard_normal((height // step + 2, width // step + 2)).astype(np.float32)
        out += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * step**0.5
    return out / 8


def _guilloche(rng: np.random.Generator, *, lines: bool) -> np.ndarray:
    y, x = np.mgrid[0:PAPER_H, 0:PAPER_W].astype(np.float32)
    paper = np.zeros((PAPER_H, PAPER_W), np.float32)
    for _ in range(rng.integers(1, 4)):
        period = rng.uniform(5, 40)
        angle = rng.uniform(0, np.pi)
        bend = rng.uniform(0, 18) * np.sin(
            (x * np.sin(angle + 1) + y * np.cos(angle)) * 2 * np.pi / rng.uniform(60, 500)
        )
        phase = (x * np.cos(angle) + y * np.sin(angle) + bend) * 2 * np.pi / period
        wave = np.sin(phase)
        paper += np.where(wave > rng.uniform(0.3, 0.9), 1, 0) if lines else wave
    return paper / max(1.0, float(np.abs(paper).max()))


def _print(rng: np.random.Generator, words: int, sizes: tuple[float, float]) -> np.ndarray:
    """Words of the drawing library's own faces, which are not monospaced, large and small."""
    canvas = np.zeros((PAPER_H, PAPER_W), np.uint8)
    letters = list(ALPHABET[:-1] + ALPHABET[10:-1].lower() * 2 + ".,:-/ ")
    for _ in range(words):
        word = "".join(rng.choice(letters, rng.integers(3, 22)))
        place = (int(rng.integers(-100, PAPER_W)), int(rng.integers(0, PAPER_H)))
        face, size = int(rng.integers(0, 7)), float(rng.uniform(*sizes))
        cv2.putText(canvas, word, place, face, size, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    return canvas.astype(np.float32) / 255


def paper_bank(count: int, rng: np.random.Generator) -> np.ndarray:
    """Backgrounds (count, 168, 1400) float32, roughly -1..1."""
    y, x = np.mgrid[0:PAPER_H, 0:PAPER_W].astype(np.float32)
    papers = []
    for index in range(count):
        kind = index % 6
        if kind in (0, 1):
            paper = _guilloche(rng, lines=kind == 1)
        elif kind == 2:
            paper = noise_1f(rng, PAPER_H, PAPER_W)
        elif kind == 3:
            a, b = rng.uniform(-1, 1, 2)
            paper = a * (x / PAPER_W - 0.5) * 2 + b * (y / PAPER_H - 0.5) * 2
        elif kind == 4:
            paper = _print(rng, 12, (0.4, 3))
        else:
            paper = np.zeros((PAPER_H, PAPER_W))
        papers.append(paper.astype(np.float32))
    return np.stack(papers)


def _bars(rng: np.random.Generator) -> np.ndarray:
    """A bar code or a row of modules."""
    canvas = np.zeros((PAPER_H, PAPER_W), np.float32)
    rows, module = int(rng.choice([1, 1, 4, 24])), int(rng.integers(3, 12))
    high = PAPER_H // rows + 1
    for row in range(rows):
        code = np.repeat(rng.random(PAPER_W // module + 1) < rng.uniform(0.3, 0.6), module)
        canvas[row * high : (row + 1) * high] = code[:PAPER_W]
    return canvas


def _edges(rng: np.random.Generator) -> np.ndarray:
    canvas = np.zeros((PAPER_H, PAPER_W), np.float32)
    for _ in range(int(rng.integers(1, 8))):
        ends = rng.integers([-200, -50], [PAPER_W + 200, PAPER_H + 50], (2, 2))
        thick = int(rng.integers(1, 30))
        a, b = (tuple(int(n) for n in end) for end in ends)
        cv2.line(canvas, a, b, float(rng.uniform(0.3, 1)), thick, cv2.LINE_AA)
    return canvas


def blind_bank(count: int, rng: np.random.Generator) -> np.ndarray:
    """Inks (count, 168, 1400) uint8 without any line to read: print, bars, edges, guilloches."""
    kinds = (
        lambda: _print(rng, 140, (0.35, 0.9)),
        lambda: _print(rng, 60, (0.9, 2.2)),
        lambda: _bars(rng),
        lambda: _edges(rng),
        lambda: _guilloche(rng, lines=True),
    )
    inks = [np.clip(kinds[index % len(kinds)](), 0, 1) for index in range(count)]
    return np.stack([(ink * 255).astype(np.uint8) for ink in inks])


def add_junk(ink: np.ndarray, left: int, right: int, rng: np.random.Generator) -> None:
    """Marks beside a line from ``left`` to ``right``, in place: edge of the card, thumb, print."""
    for _ in range(int(rng.integers(1, 4))):
        at_left = rng.random() < 0.6
        away = rng.uniform(0.15, 2.5) * CELL_W
        inner = left - away if at_left else right + away
        kind = rng.random()
        if kind < 0.4:
            thick = int(rng.integers(2, 14))
            x = int(inner) - thick if at_left else int(inner)
            ink[:, max(0, x) : max(0, x + thick)] = rng.uniform(0.3, 1)
        elif kind < 0.7:
            a, b = (0, int(inner)) if at_left else (int(inner), ink.shape[1])
            ink[:, max(0, a) : max(0, b)] = rng.uniform(0.2, 1)
        else:
            x = int(inner + (-20 if at_left else 20))
            y, radius = int(rng.integers(30, 138)), int(rng.integers(4, 22))
            cv2.circle(ink, (x, y), radius, float(rng.uniform(0.3, 1)), -1)


def engraved(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink as a laser burns it: dots or scan lines, stronger where the beam dwells."""
    height, width = ink.shape
    period = rng.uniform(2.2, 4.4)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * (2 * np.pi / period)
    waves = np.sin(y + rng.uniform(0, 6)) if rng.random() < 0.35 else np.sin(x) * np.sin(y)
    floor = rng.uniform(0.1, 0.7)
    return ink * (floor + (1 - floor) * np.clip(0.5 + waves, 0, 1)).astype(np.float32)
