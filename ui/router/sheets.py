"""The customer's sheet on its way to paper: asked for on the screen, done in a thread of its own.

Rules, in order: one sheet at a time; the screen says what is known and goes on working; a sheet
that was asked for is finished even when the agent has gone on to the next customer.
"""

from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject

from kiosk.ports import OutboxState
from ui.router.services import Services
from ui.screens.receipt import ReceiptScreen
from ui.screens.sheet_print import Kept, keep_sheet
from ui.steps.words import error_words
from ui.viewmodels.delivery import DeliveryFacts
from ui.widgets.announce import announce
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure


class SheetRouter(QObject):
    """Prints and keeps the sheet of the receipt on the screen."""

    def __init__(
        self, look: Look, services: Services, receipt: ReceiptScreen, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._services = services
        self._receipt = receipt
        self.desk = Desk("printer")
        receipt.print_requested.connect(self.print_shown)
        receipt.keep_requested.connect(self.keep_shown)

    def print_shown(self) -> None:
        """Print the sheet; where no printer is, keep it."""
        self._submit(kept=False)

    def keep_shown(self) -> None:
        """Keep the sheet as a PDF."""
        self._submit(kept=True)

    def show_delivery(self, delivery: DeliveryFacts) -> None:
        """The central side may just have taken the record of this receipt."""
        facts = self._receipt.facts
        if facts is None:
            return
        at = stored_at(delivery, facts.records[0].seq)
        if at is not None:
            self._receipt.show_confirmed(at)

    def close(self) -> None:
        """Finish the sheet under way. Safe to call twice."""
        self.desk.close()

    def _submit(self, *, kept: bool) -> None:
        facts = self._receipt.facts
        if facts is None or not self.desk.idle:
            return
        sheet = self._receipt.sheet()
        variant = sheet.variant.value
        file = self._services.slips / f"visavis-{facts.records[0].seq:06d}-{variant}.pdf"
        printing = self._services.printing
        if kept:
            task = self.desk.submit(lambda: Kept(keep_sheet(sheet, file)))
        else:
            self._say("printing", ink="ink2")
            task = self.desk.submit(partial(printing.print_or_keep, sheet, file))
        task.done.connect(self._done)
        task.failed.connect(self._failed)

    def _done(self, kept: Kept) -> None:
        if kept.file is None:
            self._say("printed")
        else:
            self._say("no_printer" if kept.no_printer else "kept", file=kept.file.name)

    def _failed(self, failure: Failure) -> None:
        what, do = error_words(failure.code, self._look.language)
        self._receipt.show_note(f"{what} {do} ({failure.shown_code})", "bad")
        announce(self._receipt, what)

    def _say(self, key: str, ink: str = "ok", **values: object) -> None:
        text = self._look.language.tr(f"answer_sheet.{key}", **values)
        self._receipt.show_note(text, ink)
        announce(self._receipt, text)


def stored_at(delivery: DeliveryFacts, seq: int) -> datetime | None:
    """When a record's receipt of the central side was verified here, None while it was not."""
    rows = (row for row in delivery.rows if row.seq == seq)
    stored = (row.updated_at for row in rows if row.state is OutboxState.STORED)
    return next(stored, None)
