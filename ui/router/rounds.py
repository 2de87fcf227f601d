"""The section of the round, or of the appointments: its page, its model, and its orders."""

from collections.abc import Callable
from datetime import date
from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.config import Profile
from kiosk.domain.decision import Reason
from kiosk.services.agents import Session
from kiosk.services.proofing import Case
from kiosk.services.rounds import Rounds, VisitDesk
from ui.router.services import Services
from ui.screens.round import RoundPageFacts, RoundScreen
from ui.shell import Section
from ui.viewmodels.round import RoundModel
from ui.widgets.look import Look
from ui.workers.desk import Desk


class RoundRouter(QObject):
    """Shows the round and asks for visits to be opened.

    Signals:
        ordered(object): a call that makes the case of a visit, for the vault's thread.
        failed(object): a :class:`~ui.workers.desk.Failure` of the vault.
    """

    ordered = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        look: Look,
        services: Services,
        rounds: Rounds,
        visits: VisitDesk,
        desks: tuple[Desk, Desk],
        parent: QObject | None = None,
    ) -> None:
        """Desks: the vault's, and the network's."""
        super().__init__(parent)
        self._services = services
        self._visits = visits
        self._session: Session | None = None
        appointments = services.profile is Profile.COUNTER
        self.section = Section.APPOINTMENTS if appointments else Section.ROUND
        self.model = RoundModel(rounds, *desks, services.clock, self)
        self.screen = RoundScreen(look, appointments=appointments)
        self.screen.bar.missed.shut_on = services.service.is_shut
        self.screen.open_requested.connect(self.open)
        self.screen.miss_requested.connect(self.miss)
        self.screen.reload_requested.connect(self.model.load)
        self.model.changed.connect(self.write)
        self.model.failed.connect(self.failed)

    def begin(self, session: Session) -> None:
        """Somebody signed in."""
        self._session = session
        self.model.begin(session)

    def forget(self) -> None:
        """The shift is over: neither page nor model keeps an address."""
        self._session = None
        self.model.forget()
        self.screen.forget()

    def write(self) -> None:
        """Show what is known."""
        facts = self.model.facts
        if self._session is None:
            return
        self.screen.show_facts(
            RoundPageFacts(
                visits=facts.visits,
                now=self._services.now().astimezone(),
                loading=facts.loading,
                loaded_at=facts.loaded_at,
                reason=facts.reason,
                invalid=facts.invalid,
            )
        )

    def place_of(self, visit_id: str) -> tuple[str, ...]:
        """Where a visit of today is, in lines; nothing where it is not of today."""
        found = self.model.visit(visit_id)
        if found is None:
            return ()
        return tuple(line for line in (found.visit.line, found.visit.locality) if line)

    def open(self, visit_id: str) -> None:
        """Begin a visit, or go on with it."""
        session = self._session
        if session is not None:
            self._order(partial(self._visits.open, visit_id, session))

    def miss(self, visit_id: str, reason: str, new_day: date | None) -> None:
        """Nobody can be verified; the case waits for its seal."""
        session = self._session
        if session is not None:
            self._order(partial(self._visits.miss, visit_id, Reason(reason), session, new_day))

    def _order(self, make: Callable[[], Case]) -> None:
        self.ordered.emit(make)
