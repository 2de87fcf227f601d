"""Drawn lines of OCR-B for training, with the centre of each letter.

Rules, in order:

1. Everything is drawn by this script from a seed; no picture of a real document is used.
2. Text has no language prior: random syllables, numbers, uniform symbols, runs of fillers,
   look-alikes. The net must read letters, not guess words.
3. A line is drawn flat at 28 px a letter together with its neighbours, and warped ONCE to camera
   resolution; then it suffers what a webcam does; then it is cut and scaled as the reader does it.
4. Labels are per time step: a letter within 0.24 pitch of its centre, blank beyond 0.34 pitch,
   ignored in between. No CTC loss is needed, and training has no blank plateau.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
BLANK, IGNORE = 0, -100
HEIGHT, WIDTH, STEPS = 32, 704, 176
CELL_W, CELL_H = 28, 56
LOOKALIKES = ("O0DQ", "I1L", "S5", "2Z", "8B", "G6C", "UV", "KX<", "MNHW", "4A", "7T", "E3F", "PR")
_WEIGHTS = 9


@dataclass(frozen=True)
class Line:
    """One training line: grey picture (32, 704) uint8, labels (176,) int64, its text."""

    picture: np.ndarray
    labels: np.ndarray
    text: str


def glyph_bank(fonts: list[Path]) -> np.ndarray:
    """Ink masks (styles, weights, 37, 56, 28) float32 in 0..1, from erosion to ink spread."""
    styles = []
    for path in fonts:
        scale = 4
        font = ImageFont.truetype(str(path), 1000)
        size = 1000 * CELL_W * scale / font.getlength("M")
        font = ImageFont.truetype(str(path), round(size))
        cap = font.getbbox("H")
        middle = (cap[1] + cap[3]) / 2
        glyphs = []
        for symbol in ALPHABET:
            image = Image.new("L", (CELL_W * scale, CELL_H * scale))
            x = (CELL_W * scale - font.getlength(symbol)) / 2
            ImageDraw.Draw(image).text(
                (x, CELL_H * scale / 2 - middle), symbol, font=font, fill=255
            )
            inside = (np.asarray(image) > 127).astype(np.uint8)
            distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(
                1 - inside, cv2.DIST_L2, 5
            )
            glyphs.append(distance / scale)
        field = np.stack(glyphs)
        weights = []
        for grow in np.linspace(-0.75, 1.1, _WEIGHTS):
            ink = np.clip(field + grow + 0.5, 0, 1).astype(np.float32)
            weights.append(
                np.stack(
                    [cv2.resize(g, (CELL_W, CELL_H), interpolation=cv2.INTER_AREA) for g in ink]
                )
            )
        styles.append(np.stack(weights))
    return np.stack(styles)


def _noise_1f(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    out = np.zeros((height, width), np.float32)
    for step in (4, 16, 64):
        small = rng.standard_normal((height // step + 2, width // step + 2)).astype(np.float32)
        out += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * step**0.5
    return out / 8


def paper_bank(count: int, rng: np.random.Generator) -> np.ndarray:
    """Backgrounds (count, 224, 1400) float32, roughly -1..1: guilloche, waves, clouds, ghost text."""
    height, width = 224, 1400
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    papers = []
    for index in range(count):
        kind = index % 6
        paper = np.zeros((height, width), np.float32)
        if kind in (0, 1):
            for _ in range(rng.integers(1, 4)):
                period = rng.uniform(5, 40)
                angle = rng.uniform(0, np.pi)
                bend = rng.uniform(0, 18) * np.sin(
                    (x * np.sin(angle + 1) + y * np.cos(angle)) * 2 * np.pi / rng.uniform(60, 500)
                )
                phase = (x * np.cos(angle) + y * np.sin(angle) + bend) * 2 * np.pi / period
                wave = np.sin(phase)
                paper += np.where(wave > rng.uniform(0.3, 0.9), 1, 0) if kind else wave
            paper /= max(1.0, float(np.abs(paper).max()))
        elif kind == 2:
            paper = _noise_1f(rng, height, width)
        elif kind == 3:
            a, b = rng.uniform(-1, 1, 2)
            paper = a * (x / width - 0.5) * 2 + b * (y / height - 0.5) * 2
        elif kind == 4:
            canvas = np.zeros((height, width), np.uint8)
            for _ in range(12):
                word = "".join(rng.choice(list(ALPHABET), rng.integers(3, 14)))
                cv2.putText(
                    canvas,
                    word,
                    (int(rng.integers(-100, width)), int(rng.integers(0, height))),
                    int(rng.integers(0, 7)),
                    float(rng.uniform(0.4, 3)),
                    255,
                    int(rng.integers(1, 4)),
                    cv2.LINE_AA,
                )
            paper = canvas.astype(np.float32) / 255
        papers.append(paper.astype(np.float32))
    return np.stack(papers)


def _syllables(rng: np.random.Generator, count: int) -> str:
    consonants, vowels = "BCDFGHJKLMNPQRSTVWXZ", "AEIOUY"
    word = "".join(
        rng.choice(list(consonants))
        + rng.choice(list(vowels))
        + (rng.choice(list(consonants)) if rng.random() < 0.4 else "")
        for _ in range(count)
    )
    return word[::-1] if rng.random() < 0.2 else word


def text(rng: np.random.Generator) -> str:
    """One line of 30, 36 or 44 symbols (now and then another length)."""
    length = int(rng.choice([30, 36, 44])) if rng.random() < 0.94 else int(rng.integers(20, 46))
    kind = rng.random()
    if kind < 0.24:
        prefix = rng.choice(["", "P<", "IDFRA", "IRFRA", "PPFRA", "IDBEL", "V<", "I<"])
        words = [_syllables(rng, int(rng.integers(1, 5))) for _ in range(int(rng.integers(1, 6)))]
        line = str(prefix) + words[0] + "<<" + "<".join(words[1:])
    elif kind < 0.48:
        digits = "".join(rng.choice(list("0123456789"), length))
        line = list(digits)
        for _ in range(int(rng.integers(2, 12))):
            line[int(rng.integers(0, length))] = str(rng.choice(list(ALPHABET)))
        if rng.random() < 0.6:
            start = int(rng.integers(10, length))
            end = int(rng.integers(start, length))
            line[start:end] = ["<"] * (end - start)
        line = "".join(line)
    elif kind < 0.70:
        line = "".join(rng.choice(list(ALPHABET), length))
    elif kind < 0.84:
        line = "".join(
            "<" * int(rng.integers(1, 9)) + "".join(rng.choice(list(ALPHABET), rng.integers(1, 4)))
            for _ in range(12)
        )
    else:
        pools = [str(rng.choice(LOOKALIKES)) for _ in range(4)]
        line = "".join(
            "".join(rng.choice(list(str(rng.choice(pools))), rng.integers(1, 5))) for _ in range(20)
        )
    return line[:length].ljust(length, "<")


class LineFactory:
    """Makes lines from one seed; each factory is a stream of its own."""

    def __init__(
        self, fonts: list[Path], shares: list[float], seed: int, papers: int = 120
    ) -> None:
        """Fonts: files of OCR-B; shares: how often each is used; papers: how many backgrounds."""
        self._rng = np.random.default_rng(seed)
        self._bank = glyph_bank(fonts)
        self._shares = np.array(shares) / sum(shares)
        self._papers = paper_bank(papers, np.random.default_rng(7))

    def _ink(self, line: str, style: int, weight: int) -> np.ndarray:
        rng = self._rng
        index = [ALPHABET.index(c) for c in line]
        cells = self._bank[style, weight][index]
        if rng.random() < 0.15:  # ink of uneven strength
            cells = cells * rng.uniform(0.55, 1, (len(line), 1, 1)).astype(np.float32)
        return cells.transpose(1, 0, 2).reshape(CELL_H, -1)

    def _canvas(self, line: str) -> tuple[np.ndarray, np.ndarray, float]:
        """Ink (224, W) in 0..1 with neighbours, and letter centres (n, 2) on it; pitch in px."""
        rng = self._rng
        style = int(rng.choice(len(self._shares), p=self._shares))
        weight = int(rng.integers(0, _WEIGHTS))
        height, width = 224, (len(line) + 8) * CELL_W
        ink = np.zeros((height, width), np.float32)
        left, top = 4 * CELL_W, height // 2 - CELL_H // 2
        gap = rng.uniform(1.65, 2.7) * CELL_W
        drawn = self._ink(line, style, weight)
        jitter = np.zeros(len(line))
        if rng.random() < 0.3:
            jitter = np.clip(rng.normal(0, rng.uniform(0.2, 1.3), len(line)), -3, 3)
            rows = np.empty_like(drawn)
            for i, dy in enumerate(np.round(jitter).astype(int)):
                cell = drawn[:, i * CELL_W : (i + 1) * CELL_W]
                rows[:, i * CELL_W : (i + 1) * CELL_W] = np.roll(cell, dy, axis=0)
            drawn = rows
        ink[top : top + CELL_H, left : left + drawn.shape[1]] = drawn
        for direction in (-1, 1):
            if rng.random() < 0.72:
                other = self._ink(text(rng)[: len(line)].ljust(len(line), "<"), style, weight)
                y = int(top + direction * gap)
                a, b = max(0, y), min(height, y + CELL_H)
                if b > a:
                    ink[a:b, left : left + other.shape[1]] = np.maximum(
                        ink[a:b, left : left + other.shape[1]], other[a - y : b - y]
                    )
        if rng.random() < 0.12:  # a rule, an edge of a field
            y = int(rng.integers(0, height))
            ink[y : y + int(rng.integers(1, 4))] = rng.uniform(0.3, 1)
        if rng.random() < 0.3:  # junk beside the line: edge of the card, a thumb, print
            self._junk(ink, left, left + drawn.shape[1])
        if rng.random() < 0.12:  # laser dots
            period = rng.uniform(2.2, 3.4)
            yy, xx = np.mgrid[0:height, 0:width]
            dots = (np.sin(xx * 2 * np.pi / period) * np.sin(yy * 2 * np.pi / period) + 1) / 2
            ink *= (rng.uniform(0.3, 0.8) + dots * 0.7).clip(0, 1).astype(np.float32)
        if rng.random() < 0.1:  # voids in the ink
            voids = _noise_1f(rng, height, width)
            ink *= (voids < rng.uniform(0.6, 1.4)).astype(np.float32)
        centres = np.stack(
            [left + (np.arange(len(line)) + 0.5) * CELL_W, np.full(len(line), height / 2)], 1
        )
        return ink, centres, CELL_W

    def _junk(self, ink: np.ndarray, left: int, right: int) -> None:
        rng = self._rng
        for _ in range(int(rng.integers(1, 4))):
            at_left = rng.random() < 0.6
            inner = (
                left - rng.uniform(0.15, 2.5) * CELL_W
                if at_left
                else right + rng.uniform(0.15, 2.5) * CELL_W
            )
            kind = rng.random()
            if kind < 0.4:
                x = int(inner)
                thickness = int(rng.integers(2, 14))
                a, b = (max(0, x - thickness), x) if at_left else (x, x + thickness)
                ink[:, a:b] = rng.uniform(0.3, 1)
            elif kind < 0.7:
                a, b = (0, int(inner)) if at_left else (int(inner), ink.shape[1])
                ink[:, max(0, a) : max(0, b)] = rng.uniform(0.2, 1)
            else:
                cv2.circle(
                    ink,
                    (int(inner + (-20 if at_left else 20)), int(rng.integers(60, 160))),
                    int(rng.integers(4, 22)),
                    float(rng.uniform(0.3, 1)),
                    -1,
                )

    def _paint(self, ink: np.ndarray) -> np.ndarray:
        rng = self._rng
        height, width = ink.shape
        paper = self._papers[int(rng.integers(0, len(self._papers)))]
        x = int(rng.integers(0, max(1, paper.shape[1] - 8)))
        paper = np.roll(paper, -x, axis=1)
        paper = np.tile(paper, (1, -(-width // paper.shape[1])))[:height, :width]
        white = rng.uniform(150, 250)
        dark = rng.uniform(0, 90) if rng.random() < 0.88 else rng.uniform(90, white - 40)
        contrast = rng.uniform(0, 0.35) * min(60.0, white - dark)
        return (white + paper * contrast) * (1 - ink) + dark * ink

    def one(self) -> Line:
        """A fresh line."""
        rng = self._rng
        line = text(rng)
        ink, centres, pitch = self._canvas(line)
        picture = self._paint(ink)
        px = rng.uniform(7, 26) if rng.random() < 0.8 else rng.uniform(6, 12)
        tall = rng.uniform(0.47, 0.88)  # share of the strip that a capital takes
        capital = 0.62 * CELL_H
        margin_l, margin_r = self._margins(), self._margins()
        x0 = centres[0, 0] - (0.5 + margin_l) * pitch
        x1 = centres[-1, 0] + (0.5 + margin_r) * pitch
        strip_h = capital / tall
        drift = rng.uniform(-0.16, 0.16) * capital
        y0 = 112 - strip_h / 2 + drift
        tilt = rng.uniform(-0.16, 0.16) * capital
        taper = rng.uniform(-0.14, 0.14) * strip_h / 2
        shear = rng.uniform(-0.25, 0.25) * CELL_W
        source = np.float32(
            [
                [x0 + shear, y0 + tilt - taper],
                [x1 + shear, y0 - tilt + taper],
                [x1 - shear, y0 + strip_h - tilt - taper],
                [x0 - shear, y0 + strip_h + tilt + taper],
            ]
        )
        w = max(48, round((x1 - x0) * px / pitch * rng.uniform(0.93, 1.07)))
        h = max(8, round(strip_h * px / pitch))
        target = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
        matrix = cv2.getPerspectiveTransform(source, target)
        picture = cv2.warpPerspective(
            picture,
            matrix,
            (w, h),
            flags=cv2.INTER_AREA if px < 14 else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        picture = self._camera(picture, px)
        if rng.random() < 0.5:
            picture = cv2.resize(picture, (max(48, round(w * 48 / h)), 48))
        picture = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        warped = cv2.perspectiveTransform(centres[None].astype(np.float32), matrix)[0]
        steps = warped[:, 0] * STEPS / w
        return Line(picture, self._labels(line, steps), line)

    def _margins(self) -> float:
        rng = self._rng
        if rng.random() < 0.85:
            return float(rng.uniform(0.05, 1.3))
        return float(rng.uniform(-0.12, 3))

    def _camera(self, picture: np.ndarray, px: float) -> np.ndarray:
        rng = self._rng
        h, w = picture.shape
        picture = picture.astype(np.float32)
        if rng.random() < 0.7:
            sigma = rng.uniform(0, 0.17) * px
            if rng.random() < 0.25:
                picture = cv2.GaussianBlur(
                    picture,
                    (0, 0),
                    max(0.05, sigma),
                    sigmaY=max(0.05, sigma * rng.uniform(0.3, 1.5)),
                )
            elif sigma > 0.15:
                picture = cv2.GaussianBlur(picture, (0, 0), sigma)
        if rng.random() < 0.28:
            length = rng.uniform(0.05, 0.55) * px
            angle = rng.uniform(0, np.pi)
            size = int(length) | 1
            if size >= 3:
                kernel = np.zeros((size, size), np.float32)
                c = size // 2
                d = np.array([np.cos(angle), np.sin(angle)]) * c
                cv2.line(
                    kernel,
                    (round(c - d[0]), round(c - d[1])),
                    (round(c + d[0]), round(c + d[1])),
                    1.0,
                    1,
                    cv2.LINE_AA,
                )
                picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
        x = np.linspace(-1, 1, w, dtype=np.float32)[None]
        if rng.random() < 0.5:
            picture = picture * (1 + rng.uniform(-0.35, 0.35) * x + rng.uniform(-0.2, 0.2) * x * x)
        if rng.random() < 0.14:
            cx, cy = rng.uniform(0, w), rng.uniform(-h, 2 * h)
            rx, ry = rng.uniform(0.03, 0.25) * w, rng.uniform(0.5, 3) * h
            yy, xx = np.mgrid[0:h, 0:w]
            blob = np.exp(-(((xx - cx) / rx) ** 2 + ((yy - cy) / ry) ** 2))
            picture = picture + rng.uniform(30, 200) * blob.astype(np.float32)
        light = rng.uniform(0.35, 1.1) if rng.random() < 0.8 else rng.uniform(0.08, 0.35)
        picture = picture * light
        noise = rng.uniform(0, 10) if rng.random() < 0.75 else rng.uniform(10, 24)
        grain = rng.standard_normal((h, w)).astype(np.float32)
        if rng.random() < 0.35:
            grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * 1.9
        picture = picture + grain * noise * (0.4 + 0.6 * light)
        if rng.random() < 0.2:
            picture = picture + rng.uniform(0.3, 1.5) * (
                picture - cv2.GaussianBlur(picture, (0, 0), 1.2)
            )
        out = np.clip(picture, 0, 255).astype(np.uint8)
        if rng.random() < 0.6:
            quality = int(rng.integers(22, 95))
            _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
            out = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        return out

    @staticmethod
    def _labels(line: str, centres: np.ndarray) -> np.ndarray:
        labels = np.full(STEPS, BLANK, np.int64)
        at = np.arange(STEPS) + 0.5
        pitch = np.gradient(centres) if len(centres) > 1 else np.full(1, 4.0)
        nearest = np.abs(at[:, None] - centres[None]).argmin(1)
        distance = np.abs(at - centres[nearest]) / np.maximum(pitch[nearest], 0.5)
        letters = np.array([ALPHABET.index(c) + 1 for c in line])
        labels[distance <= 0.34] = IGNORE
        close = distance <= 0.24
        labels[close] = letters[nearest[close]]
        # Every letter inside the strip owns at least its nearest step.
        inside = (centres >= 0) & (centres < STEPS)
        labels[np.clip(centres[inside].astype(int), 0, STEPS - 1)] = letters[inside]
        return labels

    def empty(self) -> Line:
        """A strip without a line: all blank; teaches rejection."""
        rng = self._rng
        paper = self._papers[int(rng.integers(0, len(self._papers)))]
        h, w = int(rng.integers(20, 90)), int(rng.integers(200, 900))
        x, y = int(rng.integers(0, 1400 - w)), int(rng.integers(0, 224 - h))
        picture = rng.uniform(40, 220) + paper[y : y + h, x : x + w] * rng.uniform(5, 70)
        picture = self._camera(picture.astype(np.float32), 12.0)
        picture = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return Line(picture, np.zeros(STEPS, np.int64), "")

    def batch(self, size: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Pictures (size, 32, 704) uint8, labels (size, 176) int64, texts."""
        lines = [self.empty() if self._rng.random() < 0.03 else self.one() for _ in range(size)]
        return (
            np.stack([item.picture for item in lines]),
            np.stack([item.labels for item in lines]),
            [item.text for item in lines],
        )
