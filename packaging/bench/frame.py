"""Benchmark: what one 1280x720 camera frame costs before the camera.

    python packaging/bench/frame.py [--json] [--quick]

``guidance`` is what every frame pays: finder, outline, lines of the zone, quality. ``codes`` is the
search for codes, paid by a part of the frames. ``reading`` is recognition of a zone found.
``observe`` is the whole of ``LiveReader.observe`` on frames of a document that is being read.
One thread; frames are drawn beforehand.
"""

from __future__ import annotations

import argparse
import itertools
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

import cv2
import numpy as np

from kiosk.bootstrap.hardware import load_readers
from kiosk.capture.outline import refined
from kiosk.capture.picture import grey_of
from kiosk.capture.quality import measure
from kiosk.devices.specimen_scene import Conditions, Stage, Subject, render
from kiosk.devices.specimens import load_specimens
from kiosk.domain.evidence import Side
from kiosk.ports import Frame
from kiosk.services.readers import Readers
from kiosk.services.reading import LiveReader
from kiosk.services.zone_reading import ZoneReader

if TYPE_CHECKING:
    from kiosk.ports import Picture

SEED = 20261125
GOAL_GUIDANCE_MEDIAN_MS = 15
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


def guidance_times(frames: list[Picture], readers: Readers) -> dict[str, list[float]]:
    """What every frame pays, by part: a document that is followed from frame to frame."""
    parts = ("grey", "finder", "outline", "lines", "quality", "guidance")
    times: dict[str, list[float]] = {name: [] for name in parts}
    zones = ZoneReader(readers.text)
    for frame in frames:
        marks = [time.perf_counter()]
        grey = grey_of(frame)
        marks.append(time.perf_counter())
        location = readers.finder.find(grey)
        marks.append(time.perf_counter())
        place = location.document
        outline = None if place is None else refined(grey, place.corners, place.corners)
        marks.append(time.perf_counter())
        zone = zones.find(grey, location.zone)
        marks.append(time.perf_counter())
        measure(frame, outline, zone.corners)
        marks.append(time.perf_counter())
        spent = [b - a for a, b in itertools.pairwise(marks)]
        for name, seconds in zip(parts, [*spent, marks[-1] - marks[0]], strict=True):
            times[name].append(seconds * 1000)
    return times


def reading_times(frames: list[Picture], readers: Readers) -> list[float]:
    """Recognition and decoding of the zones found."""
    zones = ZoneReader(readers.text)
    times = []
    for frame in frames:
        grey = grey_of(frame)
        finding = zones.find(grey, readers.finder.find(grey).zone)
        if finding.zones:
            times.append(timed(zones.read, finding))
    return times


def observe_times(frames_each: int, readers: Readers) -> dict[str, list[float]]:
    """Whole observations until each document is accepted, and after that."""
    rng = np.random.default_rng(SEED)
    live = LiveReader(readers, FixedClock())
    times: dict[str, list[float]] = {"observe": [], "observe_after": []}
    for specimen in load_specimens(ROOT / "resources" / "specimens").values():
        side = specimen.mrz_side
        subject = Subject(specimen.picture(side), specimen.mrz_on(side))
        stage = Stage(subject, Conditions.fair(rng), int(rng.integers(1 << 30)))
        live.reset(Side.FRONT)
        live.reset(side)
        done = False
        for index in range(frames_each):
            frame = Frame(stage.frame(index / 30, rng)[0], index, index * 33)
            start = time.perf_counter()
            seen = live.observe(frame)
            spent = (time.perf_counter() - start) * 1000
            times["observe_after" if done else "observe"].append(spent)
            done = seen.reading is not None
    return times


def run(quick: bool = False) -> dict[str, Any]:
    """Measure.

    Args:
        quick: a quarter of the frames.
    """
    cv2.setNumThreads(1)
    frames = draw_frames(30 if quick else 120)
    readers = load_readers()
    readers.warm_up()
    guidance_times(frames[:3], readers)  # caches warm
    times = guidance_times(frames, readers)
    figures: dict[str, Any] = {
        "frames": len(frames),
        "size": "1280x720",
        "goal_guidance_median_ms": GOAL_GUIDANCE_MEDIAN_MS,
        "goal_guidance_p95_ms": GOAL_GUIDANCE_P95_MS,
        **{name: summary(values) for name, values in times.items()},
        "codes": summary([timed(readers.codes.read, frame) for frame in frames]),
        "reading": summary(reading_times(frames[: len(frames) // 2], readers)),
    }
    for name, values in observe_times(6 if quick else 12, readers).items():
        figures[name] = summary(values)
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
