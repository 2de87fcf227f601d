"""Benchmark: how surely and how fast documents are read before the camera and from files.

    python packaging/bench/read.py [--json] [--quick] [--seed N] [--rounds N] [--crowd N] [--jobs N]
    python packaging/bench/read.py --frames 20000     so many frames, for wrong readings
    python packaging/bench/read.py --even-ms 50       one frame every 50 ms, however long one takes
    python packaging/bench/read.py --folder DIR [--truth FILE] [--jobs N] [--json]

Live: each side that carries a zone is shown under seeded conditions for at most two seconds of
camera time. A frame that comes while the reader still works is dropped, as in the program, so slow
reading costs time here too; on a machine that others use, their work counts with it. With
``--even-ms`` camera time goes on evenly instead: what is read then depends on the seed alone, and
figures of two versions or machines can be compared. Times are given twice: by the clock on the wall
and by the processor's, which other work on the machine does not lengthen.

``read`` counts readings accepted with the text exactly as drawn; ``accepted_but_wrong`` counts
readings accepted with any other text: it must be 0. Files: one single frame, read as
``visavis read`` does. Besides the specimens, a crowd of invented people is shown (``crowd.py``).
All are drawn with one OCR-B face: real documents will do worse.

The specimen whose zone was worn away on purpose counts for wrong readings, not for the read rate.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import cv2
import numpy as np
from sides import PRESETS, SEED, Shown, staged, zone_sides
from tally import Tally

from kiosk.bootstrap.hardware import load_readers
from kiosk.devices.specimen_scene import Stage
from kiosk.domain.evidence import Side
from kiosk.ports import Frame
from kiosk.services.file_reading import FileReader
from kiosk.services.observation import Observation
from kiosk.services.readers import Readers
from kiosk.services.reading import LiveReader

if TYPE_CHECKING:
    pass

FRAME_S = 1 / 30
LIMIT_S = 2.0
CROWD = 34
MAX_PRINT_FRAMES = 60


class FixedClock:
    """The day the specimens are meant for."""

    boot_id = "bench"

    def now(self) -> datetime:
        """Wall clock."""
        return datetime(2026, 11, 25, 9, tzinfo=UTC)

    def monotonic_ms(self) -> int:
        """Monotonic clock."""
        return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """One share of the work.

    Attributes:
        kind: ``live`` or ``file``.
        preset: name of the conditions.
        seed: of the conditions.
        rounds: how often each side is shown, at least.
        people: size of the crowd.
        frames: how many frames are looked at, at least.
        even_s: camera time between two live frames; 0: as long as the reader takes.
    """

    kind: str
    preset: str
    seed: int
    rounds: int
    people: int
    frames: int
    even_s: float


def observed(live: LiveReader, frame: Frame, tally: Tally) -> tuple[Observation, float]:
    """One frame seen, and the seconds that it took; counted."""
    start, busy = time.perf_counter(), time.process_time()
    seen = live.observe(frame)
    tally.cpu_ms.append((time.process_time() - busy) * 1000)
    spent = time.perf_counter() - start
    tally.attempts_ms.append(spent * 1000)
    tally.frames += 1
    return seen, spent


def show(
    live: LiveReader,
    stage: Stage,
    side: Shown,
    rng: np.random.Generator,
    tally: Tally,
    even_s: float = 0.0,
) -> Any:
    """Show one side until it is accepted: the reading and the seconds of camera time, or None.

    A side whose check digits are wrong as drawn is accepted as read too: the text counts.
    ``even_s``: camera time between two frames; 0: as long as the reader takes.
    """
    live.reset(Side.FRONT)
    live.reset(side.side)
    now, seq = 0.0, 0
    offered = None
    while now < LIMIT_S:
        frame = Frame(stage.frame(now, rng)[0], seq, round(now * 1000))
        seen, spent = observed(live, frame, tally)
        if seen.reading is not None:
            after_print(live, stage, rng, tally, (now, seq))
            return seen.reading, now + (even_s or spent)
        offered = seen.open_reading or offered
        frames = max(1, math.ceil((even_s or spent) / FRAME_S))
        now += even_s or frames * FRAME_S
        seq += frames
    if offered is not None:
        tally.offered += 1
        tally.offered_wrong += not _can_become(offered, side.mrz)
    return None


def after_print(
    live: LiveReader,
    stage: Stage,
    rng: np.random.Generator,
    tally: Tally,
    accepted: tuple[float, int],
) -> None:
    """The frames after acceptance, until the printed fields are read; they count as attempts too.

    ``accepted``: camera time and number of the frame.
    """
    now, seq = accepted
    for frames in range(1, MAX_PRINT_FRAMES + 1):
        now, seq = now + FRAME_S, seq + 1
        frame = Frame(stage.frame(now, rng)[0], seq, round(now * 1000))
        seen, _ = observed(live, frame, tally)
        if seen.printed or seen.reading is None or not seen.reading.print_follows:
            tally.print_frames.append(frames)
            return


def _can_become(offered: Any, want: tuple[str, ...]) -> bool:
    """Whether the agent's choice can make the text that stands on the document."""
    places = {(c.line, c.position): c.candidates for c in offered.open}
    return len(offered.lines) == len(want) and all(
        len(line) == len(true)
        and all(b in places.get((n, k), a) for k, (a, b) in enumerate(zip(line, true, strict=True)))
        for n, (line, true) in enumerate(zip(offered.lines, want, strict=True))
    )


