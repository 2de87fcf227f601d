"""Pictures for the screen: the size asked for, never distorted, the outline in the same place."""

import numpy as np
import pytest

from tests.fakes.capture import ScriptedCamera, ScriptedReader
from ui.workers.camera import CameraThread, _fitted


@pytest.mark.parametrize("size", [(960, 540), (540, 960), (700, 300), (64, 36), (1280, 720)])
def test_picture_has_the_size_asked_for_and_the_mark_stays_under_its_corner(size):
    image = np.zeros((720, 1280, 3), np.uint8)
    image[340:380, 620:660] = 255
    corners = [(620, 340), (660, 340), (660, 380), (620, 380)]
    fitted, outline = _fitted(image, corners, size)
    assert fitted.shape == (size[1], size[0], 3)
    assert fitted.flags["C_CONTIGUOUS"]
    x, y = outline.mean(0)
    assert fitted[int(y), int(x)].min() > 200
    assert outline[2][0] - outline[0][0] == pytest.approx(outline[2][1] - outline[0][1])


def test_latest_picture_wins_and_the_thread_ends_when_told(qtbot):
    thread = CameraThread(ScriptedCamera, ScriptedReader)
    seen = []
    thread.sighted.connect(seen.append)
    thread.start()
    qtbot.waitUntil(lambda: len(seen) >= 3)
    thread.stop()
    assert not thread.isRunning()
    numbers = [sight.seq for sight in seen]
    assert numbers == sorted(set(numbers))


def test_sights_of_an_earlier_turn_are_dropped(qtbot):
    thread = CameraThread(ScriptedCamera, ScriptedReader)
    seen = []
    thread.sighted.connect(seen.append)
    thread.start()
    qtbot.waitUntil(lambda: bool(seen))
    thread.expect(None)
    turn = thread.turn
    seen.clear()
    qtbot.waitUntil(lambda: bool(seen))
    thread.stop()
    assert {sight.turn for sight in seen} == {turn}
