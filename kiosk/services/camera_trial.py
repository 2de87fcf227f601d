"""Tries a camera for some seconds: first how it delivers, then how documents are read from it.

Rules, in order:

1. Delivery is measured while nothing is read, so that slow reading is not taken for a slow camera.
2. Then every newest picture goes to the reader that the counter uses, as it is. After each document
   the reader begins again.
3. What interrupts a camera in use is counted by its code. One that is gone ends the trial.
4. Nothing is kept: no picture, no text of a zone or a code.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from kiosk.capture import guidance
from kiosk.capture.noise import noise_between
from kiosk.capture.quality import measure
from kiosk.documents.codes import classify
from kiosk.domain.errors import CameraUnpluggedError, CaptureError
from kiosk.domain.evidence import Side, Verdict
from kiosk.ports import Clock, Frame, FrameSource
from kiosk.services.camera_verdict import CameraMeasures

if TYPE_CHECKING:
    from kiosk.services.observation import Observation
    from kiosk.services.reading import LiveReader

DELIVERY_SHARE: Final = 1 / 3
DELIVERY_MS: Final = 3000
MAX_INTERRUPTIONS: Final = 20
_WAIT_MS: Final = 1000
_EXPOSURE_EVERY: Final = 10


@dataclass(slots=True)
class _Delivery:
    """How pictures came while nothing was read."""

    marks: list[tuple[int, int]] = field(default_factory=list)  # (number, ms)
    exposures: list[float] = field(default_factory=list)
    noises: list[float] = field(default_factory=list)
    last: Frame | None = None

    def take(self, frame: Frame) -> None:
        self.marks.append((frame.seq, frame.timestamp_ms))
        before, self.last = self.last, frame
        if len(self.marks) % _EXPOSURE_EVERY == 1:
            self.exposures.append(measure(frame.image).exposure)
        elif len(self.marks) % _EXPOSURE_EVERY == 2 and before is not None:
            noise = noise_between(before.image, frame.image)
            if noise is not None:
                self.noises.append(noise)


@dataclass(slots=True)
class _Sight:
    """What the reader saw."""

    times_ms: list[int] = field(default_factory=list)
    sharpness: list[float] = field(default_factory=list)
    glaring: int = 0
    shown: int = 0
    said_ms: Counter[guidance.Guidance] = field(default_factory=Counter)
    codes: dict[str, set[bytes]] = field(default_factory=dict)
    first_ms: int | None = None
    documents: int = 0
    plain: int = 0
    layouts: list[str] = field(default_factory=list)
    failed: int = 0

    def take(self, seen: Observation, lasted_ms: int) -> None:
        # The first sentence comes some pictures after the first look: before, nothing was said.
        settled = len(self.times_ms) > guidance.FRAMES_TO_CHANGE
        if settled and not self.documents and not self.plain and seen.reading is None:
            self.said_ms[seen.guidance] += lasted_ms
        for code in seen.codes:
            kind = classify(code.payload).kind.value
            self.codes.setdefault(kind, set()).add(code.payload)
        if seen.outline is not None:
            self.shown += 1
            self.sharpness.append(seen.quality.sharpness)
            self.glaring += seen.quality.glare > guidance.MAX_GLARE

    def count(self, seen: Observation, since_ms: int) -> None:
        """A reading was accepted; a side without a zone is no document."""
        if seen.reading is None:
            return
        document = seen.reading.document
        if document is None:
            self.plain += 1
            return
        self.documents += 1
        if self.first_ms is None:
            self.first_ms = since_ms
        if document.layout not in self.layouts:
            self.layouts.append(document.layout)
        self.failed += any(check.verdict is Verdict.FAIL for check in seen.reading.checks)


class CameraTrial:
    """One trial of one camera.

    Args:
        source: not started.
        reader: the live reader, its model loaded or not.
        clock: monotonic time.
        cpu_s: processor time of this program in seconds.
    """

    def __init__(
        self,
        source: FrameSource,
        reader: LiveReader,
        clock: Clock,
        cpu_s: Callable[[], float] = time.process_time,
    ) -> None:
        self._source, self._reader, self._clock, self._cpu_s = source, reader, clock, cpu_s
        self._interruptions: list[str] = []
        self._gone = False

    def run(self, seconds: float) -> CameraMeasures:
        """Open the camera, measure, close it.

        Raises:
            CaptureError: it does not open, or gave not one picture.
        """
        self._interruptions, self._gone = [], False
        delivery, sight = _Delivery(), _Sight()
        self._source.start()
        try:
            # Loading the model takes its time: not the camera's fault.
            first = self._source.read(_WAIT_MS * 2)
            self._reader.reset(Side.FRONT)
            self._reader.observe(first)
            self._reader.reset(Side.FRONT)
            began = self._clock.monotonic_ms()
            whole = round(seconds * 1000)
            self._deliver(delivery, began + min(DELIVERY_MS, round(whole * DELIVERY_SHARE)))
            cpu = self._cpu_s()
            self._read(sight, began + whole)
            cpu = self._cpu_s() - cpu
            lasted = self._clock.monotonic_ms() - began
        finally:
            self._source.stop()
        return self._measures(delivery, sight, delivery.last or first, (lasted / 1000, cpu))

    def _next(self) -> Frame | None:
        """The newest picture; None where there is none, and why is counted."""
        try:
            return self._source.read(_WAIT_MS)
        except CaptureError as exc:
            self._interruptions.append(exc.code)
            self._gone = isinstance(exc, CameraUnpluggedError) or (
                len(self._interruptions) >= MAX_INTERRUPTIONS
            )
            return None

    def _deliver(self, delivery: _Delivery, end_ms: int) -> None:
        while not self._gone and self._clock.monotonic_ms() < end_ms:
            frame = self._next()
            if frame is not None:
                delivery.take(frame)

    def _read(self, sight: _Sight, end_ms: int) -> None:
        began = before = self._clock.monotonic_ms()
        while not self._gone and self._clock.monotonic_ms() < end_ms:
            frame = self._next()
            if frame is None:
                continue
            start = self._clock.monotonic_ms()
            seen = self._reader.observe(frame)
            now = self._clock.monotonic_ms()
            sight.times_ms.append(now - start)
            sight.take(seen, now - before)
            before = now
            if seen.reading is not None:
                sight.count(seen, now - began)
                self._reader.reset(Side.FRONT)

    def _measures(
        self, delivery: _Delivery, sight: _Sight, frame: Frame, spent: tuple[float, float]
    ) -> CameraMeasures:
        rate, lost = pace_of(delivery.marks)
        exposures = delivery.exposures or [measure(frame.image).exposure]
        observed = len(sight.times_ms)
        times = sight.times_ms or [0]
        return CameraMeasures(
            name=self._source.name,
            seconds=spent[0],
            width=frame.image.shape[1],
            height=frame.image.shape[0],
            rate=rate,
            lost=lost,
            exposure=float(np.median(exposures)),
            noise=float(np.median(delivery.noises)) if delivery.noises else None,
            glare_share=sight.glaring / max(1, sight.shown),
            sharpness=float(np.median(sight.sharpness)) if sight.sharpness else None,
            observed=observed,
            reading_ms=float(np.median(times)),
            reading_p95_ms=float(np.percentile(times, 95)),
            cpu_ms=1000 * spent[1] / max(1, observed),
            shown_share=sight.shown / max(1, observed),
            first_document_ms=sight.first_ms,
            documents=sight.documents,
            plain_sides=sight.plain,
            layouts=tuple(sight.layouts),
            failed_checks=sight.failed,
            codes=tuple(sorted((kind, len(seen)) for kind, seen in sight.codes.items())),
            guidance=shares_of(sight.said_ms),
            interruptions=tuple(self._interruptions),
        )


def shares_of(times_ms: Counter[guidance.Guidance]) -> tuple[tuple[guidance.Guidance, float], ...]:
    """Shares of the whole, the largest first."""
    whole = max(1, times_ms.total())
    return tuple((said, spent / whole) for said, spent in times_ms.most_common())


def pace_of(marks: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Pictures a second, and the share that is missing at the camera's own pace.

    Args:
        marks: (number, milliseconds) of each picture taken; a jump in the numbers is a picture that
            came and was not taken, and counts as delivered.
    """
    if len(marks) < 2 or marks[-1][1] <= marks[0][1]:
        return 0.0, 0.0
    delivered = marks[-1][0] - marks[0][0]
    span = marks[-1][1] - marks[0][1]
    periods = [(b[1] - a[1]) / max(1, b[0] - a[0]) for a, b in pairwise(marks)]
    # The usual distance of two pictures: one that comes late and the next early cancel out.
    due = span / max(1.0, float(np.median(periods)))
    return 1000 * delivered / span, max(0.0, 1 - delivered / due)