def bench_live(task: Task, sides: list[Shown], readers: Readers) -> Tally:
    """Every side, ``rounds`` times or until ``frames`` frames, in conditions from the preset."""
    live = LiveReader(readers, FixedClock())
    tally = Tally()
    done = showings = 0
    while done < task.rounds or tally.frames < task.frames:
        for side in sides:
            # Each showing has a seed of its own: how long one lasts changes no other one.
            rng = np.random.default_rng([task.seed, showings])
            showings += 1
            stage = staged(side, task.preset, rng)
            answer = show(live, stage, side, rng, tally, task.even_s)
            got = None
            if answer is not None:
                reading, seconds = answer
                tally.seconds.append(seconds)
                got = reading.document.mrz if reading.document else ()
            tally.count(side, got)
            if done >= task.rounds and tally.frames >= task.frames:
                break
        done += 1
    return tally


def bench_files(task: Task, sides: list[Shown], readers: Readers) -> Tally:
    """Single frames as files. Only certain readings count."""
    rng = np.random.default_rng(task.seed)
    files = FileReader(readers, FixedClock())
    tally = Tally()
    done = 0
    while done < task.rounds or tally.frames < task.frames:
        for side in sides:
            image, _ = staged(side, task.preset, rng).frame(0.0, rng)
            start, busy = time.perf_counter(), time.process_time()
            found = files.read([image])
            tally.cpu_ms.append((time.process_time() - busy) * 1000)
            spent = time.perf_counter() - start
            tally.frames += 1
            tally.attempts_ms.append(spent * 1000)
            certain = [d.document.mrz for d in found.documents if d.accepted]
            if certain:
                tally.seconds.append(spent)
            tally.count(side, certain[0] if certain else None)
        done += 1
    return tally


def _part(task: Task) -> Tally:
    """One share of the work, in a process of its own."""
    cv2.setNumThreads(1)
    readers = load_readers(thorough=task.kind == "file")
    readers.warm_up()
    bench = bench_live if task.kind == "live" else bench_files
    # The people do not change with the share: only light and pose do.
    return bench(task, zone_sides(task.people), readers)


def run(
    quick: bool = False,
    seed: int = SEED,
    rounds: int = 0,
    people: int = CROWD,
    jobs: int = 1,
    frames: int = 0,
    even_ms: float = 0.0,
) -> dict[str, Any]:
    """Measure.

    Args:
        quick: the specimens alone, once.
        seed: of all conditions.
        rounds: how often each side is shown under each preset; 0 for the default.
        people: size of the crowd.
        jobs: processes at once; times are honest only with one.
        frames: live frames under each preset at least, instead of rounds.
        even_ms: camera time between two live frames; 0: as long as the reader takes.
    """
    people = 0 if quick else people
    rounds = rounds or (0 if frames else 1)
    figures: dict[str, Any] = {
        "seed": seed, "rounds": rounds, "crowd": people, "limit_s": LIMIT_S, "jobs": jobs,
        "even_ms": even_ms,
    }  # fmt: skip
    kinds = ("live",) if frames else ("live", "file")
    with ProcessPoolExecutor(jobs) as pool:
        for kind in kinds:
            for preset in PRESETS:
                tasks = [
                    Task(
                        kind,
                        preset,
                        seed + 1000 * share,
                        rounds,
                        people,
                        frames // jobs,
                        even_ms / 1000,
                    )
                    for share in range(jobs)
                ]
                total = Tally()
                for part in pool.map(_part, tasks):
                    total.add(part)
                figures[f"{kind}_{preset}"] = total.figures()
    return figures


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Read rate and time.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--crowd", type=int, default=CROWD)
    parser.add_argument("--jobs", type=int, default=0, help="processes at once")
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("--even-ms", type=float, default=0.0)
    parser.add_argument("--folder", help="read the files of a folder instead")
    parser.add_argument("--truth", help="with --folder: what is true of them, JSON lines")
    options = parser.parse_args()
    if options.folder:
        import folder  # beside this file

        return folder.main(options)
    figures = run(
        options.quick,
        options.seed,
        options.rounds,
        options.crowd,
        options.jobs or 1,
        options.frames,
        options.even_ms,
    )
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:12} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
