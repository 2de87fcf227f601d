"""Draws a document under a webcam: pose, blur, noise, light, glare, desk and hand.

Pure: pictures in, pictures and their ground truth out. Everything that does not change from frame
to frame is prepared once in a :class:`Stage`, so that a live 720p frame costs few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from kiosk.devices.specimen_conditions import Conditions
from kiosk.devices.specimen_optics import (
    LIGHT_ONE,
    blob,
    composite,
    multiplied,
    pixels,
    rotation,
    streak,
    with_shadow,
)
from kiosk.devices.specimen_props import (
    NOISE_SIGMA,
    Hand,
    draw_background,
    draw_hand,
    noise_bank,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from kiosk.ports import Picture

    Matrix = npt.NDArray[np.float64]

__all__ = ["NOTHING", "Conditions", "GroundTruth", "Stage", "Subject", "render"]

FRAME_SIZE = (1280, 720)
MAX_HEIGHT_SHARE = 0.90
DESKS = 2  # different desks of each kind
_MARGIN = 0.06  # of the picture's width, around it, for its shadow


@dataclass(frozen=True, slots=True)
class Subject:
    """What lies under the camera.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        mrz: the lines it carries, for the ground truth.
        corner_share: radius of its rounded corners as a share of the width.
        width_share: overrides ``Conditions.card_width`` when set (codes, phones).
        may_overflow: it may reach beyond the frame's height.
    """

    image: Picture
    mrz: tuple[str, ...] = ()
    corner_share: float = 0.035
    width_share: float | None = None
    may_overflow: bool = False


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Where the document lies in the frame.

    Attributes:
        corners: (4, 2) float64, (x, y) in pixels of the frame; top left, top right, bottom right,
            bottom left of the document as printed; empty (0, 2) when nothing lies there.
        homography: (3, 3) from pixels of the subject's picture to pixels of the frame.
        mrz: the lines on this side.
    """

    corners: Matrix
    homography: Matrix
    mrz: tuple[str, ...] = ()


NOTHING = GroundTruth(np.empty((0, 2)), np.eye(3))


