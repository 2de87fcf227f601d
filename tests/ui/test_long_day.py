"""A window that serves one customer after the other, and lives as long as the shift."""

import gc
from collections import Counter as Tally

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt

from kiosk.domain.evidence import Side
from kiosk.journeys.model import StepKind
from tests.fakes.cases import DOCUMENT
from tests.ui.counter import Counter

CUSTOMERS = 6


def alive() -> "Tally[str]":
    """Every object of Qt that Python knows, by class, once what is to be deleted is gone."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    return Tally(
        type(thing).__name__
        for thing in gc.get_objects()
        if isinstance(thing, QObject) and shiboken6.isValid(thing)
    )


def serve(counter: Counter) -> None:
    """One customer: request, both sides, then withdrawn, sealed, and home again."""
    counter.reader.code = ""
    counter.reader.sides = {}
    counter.open_case()
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    counter.key(Qt.Key.Key_F8)
    counter.on(counter.router.case.stop)
    counter.key(Qt.Key.Key_2)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def test_the_sixth_customer_leaves_the_window_as_the_second_did(counter: Counter) -> None:
    counter.sign_in()
    found = []
    for _ in range(CUSTOMERS):
        serve(counter)
        found.append(alive())
    assert found[-1] - found[1] == Tally()
