"""Start of the window: from the start of the process to the first painted picture, and memory then.

    python packaging/bench/startup.py [--runs N] [--json]

Each run is a process of its own with an empty data folder; the clock starts in the parent just
before the child is started. Without a display the window is painted off-screen.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_STARTED = "VISAVIS_BENCH_STARTED_NS"
_DEADLINE_MS = 20_000


def _resident_mb() -> float:
    """Resident memory of this process in MB (peak where the system tells nothing else)."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        pages = int(statm.read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def child() -> None:
    """Open the window exactly as ``visavis`` does, report the first paint, and leave."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QWidget
    from typing_extensions import override

    import ui.__main__  # noqa: F401 - its cost is part of the start
    from ui.router.window import Window, application

    started_ns = int(os.environ[_STARTED])
    app = application()
    window = Window("fr", "light", kiosk=False)

    class FirstPaint(QObject):
        """Reports once the first paint of the window was handled."""

        @override
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
                app.removeEventFilter(self)
                QTimer.singleShot(0, report)
            return False

    def report() -> None:
        elapsed_ms = (time.time_ns() - started_ns) / 1e6
        heavy = {"cv2", "onnxruntime", "sqlalchemy"} & set(sys.modules)
        print(json.dumps({"ms": elapsed_ms, "mb": _resident_mb(), "heavy": sorted(heavy)}))
        app.quit()

    watch = FirstPaint()
    app.installEventFilter(watch)
    QTimer.singleShot(_DEADLINE_MS, lambda: app.exit(1))
    window.show()
    code = app.exec()
    window.close()
    sys.exit(code)


def measure(runs: int) -> dict[str, object]:
    """Median and worst of ``runs`` starts, after one start that warms the disk cache."""
    results = []
    for _ in range(runs + 1):
        with tempfile.TemporaryDirectory() as home:
            environment = dict(os.environ, HOME=home, XDG_DATA_HOME=home)
            if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
                environment["QT_QPA_PLATFORM"] = "offscreen"
            environment[_STARTED] = str(time.time_ns())
            done = subprocess.run(
                [sys.executable, __file__, "--child"],
                check=True,
                capture_output=True,
                text=True,
                env=environment,
                cwd=ROOT,
            )
            results.append(json.loads(done.stdout))
    warm = results[1:]
    return {
        "runs": runs,
        "cold_first_paint_ms": round(results[0]["ms"]),
        "first_paint_ms_median": round(statistics.median(r["ms"] for r in warm)),
        "first_paint_ms_worst": round(max(r["ms"] for r in warm)),
        "resident_mb_median": round(statistics.median(r["mb"] for r in warm), 1),
        "loaded_before_first_paint": warm[0]["heavy"],
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", action="store_true")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.child:
        child()
        return
    result = measure(options.runs)
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
