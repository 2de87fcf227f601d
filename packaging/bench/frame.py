"""Benchmark: what one 1280x720 camera frame costs before the camera.

    python packaging/bench/frame.py [--json] [--quick]

``guidance`` is what every frame pays: outline, line finder, quality. ``codes`` is the search for
codes, paid by a part of the frames. ``reading`` is recognition of a zone found. ``observe`` is the
whole of ``LiveReader.observe`` on frames of a document that is being read.
One thread; frames are drawn beforehand.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402 - the path comes first
import numpy as np  # noqa: E402

from kiosk.capture.outline import find_outline  # noqa: E402
from kiosk.capture.picture import grey_of  # noqa: E402
from kiosk.capture.quality import measure  # noqa: E402
from kiosk.devices.code_reader import ZxingCodeReader  # noqa: E402
from kiosk.devices.ocrb_reader import OcrbTextReader  # noqa: E402
from kiosk.devices.specimen_scene import Conditions, Stage, Subject, render  # noqa: E402
from kiosk.devices.specimens import load_specimens  # noqa: E402
from kiosk.devices.text_reader import PaddleTextReader  # noqa: E402
from kiosk.domain.evidence import Side  # noqa: E402
from kiosk.ports import Frame  # noqa: E402
from kiosk.services.reading import LiveReader  # noqa: E402
from kiosk.services.zone_reading import ZoneReader  # noqa: E402

if TYPE_CHECKING:
    from kiosk.ports import Picture

SEED = 20261125
GOAL_GUIDANCE_P95_MS = 33


class FixedClock:
    """The day the specimens are meant for."""

    boot_id = "bench"

    def now(self) -> datetime:
        """Wall clock."""
        return datetime(2026, 11, 25, 9, tzinfo=UTC)

    def monotonic_ms(self) -> int:
        """Monotonic clock."""
        return time.monotonic_ns() // 1_000_000


def draw_frames(count: int) -> list[Picture]:
    """Frames of all specimens in fair and hard conditions, in turn."""
    rng = np.random.default_rng(SEED)
    sides = [
        (specimen, side)
        for specimen in load_specimens(ROOT / "resources" / "specimens").values()
        for side in specimen.files
    ]
    frames = []
    for index in range(count):
        specimen, side = sides[index % len(sides)]
        conditions = (Conditions.fair, Conditions.hard)[index % 2](rng)
        subject = Subject(specimen.picture(side), specimen.mrz_on(side))
        frames.append(render(subject, conditions, rng)[0])
    return frames


def timed(work: Callable[..., object], *arguments: object) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - start) * 1000


def summary(milliseconds: list[float]) -> dict[str, float]:
    """Median and nearest-rank 95th percentile, ms."""
    ordered = sorted(milliseconds)
    rank = max(0, math.ceil(0.95 * len(ordered)) - 1)
    return {
        "median_ms": round(float(np.median(ordered)), 2),
        "p95_ms": round(ordered[rank], 2),
    }


def guidance_times(frames: list[Picture], zones: ZoneReader) -> dict[str, list[float]]:
    """What every frame pays, by part."""
    times: dict[str, list[float]] = {"outline": [], "zone": [], "quality": [], "guidance": []}
    for frame in frames:
        start = time.perf_counter()
        outline = find_outline(frame)
        after_outline = time.perf_counter()
        zone = zones.find(grey_of(frame), outline, thorough=False)
        after_zone = time.perf_counter()
        measure(frame, outline, zone.corners)
        end = time.perf_counter()
        for name, seconds in (
            ("outline", after_outline - start),
            ("zone", after_zone - after_outline),
            ("quality", end - after_zone),
            ("guidance", end - start),
        ):
            times[name].append(seconds * 1000)
    return times


def reading_times(frames: list[Picture], zones: ZoneReader) -> list[float]:
    """Recognition and decoding of the zones found."""
    times = []
    for frame in frames:
        finding = zones.find(grey_of(frame), find_outline(frame), thorough=False)
        if finding.found:
            times.append(timed(finding.read))
    return times


def observe_times(frames_each: int, first: OcrbTextReader, second: PaddleTextReader) -> list[float]:
    """Whole observations, the way the camera's thread makes them."""
    rng = np.random.default_rng(SEED)
    live = LiveReader(first, ZxingCodeReader(), FixedClock(), second_reader=second)
    times = []
    for specimen in load_specimens(ROOT / "resources" / "specimens").values():
        side = specimen.mrz_side
        subject = Subject(specimen.picture(side), specimen.mrz_on(side))
        stage = Stage(subject, Conditions.fair(rng), int(rng.integers(1 << 30)))
        live.reset(Side.FRONT)
        live.reset(side)
        for index in range(frames_each):
            frame = Frame(stage.frame(index / 30, rng)[0], index, index * 33)
            times.append(timed(live.observe, frame))
    return times


def run(quick: bool = False) -> dict[str, Any]:
    """Measure.

    Args:
        quick: a quarter of the frames.
    """
    cv2.setNumThreads(1)
    frames = draw_frames(30 if quick else 120)
    first, second = OcrbTextReader(), PaddleTextReader()
    first.warm_up()
    second.warm_up()
    zones = ZoneReader(first)
    codes = ZxingCodeReader()
    guidance_times(frames[:3], zones)  # caches warm
    times = guidance_times(frames, zones)
    figures: dict[str, Any] = {
        "frames": len(frames),
        "size": "1280x720",
        "goal_guidance_p95_ms": GOAL_GUIDANCE_P95_MS,
        **{name: summary(values) for name, values in times.items()},
        "codes": summary([timed(codes.read, frame) for frame in frames]),
        "reading": summary(reading_times(frames[: len(frames) // 2], zones)),
        "observe": summary(observe_times(6 if quick else 12, first, second)),
    }
    return figures


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Cost of one camera frame.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    figures = run(options.quick)
    if options.json:
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        print(f"{name:22} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
