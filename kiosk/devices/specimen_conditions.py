"""What stands between a document and a good picture of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from kiosk.devices.specimen_props import Background, Hand


@dataclass(frozen=True, slots=True)
class Conditions:
    """What stands between a document and a good picture of it.

    Attributes:
        card_width: width of the document as a share of the frame's width (less where the document
            would be higher than the frame).
        blur_sigma_px: defocus, standard deviation in pixels of the frame.
        motion_px: length of the motion blur.
        noise_sigma: sensor noise, standard deviation in grey levels.
        light: exposure, 1 is right, 0.3 is dim.
        unevenness: how much darker one side of the frame is, 0 to 1.
        glare: strength of one bright reflection on the document, 0 none, 1 saturated.
        tilt_deg: leaning away from the camera (perspective).
        rotation_deg: turned in the plane of the desk.
        drift_px: how far the hand-held pose wanders.
        hand: whether and where a hand holds the document.
        jpeg_quality: quality of the camera's own compression, 0 for none.
    """

    card_width: float = 0.60
    blur_sigma_px: float = 0.6
    motion_px: float = 0.0
    noise_sigma: float = 3.0
    light: float = 1.0
    unevenness: float = 0.15
    glare: float = 0.0
    tilt_deg: float = 4.0
    rotation_deg: float = 1.5
    drift_px: float = 5.0
    background: Background = Background.MAT
    hand: Hand = Hand.NONE
    jpeg_quality: int = 90

    @classmethod
    def fair(cls, rng: np.random.Generator | None = None) -> Conditions:
        """A document that any camera should read: drawn from the whole range, or a typical case.

        The range: card at least 45 % of the width, blur up to 1.5 px, motion up to 5 px, light at
        least 0.3, no glare.
        """
        if rng is None:
            return cls()
        return cls(
            card_width=float(rng.uniform(0.45, 0.78)),
            blur_sigma_px=float(rng.uniform(0.3, 1.5)),
            motion_px=float(rng.uniform(0.0, 5.0)),
            noise_sigma=float(rng.uniform(1.0, 8.0)),
            light=float(rng.uniform(0.3, 1.1)),
            unevenness=float(rng.uniform(0.0, 0.35)),
            glare=0.0,
            tilt_deg=float(rng.uniform(-20, 20)),
            rotation_deg=float(rng.uniform(-8, 8)),
            background=Background(rng.choice([b.value for b in Background])),
            hand=Hand.EDGE if rng.random() < 0.25 else Hand.NONE,
            jpeg_quality=int(rng.integers(70, 95)),
        )

    @classmethod
    def hard(cls, rng: np.random.Generator | None = None) -> Conditions:
        """A document that asks for patience: two things at once are worse than fair.

        With ``rng`` two of the adversities of :func:`adversities` are laid over fair conditions,
        without it a typical case on a cluttered desk.
        """
        if rng is None:
            return cls(
                card_width=0.48,
                blur_sigma_px=1.3,
                motion_px=4.0,
                noise_sigma=10.0,
                light=0.35,
                unevenness=0.4,
                glare=0.4,
                tilt_deg=22,
                rotation_deg=8,
                background=Background.CLUTTER,
                hand=Hand.EDGE,
                jpeg_quality=65,
            )
        fair = cls.fair(rng)
        fair = replace(fair, drift_px=9.0, blur_sigma_px=min(fair.blur_sigma_px, 1.0))
        drawn = adversities(rng)
        for index in rng.choice(len(drawn), size=2, replace=False):
            fair = drawn[int(index)](fair)
        return fair


def adversities(rng: np.random.Generator) -> tuple[Callable[[Conditions], Conditions], ...]:
    """Ways in which conditions are worse than fair; each changes one thing."""
    sign = float(rng.choice((-1.0, 1.0)))
    changes: tuple[dict[str, Any], ...] = (
        {"card_width": float(rng.uniform(0.36, 0.45))},
        {"blur_sigma_px": float(rng.uniform(1.5, 2.2))},
        {"motion_px": float(rng.uniform(5.0, 9.0))},
        {"light": float(rng.uniform(0.16, 0.3)), "unevenness": 0.4},
        {"noise_sigma": float(rng.uniform(8.0, 18.0))},
        {"glare": float(rng.uniform(0.3, 0.8))},
        {"tilt_deg": sign * float(rng.uniform(20, 35))},
        {"rotation_deg": sign * float(rng.uniform(8, 15))},
        {"background": Background.CLUTTER, "jpeg_quality": int(rng.integers(30, 60))},
    )
    return tuple(partial(_changed, change) for change in changes)


def _changed(change: dict[str, Any], conditions: Conditions) -> Conditions:
    return replace(conditions, **change)
