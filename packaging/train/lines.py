"""Drawn lines of OCR-B for training, with the centre of each letter.

Rules, in order:

1. Everything is drawn by these scripts from a seed; no picture of a real document is used, and no
   text of a specimen.
2. A line is drawn flat at 28 px a letter together with its neighbours, and warped ONCE to camera
   resolution; then it suffers what a webcam does (``camera.py``).
3. Then it is cut: most lines with margins and slants of every kind, a share by the program's own
   ``cut_line`` from a place that is a little wrong, as a line finder's is.
4. Labels are per time step: a letter within 0.24 pitch of its centre, blank beyond 0.34 pitch,
   ignored in between. No CTC loss is needed, and training has no blank plateau.
5. One strip in twenty holds no line at all: the answer is blank throughout.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from camera import Severity, any_severity, seen
from glyphs import ALPHABET, CAPITAL, CELL_H, CELL_W, Bank
from papers import PAPER_H, PAPER_W, add_junk, blind_bank, engraved, noise_1f, paper_bank
from texts import text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.capture.zone_lines import Line as Place
from kiosk.capture.zone_lines import cut_line

BLANK, IGNORE = 0, -100
HEIGHT, WIDTH, STEPS = 32, 704, 176
LEFT = 6 * CELL_W
"""Where a line begins on its canvas."""
_CUT_SHARE, _BLIND_SHARE = 0.35, 0.05
_MARGIN = 0.9
"""Letters that ``cut_line`` adds at each end; ``_check_cut`` proves it."""


@dataclass(frozen=True)
class Found:
    """Where a line finder might say that a line is: centre, length and height in px, degrees."""

    x: float
    y: float
    length: float
    height: float
    angle: float

    @property
    def place(self) -> Place:
        """The same as corners."""
        along, down = axes(self.angle)
        centre = np.array([self.x, self.y])
        half, tall = along * self.length / 2, down * self.height / 2
        return Place(
            np.array(
                [
                    centre - half - tall,
                    centre + half - tall,
                    centre + half + tall,
                    centre - half + tall,
                ]
            )
        )


def axes(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along and across a line (x right, y down); angle in degrees, clockwise."""
    turn = np.deg2rad(angle)
    return np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])


@dataclass(frozen=True)
class Line:
    """One training line: grey picture (32, 704) uint8, labels (176,) int64, its text."""

    picture: np.ndarray
    labels: np.ndarray
    text: str


@dataclass(frozen=True)
class Canvas:
    """A flat line with its neighbours: grey levels (168, W), letter centres (n, 2) in its px."""

    grey: np.ndarray
    centres: np.ndarray
    text: str


