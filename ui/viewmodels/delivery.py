"""What waits to be sent, and whether the central side answers.

Rules, in order: sending has a thread of its own, so that an agent's act never waits for the
network; a look at the vault once a minute sends what is new there, and the central side is called
otherwise the less often the longer there was nothing to bring on, until something is sealed, a
shift ends, the network comes back or somebody asks; where the central side has too much to do and
says when to come again, nothing goes by itself before (whoever asks for it is not held up, for the
central side judges anew each time); a delivery tells each record before it is sent, with the list
as it is then; one that was stopped ends within a second, in the middle of a record too, and says
nothing about the network; what it left goes with the next; where nothing was left, it was not
stopped.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from random import SystemRandom
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from kiosk.ports import Clock, OutboxRow, OutboxState
from kiosk.services.delivery import Progress
from kiosk.services.owed import Owed
from kiosk.sync.outbox import is_held
from kiosk.sync.pace import bytes_to_send, minutes_for
from kiosk.sync.retry import after_told_s, pause_ms, spread_ms
from ui.workers.desk import Desk, Failure

EVERY_MS = 60_000
"""Pause between two looks at the vault, on average; most of them need no network."""

_CHANCE = SystemRandom()

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
    @property
    def pace(self) -> float | None: ...  # noqa: D102
    @property
    def wait_s(self) -> int:
        """Seconds after which the central side asked to come again; 0 where it did not."""
        ...

    @property
    def stopped(self) -> bool:
        """Whether it ended before all was sent, because somebody asked for that."""
        ...


class Delivers(Protocol):
    """Sends sealed records; :class:`kiosk.services.delivery.Delivery`."""

    def run_once(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        metered: bool | None = None,
    ) -> Summary:
        """One delivery: ``progress`` before each record, ``cancelled`` ends it."""
        ...

    def owed(self) -> Owed: ...  # noqa: D102
    def is_metered(self) -> bool: ...  # noqa: D102
    def set_metered(self, *, metered: bool) -> None: ...  # noqa: D102
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
        metered: each byte of the link costs: big records wait to be asked for.
        pace: bytes per second when last measured, or None.
        asked: the delivery under way was asked for by a person.
        progress: how far the delivery under way is; None before its first word.
        stopping: somebody asked the delivery under way to stop.
        stopped: the last delivery was stopped.
    """

    rows: tuple[OutboxRow, ...] = ()
    online: bool | None = None
    sending: bool = False
    last_at: datetime | None = None
    reason: str = ""
    metered: bool = False
    pace: float | None = None
    asked: bool = False
    progress: Progress | None = None
    stopping: bool = False
    stopped: bool = False

    @property
    def told(self) -> bool:
        """Whether a delivery is under way that is worth a word: asked for, or at a record."""
        at_records = self.progress is not None and self.progress.total > 0
        return self.sending and (self.asked or at_records)

    def held(self, row: OutboxRow) -> bool:
        """Whether a record waits for a link that is not metered, or for a person's word."""
        return is_held(row, metered=self.metered)

    @property
    def minutes_left(self) -> int:
        """Minutes that what waits takes at the last pace; 0 where short or unknown."""
        return minutes_for(bytes_to_send(self.rows), self.pace)

    @property
    def waiting(self) -> int:
        """Sealed records that did not arrive yet."""
        return sum(row.state not in DONE_STATES for row in self.rows)

    @property
    def stored(self) -> int:
        """Sealed records of which a verified receipt is here."""
        return sum(row.state is OutboxState.STORED for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the vault says about sending."""

    rows: tuple[OutboxRow, ...]
    metered: bool
    owed: Owed


@dataclass(frozen=True, slots=True)
class _Moved:
    """A word of the delivery under way.

    Attributes:
        rows: the list as it is then; None where it need not be read again.
    """

    progress: Progress
    rows: tuple[OutboxRow, ...] | None


class DeliveryModel(QObject):
    """Sends now and then, and when asked.

    Signals:
        changed(object): new :class:`DeliveryFacts`.
        finished(object): the summary of a delivery that ran to its end.
    """

    changed = Signal(object)
    finished = Signal(object)
    _progressed = Signal(object)

    def __init__(
        self,
        delivery: Delivers,
        courier: Desk,
        clock: Clock,
        parent: QObject | None = None,
        draw: Callable[[], float] = _CHANCE.random,
    ) -> None:
        """Delivers through ``courier``.

        Args:
            delivery: what delivers.
            courier: a desk for the network alone.
            clock: of the device.
            parent: of this object.
            draw: uniform random numbers below 1, so that no two devices send together.
        """
        super().__init__(parent)
        self._delivery = delivery
        self._courier = courier
        self._clock = clock
        self._facts = DeliveryFacts()
        self._again = self._everything_again = False
        self._saying: bool | None = None
        self._draw = draw
        self._not_before_ms = self._next_ms = 0
        self._idle_turns = 0
        self._owed = Owed()
        self._over = False
        self._halt = threading.Event()
        # Told in the courier's thread, heard in the window's.
        self._progressed.connect(self._moved)
        self._timer = QTimer(self)
        self._timer.setInterval(spread_ms(EVERY_MS, draw()))
        self._timer.timeout.connect(self._due)

    @property
    def facts(self) -> DeliveryFacts:
        """As last known."""
        return self._facts

    def start(self) -> None:
        """Look at the outbox, and send from now on."""
        self._over = False
        self._timer.start()
        self.refresh()
        self.send()

    def stop(self) -> None:
        """No new deliveries; one under way ends within a second."""
        self._over = True
        self._timer.stop()
        self._again = self._everything_again = False
        self._halt.set()

    def break_off(self) -> None:
        """Stop the delivery under way, and what was to follow it."""
        if self._facts.sending:
            self._again = self._everything_again = False
            self._halt.set()
            self._tell(stopping=True)

    def refresh(self) -> None:
        """Read the outbox again, without the network."""
        task = self._courier.submit(self._look)
        task.done.connect(self._listed)

    def send(self) -> None:
        """Send what may go by itself; when a delivery is under way, once more after it.

        Not before the central side asked for it: the timer is set for then.
        """
        self._idle_turns = 0
        self._begin(everything=False)

    def send_all(self) -> None:
        """Send all that waits, on a metered link too: somebody asked for it."""
        self._idle_turns = 0
        self._begin(everything=True)

    def set_metered(self, metered: bool) -> None:
        """Say what the link is; what waited for another one then goes."""
        # A delivery under way holds the courier up; the screen shows what was chosen at once.
        self._saying = metered
        self._tell(metered=metered)
        task = self._courier.submit(partial(self._say_metered, metered=metered))
        task.done.connect(self._said)
        task.failed.connect(self._broke)
        if not metered:
            self.send()

    def _begin(self, *, everything: bool) -> None:
        if self._facts.sending:
            self._again = True
            self._everything_again |= everything
            return
        if not everything and self._clock.monotonic_ms() < self._not_before_ms:
            return
        self._halt.clear()
        self._tell(sending=True, asked=everything, progress=None, stopping=False, stopped=False)
        task = self._courier.submit(partial(self._run, everything=everything))
        task.done.connect(self._ran)
        task.failed.connect(self._broke)

    def _due(self) -> None:
        early_ms = self._not_before_ms - self._clock.monotonic_ms()
        if early_ms > 0:
            # Qt's timers may come a twentieth early; the turn that was given is not lost by that.
            self._timer.setInterval(early_ms)
            return
        self._set_timer()
        if not self._facts.sending:
            task = self._courier.submit(self._look)
            task.done.connect(self._looked)
            task.failed.connect(self._regular)  # the delivery says what is wrong with the vault

    def _looked(self, seen: _Seen) -> None:
        """Send what is new; what could not be brought on lately waits for its turn."""
        if self._over or self._facts.sending:
            return
        self._listed(seen)
        if seen.owed and seen.owed != self._owed:
            self.send()
        else:
            self._regular()

    def _regular(self, _failure: object = None) -> None:
        if not self._over and self._clock.monotonic_ms() >= self._next_ms:
            self._begin(everything=False)

    def _pause(self, *, left: bool) -> None:
        """Set the next regular delivery. Left: something is to be brought on still."""
        pause = spread_ms(pause_ms(self._idle_turns, left=left), self._draw())
        self._next_ms = self._clock.monotonic_ms() + pause
        self._set_timer()

    def _set_timer(self) -> None:
        look = spread_ms(EVERY_MS, self._draw())
        early = self._next_ms - self._clock.monotonic_ms()
        self._timer.setInterval(min(look, early) if early > 0 else look)

    # In the courier's thread:

    def _run(self, *, everything: bool) -> tuple[Summary, _Seen]:
        metered = False if everything else None
        told = self._delivery.run_once(self._hear, self._halt.is_set, metered=metered)
        return told, self._look()

    def _hear(self, progress: Progress) -> None:
        """The list goes along where a record is next: the one before it has moved on."""
        rows = self._delivery.status() if progress.total else None
        self._progressed.emit(_Moved(progress, rows))

    def _look(self) -> _Seen:
        delivery = self._delivery
        return _Seen(delivery.status(), delivery.is_metered(), delivery.owed())

    def _say_metered(self, *, metered: bool) -> _Seen:
        self._delivery.set_metered(metered=metered)
        return self._look()

    # In the window's:

    def _moved(self, moved: _Moved) -> None:
        if self._facts.sending:
            rows = self._facts.rows if moved.rows is None else moved.rows
            self._tell(progress=moved.progress, rows=rows)

    def _listed(self, seen: _Seen) -> None:
        self._tell(rows=seen.rows, metered=self._metered(seen))

    def _said(self, seen: _Seen) -> None:
        if seen.metered == self._saying:
            self._saying = None
        self._listed(seen)

    def _metered(self, seen: _Seen) -> bool:
        return seen.metered if self._saying is None else self._saying

    def _ran(self, answer: tuple[Summary, _Seen]) -> None:
        summary, seen = answer
        self._tell(
            rows=seen.rows,
            metered=self._metered(seen),
            pace=self._facts.pace if summary.pace is None else summary.pace,
            # One that was stopped may have ended before it reached anybody.
            online=self._facts.online if summary.stopped else not summary.reason,
            sending=False,
            last_at=self._clock.now(),
            reason=summary.reason,
            progress=None,
            stopping=False,
            stopped=summary.stopped,
        )
        self._owed = seen.owed
        self._idle_turns = 0 if summary.sent or summary.stored else self._idle_turns + 1
        self._pause(left=bool(seen.owed or summary.reason))
        self._wait_as_told(summary.wait_s)
        self.finished.emit(summary)
        self._once_more()

    def _wait_as_told(self, told_s: int) -> None:
        """Come again when the central side asked for it, if it did."""
        wait_ms = round(1000 * after_told_s(told_s, self._draw()))
        self._not_before_ms = self._clock.monotonic_ms() + wait_ms if wait_ms else 0
        if wait_ms:
            self._next_ms = self._not_before_ms
            self._timer.setInterval(wait_ms)

    def _broke(self, failure: Failure) -> None:
        self._saying = None
        self._tell(
            sending=False,
            online=False,
            last_at=self._clock.now(),
            reason=failure.code,
            progress=None,
            stopping=False,
        )
        self._idle_turns += 1
        self._pause(left=True)
        self._once_more()

    def _once_more(self) -> None:
        if self._again:
            everything = self._everything_again
            self._again = self._everything_again = False
            self._begin(everything=everything)

    def _tell(self, **changes: object) -> None:
        self._facts = replace(self._facts, **changes)  # type: ignore[arg-type]  # names of fields
        self.changed.emit(self._facts)
