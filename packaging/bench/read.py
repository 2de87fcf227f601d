"""Benchmark: how surely and how fast specimens are read before the camera and from files.

    python packaging/bench/read.py [--json] [--quick] [--seed N] [--rounds N]
    python packaging/bench/read.py --folder DIR [--truth FILE] [--jobs N] [--json]

Live: each side that carries a zone is shown under seeded conditions for up to four seconds of
camera time. A frame that comes while the reader still works is dropped, as in the program, so slow
reading costs time here too. ``read`` counts readings accepted with the text exactly as drawn;
``wrong`` counts readings accepted with any other text: it must be 0. Files: one single frame, read
as ``visavis read`` does. The specimens are drawn with one OCR-B face: real documents will do worse.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402 - the path comes first
import numpy as np  # noqa: E402

from kiosk.devices.code_reader import ZxingCodeReader  # noqa: E402
from kiosk.devices.ocrb_reader import OcrbTextReader  # noqa: E402
from kiosk.devices.specimen_scene import Conditions, Stage, Subject  # noqa: E402
from kiosk.devices.specimens import Specimen, load_specimens  # noqa: E402
from kiosk.devices.text_reader import PaddleTextReader  # noqa: E402
from kiosk.domain.evidence import Side  # noqa: E402
from kiosk.ports import Frame, TextReader  # noqa: E402
from kiosk.services.file_reading import FileReader  # noqa: E402
from kiosk.services.reading import LiveReader  # noqa: E402

SEED = 20261125
FRAME_S = 1 / 30
Readers = tuple[TextReader, TextReader | None]
LIMIT_S = 4.0
PRESETS: dict[str, Callable[[np.random.Generator], Conditions]] = {
    "fair": Conditions.fair,
    "hard": Conditions.hard,
}


class FixedClock:
    """The day the specimens are meant for."""

    boot_id = "bench"

    def now(self) -> datetime:
        """Wall clock."""
        return datetime(2026, 11, 25, 9, tzinfo=UTC)

    def monotonic_ms(self) -> int:
        """Monotonic clock."""
        return time.monotonic_ns() // 1_000_000


@dataclass
class Tally:
    """Counts of one preset."""

    shown: int = 0
    read: int = 0
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    wrong_ones: list[str] = field(default_factory=list)

    def count(self, name: str, want: tuple[str, ...], got: tuple[str, ...] | None) -> None:
        """One showing: the text wanted, and the text accepted or None."""
        self.shown += 1
        if got is None:
            self.unread.append(name)
        elif got == want:
            self.read += 1
        else:
            self.wrong += 1
            self.wrong_ones.append(name)

    def figures(self) -> dict[str, Any]:
        """For the report."""
        ordered = sorted(self.seconds)
        rank = max(0, math.ceil(0.95 * len(ordered)) - 1)
        return {
            "shown": self.shown,
            "read": self.read,
            "read_rate": round(self.read / max(1, self.shown), 4),
            "accepted_but_wrong": self.wrong,
            "median_s": round(float(np.median(ordered)), 3) if ordered else None,
            "p95_s": round(ordered[rank], 3) if ordered else None,
            "not_read": self.unread,
            "wrong": self.wrong_ones,
        }


def zone_sides() -> list[tuple[Specimen, Side]]:
    """Every specimen with the side that carries its zone."""
    specimens = load_specimens(ROOT / "resources" / "specimens").values()
    return [(specimen, specimen.mrz_side) for specimen in specimens if specimen.mrz]


def show(live: LiveReader, stage: Stage, side: Side, rng: np.random.Generator) -> Any:
    """Show one side until it is accepted: the reading and the seconds of camera time, or None.

    A side whose check digits are wrong as drawn is accepted as read too: the text counts.
    """
    live.reset(Side.FRONT)
    live.reset(side)
    now, seq = 0.0, 0
    while now < LIMIT_S:
        frame = Frame(stage.frame(now, rng)[0], seq, round(now * 1000))
        start = time.perf_counter()
        reading = live.observe(frame).reading
        spent = time.perf_counter() - start
        if reading is not None:
            return reading, now + spent
        frames = max(1, math.ceil(spent / FRAME_S))
        now += frames * FRAME_S
        seq += frames
    return None


def bench_live(preset: str, rounds: int, seed: int, readers: Readers) -> Tally:
    """Every zone side, ``rounds`` times, in conditions drawn from the preset."""
    rng = np.random.default_rng(seed)
    first, second = readers
    live = LiveReader(first, ZxingCodeReader(), FixedClock(), second_reader=second)
    tally = Tally()
    for _ in range(rounds):
        for specimen, side in zone_sides():
            conditions = PRESETS[preset](rng)
            subject = Subject(specimen.picture(side), specimen.mrz_on(side))
            desk, pose = (int(n) for n in rng.integers(1 << 30, size=2))
            stage = Stage(subject, conditions, pose, desk_seed=desk)
            answer = show(live, stage, side, rng)
            got = None
            if answer is not None:
                reading, seconds = answer
                tally.seconds.append(seconds)
                got = reading.document.mrz if reading.document else ()
            tally.count(specimen.specimen_id, specimen.mrz, got)
    return tally


def bench_files(preset: str, rounds: int, seed: int, readers: Readers) -> Tally:
    """Single frames as files. Only certain readings count."""
    rng = np.random.default_rng(seed)
    first, second = readers
    codes = ZxingCodeReader(thorough=True)
    files = FileReader(first, codes, FixedClock(), second_reader=second)
    tally = Tally()
    for _ in range(rounds):
        for specimen, side in zone_sides():
            conditions = PRESETS[preset](rng)
            subject = Subject(specimen.picture(side), specimen.mrz_on(side))
            desk, pose = (int(n) for n in rng.integers(1 << 30, size=2))
            image, _ = Stage(subject, conditions, pose, desk_seed=desk).frame(0.0, rng)
            start = time.perf_counter()
            found = files.read([image])
            certain = [d.document.mrz for d in found.documents if d.accepted]
            if certain:
                tally.seconds.append(time.perf_counter() - start)
            tally.count(specimen.specimen_id, specimen.mrz, certain[0] if certain else None)
    return tally


def readers_of(name: str) -> Readers:
    """The program's pair, or one reader by itself for comparison."""
    paddle, ocrb = PaddleTextReader(), OcrbTextReader()
    pair: Readers = {"pair": (ocrb, paddle), "ocrb": (ocrb, None), "paddle": (paddle, None)}[name]
    for reader in pair:
        if reader is not None:
            reader.warm_up()
    return pair


