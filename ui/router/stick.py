"""The stick on the page of deliveries: its card, its model, and the folder that is asked for."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from ui.router.folders import FolderChoice
from ui.screens.stick import StickCard, StickFacts
from ui.viewmodels.carrying import Carries, CarryingModel
from ui.widgets.look import Look
from ui.workers.desk import Desk


class StickRouter(QObject):
    """Reads and writes sticks when asked.

    Attributes:
        model: what is going on; its ``finished`` means that rows and receipts may have changed.
        folders: asks for the folder.
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
        self.folders = FolderChoice(look, card, self)
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
        self.folders.forget()

    def close(self) -> None:
        """Stop after the record under way. Safe to call twice."""
        self.model.stop()
        self.folders.close()

    def _run(self, title: str, *, give: bool) -> None:
        if not self.model.facts.running:
            words = self._look.language.tr(f"deliveries.stick.{title}")
            self.folders.ask(words, partial(self._visit, give=give))

    def _visit(self, medium: Path, *, give: bool) -> None:
        self.model.run(medium, give=give)

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
