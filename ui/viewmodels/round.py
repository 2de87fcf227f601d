"""The round of today, or the appointments: what is here, and whether it is fresh.

Rules, in order: loading has the courier's thread, so nothing on the screen waits for the network;
what is shown is what the vault holds; a look once a minute erases a day that is over, and asks the
central side again where its last word is a quarter of an hour old, however seldom records leave.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from kiosk.ports import Clock
from kiosk.services.agents import Session
from kiosk.services.rounds import PlannedVisit, RoundLoad, Rounds
from ui.workers.desk import Desk, Failure

EVERY_MS = 60_000
FRESH = timedelta(minutes=15)
"""After this long the round is asked for again, where there is a network."""


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What is known of the round.

    Attributes:
        visits: of today, in order.
        loading: a load is under way.
        loaded_at: device time of the last load that was answered, None before the first.
        reason: stable code of what kept the last load from being answered, or ``""``.
        invalid: visits of the last load that were not valid.
    """

    visits: tuple[PlannedVisit, ...] = ()
    loading: bool = False
    loaded_at: datetime | None = None
    reason: str = ""
    invalid: int = 0


class RoundModel(QObject):
    """Loads and lists.

    Signals:
        changed(): new facts.
        failed(object): a :class:`Failure` of the vault.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self,
        rounds: Rounds,
        desk: Desk,
        courier: Desk,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        """Desk: the vault's thread; courier: the network's."""
        super().__init__(parent)
        self._rounds = rounds
        self._desk = desk
        self._courier = courier
        self._clock = clock
        self._session: Session | None = None
        self._facts = RoundFacts()
        self._asked_at: datetime | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def facts(self) -> RoundFacts:
        """As last known."""
        return self._facts

    def visit(self, visit_id: str) -> PlannedVisit | None:
        """A visit of today."""
        found = (item for item in self._facts.visits if item.visit.visit_id == visit_id)
        return next(found, None)

    def begin(self, session: Session) -> None:
        """Somebody signed in: show what is here, and ask for what is new."""
        if self._session is None or self._session.shift_key != session.shift_key:
            self._facts = RoundFacts()
        self._session = session
        self._timer.start()
        self.refresh()
        self.load()

    def forget(self) -> None:
        """The shift is over: nothing of it stays in memory."""
        self._timer.stop()
        self._session = None
        self._facts = RoundFacts()
        self.changed.emit()

    def refresh(self) -> None:
        """Read what the vault holds."""
        if self._session is not None:
            task = self._desk.submit(partial(self._rounds.today, self._session))
            task.done.connect(partial(self._listed, self._session))
            task.failed.connect(self.failed)

    def load(self) -> None:
        """Ask the central side; one question at a time."""
        if self._session is None or self._facts.loading:
            return
        self._asked_at = self._clock.now()
        self._tell(loading=True)
        task = self._courier.submit(partial(self._rounds.load, self._session))
        task.done.connect(partial(self._loaded, self._session))
        task.failed.connect(partial(self._not_loaded, self._session))

    def network_is_back(self) -> None:
        """The central side answered just now: load what was missed meanwhile."""
        loaded_at = self._facts.loaded_at
        if loaded_at is None or self._facts.reason or self._clock.now() - loaded_at > FRESH:
            self.load()

    def _tick(self) -> None:
        self.refresh()
        if self._asked_at is not None and self._clock.now() - self._asked_at > FRESH:
            self.load()

    def _listed(self, session: Session, visits: tuple[PlannedVisit, ...]) -> None:
        if session is self._session:
            self._tell(visits=visits)

    def _loaded(self, session: Session, load: RoundLoad) -> None:
        if session is not self._session:
            return
        self._tell(loading=False, loaded_at=self._clock.now(), reason="", invalid=load.invalid)
        self.refresh()

    def _not_loaded(self, session: Session, failure: Failure) -> None:
        if session is self._session:
            self._tell(loading=False, reason=failure.code)

    def _tell(self, **changes: object) -> None:
        self._facts = replace(self._facts, **changes)  # type: ignore[arg-type]  # names of fields
        self.changed.emit()