def run(
    quick: bool = False, seed: int = SEED, rounds: int = 0, reader: str = "pair"
) -> dict[str, Any]:
    """Measure.

    Args:
        quick: one round instead of three.
        seed: of all conditions.
        rounds: how often each specimen is shown under each preset; 0 for the default.
        reader: ``pair`` as in the program, or ``ocrb`` or ``paddle`` alone.
    """
    cv2.setNumThreads(1)
    readers = readers_of(reader)
    rounds = rounds or (1 if quick else 3)
    figures: dict[str, Any] = {"seed": seed, "rounds": rounds, "limit_s": LIMIT_S, "reader": reader}
    for preset in PRESETS:
        figures[f"live_{preset}"] = bench_live(preset, rounds, seed, readers).figures()
        figures[f"file_{preset}"] = bench_files(preset, rounds, seed + 1, readers).figures()
    return figures


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Read rate and time.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--reader", choices=("pair", "ocrb", "paddle"), default="pair")
    parser.add_argument("--folder", help="read the files of a folder instead")
    parser.add_argument("--truth", help="with --folder: what is true of them, JSON lines")
    parser.add_argument("--jobs", type=int, default=0, help="with --folder: files at once")
    options = parser.parse_args()
    if options.folder:
        import folder  # beside this file

        return folder.main(options)
    figures = run(options.quick, options.seed, options.rounds, options.reader)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:12} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
