"""The vault's thread: service calls, one after the other, away from the screen.

Rules, in order:

1. One thread makes every call handed to one desk, in the order handed in; a unit of work is opened,
   used and closed there.
2. The answer comes back as a signal in the thread of the screen and carries immutable values only.
3. A failure comes back as a :class:`Failure`. What this program does not raise on purpose becomes
   ``KIOSK-001`` with a support code that stands in the log.
4. Closing lets the call under way finish, drops those that have not begun, and joins. A desk that
   is told to finish makes those as well: a sheet of paper that was asked for, say.
"""

import os
import queue
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QThread, Signal
from typing_extensions import override

from kiosk import logs
from kiosk.domain.errors import InternalError, KioskError

_SUPPORT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call did not succeed.

    Attributes:
        code: stable code of :mod:`kiosk.domain.errors`, key of ``errors.toml``.
        detail: technical word of the error, free of personal data.
        support: code under which the log tells more; ``""`` for failures raised on purpose.
    """

    code: str
    detail: str = ""
    support: str = ""

    @property
    def shown_code(self) -> str:
        """What the agent reads out to the help line."""
        return f"{self.code}-{self.support}" if self.support else self.code


def failure_of(exc: BaseException, where: str) -> Failure:
    """The failure to show for an exception; unknown ones are logged under a fresh support code."""
    if isinstance(exc, KioskError):
        logs.error(where, exc)
        return Failure(exc.code, exc.detail)
    support = os.urandom(_SUPPORT_BYTES).hex().upper()
    logs.error(where, exc, status=support)
    return Failure(InternalError.code, type(exc).__name__, support)


class Task(QObject):
    """One call under way.

    Signals:
        done(object): what the call returned.
        failed(object): a :class:`Failure`.
        ended(): after either of them.
    """

    done = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def finish(self, value: object) -> None:
        """Tell the result; called by the desk, in the thread of the screen."""
        if isinstance(value, Failure):
            self.failed.emit(value)
        else:
            self.done.emit(value)
        self.ended.emit()


class Desk(QThread):
    """Makes service calls in a thread of its own; started by the first one."""

    _answered = Signal(object, object)

    def __init__(self, name: str = "desk", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._calls: queue.SimpleQueue[tuple[Task, Callable[[], object]] | None] = (
            queue.SimpleQueue()
        )
        self._open: set[Task] = set()
        self._closed = False
        self._dropping = False
        self._answered.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Whether every call handed in was answered."""
        return not self._open

    def submit(self, call: Callable[[], object]) -> Task:
        """Hand in a call; connect to the task before returning to the event loop."""
        task = Task()
        if self._closed:
            return task
        self._open.add(task)
        self._calls.put((task, call))
        if not self.isRunning():
            self.start()
        return task

    def close(self, *, finish: bool = False) -> None:
        """Finish the call under way, or ``finish`` all of them; end the thread.

        Nobody is told any more. Safe to call twice.
        """
        if self._closed:
            return
        self._closed = True
        self._dropping = not finish
        self._calls.put(None)
        self.wait()
        self._open.clear()

    @override
    def run(self) -> None:
        while True:
            item = self._calls.get()
            if item is None or self._dropping:
                return
            task, call = item
            self._answered.emit(task, _answer(call))

    def _finish(self, task: Task, value: object) -> None:
        if task in self._open:
            self._open.discard(task)
            task.finish(value)


def _answer(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as exc:  # noqa: BLE001 - the edge: nothing may end the vault's thread
        return failure_of(exc, "ui.desk")
