"""Drawn desks with a document under a webcam, small and grey, with the answers for each cell.

Rules, in order:

1. One perspective warp from the drawn document to the picture; then light, blur, noise and
   compression as a webcam makes them.
2. A cell of the answers is 4 x 4 px. Planes: document, zone, zone in sight (not under a hand); and
   for document and zone the way from the cell to each of the four corners, in units of 64 px.
3. Corners begin at the top left of the print, so that the answers also say which way is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from finder_cards import WIDTH, Card, CardFactory

CELL = 4
UNIT = 64.0
SIZE = (384, 224)


@dataclass(frozen=True)
class Scene:
    """A picture (H, W) uint8 and its answers: masks (3, h, w), ways (16, h, w) float32."""

    picture: np.ndarray
    masks: np.ndarray
    ways: np.ndarray


def _clouds(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    out = np.zeros((height, width), np.float32)
    for step in (6, 24, 96):
        small = rng.standard_normal((height // step + 3, width // step + 3)).astype(np.float32)
        out += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return out / 3


class SceneFactory:
    """Makes scenes from one seed."""

    def __init__(
        self, fonts: list[Path], plain: list[Path], seed: int, cards: int = 500, sheets: int = 120
    ) -> None:
        """``cards`` and ``sheets``: how many are drawn beforehand."""
        self._rng = np.random.default_rng(seed)
        factory = CardFactory(fonts, plain, seed + 1)
        self._cards = [factory.card() for _ in range(cards)]
        self._sheets = [factory.sheet() for _ in range(sheets)]

    def refresh(self, factory: CardFactory, count: int) -> None:
        """Replace some drawn documents by fresh ones."""
        for _ in range(count):
            self._cards[int(self._rng.integers(0, len(self._cards)))] = factory.card()

    def scene(self) -> Scene:
        """A fresh scene."""
        rng = self._rng
        width, height = SIZE if rng.random() < 0.75 else (320, 272)
        if rng.random() < 0.06:
            width, height = height, width
        picture = self._desk(width, height)
        masks = np.zeros((3, height // CELL, width // CELL), np.float32)
        ways = np.zeros((16, height // CELL, width // CELL), np.float32)
        if rng.random() < 0.93:
            card = self._cards[int(rng.integers(0, len(self._cards)))]
            place = self._pose(card, width, height)
            self._lay(picture, card, place, shadow=True)
            corners = self._outline(card)
            self._answer(masks, ways, 0, _moved(corners, place), width, height)
            covered = self._hand(picture, card, place)
            if card.zone is not None:
                zone = _moved(card.zone, place)
                self._answer(masks, ways, 1, zone, width, height)
                masks[2] = masks[1] * (1 - covered)
        return Scene(self._camera(picture), masks, ways)

    # --- the desk -----------------------------------------------------------------------------

    def _desk(self, width: int, height: int) -> np.ndarray:
        rng = self._rng
        base = rng.uniform(15, 235)
        desk = np.full((height, width), base, np.float32)
        kind = rng.random()
        if kind < 0.3:
            desk += _clouds(rng, height, width) * rng.uniform(1, 25)
        elif kind < 0.5:  # wood: long streaks
            grain = rng.standard_normal((height, 1)).astype(np.float32) * rng.uniform(2, 16)
            desk += cv2.GaussianBlur(grain, (1, 5), 1.2) + _clouds(rng, height, width) * 8
            if rng.random() < 0.3:
                desk = np.ascontiguousarray(cv2.resize(desk.T, (width, height)))
        elif kind < 0.62:  # cloth, keys, tiles
            y, x = np.mgrid[0:height, 0:width].astype(np.float32)
            angle, period = rng.uniform(0, np.pi), rng.uniform(4, 40)
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
            other = np.sin((x * np.sin(angle) - y * np.cos(angle)) * 2 * np.pi / period)
            desk += (wave * other if rng.random() < 0.5 else wave) * rng.uniform(3, 40)
        if rng.random() < 0.55:
            for _ in range(int(rng.integers(1, 7))):
                self._thing(desk)
        if rng.random() < 0.3:
            for _ in range(int(rng.integers(1, 3))):
                sheet = self._sheets[int(rng.integers(0, len(self._sheets)))]
                self._lay(desk, sheet, self._pose(sheet, width, height, loose=True), shadow=True)
        return desk

    def _thing(self, desk: np.ndarray) -> None:
        """A pen, a box, a round thing, an edge."""
        rng = self._rng
        height, width = desk.shape
        a = (int(rng.uniform(-40, width)), int(rng.uniform(-40, height)))
        tone, kind = float(rng.uniform(5, 250)), rng.random()
        if kind < 0.35:
            size = (rng.uniform(20, 220), rng.uniform(20, 160))
            box = cv2.boxPoints((a, size, float(rng.uniform(0, 180)))).astype(int)
            cv2.fillPoly(desk, [box], tone, cv2.LINE_AA)
            if rng.random() < 0.4:
                cv2.polylines(desk, [box], True, float(rng.uniform(5, 250)), 1, cv2.LINE_AA)
        elif kind < 0.7:
            b = (int(rng.uniform(-40, width + 40)), int(rng.uniform(-40, height + 40)))
            cv2.line(desk, a, b, tone, int(rng.integers(1, 12)), cv2.LINE_AA)
        else:
            radius = (int(rng.uniform(5, 80)), int(rng.uniform(5, 80)))
            cv2.ellipse(desk, a, radius, float(rng.uniform(0, 180)), 0, 360, tone, -1, cv2.LINE_AA)

    # --- the document -------------------------------------------------------------------------

    @staticmethod
    def _outline(card: Card) -> np.ndarray:
        height, width = card.levels[0].shape
        return np.float32([[0, 0], [width, 0], [width, height], [0, height]])

    def _pose(self, card: Card, width: int, height: int, *, loose: bool = False) -> np.ndarray:
        """Homography from px of the full-size document to px of the picture."""
        rng = self._rng
        h, w = card.levels[0].shape
        kind = rng.random()
        if loose or kind < 0.10:
            angle = rng.uniform(0, 360)
        elif kind < 0.62:
            angle = rng.normal(0, 7)
        elif kind < 0.80:
            angle = 180 + rng.normal(0, 7)
        elif kind < 0.92:
            angle = rng.choice([90, 270]) + rng.normal(0, 7)
        else:
            angle = rng.uniform(-45, 45)
        turn = np.deg2rad(angle)
        c, s = abs(np.cos(turn)), abs(np.sin(turn))
        # The largest scale at which the turned document fits.
        fit = min(width / (w * c + h * s), height / (w * s + h * c))
        scale = fit * (rng.uniform(0.32, 1.0) if rng.random() < 0.9 else rng.uniform(0.9, 1.45))
        if loose:
            scale = fit * rng.uniform(0.4, 1.8)
        tilt = (
            np.deg2rad(rng.normal(0, 11))
            if rng.random() < 0.85
            else np.deg2rad(rng.uniform(-38, 38))
        )
        lean = (
            np.deg2rad(rng.normal(0, 11))
            if rng.random() < 0.85
            else np.deg2rad(rng.uniform(-38, 38))
        )
        room_x = max(6.0, (width - scale * (w * c + h * s)) / 2)
        room_y = max(6.0, (height - scale * (w * s + h * c)) / 2)
        reach = 1.9 if loose else 1.05
        x = width / 2 + rng.uniform(-reach, reach) * room_x
        y = height / 2 + rng.uniform(-reach, reach) * room_y
        rx = np.array(
            [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
        )
        ry = np.array(
            [[np.cos(lean), 0, np.sin(lean)], [0, 1, 0], [-np.sin(lean), 0, np.cos(lean)]]
        )
        rz = np.array(
            [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
        )
        rotation = rx @ ry @ rz
        focal = rng.uniform(1.0, 2.2) * width
        plane = np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, focal]])
        centred = np.array([[scale, 0, -scale * w / 2], [0, scale, -scale * h / 2], [0, 0, 1]])
        camera = np.array([[focal, 0, x], [0, focal, y], [0, 0, 1]])
        matrix = camera @ plane @ centred
        return np.asarray(matrix / matrix[2, 2], np.float64)

    def _lay(self, picture: np.ndarray, card: Card, place: np.ndarray, *, shadow: bool) -> None:
        rng = self._rng
        height, width = picture.shape
        w = card.levels[0].shape[1]
        corners = _moved(self._outline(card), place)
        across = float(np.linalg.norm(corners[1] - corners[0]))
        level = 0 if across > 0.7 * w else 1 if across > 0.34 * w else 2
        up = np.diag([2.0**level, 2.0**level, 1.0])
        full = place @ up
        source = card.levels[level]
        drawn = cv2.warpPerspective(source, full, (width, height), flags=cv2.INTER_LINEAR)
        mask = np.zeros((height, width), np.float32)
        cv2.fillConvexPoly(mask, np.round(corners * 8).astype(int), 1.0, cv2.LINE_AA, 3)
        if shadow and rng.random() < 0.7:
            soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 6))
            dx, dy = rng.integers(-4, 5, 2)
            soft = np.roll(soft, (int(dy), int(dx)), (0, 1))
            picture *= 1 - soft * rng.uniform(0.1, 0.6)
        gain = rng.uniform(0.75, 1.1)
        picture[:] = picture * (1 - mask) + np.asarray(drawn, np.float32) * gain * mask

    def _hand(self, picture: np.ndarray, card: Card, place: np.ndarray) -> np.ndarray:
        """Fingers at an edge or on the zone; share of each cell that they cover."""
        rng = self._rng
        height, width = picture.shape
        covered = np.zeros((height, width), np.float32)
        if rng.random() < 0.35:
            h, w = card.levels[0].shape
            for _ in range(int(rng.integers(1, 4))):
                side = rng.integers(0, 4)
                t = rng.uniform(0.05, 0.95)
                tip = np.array(
                    [[t * w, 0], [w, t * h], [t * w, h], [0, t * h]][int(side)], np.float32
                )
                inward = np.array([[0, 1], [-1, 0], [0, -1], [1, 0]][int(side)], np.float32)
                depth = rng.uniform(0.02, 0.3) * h
                ends = _moved(
                    np.stack([tip + inward * depth, tip - inward * 0.7 * h]).astype(np.float32),
                    place,
                )
                thick = max(
                    2,
                    int(
                        rng.uniform(0.1, 0.22)
                        * np.linalg.norm(
                            _moved(np.float32([[0, 0], [0, h]]), place)[1]
                            - _moved(np.float32([[0, 0], [0, h]]), place)[0]
                        )
                    ),
                )
                a, b = (tuple(int(v) for v in np.clip(e, -2000, 2000)) for e in ends)
                cv2.line(covered, a, b, 1.0, thick, cv2.LINE_AA)
            soft = cv2.GaussianBlur(covered, (0, 0), 0.8)
            tone = rng.uniform(60, 220) + _clouds(rng, height, width) * 8
            picture[:] = picture * (1 - soft) + tone * soft
        return cv2.resize(covered, (width // CELL, height // CELL), interpolation=cv2.INTER_AREA)

    @staticmethod
    def _answer(
        masks: np.ndarray,
        ways: np.ndarray,
        plane: int,
        corners: np.ndarray,
        width: int,
        height: int,
    ) -> None:
        mask = np.zeros((height, width), np.uint8)
        cv2.fillConvexPoly(mask, np.round(corners * 8).astype(int), 255, cv2.LINE_AA, 3)
        small = cv2.resize(mask, (width // CELL, height // CELL), interpolation=cv2.INTER_AREA)
        masks[plane] = small.astype(np.float32) / 255
        y, x = np.mgrid[0 : height // CELL, 0 : width // CELL].astype(np.float32)
        x, y = (x + 0.5) * CELL, (y + 0.5) * CELL
        for k, corner in enumerate(corners):
            ways[plane * 8 + 2 * k] = (corner[0] - x) / UNIT
            ways[plane * 8 + 2 * k + 1] = (corner[1] - y) / UNIT

    # --- the camera ---------------------------------------------------------------------------

    def _camera(self, picture: np.ndarray) -> np.ndarray:
        rng = self._rng
        height, width = picture.shape
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, width, dtype=np.float32)[None]
        slope = rng.uniform(-0.35, 0.35) * x + rng.uniform(-0.35, 0.35) * y
        picture = picture * (1 + slope) * (1 - rng.uniform(0, 0.15) * (x * x + y * y))
        if rng.random() < 0.2:  # a lamp in the laminate
            cx, cy = rng.uniform(-0.9, 0.9, 2)
            rx, ry = rng.uniform(0.04, 0.35, 2)
            blob = np.exp(-(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2))
            picture = picture + blob * rng.uniform(60, 300)
        if rng.random() < 0.6:
            picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.15, 1.1)))
        if rng.random() < 0.25:
            size = int(rng.integers(2, 6))
            kernel = np.zeros((5, 5), np.float32)
            d = np.array([np.cos(a := rng.uniform(0, np.pi)), np.sin(a)]) * size / 2
            cv2.line(
                kernel,
                (round(2 - d[0]), round(2 - d[1])),
                (round(2 + d[0]), round(2 + d[1])),
                1.0,
                1,
            )
            picture = cv2.filter2D(picture, -1, kernel / max(1.0, float(kernel.sum())))
        light = rng.uniform(0.4, 1.15) if rng.random() < 0.75 else rng.uniform(0.06, 0.4)
        noise = rng.uniform(0.5, 6) if rng.random() < 0.8 else rng.uniform(6, 14)
        picture = picture * light + rng.standard_normal((height, width)).astype(np.float32) * noise
        out = np.clip(picture, 0, 255).astype(np.uint8)
        if rng.random() < 0.4:
            _, data = cv2.imencode(
                ".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
            )
            out = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        return out


def _moved(points: np.ndarray, place: np.ndarray) -> np.ndarray:
    return np.asarray(
        cv2.perspectiveTransform(points[None].astype(np.float64), place)[0], np.float32
    )


__all__ = ["CELL", "SIZE", "UNIT", "WIDTH", "Scene", "SceneFactory"]
