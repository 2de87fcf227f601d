"""A desk that nobody touches locks itself; only hands count as somebody."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from kiosk.config import Profile
from ui.router.services import IDLE_S
from ui.workers.ticks import IdleWatch

LONG_MS = 30_000


@pytest.fixture
def watch(qapp: QApplication):
    watch = IdleWatch(1, warning_s=1)
    qapp.installEventFilter(watch)
    yield watch
    watch.stop()
    qapp.removeEventFilter(watch)


def touch(receiver: QObject) -> None:
    """A key, as the window system hands it over."""
    key = QKeyEvent(
        QEvent.Type.KeyPress, Qt.Key.Key_Shift, Qt.KeyboardModifier.NoModifier, "", False, 1
    )
    QApplication.sendEvent(receiver, key)


def test_nobody_is_warned_of_first_and_then_the_time_is_over(watch: IdleWatch, qtbot):
    heard: list[str] = []
    watch.warned.connect(lambda _: heard.append("warned"))
    watch.expired.connect(lambda: heard.append("expired"))
    with qtbot.waitSignal(watch.expired, timeout=LONG_MS):
        watch.start()
    assert heard == ["warned", "expired"]
    assert not watch.active


def test_a_hand_begins_the_time_anew_and_takes_the_warning_back(watch: IdleWatch, qtbot):
    expired: list[bool] = []
    watch.expired.connect(lambda: expired.append(True))
    watch._idle_ms, watch._warning_ms = 600_500, 600_000
    with qtbot.waitSignal(watch.warned, timeout=LONG_MS):
        watch.start()
    with qtbot.waitSignal(watch.revived, timeout=LONG_MS):
        touch(watch)
    assert (expired, watch.active) == ([], True)
    watch._idle_ms, watch._warning_ms = 1000, 500
    watch.start()
    with qtbot.waitSignals([watch.warned, watch.expired], timeout=LONG_MS, order="strict"):
        pass


def test_what_the_program_does_by_itself_is_nobody(watch: IdleWatch, qtbot):
    """Pictures of a camera, painting and clocks keep no desk open."""
    revived: list[bool] = []
    watch.revived.connect(lambda: revived.append(True))
    with qtbot.waitSignal(watch.warned, timeout=LONG_MS):
        watch.start()
    with qtbot.waitSignal(watch.expired, timeout=LONG_MS):
        for kind in (QEvent.Type.UpdateRequest, QEvent.Type.Timer, QEvent.Type.FocusIn):
            QApplication.sendEvent(watch, QEvent(kind))
    assert revived == []


def test_without_a_time_nothing_locks_and_nobody_signed_in_is_not_watched(qapp):
    never = IdleWatch(0)
    never.start()
    assert not never.active
    some = IdleWatch(60)
    assert not some.active
    some.start()
    assert some.active
    some.stop()
    assert not some.active


def test_a_tablet_locks_after_a_minute_and_a_counter_does_so_too_some_time():
    assert IDLE_S[Profile.CARRIER] == 60
    assert 60 <= IDLE_S[Profile.COUNTER] <= 15 * 60


def test_the_time_runs_while_somebody_is_signed_in_and_locks_the_desk(counter):
    watch = counter.router.idle
    watch._idle_ms, watch._warning_ms = 1000, 500
    assert not watch.active
    counter.sign_in()
    assert watch.active
    counter.qtbot.waitUntil(lambda: counter.router.session.is_locked, timeout=LONG_MS)
    assert not watch.active
