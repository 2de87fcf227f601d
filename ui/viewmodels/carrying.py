"""Deliveries by a stick that somebody carries: one at a time, in the courier's thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from kiosk.services.courier import CourierSummary
from kiosk.services.delivery import DeliveryStep, Progress
from ui.workers.desk import Desk, Failure


class Carries(Protocol):
    """Reads and writes sticks; :class:`kiosk.bootstrap.carried.CarriedDeliveries`."""

    def run(  # noqa: D102
        self,
        medium: Path,
        *,
        give: bool,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CourierSummary: ...


@dataclass(frozen=True, slots=True)
class CarryingFacts:
    """What is known of the stick.

    Attributes:
        running: it is being read or written.
        give: it is, or was, written and not only read.
        done / total: records so far; 0 of 0 before the first.
        outcome: how the last visit ended; None before the first.
        reason: stable code of what stopped it, or ``""``.
    """

    running: bool = False
    give: bool = False
    done: int = 0
    total: int = 0
    outcome: CourierSummary | None = None
    reason: str = ""


class CarryingModel(QObject):
    """Visits a stick when asked.

    Signals:
        changed(object): new :class:`CarryingFacts`.
        finished(): a visit ended, however it ended.
    """

    changed = Signal(object)
    finished = Signal()
    _progressed = Signal(object)

    def __init__(self, carries: Carries, courier: Desk, parent: QObject | None = None) -> None:
        """Courier: the desk of the network; what it sends and what is carried take turns."""
        super().__init__(parent)
        self._carries = carries
        self._courier = courier
        self._facts = CarryingFacts()
        self._stop = threading.Event()
        # Told in the courier's thread, heard in the screen's.
        self._progressed.connect(self._show_progress)

    @property
    def facts(self) -> CarryingFacts:
        """As last known."""
        return self._facts

    def run(self, medium: Path, *, give: bool) -> None:
        """Read ``medium``, and with ``give`` write what waits; nothing while one is under way."""
        if self._facts.running:
            return
        self._stop.clear()
        self._tell(CarryingFacts(running=True, give=give))
        task = self._courier.submit(lambda: self._visit(medium, give=give))
        task.done.connect(self._ended)
        task.failed.connect(self._broke)

    def stop(self) -> None:
        """Stop after the record under way; what is written by then counts."""
        self._stop.set()

    def _visit(self, medium: Path, *, give: bool) -> CourierSummary:
        """In the courier's thread."""
        return self._carries.run(
            medium, give=give, progress=self._progressed.emit, cancelled=self._stop.is_set
        )

    def _show_progress(self, progress: Progress) -> None:
        if self._facts.running and progress.step is DeliveryStep.RECORDS:
            self._tell(replace(self._facts, done=progress.done, total=progress.total))

    def _ended(self, outcome: CourierSummary) -> None:
        self._tell(CarryingFacts(give=self._facts.give, outcome=outcome, reason=outcome.reason))
        self.finished.emit()

    def _broke(self, failure: Failure) -> None:
        self._tell(CarryingFacts(give=self._facts.give, reason=failure.code))
        self.finished.emit()

    def _tell(self, facts: CarryingFacts) -> None:
        self._facts = facts
        self.changed.emit(facts)
