"""Pictures for the screen: the size asked for, never distorted, the outline in the same place."""

import threading

import numpy as np
import pytest

from tests.fakes.capture import ScriptedCamera, ScriptedReader
from ui.viewmodels.capture import CaptureModel, Watch
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


class HeldReader(ScriptedReader):
    """A reader that is busy with one picture until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.let_go = threading.Event(), threading.Event()
        self.waited_out = False

    def observe(self, frame):
        self.began.set()
        self.waited_out = not self.let_go.wait(60) or self.waited_out
        return super().observe(frame)


class OneAtATime(ScriptedCamera):
    """A device that only one may hold."""

    held = 0
    most = 0

    def start(self) -> None:
        super().start()
        OneAtATime.held += 1
        OneAtATime.most = max(OneAtATime.most, OneAtATime.held)

    def stop(self) -> None:
        if not self._stopped.is_set():
            OneAtATime.held -= 1
        super().stop()


def test_the_screen_does_not_wait_for_the_end_of_the_camera(qtbot):
    reader = HeldReader()
    model = CaptureModel(lambda: CameraThread(OneAtATime, lambda: reader))
    sights = []
    model.sighted.connect(sights.append)
    model.look_for(Watch.CODE)
    qtbot.waitUntil(reader.began.is_set)
    for watch in (Watch.NOTHING, Watch.PERSON, Watch.NOTHING, Watch.TEST):
        model.look_for(watch)  # each would hang for as long as the reader is busy
    reader.let_go.set()
    qtbot.waitUntil(lambda: bool(sights), timeout=10_000)
    model.close()
    assert not reader.waited_out
    assert (OneAtATime.held, OneAtATime.most) == (0, 1)
