"""What reading loads, and when: nothing before the camera opens, all before the first document."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import json, sys
import kiosk.bootstrap, ui.router, ui.workers.camera
from PySide6.QtCore import QCoreApplication, QTimer
from kiosk.bootstrap.hardware import load_reader, open_camera
from kiosk.config import CameraConfig, CameraKind, Config
from kiosk.devices.clock import SystemClock
from kiosk.domain.evidence import Side
from ui.workers.camera import CameraThread

app = QCoreApplication([])
nets, cameras, told = [], [], {}

def libraries():
    return sorted({"cv2", "onnxruntime", "zxingcpp"} & set(sys.modules))

def opened():
    cameras.append(open_camera(Config(camera=CameraConfig(kind=CameraKind.SPECIMEN))))
    return cameras[0]

def made():
    import onnxruntime
    real = onnxruntime.InferenceSession
    def counted(*words, **named):
        nets.append(str(words[0]))
        return real(*words, **named)
    onnxruntime.InferenceSession = counted
    reader = load_reader(SystemClock(), specimens=True)
    told["nets_before_a_picture"] = len(nets)
    return reader

def sighted(sight):
    if "nets_at_first" not in told:
        told["nets_at_first"] = len(nets)
        told["document_at_first"] = sight.observation.outline is not None
        thread.expect(Side.FRONT)
        cameras[0].show("fr-passport-berthier")
    elif sight.observation.reading is not None:
        told["nets_at_end"] = len(nets)
        told["read"] = sight.observation.reading.document.surname
        app.quit()

thread = CameraThread(opened, made)
thread.sighted.connect(sighted)
told["before"] = libraries()
thread.start()
QTimer.singleShot(200_000, app.quit)
app.exec()
thread.stop()
print(json.dumps(told))
"""


@pytest.mark.process
def test_nothing_is_loaded_before_the_camera_opens_and_all_before_the_first_document():
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    told = json.loads(done.stdout)
    assert told["before"] == []
    assert told["nets_before_a_picture"] == 0
    # Finder, zone and print: every net is there at the picture of an empty desk.
    assert not told["document_at_first"]
    assert told["nets_at_first"] == 3
    assert (told["read"], told["nets_at_end"]) == ("BERTHIER", 3)


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the system tells its figures elsewhere")
def test_reading_keeps_within_its_memory():
    done = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "bench" / "memory.py"), "--quick", "--json"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    told = json.loads(done.stdout)
    assert told["accepted"] >= 3
    assert told["loaded_before"] == []
    assert told["above_idle_mb"] <= told["goal_mb"] == 220
