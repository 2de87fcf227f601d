"""One sentence for the agent: the most useful one, calm, never flickering.

The order is the order of usefulness: first what makes everything else pointless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.capture.quality import Quality

MIN_CARD_SHARE = 0.36
MIN_LETTER_PX = 8.0
MIN_EXPOSURE = 0.13
MAX_GLARE = 0.012
MIN_SHARPNESS = 0.10
MIN_ZONE_SEEN = 0.88
FRAMES_TO_CHANGE = 4
"""Frames for which another sentence must have been right; before them the first one is none."""


class Guidance(StrEnum):
    """What to tell the agent; keys of the texts."""

    NO_DOCUMENT = "no-document"
    TOO_DARK = "too-dark"
    CLOSER = "closer"
    WRONG_SIDE = "wrong-side"
    GLARE = "glare"
    HAND_ON_ZONE = "hand-on-zone"
    BLURRED = "blurred"
    HOLD_STILL = "hold-still"
    FORBIDDEN = "forbidden"
    READING = "reading"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of one frame.

    Attributes:
        card_share: width of the document as a share of the frame's, or None when none is seen.
        letter_px: pixels a letter of the zone takes, or None without a zone.
        quality: of document and zone.
        zone_expected: this side carries a zone.
        zone_found: a zone is in sight.
        zone_seen: share of it that nothing hides, 0 to 1.
        portrait_found: None where nobody looked.
        stable_frames: for how many frames the document has lain still.
    """

    card_share: float | None
    letter_px: float | None
    quality: Quality
    zone_expected: bool
    zone_found: bool
    zone_seen: float
    portrait_found: bool | None
    stable_frames: int


def judge(scene: Scene) -> Guidance:
    """The most useful sentence for this one frame."""
    if scene.card_share is None and not scene.zone_found:
        dark = scene.quality.exposure < MIN_EXPOSURE / 2
        return Guidance.TOO_DARK if dark else Guidance.NO_DOCUMENT
    small_card = scene.card_share is not None and scene.card_share < MIN_CARD_SHARE
    small_text = scene.letter_px is not None and scene.letter_px < MIN_LETTER_PX
    if small_text or (small_card and not scene.zone_found):
        return Guidance.CLOSER
    if scene.quality.exposure < MIN_EXPOSURE:
        return Guidance.TOO_DARK
    if _wrong_side(scene):
        return Guidance.WRONG_SIDE
    if scene.quality.glare > MAX_GLARE:
        return Guidance.GLARE
    if scene.zone_found and scene.zone_seen < MIN_ZONE_SEEN:
        return Guidance.HAND_ON_ZONE
    # Measured on a zone only: other print is too sparse to tell blur from dim light.
    if scene.zone_found and scene.quality.sharpness < MIN_SHARPNESS:
        return Guidance.BLURRED
    return Guidance.READING if scene.stable_frames >= 2 else Guidance.HOLD_STILL


def _wrong_side(scene: Scene) -> bool:
    if scene.zone_expected:
        return bool(scene.portrait_found) and not scene.zone_found
    return scene.zone_found and scene.portrait_found is False


class Voice:
    """Keeps a sentence until another one has been right for some frames."""

    def __init__(self) -> None:
        self._said = Guidance.NO_DOCUMENT
        self._next = Guidance.NO_DOCUMENT
        self._count = 0

    def say(self, wanted: Guidance) -> Guidance:
        """The sentence to show."""
        if wanted is Guidance.DONE:
            self._said = wanted
        elif wanted is self._said:
            self._count = 0
        elif wanted is self._next:
            self._count += 1
            if self._count >= FRAMES_TO_CHANGE:
                self._said, self._count = wanted, 0
        else:
            self._next, self._count = wanted, 1
        return self._said

    def reset(self) -> None:
        """Begin again."""
        self._said = self._next = Guidance.NO_DOCUMENT
        self._count = 0