class LineFactory:
    """Makes lines from one seed; each factory is a stream of its own."""

    def __init__(self, bank: Bank, seed: int, papers: int = 120) -> None:
        """``bank``: letter shapes; ``papers``: how many backgrounds."""
        self._rng = np.random.default_rng(seed)
        self._bank = bank
        self._papers = paper_bank(papers, np.random.default_rng(7))
        self._blind = blind_bank(papers // 2, np.random.default_rng(8))
        _check_cut()

    # --- drawing ----------------------------------------------------------------------------------

    def _ink(self, line: str, style: int, weight: int) -> np.ndarray:
        rng = self._rng
        index = [ALPHABET.index(c) for c in line]
        cells = self._bank.masks[style, weight][index].astype(np.float32) / 255
        if rng.random() < 0.15:  # ink of uneven strength
            cells = cells * rng.uniform(0.55, 1, (len(line), 1, 1)).astype(np.float32)
        if rng.random() < 0.3:  # letters dance
            dance = np.clip(rng.normal(0, rng.uniform(0.2, 1.3), len(line)), -3, 3).round()
            rows = (np.arange(CELL_H)[None] - dance[:, None].astype(int)) % CELL_H
            cells = cells[np.arange(len(line))[:, None], rows]
        return cells.transpose(1, 0, 2).reshape(CELL_H, -1)

    def shape(self) -> tuple[int, int]:
        """A style of the bank and a weight of it."""
        style = int(self._rng.choice(len(self._bank.shares), p=self._bank.shares))
        return style, int(self._rng.integers(0, self._bank.masks.shape[1]))

    def canvas(self, line: str, wear: float, shape: tuple[int, int] | None = None) -> Canvas:
        """A line drawn flat on its paper; ``wear`` as in :class:`camera.Severity`."""
        rng = self._rng
        style, weight = shape or self.shape()
        ink = np.zeros((PAPER_H, 2 * LEFT + len(line) * CELL_W), np.float32)
        right, middle = LEFT + len(line) * CELL_W, PAPER_H // 2
        ink[middle - CELL_H // 2 : middle + CELL_H // 2, LEFT:right] = self._ink(
            line, style, weight
        )
        gap = rng.uniform(1.6, 1.8) if rng.random() < 0.5 else rng.uniform(1.35, 2.7)
        for direction in (-1, 1):
            if rng.random() < 0.72:
                other = self._ink(text(rng)[: len(line)].ljust(len(line), "<"), style, weight)
                y = int(middle - CELL_H // 2 + direction * gap * CELL_W)
                a, b = max(0, y), min(PAPER_H, y + CELL_H)
                if b > a:
                    part = ink[a:b, LEFT:right]
                    np.maximum(part, other[a - y : b - y], out=part)
        if rng.random() < 0.12 * wear:  # a rule, an edge of a field
            y = int(rng.integers(0, PAPER_H))
            ink[y : y + int(rng.integers(1, 4))] = rng.uniform(0.3, 1)
        if rng.random() < 0.4:
            add_junk(ink, LEFT, right, rng)
        if rng.random() < 0.10:
            ink = engraved(ink, rng)
        if rng.random() < 0.06 * wear:  # voids in the ink
            voids = noise_1f(rng, *ink.shape)
            ink *= (voids < rng.uniform(0.8, 1.5)).astype(np.float32)
        x = LEFT + (np.arange(len(line)) + 0.5) * CELL_W
        return Canvas(self._painted(ink, wear), np.stack([x, np.full(len(line), middle)], 1), line)

    def _painted(self, ink: np.ndarray, wear: float) -> np.ndarray:
        rng = self._rng
        height, width = ink.shape
        paper = self._papers[int(rng.integers(0, len(self._papers)))]
        x = int(rng.integers(0, PAPER_W))
        paper = np.take(paper, np.arange(x, x + width) % PAPER_W, axis=1)[:height]
        white = rng.uniform(150, 250)
        dark = rng.uniform(0, 90) if rng.random() > 0.14 * wear else rng.uniform(90, white - 45)
        contrast = rng.uniform(0, 0.32) * min(60.0, white - dark)
        return (white + paper * np.float32(contrast)) * (1 - ink) + np.float32(dark) * ink

    # --- cutting ----------------------------------------------------------------------------------

    def one(self, severity: Severity | None = None) -> Line:
        """A fresh line; as bad as training mixes it, unless told."""
        rng = self._rng
        severity = severity or any_severity(rng)
        canvas = self.canvas(text(rng), severity.wear)
        cut = self._by_program if rng.random() < _CUT_SHARE else self._freely
        picture, steps = cut(canvas, severity)
        picture = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        seen_whole = (steps >= 0) & (steps < STEPS)
        inside = "".join(c for c, whole in zip(canvas.text, seen_whole, strict=True) if whole)
        return Line(picture, _labels(canvas.text, steps), inside)

    def zone(self, lines: Sequence[str], severity: Severity) -> list[np.ndarray]:
        """Strips (32, 704) uint8 of lines that one printer printed, cut by the program."""
        shape = self.shape()
        strips = []
        for line in lines:
            picture, _ = self._by_program(self.canvas(line, severity.wear, shape), severity)
            strips.append(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
        return strips

    def _freely(self, canvas: Canvas, severity: Severity) -> tuple[np.ndarray, np.ndarray]:
        """A strip with margins and slants of every kind, and the time step of each letter."""
        rng = self._rng
        px = self._resolution(severity)
        strip_h = CAPITAL / rng.uniform(0.40, 0.80)
        x0 = canvas.centres[0, 0] - (0.5 + self._margin()) * CELL_W
        x1 = canvas.centres[-1, 0] + (0.5 + self._margin()) * CELL_W
        y0 = PAPER_H / 2 - strip_h / 2 + rng.uniform(-0.18, 0.18) * CAPITAL
        tilt = rng.uniform(-0.18, 0.18) * CAPITAL
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
        w = max(48, round((x1 - x0) * px / CELL_W * rng.uniform(0.93, 1.07)))
        h = max(8, round(strip_h * px / CELL_W))
        matrix = cv2.getPerspectiveTransform(source, np.float32([[0, 0], [w, 0], [w, h], [0, h]]))
        picture = seen(_warp(canvas.grey, matrix, (w, h), px), px, severity, rng)
        if rng.random() < 0.5:
            picture = cv2.resize(picture, (max(48, round(w * 48 / h)), 48))
        return picture, _through(canvas.centres, matrix)[:, 0] * STEPS / w

    def _by_program(self, canvas: Canvas, severity: Severity) -> tuple[np.ndarray, np.ndarray]:
        """A strip cut by the program from a piece of a frame, from a place that is a bit wrong."""
        rng = self._rng
        px = self._resolution(severity)
        n = len(canvas.text)
        scale = px / CELL_W
        turn = np.deg2rad(rng.uniform(-9, 9) if rng.random() < 0.4 else rng.normal(0, 2))
        frame_w = int(n * px * np.cos(turn) + 9 * px)
        frame_h = int(n * px * abs(np.sin(turn)) + 7 * px)
        c, s = np.cos(turn) * scale, np.sin(turn) * scale
        lean = rng.uniform(-0.12, 0.12) * scale  # perspective shears a line
        keystone = rng.uniform(-0.14, 0.14) / (n * CELL_W)
        centre = np.array([LEFT + n * CELL_W / 2, PAPER_H / 2])
        there = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1.0]])
        tilted = np.array([[1, 0, 0], [0, 1, 0], [keystone, 0, 1.0]])
        pose = np.array([[c, lean - s, frame_w / 2], [s, c, frame_h / 2], [0, 0, 1.0]])
        matrix = pose @ tilted @ there
        frame = seen(_warp(canvas.grey, matrix, (frame_w, frame_h), px), px, severity, rng)
        centres = _through(canvas.centres, matrix)
        line = self._found(centres, px)
        letters = int(rng.choice([n, n, 30 if n < 34 else 40]))
        flipped = bool(rng.random() < 0.3)
        if flipped:  # the document lies upside down, and the program knows it
            frame = frame[::-1, ::-1]
            x, y = frame_w - line.x, frame_h - line.y
            line = Found(x, y, line.length, line.height, line.angle + 180)
            centres = np.array([frame_w, frame_h]) - centres
        along = axes(line.angle)[0]
        half = line.length / 2 + _MARGIN * line.length / letters
        shares = 0.5 + (centres - [line.x, line.y]) @ along / (2 * half)
        strip = cut_line(np.ascontiguousarray(frame), line.place, letters)
        return strip, shares * STEPS

    def _found(self, centres: np.ndarray, px: float) -> Found:
        """Where a line finder might say that the line is."""
        rng = self._rng
        span = centres[-1] - centres[0]
        length = float(np.linalg.norm(span)) * len(centres) / (len(centres) - 1)
        angle = float(np.degrees(np.arctan2(span[1], span[0])))
        # A turn is seen the better the longer the line is: half a letter at its ends, seldom more.
        wrong = float(np.clip(rng.normal(0, 16 / len(centres)), -3, 3))
        along, down = axes(angle)
        middle = centres.mean(0) + along * rng.normal(0, 0.35) * px
        middle = middle + down * np.clip(rng.normal(0, 0.1), -0.3, 0.3) * px
        longer = rng.uniform(-1.5, 1.5) if rng.random() < 0.4 else rng.normal(0, 0.35)
        height = 0.95 * px * rng.uniform(0.85, 1.3)
        return Found(*middle, length + longer * px, height, angle + wrong)

    def _resolution(self, severity: Severity) -> float:
        """Pixels of the camera a letter."""
        low = severity.letter_px
        return float(self._rng.uniform(low, 26 if self._rng.random() < 0.8 else low + 5))

    def _margin(self) -> float:
        """Letters of margin at one end."""
        if self._rng.random() < 0.8:
            return float(self._rng.uniform(0.0, 1.3))
        return float(self._rng.uniform(-0.3, 3))

    def empty(self, severity: Severity | None = None) -> Line:
        """A strip without a line: all blank; teaches rejection."""
        rng = self._rng
        if rng.random() < 0.25:
            ink = np.zeros((PAPER_H, PAPER_W), np.float32)
        else:
            ink = self._blind[int(rng.integers(0, len(self._blind)))].astype(np.float32) / 255
        h, w = int(rng.integers(20, 90)), int(rng.integers(300, 1300))
        x, y = int(rng.integers(0, PAPER_W - w)), int(rng.integers(0, PAPER_H - h))
        picture = self._painted(ink[y : y + h, x : x + w], 1.0)
        picture = seen(picture, rng.uniform(8, 22), severity or any_severity(rng), rng)
        picture = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return Line(picture, np.zeros(STEPS, np.int64), "")

    def batch(self, size: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Pictures (size, 32, 704) uint8, labels (size, 176) int64, texts."""
        blind = self._rng.random(size) < _BLIND_SHARE
        lines = [self.empty() if b else self.one() for b in blind]
        return (
            np.stack([item.picture for item in lines]),
            np.stack([item.labels for item in lines]),
            [item.text for item in lines],
        )


def _warp(picture: np.ndarray, matrix: np.ndarray, size: tuple[int, int], px: float) -> np.ndarray:
    """Into the camera's resolution; smoothed first, as the lens and the pixels' area do."""
    shrink = CELL_W / px
    if shrink > 1.5:
        picture = cv2.blur(picture, (round(shrink), round(shrink)))
    mode = cv2.BORDER_REPLICATE
    return cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=mode)


def _through(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0]


def _labels(line: str, centres: np.ndarray) -> np.ndarray:
    """Labels (176,) for letters centred at these time steps."""
    labels = np.full(STEPS, BLANK, np.int64)
    at = np.arange(STEPS) + 0.5
    pitch = np.gradient(centres)
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


def _check_cut() -> None:
    """The labels of ``_by_program`` hold only while ``cut_line`` cuts as it is assumed to."""
    picture = np.zeros((200, 700), np.uint8)
    cv2.circle(picture, (450, 100), 4, 255, -1)
    strip = cut_line(picture, Found(350.0, 100.0, 500.0, 20.0, 0.0).place, 40)
    at = float((strip.sum(0) * (np.arange(strip.shape[1]) + 0.5)).sum() / strip.sum())
    expected = (0.5 + 100 / (500 + 2 * _MARGIN * 500 / 40)) * strip.shape[1]
    if abs(at - expected) > 2:
        raise SystemExit(f"cut_line cuts otherwise than assumed: {at:.1f}, not {expected:.1f}")
