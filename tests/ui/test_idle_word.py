"""The word before the desk locks itself: it stays until the lock, or until somebody is there."""

import pytest

from tests.ui.counter import Counter
from ui.widgets.announce import Toast


@pytest.fixture
def desk(counter: Counter) -> Counter:
    counter.sign_in()
    return counter


def test_the_warning_stays_as_long_as_the_desk_waits(desk: Counter):
    toast = desk.shell.findChild(Toast)
    desk.router.idle.warned.emit(20)
    assert toast.isVisible()
    assert toast._timer.interval() == 20_000
    desk.router.session.lock()
    desk.qtbot.waitUntil(lambda: not toast.isVisible(), timeout=5000)


def test_the_warning_goes_with_the_first_sign_of_life(desk: Counter):
    toast = desk.shell.findChild(Toast)
    desk.router.idle.warned.emit(20)
    desk.router.idle.revived.emit()
    assert not toast.isVisible()
