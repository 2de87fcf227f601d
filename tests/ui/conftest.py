"""Screens are tested off-screen, at scale 1, with our own fonts; nothing may be left over."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_SCALE_FACTOR"] = "1"
os.environ.pop("QT_QPA_FONTDIR", None)

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker
from typing_extensions import override

from kiosk.texts import Texts
from ui.i18n import Language
from ui.theme import Density, TextSize, Theme, ThemeName
from ui.widgets.look import Look

if TYPE_CHECKING:
    from tests.fakes.office import Office
    from tests.ui.counter import Counter

RESOURCES = Path(__file__).parents[2] / "resources"
PATIENCE_MS = 60_000


class PatientBot(QtBot):
    """Waits as long as it takes for what must come: how fast the machine is, is not asked here."""

    @override
    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    @override
    def waitSignal(
        self, signal: object, *, timeout: int = PATIENCE_MS, **how: Any
    ) -> SignalBlocker:
        if how.get("raising") is False:  # nothing must come (assertNotEmitted): no patience for it
            return super().waitSignal(signal, timeout=timeout, **how)
        return super().waitSignal(signal, timeout=max(timeout, PATIENCE_MS), **how)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    return PatientBot(request)


@pytest.fixture(scope="session")
def session_theme(qapp: QApplication) -> Theme:
    theme = Theme(RESOURCES)
    theme.apply(qapp)
    return theme


@pytest.fixture(scope="session")
def all_texts() -> dict[str, Texts]:
    return {code: Texts.load(code) for code in ("fr", "en")}


@pytest.fixture
def theme(session_theme: Theme) -> Theme:
    session_theme.choose(ThemeName.LIGHT)
    session_theme.set_text_size(TextSize.NORMAL)
    session_theme.set_density(Density.COUNTER)
    return session_theme


@pytest.fixture
def language(all_texts: dict[str, Texts]) -> Language:
    return Language(all_texts, "fr")


@pytest.fixture
def look(theme: Theme, language: Language) -> Look:
    return Look(theme, language)


@pytest.fixture
def office(tmp_path: Path) -> "Iterator[Office]":
    """An office with one agent, its vault on the disk."""
    from tests.fakes.office import office_on_disk

    office = office_on_disk(tmp_path)
    office.session()
    yield office
    office.store.close()


@pytest.fixture
def opens(
    qtbot: object, look: Look, office: "Office", tmp_path: Path
) -> "Iterator[Callable[..., Counter]]":
    """Opens counters over the office, with a camera or a reader of the test's own."""
    from tests.ui.counter import Counter

    opened: list[Counter] = []

    def open_counter(**parts: object) -> Counter:
        counter = Counter(qtbot, look, parts.pop("office", office), tmp_path / "slips", **parts)
        opened.append(counter)
        return counter

    yield open_counter
    for counter in opened:
        counter.close()


@pytest.fixture
def counter(opens: "Callable[..., Counter]") -> "Counter":
    """One counter over the office, signed out."""
    return opens()


@pytest.fixture(scope="session", autouse=True)
def everything_is_searched_at_the_end() -> Iterator[None]:
    """Libraries look at their own leaks when the run ends: nothing may be hidden from them."""
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left_over(request: pytest.FixtureRequest) -> Iterator[None]:
    """No window, thread or running timer outlives its test.

    Pages that were made and not shown have no parent that takes them along. The look lives as long
    as the run, and would dress every one of them anew in each later test: they are deleted here.
    """
    if not {"qapp", "qtbot", "look", "theme"} & set(request.fixturenames):
        yield
        return
    qapp = request.getfixturevalue("qapp")
    before = {id(widget) for widget in qapp.topLevelWidgets()}
    # What is alive before a test cannot leak from it, and is searched no more: in a run of all
    # tests nine tenths of the time of this room went into searching what other rooms had left.
    gc.collect()
    gc.freeze()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    gc.collect()
    windows = [
        widget
        for widget in qapp.topLevelWidgets()
        if id(widget) not in before and widget.isVisible()
    ]
    threads, timers = _running()
    assert not windows
    assert not threads
    assert not timers
    for widget in qapp.topLevelWidgets():
        if id(widget) not in before and shiboken6.isValid(widget):
            shiboken6.delete(widget)


def _running() -> tuple[list[QThread], list[QTimer]]:
    threads = []
    timers = []
    for thing in gc.get_objects():
        kind = type(thing)
        if not issubclass(kind, (QThread, QTimer)) or not shiboken6.isValid(thing):
            continue
        if isinstance(thing, QThread) and thing.isRunning():
            if thing is not QThread.currentThread():
                threads.append(thing)
        elif isinstance(thing, QTimer) and thing.isActive():
            timers.append(thing)
    return threads, timers
