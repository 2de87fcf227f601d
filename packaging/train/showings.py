"""Single frames of the specimens, cut once, to compare recognisers and decoders on the same strips.

    python packaging/train/showings.py cut --count 2000 --seed 5 --out FILE.npz
    python packaging/train/showings.py read --strips FILE.npz --model NET.onnx

``cut`` renders frames under seeded conditions, fair and hard by turns, and keeps the strips that
the program would give its recogniser. ``read`` counts what a net reads of them by itself, without
a second reader and without a second frame: ``certain`` are readings without a doubt and with right
check digits, and the wrong among them. The specimens are drawn with a face of the training: this
compares, it does not promise. They are never trained on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.capture.decode import ZoneReading, read_zone
from kiosk.capture.picture import Picture, Scores, grey_of
from kiosk.capture.settle import settle
from kiosk.devices.finder import NetDocumentFinder
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import load_specimens
from kiosk.documents.mrz import digits_hold
from kiosk.services.zone_reading import ZoneReader

SIZE = (704, 32)
Decoder = Callable[[Sequence[Scores]], ZoneReading | None]


class _Collector:
    """A recogniser that sees nothing and keeps every group of strips."""

    def __init__(self) -> None:
        self.groups: list[list[Picture]] = []

    def warm_up(self) -> None:
        """Nothing to do."""

    def recognise(self, strips: Sequence[Picture]) -> list[Scores]:
        """Blank throughout."""
        self.groups.append([cv2.resize(s, SIZE, interpolation=cv2.INTER_AREA) for s in strips])
        blank = np.zeros((176, 38), np.float32)
        blank[:, 0] = 1
        return [blank] * len(strips)


def cut(count: int, seed: int, out: Path) -> None:
    """Render, find, cut, store."""
    rng = np.random.default_rng(seed)
    finder = NetDocumentFinder()
    listed = load_specimens(ROOT / "resources" / "specimens").values()
    sides = [(s, s.mrz_side) for s in listed if s.mrz and s.variant != "damaged"]
    pictures: list[Picture] = []
    groups: list[tuple[int, int, int]] = []
    wanted: list[tuple[str, ...]] = []
    for number in range(count):
        specimen, side = sides[number % len(sides)]
        conditions = Conditions.hard(rng) if (number // len(sides)) % 2 else Conditions.fair(rng)
        subject = Subject(specimen.picture(side), specimen.mrz_on(side))
        pose, desk = (int(n) for n in rng.integers(1 << 30, size=2))
        image, _ = Stage(subject, conditions, pose, desk_seed=desk).frame(0.0, rng)
        grey = grey_of(image)
        collector = _Collector()
        zones = ZoneReader(collector)
        zones.read(zones.find(grey, finder.find(grey).zone))
        for strips in collector.groups:
            groups.append((number, len(pictures), len(strips)))
            pictures += strips
        wanted.append(specimen.mrz)
    text = json.dumps(wanted)
    np.savez(out, pictures=np.stack(pictures), groups=np.array(groups), wanted=np.array(text))


def scores_of(model: Path, pictures: np.ndarray) -> np.ndarray:
    """Probabilities (n, 176, 38) of strips (n, 32, 704)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)
    parts = (pictures[i : i + 32, None] for i in range(0, len(pictures), 32))
    return np.concatenate([session.run(None, {"strips": p.astype(np.float32)})[0] for p in parts])


def tally(strips: Path, scores: np.ndarray, decode: Decoder = read_zone) -> Counter[str]:
    """What a decoder makes of the probabilities of the strips."""
    with np.load(strips) as stored:
        groups, wanted = stored["groups"], json.loads(str(stored["wanted"]))
    counts: Counter[str] = Counter(shown=len(wanted), located=len({int(g[0]) for g in groups}))
    done = set()
    for number, start, size in groups:
        if number in done:
            continue
        reading = decode(list(scores[start : start + size]))
        if reading is None:
            continue
        done.add(number)
        reading = settle(reading)
        right = list(reading.lines) == wanted[number]
        counts["decoded"] += 1
        counts["decoded_wrong"] += not right
        if reading.doubts:
            continue
        holds = digits_hold(reading.lines)
        counts["certain" if holds else "undoubted"] += 1
        counts["certain_wrong" if holds else "undoubted_wrong"] += not right
    return counts


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("cut", "read"))
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--strips", type=Path)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.what == "cut":
        cut(options.count, options.seed, options.out)
        return
    with np.load(options.strips) as stored:
        scores = scores_of(options.model, stored["pictures"])
    print(json.dumps(tally(options.strips, scores)))


if __name__ == "__main__":
    main()
