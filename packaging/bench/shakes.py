"""Benchmark: reading through a blur that the filter does not know, for wrong readings.

    python packaging/bench/shakes.py [--json] [--showings N] [--seed N] [--crowd N]

``read.py`` draws a shake as a straight line that stays the same for a showing, and defocus as a
Gaussian: just what ``kiosk/capture/deblur.py`` takes back. Here the hand draws a bent path, another
one in each frame, and the lens an even disc; noise and the camera's compression come after. All
other conditions are hard ones. Camera time goes on evenly, 50 ms a frame, two seconds at most.

``accepted_but_wrong`` must be 0; how much is read says what the filter is worth beyond its model.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import cv2
import numpy as np
from read import FixedClock, show
from sides import SEED, staged, zone_sides
from tally import Tally

from kiosk.bootstrap.hardware import load_readers
from kiosk.services.reading import LiveReader

if TYPE_CHECKING:
    import numpy.typing as npt

    from kiosk.devices.specimen_scene import Stage
    from kiosk.ports import Picture

_EVEN_S = 0.05
_FINE = 8
"""Steps a pixel in which blur is drawn."""
_REACH = 12
"""Px around a point that its light reaches at most."""


@dataclass(slots=True)
class Shaken:
    """A stage seen by an unsteady hand through a lens out of focus; used as a stage is.

    Attributes:
        stage: without motion.
        length: of the hand's path in a frame, px.
        bend: by how much the path turns along it, radians.
        radius: of the lens's disc, px.
        direction: of the path in this frame, radians; wanders.
    """

    stage: Stage
    length: float
    bend: float
    radius: float
    direction: float

    def frame(self, t: float, rng: np.random.Generator) -> tuple[Picture, Any]:
        """As :meth:`Stage.frame`, blurred."""
        picture, truth = self.stage.frame(t, rng)
        self.direction += float(rng.normal(0, 0.35))
        length = self.length * float(rng.uniform(0.6, 1.2))
        kernel = _light(length, self.direction, self.bend * float(rng.normal()), self.radius)
        blurred = cv2.filter2D(picture, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)
        noise = rng.normal(0, self.stage.conditions.noise_sigma / 2, blurred.shape)
        noisy = np.clip(blurred + noise, 0, 255).astype(np.uint8)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
        return cv2.imdecode(cv2.imencode(".jpg", noisy, quality)[1], cv2.IMREAD_COLOR), truth


def _light(length: float, direction: float, bend: float, radius: float) -> npt.NDArray[np.float32]:
    """Where the light of a point goes, (2 REACH + 1, 2 REACH + 1), sum 1."""
    size = 2 * _REACH + 1
    fine = np.zeros((size * _FINE, size * _FINE), np.float32)
    along = np.linspace(-0.5, 0.5, 64)
    angles = direction + bend * along
    steps = length / 64 * np.stack([np.cos(angles), np.sin(angles)], 1)
    path = np.cumsum(steps, 0)
    path -= path.mean(0)
    for x, y in (path + _REACH + 0.5) * _FINE:
        fine[int(y), int(x)] += 1
    disc = 2 * round(radius * _FINE) + 1
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (disc, disc)).astype(np.float32)
    spread = cv2.filter2D(fine, -1, shape, borderType=cv2.BORDER_CONSTANT)
    kernel = cv2.resize(spread, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(kernel / kernel.sum(), np.float32)


def run(showings: int, seed: int, people: int) -> dict[str, Any]:
    """Measure."""
    readers = load_readers(thorough=False)
    readers.warm_up()
    live = LiveReader(readers, FixedClock())
    sides = zone_sides(people)
    tally = Tally()
    for number in range(showings):
        rng = np.random.default_rng([seed, number])
        side = sides[number % len(sides)]
        stage = staged(side, "hard", rng)
        steady = replace(stage.conditions, motion_px=0.0, blur_sigma_px=0.4)
        stage = replace(stage, conditions=steady)
        shaken = Shaken(
            stage,
            length=float(rng.uniform(3, 9)),
            bend=float(rng.uniform(0, 1.5)),
            radius=float(rng.uniform(0.6, 2.4)),
            direction=float(rng.uniform(0, np.pi)),
        )
        answer = show(live, shaken, side, rng, tally, _EVEN_S)
        got = None
        if answer is not None:
            reading, seconds = answer
            tally.seconds.append(seconds)
            got = reading.document.mrz if reading.document else ()
        tally.count(side, got)
    return {"seed": seed, "showings": showings, "crowd": people, **tally.figures()}


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Reading through a blur of another kind.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--showings", type=int, default=120)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--crowd", type=int, default=34)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    figures = run(options.showings, options.seed, options.crowd)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
