"""The open case: what the panels show, and the one way to move it.

Rules, in order:

1. One event at a time: while one is on its way nothing else is sent, so a second Enter, a second
   click or a scanner that presses Enter cannot send an order twice.
2. The screen shows the state that the vault answered with, never one that it hopes for.
3. A refused event leaves everything as it was and is told as such.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kiosk.domain.agent import Agent
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Side, Verdict
from kiosk.domain.ids import AgentId, CaseId
from kiosk.journeys.engine import outcomes
from kiosk.journeys.guards import obstacles
from kiosk.journeys.model import CaseState, Event
from kiosk.journeys.procedure import Journey
from kiosk.services.agents import Session
from kiosk.services.proofing import Case, Proofing
from kiosk.sync.questions import AnswerPost
from ui.workers.camera import jpeg_of
from ui.workers.desk import Desk, Failure

if TYPE_CHECKING:
    from kiosk.ports import Picture


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as the panels see it: the state as stored, and the procedure that it follows.

    ``rejoined``: its request was presented again, and brought the open case back.
    """

    state: CaseState
    journey: Journey
    rejoined: bool = False

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Names of what stands against an acceptance now."""
        return obstacles(self.journey, self.state)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Values of the outcomes that may be chosen now."""
        return tuple(outcome.value for outcome in outcomes(self.journey, self.state))


