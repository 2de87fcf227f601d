"""After the seal: the receipt, what is printed by itself, and where a welcome leads on.

Rules, in order: what follows a seal, follows it once, though a lock, the help or a fault cover the
receipt meanwhile; a receipt that is shown again says what it said last; where a welcome leads on,
there is no receipt to look at.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from kiosk.domain.ids import RecordId
from kiosk.journeys.model import CaseState
from kiosk.services.answer_facts import answer_of
from ui.router.frame import CaseFrame
from ui.router.lens import CaseLens
from ui.router.services import Services
from ui.router.sheet_mail import SheetMailRouter
from ui.router.sheets import SheetRouter
from ui.screens.absence import notice_of
from ui.screens.receipt import ReceiptScreen
from ui.shell import Shell
from ui.theme import Tone
from ui.viewmodels.advice import AdviceDesk
from ui.widgets.look import Look


class Sealed(QObject):
    """Shows the receipt and does what follows the seal.

    Signals:
        sealed(): a record was sealed.
        next_requested(str): a welcome is sealed, and leads to this procedure.
        help_requested(): a welcome is sealed, and leads to the help.
        leading_on(): a welcome is sealed and about to lead on: the customer stays the same.
    """

    sealed = Signal()
    next_requested = Signal(str)
    help_requested = Signal()
    leading_on = Signal()

    def __init__(  # noqa: PLR0913, PLR0917 - one for each thing that it joins
        self,
        look: Look,
        shell: Shell,
        services: Services,
        advice: AdviceDesk,
        frame: CaseFrame,
        lens: CaseLens,
        leave: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        """Leave: nothing of the case stays on the screen."""
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._office_id = services.office_id
        self._advice = advice
        self._frame = frame
        self._lens = lens
        self._leave = leave
        self._told: RecordId | None = None
        self.receipt = ReceiptScreen(look)
        self.receipt.figures = services.sheet_figures
        self.sheets = SheetRouter(look, services, self.receipt, self)
        self.mail = SheetMailRouter(look, services.sheet_mail, self.receipt, self)
        self.sheets.notice_lost.connect(self._tell_lost)
        self.mail.sheet_lost.connect(self._tell_lost)

    def show(self, state: CaseState) -> None:
        """A case that is sealed: its receipt, or where it leads on."""
        if not self._lead_on(state):
            self._show_receipt(state)

    def _lead_on(self, state: CaseState) -> bool:
        following, helped = self._advice.next_of(state), self._advice.wants_help(state)
        if not following and not helped:
            return False
        self.leading_on.emit()
        self._leave()
        self.sealed.emit()
        if following:
            self.next_requested.emit(following)
        else:
            self.help_requested.emit()
        return True

    def _show_receipt(self, state: CaseState) -> None:
        if state.record is None or state.decision is None:
            return
        first = state.record.record_id != self._told
        self._told = state.record.record_id
        self._lens.off()
        self._lens.forget()
        if first:  # else it may say more by now: confirmed, printed, another way of writing
            self.receipt.show_facts(answer_of(state), state.decision.reasons, state.language)
            self.mail.propose(state)
        self._frame.put_receipt(self.receipt)
        if first:
            self._follow(state)

    def _follow(self, state: CaseState) -> None:
        notice = notice_of(state, self._office_id, self._look.language)
        if notice is not None:
            self.sheets.print_notice(notice)
        self.sealed.emit()

    def _tell_lost(self, text: str) -> None:
        self._shell.toast(text, Tone.BAD)
