"""Benchmark: how many printed fields are offered, and whether any is wrong.

    python packaging/bench/printed.py [--json] [--quick] [--seed N] [--rounds N]

Each side is shown under seeded fair conditions until the live reader accepts it, as in ``read.py``;
its printed fields are then settled with the zone of the same document, as in a case. ``right`` and
``wrong`` count values offered as sure: ``wrong`` must be 0. ``none`` counts fields of the layout
that are left to the agent. ``contradicted`` counts values reported as contradicting the zone, where
nothing was tampered with. Sides that are not accepted in time are not counted. The places of fields
are those of the specimens themselves: real documents will be read less often. Each showing has its
own conditions, whatever the showings before it took: two versions are compared in the same ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import cv2
import numpy as np
from read import FixedClock

from kiosk.bootstrap.hardware import load_readers
from kiosk.capture.picture import Picture
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import Specimen, load_specimens
from kiosk.documents import mrz
from kiosk.documents.printed_layouts import load_printed
from kiosk.documents.printed_values import compare_with_zone, settle
from kiosk.domain.evidence import IdentityDocument, Side, Verdict
from kiosk.ports import Frame
from kiosk.services.reading import LiveReader

SEED = 20261126
FRAMES = 60
DATA = ROOT / "resources" / "documents" / "printed.toml"


@dataclass
class Count:
    """One field."""

    right: int = 0
    wrong: int = 0
    none: int = 0
    contradicted: int = 0


def truth(specimen: Specimen, name: str) -> str:
    """What is printed, in the form in which values are kept."""
    holder = specimen.holder
    return {
        "surname": holder.surname.upper(),
        "given_names": ", ".join(holder.given_names),
        "birth_date": holder.birth_date,
        "birth_place": holder.birth_place,
        "document_number": specimen.number,
        "issue_date": specimen.issued,
        "expiry_date": specimen.expires,
    }[name]


def accepted_side(
    live: LiveReader, specimen: Specimen, side: Side, rng: np.random.Generator
) -> Picture | None:
    """The straightened picture of an accepted side, or None."""
    subject = Subject(specimen.picture(side), specimen.mrz_on(side))
    desk, pose = (int(n) for n in rng.integers(1 << 30, size=2))
    stage = Stage(subject, Conditions.fair(rng), pose, desk_seed=desk)
    live.reset(Side.FRONT)
    if side is Side.BACK:
        if specimen.mrz_side is Side.FRONT:
            _show_front(live, specimen, rng)
        live.reset(Side.BACK)
    for index in range(FRAMES):
        seen = live.observe(Frame(stage.frame(index / 30, rng)[0], index, index * 33))
        if seen.reading is not None:
            return seen.best_image if seen.reading.side is side else None
    return None


def _show_front(live: LiveReader, specimen: Specimen, rng: np.random.Generator) -> None:
    """An easy front, so that the reader knows that the zone was there."""
    subject = Subject(specimen.picture(Side.FRONT), specimen.mrz_on(Side.FRONT))
    stage = Stage(subject, Conditions.fair(), 5)
    for index in range(FRAMES):
        if live.observe(Frame(stage.frame(index / 30, rng)[0], index, index * 33)).reading:
            return


def run(quick: bool = False, seed: int = SEED, rounds: int = 0) -> dict[str, Any]:
    """Measure.

    Args:
        quick: one round instead of three.
        seed: of all conditions.
        rounds: how often each side is shown; 0 for the default.
    """
    cv2.setNumThreads(1)
    rounds = rounds or (1 if quick else 3)
    clock, readers = FixedClock(), load_readers()
    readers.warm_up()
    printed = readers.printed
    if printed is None:
        raise SystemExit("no reader of print")
    live = LiveReader(readers, clock)
    layouts = load_printed(DATA.read_bytes())
    counts: dict[str, Count] = {}
    wrong, spent, shown, accepted = [], [], 0, 0
    specimens = load_specimens(ROOT / "resources" / "specimens")
    for turn in range(rounds):
        for number, specimen in enumerate(specimens.values()):
            zone = mrz.parse(specimen.mrz, clock.now().date()).document
            for side in specimen.files:
                layout = layouts.of(specimen.kind, side)
                shown += 1
                rng = np.random.default_rng([seed, turn, number, int(side is Side.BACK)])
                card = accepted_side(live, specimen, side, rng) if layout else None
                if layout is None or card is None:
                    continue
                accepted += 1
                known: IdentityDocument | None = zone
                if side is Side.FRONT and specimen.mrz_side is Side.BACK:
                    known = None  # the zone comes after this side
                start = time.perf_counter()
                fields = printed.read(card, specimen.kind, side, known)
                spent.append((time.perf_counter() - start) * 1000)
                values = {v.name: v for v in settle([f.value for f in fields if f.text], zone)}
                for place in layout.fields:
                    count = counts.setdefault(f"{place.name}.{side.value}", Count())
                    value = values.get(place.name)
                    if value is None or not value.sure:
                        count.none += 1
                        verdict = value and compare_with_zone(value.name, value.text, zone).verdict
                        count.contradicted += verdict is Verdict.FAIL
                    elif value.text == truth(specimen, place.name):
                        count.right += 1
                    else:
                        count.wrong += 1
                        wrong.append(f"{specimen.specimen_id} {side.value} {place.name}")
    return {
        "seed": seed,
        "rounds": rounds,
        "sides_shown": shown,
        "sides_accepted": accepted,
        "offered_right": sum(c.right for c in counts.values()),
        "offered_wrong": sum(c.wrong for c in counts.values()),
        "not_offered": sum(c.none for c in counts.values()),
        "contradicted": sum(c.contradicted for c in counts.values()),
        "median_ms": round(float(np.median(spent)), 1) if spent else None,
        "fields": {name: asdict(count) for name, count in sorted(counts.items())},
        "wrong": wrong,
    }


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Printed fields.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rounds", type=int, default=0)
    options = parser.parse_args()
    figures = run(options.quick, options.seed, options.rounds)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:16} {value}")
    return 1 if figures["offered_wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