class JourneyModel(QObject):
    """Wraps the case that is open.

    Signals:
        changed(object): the new :class:`CaseView`.
        busy_changed(bool): an order is on its way, or answered.
        refused(object): a :class:`Failure`; the event did not fit, nothing changed.
        failed(object): a :class:`Failure`; it could not be kept, nothing changed.
        left(): no case is open any more.
        colleagues_known(tuple): to whom the case can be handed, :class:`Agent` each.
        handed(object): the case is this :class:`Agent`'s now.
        seconds_known(tuple): who may stand by a decision, :class:`Agent` each.
        second_refused(object): a :class:`Failure`; the colleague's code was not accepted.
    """

    changed = Signal(object)
    busy_changed = Signal(bool)
    refused = Signal(object)
    failed = Signal(object)
    left = Signal()
    colleagues_known = Signal(tuple)
    handed = Signal(object)
    seconds_known = Signal(tuple)
    second_refused = Signal(object)

    def __init__(self, proofing: Proofing, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._proofing = proofing
        self._desk = desk
        self._case: Case | None = None
        self._view: CaseView | None = None
        self._busy = False

    @property
    def view(self) -> CaseView | None:
        """The case as last stored, None when none is open."""
        return self._view

    @property
    def busy(self) -> bool:
        """Whether an order is on its way."""
        return self._busy

    @property
    def case(self) -> Case | None:
        """The case itself, for what is asked about it in another thread; None when none is open."""
        return self._case

    def open(self, procedure: str, session: Session, code: str = "") -> bool:
        """Open a case, and present a code that was scanned outside it. False while busy."""
        return self._order(partial(self._open, procedure, session, code))

    def run(self, make: Callable[[], Case]) -> bool:
        """Open or move a case by a call of another service. False while busy."""
        return self._order(partial(self._made, make))

    def resume(self, case_id: CaseId, session: Session) -> bool:
        """Bring a case back. False while busy."""
        return self._order(partial(self._resume, case_id, session))

    def dispatch(self, event: Event) -> bool:
        """Move the case. False, and nothing is sent, while another order is on its way."""
        return self._order(partial(self._on_case, lambda case: case.dispatch(event)))

    def present_code(self, text: str) -> bool:
        """Present a scanned or typed code. False while busy."""
        return self._order(partial(self._present, text))

    def attach_picture(self, side: Side, picture: "Picture") -> None:
        """Keep a picture, (h, w, 3) uint8 BGR, in memory for a record that may hold pictures."""
        case = self._case
        if case is not None:
            self._desk.submit(lambda: case.attach_image(side, jpeg_of(picture)))

    def ask_colleagues(self) -> None:
        """Ask to whom the case can be handed."""
        case = self._case
        if case is not None:
            task = self._desk.submit(case.colleagues)
            task.done.connect(self.colleagues_known)
            task.failed.connect(self.failed)

    def hand_over(self, to: AgentId) -> bool:
        """Hand the case to a colleague. False while busy."""
        case = self._case
        if self._busy or case is None:
            return False
        self._set_busy(True)
        task = self._desk.submit(partial(case.hand_over, to))
        task.done.connect(self._was_handed)
        task.failed.connect(self._broken)
        return True

    def ask_seconds(self) -> None:
        """Ask who may stand by a decision."""
        case = self._case
        if case is not None:
            task = self._desk.submit(case.second_agents)
            task.done.connect(self.seconds_known)
            task.failed.connect(self.failed)

    def second_agent_says(self, agent_id: AgentId, pin: str, verdict: Verdict) -> bool:
        """A colleague proves who they are and answers. False while busy."""
        if self._busy:
            return False
        self._set_busy(True)
        call = partial(self._on_case, lambda c: c.second_agent_says(agent_id, pin, verdict))
        task = self._desk.submit(call)
        task.done.connect(self._moved)
        task.failed.connect(self._second_failed)
        return True

    def second_agent_said(self, post: AnswerPost) -> bool:
        """Take in the answer of a colleague at another counter. False while busy."""
        if self._busy:
            return False
        self._set_busy(True)
        task = self._desk.submit(partial(self._on_case, lambda c: c.second_agent_said(post)))
        task.done.connect(self._moved)
        task.failed.connect(self._second_failed)
        return True

    def leave(self) -> None:
        """Put the case aside; its draft stays. Does nothing while busy."""
        if self._busy or self._case is None:
            return
        self._case = None
        self._view = None
        self.left.emit()

    # --- in the vault's thread ----------------------------------------------------------------

    def _open(self, procedure: str, session: Session, code: str) -> tuple[Case, CaseView]:
        open_case = self._proofing.open_with(code, session) if code else None
        if open_case is not None:
            return open_case, CaseView(open_case.state, open_case.journey, rejoined=True)
        case = self._proofing.open_case(procedure, session)
        if code:
            case.present_code(code)
        return case, CaseView(case.state, case.journey)

    @staticmethod
    def _made(make: Callable[[], Case]) -> tuple[Case, CaseView]:
        case = make()
        return case, CaseView(case.state, case.journey)

    def _resume(self, case_id: CaseId, session: Session) -> tuple[Case, CaseView]:
        case = self._proofing.resume(case_id, session)
        return case, CaseView(case.state, case.journey)

    def _present(self, text: str) -> tuple[Case, CaseView]:
        case = self._case
        if case is not None and case.state.request is None:
            other = self._proofing.open_with(text, case.session, fresh=case)
            if other is not None:
                return other, CaseView(other.state, other.journey, rejoined=True)
        return self._on_case(lambda case: case.present_code(text))

    def _on_case(self, act: Callable[[Case], CaseState]) -> tuple[Case, CaseView]:
        case = self._case
        if case is None:
            raise EventRefusedError("no case is open")
        state = act(case)
        return case, CaseView(state, case.journey)

    # --- in the thread of the screen ----------------------------------------------------------

    def _order(self, call: Callable[[], object]) -> bool:
        if self._busy:
            return False
        self._set_busy(True)
        task = self._desk.submit(call)
        task.done.connect(self._moved)
        task.failed.connect(self._broken)
        return True

    def _moved(self, answer: tuple[Case, CaseView]) -> None:
        self._case, self._view = answer
        self._set_busy(False)
        self.changed.emit(self._view)

    def _second_failed(self, failure: Failure) -> None:
        if failure.code.startswith("SIGNIN-"):
            self._set_busy(False)
            self.second_refused.emit(failure)
        else:
            self._broken(failure)

    def _was_handed(self, agent: Agent) -> None:
        self._set_busy(False)
        self.handed.emit(agent)

    def _broken(self, failure: Failure) -> None:
        self._set_busy(False)
        if failure.code == EventRefusedError.code:
            self.refused.emit(failure)
        else:
            self.failed.emit(failure)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.busy_changed.emit(busy)
