"""The device itself: its state as last read, and one act at a time, away from the screen's thread.

Rules, in order: what needs the network or a medium goes through the courier's desk, so that it
never meets a delivery under way; the rest through the vault's; an act that was stopped says so
itself; how the last act ended is kept until the next one begins.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from kiosk.domain.agent import Duty
from kiosk.domain.ids import AgentId
from kiosk.services.agents import Session, Signatory, Signs
from kiosk.services.delivery import Progress
from kiosk.services.device_life import NOBODY, Watch
from kiosk.services.device_state import DeviceState
from kiosk.services.secret_change import SecretStanding
from ui.workers.desk import Desk, Failure


class Act(StrEnum):
    """What can be done with a device."""

    SEND = "send"
    KEYS = "keys"
    SECRET = "secret"  # noqa: S105 - the name of an act
    SECRET_END = "secret_end"  # noqa: S105 - the name of an act
    RESCUE = "rescue"
    TRANSFER = "transfer"
    DECOMMISSION = "decommission"


CLOSING = (Act.TRANSFER, Act.DECOMMISSION)
"""Acts at whose end the keys are destroyed."""
DESTROYING = (Act.SECRET_END, *CLOSING)
"""Acts that are confirmed by what is typed for them."""
STOPPABLE = (Act.RESCUE, *CLOSING)


class Tends(Protocol):
    """What tends the device; :class:`kiosk.bootstrap.workshop.Workshop`."""

    def state(self, by: Signs) -> DeviceState: ...  # noqa: D102
    def key_store(self) -> str: ...  # noqa: D102
    def escrowed(self) -> bool: ...  # noqa: D102
    def vouch(self, agent_id: AgentId, pin: str, duty: Duty) -> Signatory: ...  # noqa: D102
    def check_code(self, code: str) -> None: ...  # noqa: D102
    def change_keys(self, by: Signs) -> None: ...  # noqa: D102
    def secret(self) -> SecretStanding | None:
        """How far a change of the device secret has come; None where nobody can tell now."""
        ...

    def change_secret(self, by: Signs) -> SecretStanding:
        """A new device secret behind every PIN; who has to sign in once for it, and until when."""
        ...

    def end_secret(self, by: Signs) -> SecretStanding:
        """Destroy the device secret of before now; who needs a one-time code from then on."""
        ...

    def close(self, by: Signs, why: str, watch: Watch = NOBODY) -> None: ...  # noqa: D102
    def rescue(  # noqa: D102
        self, first: Signs, second: Signs, out: Path, watch: Watch = NOBODY
    ) -> int: ...


@dataclass(frozen=True, slots=True)
class Looked:
    """The device as last looked at.

    Attributes:
        key_store: kind, see :mod:`kiosk.bootstrap.workshop`.
        escrowed: whether an emergency key lies beside the vault.
        secret: how far a change of the device secret has come; None where nobody can tell now.
    """

    state: DeviceState
    key_store: str
    escrowed: bool
    secret: SecretStanding | None = None

    @property
    def secret_changes(self) -> bool:
        """Whether an old device secret waits for agents."""
        return self.secret is not None and self.secret.until is not None


@dataclass(frozen=True, slots=True)
class ActRun:
    """The act under way, or the last one.

    Attributes:
        progress: how far it is; None before the first word of it.
        stopping: somebody asked it to stop.
        answer: what the service gave; None while it runs, and where it failed.
        failure: why it failed.
    """

    act: Act
    running: bool = True
    progress: Progress | None = None
    stopping: bool = False
    answer: object = None
    failure: Failure | None = None


class DeviceModel(QObject):
    """Looks at the device, and acts.

    Signals:
        looked(object): a :class:`Looked`.
        checked(): the enrolment code names a side that answers.
        vouched(object): a :class:`~kiosk.services.agents.Signatory`.
        refused(object): the code, or a PIN, was not taken: a :class:`Failure`.
        changed(object): the act moved on, an :class:`ActRun`.
        failed(object): the device cannot be looked at, a :class:`Failure`.
    """

    looked = Signal(object)
    checked = Signal()
    vouched = Signal(object)
    refused = Signal(object)
    changed = Signal(object)
    failed = Signal(object)
    _progressed = Signal(object)

    def __init__(
        self, workshop: Tends, desk: Desk, courier: Desk, parent: QObject | None = None
    ) -> None:
        """Desks: of the vault and of the network."""
        super().__init__(parent)
        self._workshop = workshop
        self._desk = desk
        self._courier = courier
        self._stop = threading.Event()
        self._asked = 0
        self.run: ActRun | None = None
        # Told in the courier's thread, heard in the screen's.
        self._progressed.connect(self._show_progress)

    @property
    def busy(self) -> bool:
        """Whether an act is under way."""
        return self.run is not None and self.run.running

    def look(self, by: Session) -> None:
        """Read the state again."""
        task = self._desk.submit(partial(self._looked_at, by))
        task.done.connect(self.looked)
        task.failed.connect(self.failed)

    def check(self, code: str) -> None:
        """Ask the side that an enrolment code names."""
        self._ask(self._courier, partial(self._workshop.check_code, code), self._was_checked)

    def vouch(self, agent_id: str, pin: str, duty: Duty) -> None:
        """Check the PIN of who signs."""
        call = partial(self._workshop.vouch, AgentId(agent_id), pin, duty)
        self._ask(self._desk, call, self.vouched.emit)

    def forget(self) -> None:
        """Who asked is gone, or went back: no answer that is out still counts. An act goes on."""
        self._asked += 1

    def change_keys(self, by: Session) -> None:
        """A new key for the vault."""
        self._begin(Act.KEYS, self._desk, lambda _: self._workshop.change_keys(by))

    def change_secret(self, by: Session, *, end: bool) -> None:
        """A new device secret behind the PINs, or the ``end`` of the old one."""
        act, call = Act.SECRET, self._workshop.change_secret
        if end:
            act, call = Act.SECRET_END, self._workshop.end_secret
        self._begin(act, self._desk, lambda _: call(by))

    def rescue(self, first: Signs, second: Signs, out: Path) -> None:
        """Copy what is sealed."""
        call = partial(self._workshop.rescue, first, second, out)
        self._begin(Act.RESCUE, self._courier, call)

    def close_device(self, act: Act, by: Signs) -> None:
        """Send everything and close the journal."""
        call = partial(self._workshop.close, by, act.value)
        self._begin(act, self._courier, call)

    def stop(self) -> None:
        """Stop the act under way where it can be stopped."""
        self._stop.set()
        if self.run is not None and self.run.running:
            self._tell(replace(self.run, stopping=True))

    def _looked_at(self, by: Session) -> Looked:
        """In the vault's thread."""
        workshop = self._workshop
        return Looked(
            workshop.state(by), workshop.key_store(), workshop.escrowed(), workshop.secret()
        )

    def _ask(
        self, desk: Desk, call: Callable[[], object], answered: Callable[[object], None]
    ) -> None:
        self._asked += 1
        task = desk.submit(call)
        task.done.connect(partial(self._answer, self._asked, answered))
        task.failed.connect(partial(self._answer, self._asked, self.refused.emit))

    def _answer(self, number: int, answered: Callable[[object], None], value: object) -> None:
        if number == self._asked:
            answered(value)

    def _was_checked(self, _nothing: object) -> None:
        self.checked.emit()

    def _begin(self, act: Act, desk: Desk, call: Callable[[Watch], object]) -> None:
        if self.busy:
            return
        self._stop.clear()
        self._tell(ActRun(act))
        watch = Watch(self._progressed.emit, self._stop.is_set)
        task = desk.submit(lambda: call(watch))
        task.done.connect(self._ended)
        task.failed.connect(self._broke)

    def _show_progress(self, progress: Progress) -> None:
        if self.run is not None and self.run.running:
            self._tell(replace(self.run, progress=progress))

    def _ended(self, answer: object) -> None:
        if self.run is not None:
            self._tell(replace(self.run, running=False, answer=answer))

    def _broke(self, failure: Failure) -> None:
        if self.run is not None:
            self._tell(replace(self.run, running=False, failure=failure))

    def _tell(self, run: ActRun) -> None:
        self.run = run
        self.changed.emit(run)
