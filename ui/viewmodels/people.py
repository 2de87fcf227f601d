"""Orders about people (codes, PINs, locks): one at a time, answered by name."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from ui.workers.desk import Desk, Failure

_ANSWERED = ("SIGNIN-", "VAULT-006")
"""Failures that the page which ordered can answer to; any other ends on the fault page."""


class PeopleModel(QObject):
    """Sends orders to the vault's thread.

    Signals:
        done(str, object): name of the order, and what the service answered.
        refused(str, object): name of the order, and a :class:`~ui.workers.desk.Failure`.
        failed(object): a :class:`~ui.workers.desk.Failure` that no page answers to.
    """

    done = Signal(str, object)
    refused = Signal(str, object)
    failed = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether an order is on its way."""
        return self._busy

    def order(self, name: str, call: Callable[[], object]) -> bool:
        """Make a call in the vault's thread; False, and nothing is sent, while one is under way."""
        if self._busy:
            return False
        self._busy = True
        task = self._desk.submit(call)
        task.done.connect(partial(self._answered, name))
        task.failed.connect(partial(self._failed, name))
        return True

    def _answered(self, name: str, answer: object) -> None:
        self._busy = False
        self.done.emit(name, answer)

    def _failed(self, name: str, failure: Failure) -> None:
        self._busy = False
        if failure.code.startswith(_ANSWERED):
            self.refused.emit(name, failure)
        else:
            self.failed.emit(failure)
