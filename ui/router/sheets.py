"""What the customer takes along, on its way to paper: asked for on the screen, done in a thread.

Rules, in order:

1. First asked for, first printed, by a thread of its own; the screen says what is known and goes on
   working.
2. What was asked for is finished even when the agent has gone on to the next customer.
3. What became of it is told on the receipt that it belongs to, on no other one. Only that a notice
   was not printed is told wherever the agent is: nobody asked for it, so nobody looks after it.
4. A notice that was not printed is what the next key prints.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from kiosk.ports import OutboxState
from ui.router.services import Services
from ui.screens.receipt import ReceiptScreen
from ui.screens.sheet_print import Kept, Piece, keep_sheet
from ui.screens.slip import SlipFacts
from ui.steps.words import failure_words
from ui.viewmodels.delivery import DeliveryFacts
from ui.widgets.announce import announce
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure, Task


@dataclass(frozen=True, slots=True)
class _Order:
    """A piece that belongs to the receipt of a record.

    Attributes:
        seq: of the record, in the journal.
        kept: it goes into a file, not to the printer.
    """

    seq: int
    piece: Piece
    file: Path
    kept: bool = False

    @property
    def words(self) -> str:
        """Table of texts."""
        return "absence.print" if isinstance(self.piece, SlipFacts) else "answer_sheet"


class SheetRouter(QObject):
    """Prints and keeps what belongs to the receipt on the screen.

    Signals:
        notice_lost(str): a notice was not printed, and its receipt is no longer on the screen.
    """

    notice_lost = Signal(str)

    def __init__(
        self, look: Look, services: Services, receipt: ReceiptScreen, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._services = services
        self._receipt = receipt
        self._under_way: list[_Order] = []
        self._unprinted: SlipFacts | None = None
        self._unprinted_seq = 0
        self.desk = Desk("printer")
        receipt.print_requested.connect(self.print_shown)
        receipt.keep_requested.connect(self.keep_shown)

    def print_shown(self) -> None:
        """Print the sheet; where no printer is, keep it."""
        self._order_shown(kept=False)

    def keep_shown(self) -> None:
        """Keep the sheet as a PDF."""
        self._order_shown(kept=True)

    def print_notice(self, notice: SlipFacts) -> None:
        """Print the notice of the record whose receipt is on the screen; nobody asked for it."""
        self._order(notice, "avis", kept=False)

    def send(self, piece: Piece, file: Path, *, kept: bool = False) -> Task:
        """Hand a piece in; the task answers with a :class:`Kept`, or why it is not."""
        if kept:
            return self.desk.submit(lambda: Kept(keep_sheet(piece, file)))
        return self.desk.submit(partial(self._services.printing.print_or_keep, piece, file))

    def show_delivery(self, delivery: DeliveryFacts) -> None:
        """The central side may just have taken the record of this receipt."""
        facts = self._receipt.facts
        if facts is None:
            return
        at = stored_at(delivery, facts.records[0].seq)
        if at is not None:
            self._receipt.show_confirmed(at)

    def close(self) -> None:
        """Finish what was asked for. Safe to call twice."""
        self.desk.close(finish=True)

    # --- orders -------------------------------------------------------------------------------

    @property
    def _seq(self) -> int:
        """Of the record whose receipt was shown last, 0 before the first one."""
        facts = self._receipt.facts
        return 0 if facts is None else facts.records[0].seq

    def _order_shown(self, *, kept: bool) -> None:
        if not self._seq:
            return
        if self._unprinted is not None and self._unprinted_seq == self._seq:
            self._order(self._unprinted, "avis", kept=kept)
            return
        sheet = self._receipt.sheet()
        self._order(sheet, sheet.variant.value, kept=kept)

    def _order(self, piece: Piece, name: str, *, kept: bool) -> None:
        seq = self._seq
        order = _Order(seq, piece, self._services.slips / f"visavis-{seq:06d}-{name}.pdf", kept)
        if order in self._under_way:
            return  # the very same one: a second press is impatience, not a second sheet
        self._under_way.append(order)
        if not kept:
            self._say(order, "printing", ink="ink2")
        task = self.send(piece, order.file, kept=kept)
        task.done.connect(partial(self._done, order))
        task.failed.connect(partial(self._failed, order))

    def _done(self, order: _Order, kept: Kept) -> None:
        self._under_way.remove(order)
        if order.piece is self._unprinted:
            self._unprinted = None
        if kept.file is None:
            self._say(order, "printed")
        else:
            self._say(order, "no_printer" if kept.no_printer else "kept", file=kept.file.name)

    def _failed(self, order: _Order, failure: Failure) -> None:
        self._under_way.remove(order)
        text = failure_words(failure, self._look.language)
        if isinstance(order.piece, SlipFacts):
            self._unprinted, self._unprinted_seq = order.piece, order.seq
            text = self._look.language.tr("absence.print.failed", line=order.seq, why=text)
            if order.seq != self._seq or not self._receipt.isVisible():
                self.notice_lost.emit(text)
        if order.seq == self._seq:
            self._receipt.show_note(text, "bad")
            announce(self._receipt, text)

    def _say(self, order: _Order, key: str, ink: str = "ok", **values: object) -> None:
        if order.seq != self._seq:
            return
        text = self._look.language.tr(f"{order.words}.{key}", **values)
        self._receipt.show_note(text, ink)
        announce(self._receipt, text)


def stored_at(delivery: DeliveryFacts, seq: int) -> datetime | None:
    """When a record's receipt of the central side was verified here, None while it was not."""
    rows = (row for row in delivery.rows if row.seq == seq)
    stored = (row.updated_at for row in rows if row.state is OutboxState.STORED)
    return next(stored, None)
