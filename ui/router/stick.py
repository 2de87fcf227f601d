"""The stick on the page of deliveries: its card, its model, and the choice of the folder.

Rules, in order: a folder counts only while whoever asked is still signed in; a lock closes the
choice; a medium that does not answer holds up neither the screen nor the choice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QStorageInfo, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.screens.stick import StickCard, StickFacts
from ui.viewmodels.carrying import Carries, CarryingModel
from ui.widgets.look import Look
from ui.workers.desk import Desk

_PLACES = ("/media/", "/run/media/", "/mnt/", "/Volumes/")

_PATIENCE_MS = 1000
"""For the list of volumes: a network drive that is gone may let it wait for minutes."""

Choose = Callable[[QWidget, str, str], str]
"""Window, title and first folder to the folder chosen, ``""`` for none."""


def likely_stick() -> str:
    """The one removable volume there is, ``""`` where there is none or more than one."""
    volumes = [info for info in QStorageInfo.mountedVolumes() if info.isReady()]
    system = QStorageInfo.root().rootPath()
    paths = [info.rootPath() for info in volumes if info.rootPath() != system]
    found = [path for path in paths if path.startswith(_PLACES) or path[1:3] == ":/"]
    return found[0] if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for, until a folder is chosen."""

    title: str
    give: bool


class StickRouter(QObject):
    """Reads and writes sticks when asked.

    Attributes:
        model: what is going on; its ``finished`` means that rows and receipts may have changed.
        choose: asks for the folder.
        likely: the folder to begin at; asked away from the screen's thread.
    """

    def __init__(
        self,
        look: Look,
        card: StickCard,
        carries: Carries,
        courier: Desk,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._card = card
        self.choose: Choose = self._ask
        self.likely: Callable[[], str] = likely_stick
        self._volumes = Desk("volumes")
        self._dialog: QFileDialog | None = None
        self._wish: _Wish | None = None
        self._begun = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(lambda: self._begin(self._wish, ""))
        self.model = CarryingModel(carries, courier, self)
        card.write_requested.connect(self._write)
        card.read_requested.connect(self._read)
        card.stop_requested.connect(self.model.stop)
        self.model.changed.connect(self._show)
        look.language.changed.connect(self._show)
        self._show()

    def _write(self) -> None:
        self._run("choose_write", give=True)

    def _read(self) -> None:
        self._run("choose_read", give=False)

    def forget(self) -> None:
        """Nobody is signed in any more: no folder that is still chosen counts."""
        self._wish = None
        self._patience.stop()
        if self._dialog is not None:
            self._dialog.reject()

    def close(self) -> None:
        """Stop after the record under way. Safe to call twice."""
        self.forget()
        self.model.stop()
        self._volumes.close()

    def _run(self, title: str, *, give: bool) -> None:
        if self.model.facts.running or self._wish is not None:
            return
        wish = self._wish = _Wish(title, give)
        self._begun = False
        self._patience.start()
        task = self._volumes.submit(self.likely)
        task.done.connect(partial(self._begin, wish))
        task.failed.connect(lambda _: self._begin(wish, ""))

    def _begin(self, wish: _Wish | None, first: str) -> None:
        """The volumes are known, or take too long: whichever comes first."""
        if wish is None or wish is not self._wish or self._begun:
            return
        self._begun = True
        self._patience.stop()
        words = self._look.language.tr(f"deliveries.stick.{wish.title}")
        folder = self.choose(self._card.window(), words, first)
        if wish is not self._wish:
            return  # the desk was locked or left over the choice
        self._wish = None
        if folder:
            self.model.run(Path(folder), give=wish.give)

    def _ask(self, window: QWidget, title: str, first: str) -> str:
        dialog = self._dialog = QFileDialog(window, title, first)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        try:
            return dialog.selectedFiles()[0] if dialog.exec() else ""
        finally:
            self._dialog = None
            dialog.deleteLater()

    def _show(self, _changed: object = None) -> None:
        facts = self.model.facts
        outcome = facts.outcome
        self._card.show_facts(
            StickFacts(
                running=facts.running,
                give=facts.give,
                done=facts.done,
                total=facts.total,
                ended=outcome is not None,
                stored=0 if outcome is None else outcome.stored,
                written=0 if outcome is None else outcome.written,
                left=0 if outcome is None else outcome.left,
                failed=0 if outcome is None else outcome.failed,
                reason=facts.reason,
            )
        )
