"""Whether a camera will do for reading documents, and what would make it better.

Rules, in order:

1. What was measured is one value, :class:`CameraMeasures`; the verdict follows from it alone.
2. ``UNFIT``: documents cannot be read with this camera as it stands. ``LIMITS``: they can, but
   slower or less surely. ``FIT``: nothing stands against it, and a document was read.
3. Nothing is praised that was not seen: where no document was shown, the verdict is ``LIMITS``.
4. Reasons come in the order in which they should be mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from kiosk.capture import guidance
from kiosk.capture.guidance import Guidance

FEW_IMAGES, TOO_FEW_IMAGES = 15.0, 5.0
"""Images a second: a reading needs several that agree, and a person does not wait long."""
SMALL_WIDTH, TOO_SMALL_WIDTH = 1280, 640
LOSSES = 0.10
BRIGHT = 0.90
NOISY = 8.0
GLARE_SHARE = 0.30
DIM = 0.22
SHOWN_SHARE = 0.20
SLOW_READING_MS = 400.0


class Grade(StrEnum):
    """The verdict; keys of the texts."""

    FIT = "fit"
    LIMITS = "limits"
    UNFIT = "unfit"


class TrialReason(StrEnum):
    """What stands against a camera; keys of the texts."""

    INTERRUPTED = "interrupted"
    SMALL = "small"
    DARK = "dark"
    SLOW_LIGHT = "slow-light"
    SLOW = "slow"
    LOSSES = "losses"
    BRIGHT = "bright"
    GLARE = "glare"
    NOISY = "noisy"
    BLURRED = "blurred"
    SLOW_READING = "slow-reading"
    PLAIN_SIDE = "plain-side"
    NOT_SHOWN = "not-shown"
    NOT_READ = "not-read"


@dataclass(frozen=True, slots=True)
class CameraMeasures:
    """What a trial measured. Nothing here tells of a person.

    Attributes:
        name: of the camera.
        seconds: how long the trial lasted.
        width: of the pictures, px.
        height: of the pictures, px.
        rate: pictures a second that the camera delivers.
        lost: share of the pictures that the camera should have delivered at its own pace, 0 to 1.
        exposure: mean grey, 0 to 1.
        noise: grey levels; None where it could not be measured.
        glare_share: share of the pictures with a document where glare disturbs, 0 to 1.
        sharpness: median where a zone or document was in sight, 0 to 1; None where none was.
        observed: pictures that were read.
        reading_ms: median time to read one picture.
        reading_p95_ms: 95th percentile of the same.
        cpu_ms: time of the processor for one picture read, all threads of the program.
        shown_share: share of the pictures with a document in sight, 0 to 1.
        first_document_ms: from the start of reading to the first document read; None without one.
        documents: how often a document was read.
        plain_sides: how often a side without a zone was accepted.
        layouts: of the documents read, each once.
        failed_checks: documents read whose check digits do not hold.
        codes: kinds of codes seen and how many different ones of each.
        guidance: sentences for the agent and their share of the time until the first reading, or of
            all of it; the longest first.
        interruptions: codes of the errors that came in between, in order.
    """

    name: str
    seconds: float
    width: int
    height: int
    rate: float
    lost: float
    exposure: float
    noise: float | None
    glare_share: float
    sharpness: float | None
    observed: int
    reading_ms: float
    reading_p95_ms: float
    cpu_ms: float
    shown_share: float
    first_document_ms: int | None
    documents: int
    plain_sides: int
    layouts: tuple[str, ...]
    failed_checks: int
    codes: tuple[tuple[str, int], ...]
    guidance: tuple[tuple[Guidance, float], ...]
    interruptions: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """With the numbers rounded to what they are worth."""
        values = {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        values["codes"] = dict(self.codes)
        values["guidance"] = {said.value: round(share, 3) for said, share in self.guidance}
        return values


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """The grade and its reasons."""

    grade: Grade
    reasons: tuple[TrialReason, ...]


_ALWAYS_UNFIT: Final = frozenset({TrialReason.INTERRUPTED, TrialReason.NOT_READ})


def judge(measures: CameraMeasures) -> TrialVerdict:
    """The verdict on what was measured."""
    reasons = tuple(_reasons(measures))
    unfit = (
        bool(_ALWAYS_UNFIT & set(reasons))
        or measures.width < TOO_SMALL_WIDTH
        or measures.rate < TOO_FEW_IMAGES
    )
    if unfit:
        return TrialVerdict(Grade.UNFIT, reasons)
    return TrialVerdict(Grade.LIMITS if reasons else Grade.FIT, reasons)


def _reasons(measures: CameraMeasures) -> Iterator[TrialReason]:
    few = measures.rate < FEW_IMAGES
    dim = measures.exposure < DIM  # many cameras take fewer pictures where there is little light
    shown = measures.shown_share > SHOWN_SHARE
    unread = not measures.documents
    holds = {
        TrialReason.INTERRUPTED: bool(measures.interruptions),
        TrialReason.SMALL: measures.width < SMALL_WIDTH,
        TrialReason.DARK: measures.exposure < guidance.MIN_EXPOSURE,
        TrialReason.SLOW_LIGHT: few and dim,
        TrialReason.SLOW: few and not dim,
        TrialReason.LOSSES: not few and measures.lost > LOSSES,
        TrialReason.BRIGHT: measures.exposure > BRIGHT,
        TrialReason.GLARE: measures.glare_share > GLARE_SHARE,
        TrialReason.NOISY: (measures.noise or 0.0) > NOISY,
        TrialReason.BLURRED: (
            measures.sharpness is not None and measures.sharpness < guidance.MIN_SHARPNESS
        ),
        TrialReason.SLOW_READING: measures.reading_ms > SLOW_READING_MS,
        TrialReason.PLAIN_SIDE: unread and measures.plain_sides > 0,
        TrialReason.NOT_SHOWN: unread and not measures.plain_sides and not shown,
        TrialReason.NOT_READ: unread and not measures.plain_sides and shown,
    }
    return (reason for reason, does in holds.items() if does)
