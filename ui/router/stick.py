"""The stick on the page of deliveries: its card, its model, and the choice of the folder."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QStorageInfo
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.screens.stick import StickCard, StickFacts
from ui.viewmodels.carrying import Carries, CarryingModel
from ui.widgets.look import Look
from ui.workers.desk import Desk

_PLACES = ("/media/", "/run/media/", "/mnt/", "/Volumes/")

Choose = Callable[[QWidget, str, str], str]
"""Window, title and first folder to the folder chosen, ``""`` for none."""


def likely_stick() -> str:
    """The one removable volume there is, ``""`` where there is none or more than one."""
    volumes = [info for info in QStorageInfo.mountedVolumes() if info.isReady()]
    system = QStorageInfo.root().rootPath()
    paths = [info.rootPath() for info in volumes if info.rootPath() != system]
    found = [path for path in paths if path.startswith(_PLACES) or path[1:3] == ":/"]
    return found[0] if len(found) == 1 else ""


def _ask(window: QWidget, title: str, first: str) -> str:
    return QFileDialog.getExistingDirectory(window, title, first)


class StickRouter(QObject):
    """Reads and writes sticks when asked.

    Attributes:
        model: what is going on; its ``finished`` means that rows and receipts may have changed.
        choose: asks for the folder.
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
        self.choose: Choose = _ask
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

    def _run(self, title: str, *, give: bool) -> None:
        if self.model.facts.running:
            return
        words = self._look.language.tr(f"deliveries.stick.{title}")
        folder = self.choose(self._card.window(), words, likely_stick())
        if folder:
            self.model.run(Path(folder), give=give)

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
