"""Benchmark: memory that reading takes above the idle program.

    python packaging/bench/memory.py [--json] [--quick]

A process of its own loads what the window has without a camera, shows an empty window, then loads
the readers, then reads every specimen side from frames that another process drew. ``peak_mb`` is
the most that it ever held
(``VmHWM``); ``idle_mb`` what it held before the readers were loaded; ``warm_mb`` with every model
loaded. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GOAL_MB = 220
_EACH = 10

_CHILD = """
import json, sys
sys.path.insert(0, {root!r})
def kib(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1])
import kiosk.bootstrap, ui.router, ui.workers.camera
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
window = QWidget()
window.resize(1280, 720)
window.show()
app.processEvents()
idle = kib("VmRSS")
loaded = [m for m in ("cv2", "onnxruntime", "zxingcpp") if m in sys.modules]
import numpy as np
from kiosk.bootstrap.hardware import load_readers
from kiosk.domain.evidence import Side
from kiosk.ports import Frame
from kiosk.services.reading import LiveReader
readers = load_readers()
readers.warm_up()
warm = kib("VmRSS")
import cv2
cv2.setNumThreads(1)
from kiosk.devices.clock import SystemClock
live = LiveReader(readers, SystemClock())
accepted = 0
with open({frames!r}, "rb") as frames:
    for side in {sides!r}:
        live.reset(Side.FRONT)
        live.reset(Side(side))
        for k in range({each}):
            image = np.frombuffer(frames.read(720 * 1280 * 3), np.uint8).reshape(720, 1280, 3)
            seen = live.observe(Frame(image, k, 50 * k))
        accepted += seen.reading is not None
print(json.dumps({{"idle_mb": idle / 1024, "warm_mb": warm / 1024, "peak_mb": kib("VmHWM") / 1024,
                   "accepted": accepted, "loaded_before": loaded}}))
"""


def draw(path: Path, quick: bool) -> list[str]:
    """Frames of the specimen sides under fair conditions, raw BGR; the sides in their order."""
    sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]
    import numpy as np
    import read

    rng = np.random.default_rng(1)
    sides = read.zone_sides()[: 4 if quick else None]
    with path.open("wb") as out:
        for side in sides:
            stage = read.staged(side, "fair", rng)
            for k in range(_EACH):
                out.write(stage.frame(k / 20, rng)[0].tobytes())
    return [side.side.value for side in sides]


def run(quick: bool = False) -> dict[str, Any]:
    """Measure. ``quick``: fewer sides."""
    with tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames.raw"
        sides = draw(frames, quick)
        code = _CHILD.format(root=str(ROOT), frames=str(frames), sides=sides, each=_EACH)
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
    figures = json.loads(done.stdout)
    above = figures["peak_mb"] - figures["idle_mb"]
    rounded = {k: round(v, 1) if isinstance(v, float) else v for k, v in figures.items()}
    return {**rounded, "above_idle_mb": round(above, 1), "goal_mb": GOAL_MB}


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Memory of reading.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    figures = run(options.quick)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:14} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
