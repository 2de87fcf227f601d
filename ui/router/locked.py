"""A device whose keys are gone: its encrypted files are copied from the page that says so.

Rules, in order: nobody can sign in there, so nobody signs; nothing is opened and nothing deleted,
and who holds the copy holds encrypted files; a device that still opens refuses by itself.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from kiosk.domain.errors import KeyStoreError, RescueFolderError, VaultKeyError
from ui.router.folders import FolderChoice
from ui.screens.fault import FaultFacts, FaultScreen
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure

CopyLocked = Callable[[Path], object]
"""Copies the files of the device into a new folder. Raises a KioskError."""
GONE = (VaultKeyError.code, KeyStoreError.code)
"""Codes of a start that fails for want of keys."""
_COPIES = 100


def free_folder(medium: Path) -> Path:
    """A folder of a medium that is not there yet. Raises RescueFolderError."""
    for number in range(1, _COPIES):
        folder = medium / ("visavis-locked" if number == 1 else f"visavis-locked-{number}")
        if not folder.exists():
            return folder
    raise RescueFolderError("too many copies")


class LockedCopy(QObject):
    """The button of the fault page, and what becomes of it."""

    def __init__(
        self, look: Look, page: FaultScreen, copy: CopyLocked, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._page = page
        self._copy = copy
        self._facts = FaultFacts("", "", "")
        self._out = Path()
        self._desk = Desk("locked")
        self.folders = FolderChoice(look, page, self)
        page.extra_requested.connect(self._ask)

    def facts(self, facts: FaultFacts) -> FaultFacts:
        """What the page shows: with the offer, where the keys are what is missing."""
        self._facts = facts
        if facts.code in GONE:
            self._facts = replace(facts, extra=self._look.language.tr("device.locked.offer"))
        return self._facts

    def close(self) -> None:
        """Finish what is under way. Safe to call twice."""
        self.folders.close()
        self._desk.close()

    def _ask(self) -> None:
        self.folders.ask(self._look.language.tr("device.locked.choose"), self._run)

    def _run(self, medium: Path) -> None:
        self._page.set_extra_busy(busy=True)
        task = self._desk.submit(lambda: self._copied(medium))
        task.done.connect(self._done)
        task.failed.connect(self._failed)

    def _copied(self, medium: Path) -> Path:
        """In the desk's thread."""
        folder = free_folder(medium)
        self._copy(folder)
        return folder

    def _done(self, folder: Path) -> None:
        tr = self._look.language.tr
        self._tell(
            tr("device.locked.done", folder=folder.name), tr("device.locked.do"), self._facts.code
        )

    def _failed(self, failure: Failure) -> None:
        tr = self._look.language.tr
        key = f"errors.{failure.code}"
        self._tell(tr(f"{key}.what"), tr(f"{key}.do"), failure.shown_code)

    def _tell(self, what: str, do: str, code: str) -> None:
        self._page.set_extra_busy(busy=False)
        self._page.show_facts(replace(self._facts, what=what, do=do, code=code))
