"""What waits to be sent, and whether the central side answers.

Sending has a thread of its own: an agent's act never waits for the network.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from kiosk.ports import Clock, OutboxRow, OutboxState
from ui.workers.desk import Desk, Failure

EVERY_MS = 60_000
"""Pause between two deliveries that nobody asked for."""

DONE_STATES = (OutboxState.STORED,)


class Summary(Protocol):
    """How a delivery ended."""

    @property
    def sent(self) -> int: ...  # noqa: D102
    @property
    def stored(self) -> int: ...  # noqa: D102
    @property
    def failed(self) -> int: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102


class Delivers(Protocol):
    """Sends sealed records; :class:`kiosk.services.delivery.Delivery`."""

    def run_once(self) -> Summary: ...  # noqa: D102
    def status(self) -> tuple[OutboxRow, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What is known of the outbox.

    Attributes:
        rows: oldest first.
        online: whether the central side answered last time; None before the first try.
        sending: a delivery is under way.
        last_at: when the last one ended, device time.
        reason: stable code of the last obstacle, or ``""``.
    """

    rows: tuple[OutboxRow, ...] = ()
    online: bool | None = None
    sending: bool = False
    last_at: datetime | None = None
    reason: str = ""

    @property
    def waiting(self) -> int:
        """Sealed records that did not arrive yet."""
        return sum(row.state not in DONE_STATES for row in self.rows)

    @property
    def stored(self) -> int:
        """Sealed records of which a verified receipt is here."""
        return sum(row.state is OutboxState.STORED for row in self.rows)


class DeliveryModel(QObject):
    """Sends now and then, and when asked.

    Signals:
        changed(object): new :class:`DeliveryFacts`.
        finished(object): the summary of a delivery that ran to its end.
    """

    changed = Signal(object)
    finished = Signal(object)

    def __init__(
        self, delivery: Delivers, courier: Desk, clock: Clock, parent: QObject | None = None
    ) -> None:
        """Courier: a desk for the network alone."""
        super().__init__(parent)
        self._delivery = delivery
        self._courier = courier
        self._clock = clock
        self._facts = DeliveryFacts()
        self._again = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.send)

    @property
    def facts(self) -> DeliveryFacts:
        """As last known."""
        return self._facts

    def start(self) -> None:
        """Look at the outbox, and send from now on."""
        self._timer.start()
        self.send()

    def stop(self) -> None:
        """No new deliveries."""
        self._timer.stop()

    def refresh(self) -> None:
        """Read the outbox again, without the network."""
        task = self._courier.submit(self._delivery.status)
        task.done.connect(self._listed)

    def send(self) -> None:
        """Send what waits; when a delivery is under way, once more after it."""
        if self._facts.sending:
            self._again = True
            return
        self._tell(sending=True)
        task = self._courier.submit(self._run)
        task.done.connect(self._ran)
        task.failed.connect(self._broke)

    def _run(self) -> tuple[Summary, tuple[OutboxRow, ...]]:
        """In the courier's thread."""
        return self._delivery.run_once(), self._delivery.status()

    def _listed(self, rows: tuple[OutboxRow, ...]) -> None:
        self._tell(rows=rows)

    def _ran(self, answer: tuple[Summary, tuple[OutboxRow, ...]]) -> None:
        summary, rows = answer
        self._tell(
            rows=rows,
            online=not summary.reason,
            sending=False,
            last_at=self._clock.now(),
            reason=summary.reason,
        )
        self.finished.emit(summary)
        self._once_more()

    def _broke(self, failure: Failure) -> None:
        self._tell(sending=False, online=False, last_at=self._clock.now(), reason=failure.code)
        self._once_more()

    def _once_more(self) -> None:
        if self._again:
            self._again = False
            self.send()

    def _tell(self, **changes: object) -> None:
        self._facts = replace(self._facts, **changes)  # type: ignore[arg-type]  # names of fields
        self.changed.emit(self._facts)
