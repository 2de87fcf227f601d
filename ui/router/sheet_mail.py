"""The customer's sheet by e-mail: asked for on the receipt, sent in a thread of its own.

Rules, in order: only where the customer asks for it, to the address that the customer confirmed
before or says now; the address is gone from the screen once it was sent, and with the receipt; no
network is said as it is: nothing went out, and nothing will go out by itself; what failed after
its receipt was left is told all the same, by the line of the journal and without the address.
"""

from PySide6.QtCore import QObject, Signal

from kiosk.domain.errors import (
    CaptivePortalError,
    CertificateError,
    ContactAddressError,
    ContactNotSentError,
    ContactTooOftenError,
    ContactUnavailableError,
    ProtocolError,
    UnreachableError,
)
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import ContactChannel, ContactStatus
from kiosk.services.sheet_mail import SheetMailer
from ui.screens.receipt import ReceiptScreen
from ui.steps.words import failure_words
from ui.widgets.announce import announce
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure

_WORDS = {
    UnreachableError.code: "offline",
    CertificateError.code: "offline",
    ProtocolError.code: "offline",
    CaptivePortalError.code: "offline",
    ContactAddressError.code: "address_bad",
    ContactUnavailableError.code: "closed",
    ContactNotSentError.code: "not_sent",
    ContactTooOftenError.code: "too_often",
}
"""Failures with words of their own: those of the contact step speak of codes."""


class SheetMailRouter(QObject):
    """Mails the sheet of the receipt on the screen.

    Signals:
        sheet_lost(str): a sheet was not sent, and its receipt is no longer on the screen.
    """

    sheet_lost = Signal(str)

    def __init__(
        self,
        look: Look,
        mailer: SheetMailer | None,
        receipt: ReceiptScreen,
        parent: QObject | None = None,
    ) -> None:
        """Mailer: None where this device belongs to no fleet; the key is not there then."""
        super().__init__(parent)
        self._look = look
        self._mailer = mailer
        self._receipt = receipt
        self._proposed = ""
        self._under_way: set[tuple[int, str, str]] = set()
        self.desk = Desk("sheet-mail")
        receipt.offer_mail(offered=mailer is not None)
        receipt.mail_requested.connect(self._ask)
        receipt.mail.sent.connect(self._send)
        receipt.mail.closed.connect(receipt.setFocus)

    def propose(self, state: CaseState) -> None:
        """Another receipt is shown: its customer may have confirmed an address."""
        self._receipt.mail.forget()
        confirmed = (
            contact.address
            for contact in state.contacts
            if contact.channel is ContactChannel.EMAIL and contact.status is ContactStatus.CONFIRMED
        )
        self._proposed = next(confirmed, "")

    def forget(self) -> None:
        """The receipt is left: no address stays on the screen or here."""
        self._proposed = ""
        self._receipt.mail.forget()

    def close(self) -> None:
        """Finish what is under way. Safe to call twice."""
        self.desk.close()

    def _ask(self) -> None:
        self._receipt.mail.ask(self._proposed)

    def _send(self, typed: str) -> None:
        facts, mailer = self._receipt.facts, self._mailer
        if facts is None or mailer is None:
            return
        sheet, seq = self._receipt.sheet(), facts.records[0].seq
        language, variant = sheet.variant.language, sheet.variant.value
        order = (seq, typed, variant)
        if order in self._under_way:
            return  # the very same one: a second press is impatience; any other waits its turn
        self._under_way.add(order)
        self._say("sending", "ink2")
        task = self.desk.submit(lambda: mailer.send(seq, typed, language, variant, sheet.text))
        task.done.connect(lambda _address: self._sent(seq))
        task.failed.connect(lambda failure: self._failed(seq, failure))
        task.ended.connect(lambda: self._under_way.discard(order))

    def _sent(self, seq: int) -> None:
        if self._shows(seq):
            self._receipt.mail.forget()
            self._receipt.setFocus()
            self._say("sent", "ok")

    def _failed(self, seq: int, failure: Failure) -> None:
        tr, word = self._look.language.tr, _WORDS.get(failure.code)
        text = failure_words(failure, self._look.language)
        if word is not None:
            text = tr(f"sheet_mail.{word}")
        if not self._shows(seq) or not self._receipt.isVisible():
            self.sheet_lost.emit(tr("sheet_mail.lost", line=seq, why=text))
        if self._shows(seq):
            self._receipt.show_note(text, "warn" if word == "offline" else "bad")
            announce(self._receipt, text)

    def _shows(self, seq: int) -> bool:
        """Whether the receipt that was asked about is still the one shown."""
        facts = self._receipt.facts
        return facts is not None and facts.records[0].seq == seq

    def _say(self, key: str, ink: str) -> None:
        text = self._look.language.tr(f"sheet_mail.{key}")
        self._receipt.show_note(text, ink)
        announce(self._receipt, text)
