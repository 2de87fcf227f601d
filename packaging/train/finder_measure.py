"""How well the shipped finder finds specimens that it never saw: zones, documents, which way up.

python packaging/train/finder_measure.py [--rounds N] [--seed N]

Every side of every specimen is shown ``rounds`` times under fair and under hard conditions. A zone is
right where it is found on a side that bears one, the print's own way up, and not on another side;
an outline is right where it covers 0.9 of the union with the true one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.capture.location import Location
from kiosk.capture.outline import refined
from kiosk.capture.picture import grey_of
from kiosk.capture.zone_lines import zones_in
from kiosk.devices.finder import NetDocumentFinder
from kiosk.devices.specimen_scene import Conditions, Stage, Subject
from kiosk.devices.specimens import load_specimens

PRESETS = {"fair": Conditions.fair, "hard": Conditions.hard}


def shared(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two convex outlines (4, 2)."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(a, b)
    return float(common / (cv2.contourArea(a) + cv2.contourArea(b) - common))


def upright(location: Location, truth: np.ndarray) -> bool:
    """Whether the zone's text runs as the document's upper edge does."""
    zone = location.zone
    return (
        zone is not None and float((zone.corners[1] - zone.corners[0]) @ (truth[1] - truth[0])) > 0
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    finder = NetDocumentFinder()
    rng = np.random.default_rng(options.seed)
    specimens = load_specimens(ROOT / "resources" / "specimens").values()
    sides = [(specimen, side) for specimen in specimens for side in specimen.files]
    for preset, draw in PRESETS.items():
        counts: dict[str, list[float]] = defaultdict(list)
        for specimen, side in sides * options.rounds:
            subject = Subject(specimen.picture(side))
            pose, desk = (int(n) for n in rng.integers(1 << 30, size=2))
            image, truth = Stage(subject, draw(rng), pose, desk_seed=desk).frame(0.0, rng)
            grey = grey_of(image)
            location = finder.find(grey)
            zone = location.zone
            lines = [] if zone is None else zones_in(grey, zone.corners)
            seen = zone is not None and (bool(lines) or zone.directed)
            bears = bool(specimen.mrz_on(side))
            name = "zone found" if bears else "other side without a zone"
            counts[name].append(seen == bears)
            if bears and zone is not None:
                counts["right way up"].append(upright(location, truth.corners))
            counts["document found"].append(location.document is not None)
            if location.document is not None:
                outline = refined(grey, location.document.corners)
                counts["outline right"].append(shared(outline, truth.corners) >= 0.9)
        figures = {k: f"{sum(v):.0f} of {len(v)}" for k, v in counts.items()}
        print(json.dumps({"preset": preset, **figures}))


if __name__ == "__main__":
    main()