@dataclass(slots=True)
class Stage:
    """Everything prepared for one subject in given conditions.

    ``frame`` may be called from one thread at a time.

    Attributes:
        subject: what lies there, or None for an empty desk.
        conditions: how the camera sees it.
        seed: of the pose and its drift.
        size: (width, height) of the frame.
        desk_seed: of the desk and of the direction of the light.
    """

    subject: Subject | None
    conditions: Conditions
    seed: int
    size: tuple[int, int] = FRAME_SIZE
    desk_seed: int = 0
    _desk: Picture = field(init=False)
    _sprite: Picture = field(init=False)
    _hand: Picture | None = field(init=False, default=None)
    _hand_place: Matrix = field(init=False)
    _scale: float = field(init=False, default=1.0)
    _phases: Matrix = field(init=False)
    _light: Picture = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self._phases = rng.uniform(0, 2 * np.pi, 12)
        self._light = self._light_map(np.random.default_rng(self.desk_seed))
        desk = draw_background(self.conditions.background, self.size, self.desk_seed % DESKS)
        if self.conditions.blur_sigma_px > 0:
            desk = pixels(cv2.GaussianBlur(desk, (0, 0), self.conditions.blur_sigma_px))
        self._desk = multiplied(desk, self._light)
        if self.subject is not None:
            self._prepare_sprite(self.subject)
            self._prepare_hand(self.subject)

    def frame(
        self, t: float, rng: np.random.Generator, presence: float = 1.0
    ) -> tuple[Picture, GroundTruth]:
        """One picture.

        Args:
            t: seconds; the pose drifts smoothly along it.
            rng: for noise only.
            presence: 0 outside the frame, 1 at its place; between them the document is moving.

        Returns:
            The picture (H, W, 3) uint8 BGR and where the document is in it.
        """
        image = self._desk.copy()
        truth = NOTHING
        if self.subject is not None and presence > 0:
            truth = self._lay(image, self.subject, t, presence)
        self._sense(image, rng)
        quality = self.conditions.jpeg_quality
        if quality:
            _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
            image = pixels(cv2.imdecode(coded, cv2.IMREAD_COLOR))
        return image, truth

    # --- preparation ------------------------------------------------------------------------------

    def _light_map(self, rng: np.random.Generator) -> Picture:
        width, height = self.size
        angle = rng.uniform(0, 2 * np.pi)
        x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
        y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
        slope = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
        vignette = 1.0 - 0.10 * (x * x + y * y) * 4
        level = self.conditions.light * vignette * (1 - self.conditions.unevenness * (slope + 0.5))
        grey = np.clip(level * LIGHT_ONE, 0, 255).astype(np.uint8)
        return pixels(cv2.merge([grey, grey, grey]))

    def _prepare_sprite(self, subject: Subject) -> None:
        """Scale the picture to its size in the frame, with rounded corners and a soft shadow."""
        height, width = subject.image.shape[:2]
        share = subject.width_share or self.conditions.card_width
        target = share * self.size[0]
        if not subject.may_overflow:
            target = min(target, MAX_HEIGHT_SHARE * self.size[1] * width / height)
        self._scale = target / width
        small = cv2.resize(
            subject.image, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA
        )
        self._sprite = with_shadow(pixels(small), self._margin_px(), subject.corner_share)

    def _prepare_hand(self, subject: Subject) -> None:
        """The hand, and where it lies in pixels of the subject's picture."""
        if self.conditions.hand is Hand.NONE:
            return
        height, width = subject.image.shape[:2]
        self._hand, grip = draw_hand(width * self._scale)
        x, y = (1.045, 0.64) if self.conditions.hand is Hand.EDGE else (0.80, 0.84)
        back = 1 / self._scale
        self._hand_place = np.array(
            [
                [back, 0, x * width - grip[0] * back],
                [0, back, y * height - grip[1] * back],
                [0, 0, 1.0],
            ]
        )

    def _margin_px(self) -> int:
        width = 0 if self.subject is None else self.subject.image.shape[1]
        return max(8, int(width * self._scale * _MARGIN))

    # --- one frame --------------------------------------------------------------------------------

    def _pose(self, subject: Subject, t: float, presence: float) -> Matrix:
        """Homography from the subject's picture to the frame."""
        c, p = self.conditions, self._phases
        height, width = subject.image.shape[:2]

        def wander(index: int) -> float:
            return float(0.6 * np.sin(0.9 * t + p[index]) + 0.4 * np.sin(2.3 * t + p[index + 1]))

        away = (1.0 - presence) ** 2
        angle = np.deg2rad(c.rotation_deg + 0.10 * c.drift_px * wander(0) + 14 * away)
        tilt_x = np.deg2rad(c.tilt_deg * np.cos(p[10]) + 0.15 * c.drift_px * wander(2))
        tilt_y = np.deg2rad(c.tilt_deg * np.sin(p[10]) + 0.15 * c.drift_px * wander(4))
        focal = 1.3 * self.size[0]
        turn = rotation(tilt_x, tilt_y, angle)
        centred = np.array(
            [
                [self._scale, 0, -self._scale * width / 2],
                [0, self._scale, -self._scale * height / 2],
                [0, 0, 1.0],
            ]
        )
        plane = np.column_stack([turn[:, 0], turn[:, 1], [0.0, 0.0, focal]])
        place = np.array(
            [
                [focal, 0, self.size[0] / 2 + c.drift_px * wander(6) + away * self.size[0] * 0.25],
                [0, focal, self.size[1] / 2 + c.drift_px * wander(8) + away * self.size[1] * 1.15],
                [0, 0, 1.0],
            ]
        )
        return np.asarray(place @ plane @ centred, np.float64)

    def _lay(self, image: Picture, subject: Subject, t: float, presence: float) -> GroundTruth:
        """Draw the subject into the frame, in place."""
        pose = self._pose(subject, t, presence)
        height, width = subject.image.shape[:2]
        outline = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
        corners = np.asarray(cv2.perspectiveTransform(outline, pose)[0], np.float64)
        back, margin = 1 / self._scale, self._margin_px()
        place = np.array([[back, 0, -margin * back], [0, back, -margin * back], [0, 0, 1.0]])
        self._put(image, self._sprite, pose @ place, presence)
        if self.conditions.glare > 0:
            self._reflect(image, corners, t)
        if self._hand is not None:
            self._put(image, self._hand, pose @ self._hand_place, presence)
        return GroundTruth(corners, pose, subject.mrz)

    def _put(self, image: Picture, sprite: Picture, pose: Matrix, presence: float) -> None:
        """Warp a sprite into the part of the frame that it covers."""
        h, w = sprite.shape[:2]
        outline = np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float64)
        corners = cv2.perspectiveTransform(outline, pose)[0]
        low, high = corners.min(axis=0), corners.max(axis=0)
        x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
        x1, y1 = min(self.size[0], int(high[0]) + 1), min(self.size[1], int(high[1]) + 1)
        if x1 - x0 < 8 or y1 - y0 < 8:
            return
        shift = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1.0]])
        warped = pixels(cv2.warpPerspective(sprite, shift @ pose, (x1 - x0, y1 - y0)))
        composite(image[y0:y1, x0:x1], self._optics(warped, presence), self._light[y0:y1, x0:x1])

    def _optics(self, sprite: Picture, presence: float) -> Picture:
        """Defocus and motion blur of the moving thing only; the desk was blurred once."""
        c = self.conditions
        if c.blur_sigma_px > 0.2:
            sprite = pixels(cv2.GaussianBlur(sprite, (0, 0), c.blur_sigma_px))
        if presence < 1:  # comes from below, and ever slower
            return pixels(cv2.blur(sprite, (1, 1 + int(26 * (1 - presence)))))
        if c.motion_px >= 2:
            sprite = pixels(cv2.filter2D(sprite, -1, streak(c.motion_px, float(self._phases[11]))))
        return sprite

    def _reflect(self, image: Picture, corners: Matrix, t: float) -> None:
        """A lamp mirrored by the laminate: a soft saturated blob that moves with the tilt."""
        p = self._phases
        along = 0.5 + 0.32 * np.sin(0.7 * t + p[3])
        across = 0.6 + 0.25 * np.sin(0.5 * t + p[7])
        top = corners[0] + (corners[1] - corners[0]) * along
        bottom = corners[3] + (corners[2] - corners[3]) * along
        x, y = top + (bottom - top) * across
        radius = int(0.16 * np.linalg.norm(corners[1] - corners[0]))
        spot = blob(radius, self.conditions.glare)
        left, upper = int(x) - radius, int(y) - radius // 2
        x0, y0 = max(0, left), max(0, upper)
        x1 = min(self.size[0], left + spot.shape[1])
        y1 = min(self.size[1], upper + spot.shape[0])
        if x1 > x0 and y1 > y0:
            part = image[y0:y1, x0:x1]
            cv2.add(part, spot[y0 - upper : y1 - upper, x0 - left : x1 - left], part)

    def _sense(self, image: Picture, rng: np.random.Generator) -> None:
        """Sensor noise, from a bank made once and read at a random place."""
        sigma = self.conditions.noise_sigma
        if sigma <= 0:
            return
        bank = noise_bank(self.size)
        dx, dy = int(rng.integers(0, 256)), int(rng.integers(0, 256))
        part = bank[dy : dy + self.size[1], dx : dx + self.size[0]]
        share = sigma / NOISE_SIGMA
        cv2.addWeighted(image, 1.0, part, share, -128.0 * share, image)


def render(
    subject: Subject | None,
    conditions: Conditions,
    rng: np.random.Generator,
    t: float = 0.0,
    size: tuple[int, int] = FRAME_SIZE,
) -> tuple[Picture, GroundTruth]:
    """One frame of one subject, all at once: for benches and tests.

    Deterministic: the same state of ``rng`` gives the same picture.
    """
    seeds = rng.integers(0, 2**31, 2)
    stage = Stage(subject, conditions, int(seeds[0]), size, int(seeds[1]))
    return stage.frame(t, rng)
