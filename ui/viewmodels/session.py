"""Who works at this desk: sign-in, lock, and back again."""

import re
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.domain.agent import Agent
from kiosk.domain.errors import LockedOutError, WrongPinError
from kiosk.domain.ids import AgentId
from kiosk.services.agents import Session
from kiosk.services.sign_in import SignIn
from ui.workers.desk import Desk, Failure

SECOND_PERSON = "second person"
"""Detail of a lock-out that only somebody else can lift."""
_FREE_TRIES = 3
_WAIT = re.compile(r"wait (\d+) s")


@dataclass(frozen=True, slots=True)
class PinRefused:
    """A code was not accepted.

    Attributes:
        failure: why.
        tries_left: wrong codes that cost no wait yet; 0: the next one does.
        wait_s: seconds until the next try, 0 for none.
    """

    failure: Failure
    tries_left: int = 0
    wait_s: int = 0


class SessionModel(QObject):
    """Session of the agent, and the lock over it.

    Signals:
        listed(tuple): agents of this device.
        opened(object): a :class:`Session`; also after a lock, of the same or of another agent.
        refused(object): a :class:`PinRefused`.
        locked(): the desk is locked; the session waits for its agent.
        stepped_aside(): the desk is free for another agent; the shift and its drafts stay.
        closed(): the shift is over and its key is gone; nobody is signed in.
        failed(object): a :class:`Failure` that is no answer to a code.
    """

    listed = Signal(tuple)
    opened = Signal(object)
    refused = Signal(object)
    locked = Signal()
    stepped_aside = Signal()
    closed = Signal()
    failed = Signal(object)

    def __init__(self, sign_in: SignIn, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sign_in = sign_in
        self._desk = desk
        self._session: Session | None = None
        self._is_locked = False
        self._busy = False

    @property
    def session(self) -> Session | None:
        """The session, also while locked; None when nobody signed in."""
        return self._session

    @property
    def agent(self) -> Agent | None:
        """Who is signed in, also while locked."""
        return self._session.agent if self._session else None

    @property
    def is_locked(self) -> bool:
        """Whether the desk waits for a code although somebody is signed in."""
        return self._is_locked

    def list_agents(self) -> None:
        """Ask for the agents of this device."""
        task = self._desk.submit(self._sign_in.agents)
        task.done.connect(self.listed)
        task.failed.connect(self.failed)

    def enter(self, agent_id: str, pin: str) -> None:
        """Try a code; one at a time."""
        if self._busy:
            return
        self._busy = True
        task = self._desk.submit(partial(self._try, AgentId(agent_id), pin))
        task.done.connect(self._answered)
        task.failed.connect(self._broken)

    def lock(self) -> None:
        """Close the screen; session and work stay."""
        if self._session is not None and not self._is_locked:
            self._is_locked = True
            self.locked.emit()

    def step_aside(self) -> None:
        """Let another agent in: the session is forgotten here, the shift stays open."""
        if self._session is None or self._busy:
            return
        self._session = None
        self._is_locked = False
        self.stepped_aside.emit()

    def leave(self) -> None:
        """End the shift: what is open is sealed as abandoned, the shift key is destroyed."""
        if self._session is None or self._is_locked or self._busy:
            return
        self._busy = True
        task = self._desk.submit(partial(self._sign_in.sign_out, self._session))
        task.done.connect(self._left)
        task.failed.connect(self._broken)

    def _try(self, agent_id: AgentId, pin: str) -> Session | PinRefused:
        """In the vault's thread."""
        try:
            return self._sign_in.sign_in(agent_id, pin)
        except LockedOutError as exc:
            match = _WAIT.match(exc.detail)
            wait_s = int(match.group(1)) if match else 0
            return PinRefused(Failure(exc.code, exc.detail), 0, wait_s)
        except WrongPinError as exc:
            standing = self._sign_in.standing(agent_id)
            left = max(0, _FREE_TRIES - standing.failures)
            return PinRefused(Failure(exc.code, exc.detail), left, standing.wait_s)

    def _answered(self, answer: object) -> None:
        self._busy = False
        if isinstance(answer, PinRefused):
            self.refused.emit(answer)
        elif isinstance(answer, Session):
            self._session = answer
            self._is_locked = False
            self.opened.emit(answer)

    def _left(self, _nothing: object) -> None:
        self._busy = False
        self._session = None
        self.closed.emit()

    def _broken(self, failure: Failure) -> None:
        self._busy = False
        self.failed.emit(failure)
