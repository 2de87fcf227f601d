"""One way to the customer on the agent's screen: the address, how far it is, what can be done.

The agent types or corrects an address, never a code: there is no field for one here.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout

from kiosk.domain.contact import spaced
from kiosk.domain.errors import ContactAddressError
from kiosk.journeys.service_steps import ContactChannel, ContactStatus
from kiosk.sync.contact import ChallengeStatus
from ui.steps.entries import Entry
from ui.theme import Space, Tone, Type
from ui.viewmodels.contact import Line
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.chip import Chip
from ui.widgets.label import Label
from ui.widgets.look import Look

_CHIPS = {
    None: ("circle-dashed", Tone.NEUTRAL),
    ContactStatus.TYPED: ("pencil", Tone.NEUTRAL),
    ContactStatus.SENT: ("send", Tone.INFO),
    ContactStatus.CONFIRMED: ("circle-check", Tone.OK),
    ContactStatus.DEFERRED: ("clock", Tone.WARN),
}


class ContactCard(Card):
    """Address, state, and three buttons.

    Signals:
        send_requested(): send a code, or another one, to what stands in the line.
        later_requested(): have it confirmed later.
        customer_requested(): let the customer type it on the own screen.
        edited(): what stands in the line was changed by hand.
    """

    send_requested = Signal()
    later_requested = Signal()
    customer_requested = Signal()
    edited = Signal()

    def __init__(self, look: Look, channel: ContactChannel) -> None:
        self.chip = Chip(look)
        super().__init__(look, " ", trailing=self.chip)
        self.channel = channel
        self._line = Line()
        self.address = Entry(look, mono=True)
        self.address.edit.setObjectName(f"contact-{channel.value}")
        self.address.edit.setMaxLength(254)
        self.state = Label(look, "", Type.STRONG, wrap=True)
        self.state.setObjectName(f"contact-{channel.value}-state")
        self.detail = Label(look, "", Type.BODY, "ink2", wrap=True)
        self.send = Button(look, "", icon="send")
        self.send.setObjectName(f"contact-{channel.value}-send")
        self.customer = Button(look, "", kind=ButtonKind.QUIET, icon="keyboard")
        self.customer.setObjectName(f"contact-{channel.value}-customer")
        self.later = Button(look, "", kind=ButtonKind.QUIET, icon="clock")
        self.later.setObjectName(f"contact-{channel.value}-later")
        self.body.addWidget(self.address)
        self.body.addWidget(self.state)
        self.body.addWidget(self.detail)
        buttons = QHBoxLayout()
        buttons.setSpacing(Space.M)
        for button in (self.send, self.customer, self.later):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addLayout(buttons)
        self.body.addStretch(1)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.send.clicked.connect(self.send_requested)
        self.later.clicked.connect(self.later_requested)
        self.customer.clicked.connect(self.customer_requested)
        self.address.edit.textEdited.connect(self._edited)

    @property
    def typed(self) -> str:
        """What stands in the line."""
        return self.address.edit.text()

    @property
    def is_settled(self) -> bool:
        """Confirmed or deferred, and not changed since."""
        return self._line.settled and not self.is_changed

    @property
    def is_changed(self) -> bool:
        """Whether something else stands in the line than what the case holds."""
        facts = self._line.facts
        held = "" if facts is None else facts.address
        # Numbers are shown in groups; no address holds a space.
        return "".join(self.typed.split()) != "".join(held.split())

    @property
    def wants_sending(self) -> bool:
        """Whether sending is what comes next: typed, and not out to this address."""
        if not self.typed.strip() or self._line.busy:
            return False
        return self.is_changed or not (self._line.settled or self._line.code_counts)

    def write(self, address: str) -> None:
        """Put an address into the line."""
        self.address.edit.setText(address)
        self._show()

    def forget(self) -> None:
        """Another case."""
        self.address.edit.clear()
        self.show_line(Line())

    def show_line(self, line: Line) -> None:
        """Show how far it is."""
        held, self._line = self._line, line
        facts = line.facts
        fresh = facts is not None and (held.facts is None or held.facts.address != facts.address)
        if fresh and facts is not None:
            mobile = self.channel is ContactChannel.MOBILE
            self.address.edit.setText(spaced(facts.address) if mobile else facts.address)
        self._show()

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        name = self.channel.value
        self.set_title(tr(f"journey.contact.{name}.title"))
        hint = tr(f"journey.contact.{name}.example")
        self.address.set_label(tr(f"journey.contact.{name}.label"), hint)
        self.customer.setText(tr("journey.contact.customer_types"))
        self.later.setText(tr("journey.contact.later"))
        for button in (self.customer, self.later):
            button.updateGeometry()
        self._show()

    def _edited(self, _text: str) -> None:
        self._show()
        self.edited.emit()

    def _show(self) -> None:
        tr = self._look.language.tr
        line = self._line
        changed = self.is_changed and bool(self.typed.strip())
        status = ContactStatus.TYPED if changed else line.status
        icon, tone = _CHIPS[status]
        self.chip.show_text(
            tr(f"journey.contact.status.{'none' if status is None else status.value}"), tone, icon
        )
        again = line.status is ContactStatus.SENT and not changed
        self.send.setText(tr("journey.contact.send_again" if again else "journey.contact.send"))
        self.send.updateGeometry()
        self.send.set_busy(line.busy)
        self.send.setEnabled(bool(self.typed.strip()))
        self.send.setVisible(status is not ContactStatus.CONFIRMED)
        # Later is for those who tried; until then the customer may type the address alone.
        tried = not changed and (status is ContactStatus.SENT or bool(line.problem))
        self.later.setVisible(tried and not line.settled)
        self.later.setEnabled(not line.busy)
        self.customer.setVisible(not (tried or line.settled) or changed)
        bad = line.problem == ContactAddressError.code
        self.address.show_problem(tr(f"journey.contact.{self.channel.value}.form") if bad else "")
        words, ink, detail = self._words(changed)
        self.state.setText(words)
        self.state.set_ink(ink)
        self.state.setVisible(bool(words))
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))

    def _words(self, changed: bool) -> tuple[str, str, str]:
        """State in a sentence, its ink, and what to do."""
        language, line = self._look.language, self._line
        tr = language.tr
        if line.problem and line.problem != ContactAddressError.code:
            if line.offline:
                # A code that is out cannot be judged; where none is, none was sent.
                key = "offline_sent" if line.status is ContactStatus.SENT else "offline"
                return tr(f"journey.contact.{key}"), "warn", tr(f"journey.contact.{key}_do")
            what = tr(f"errors.{line.problem}.what")
            if line.wait_s:
                return what, "bad", tr("journey.contact.wait", n=line.wait_s)
            return what, "bad", tr(f"errors.{line.problem}.do")
        if changed or line.facts is None:
            return "", "ink2", tr(f"journey.contact.{self.channel.value}.hint")
        match line.status:
            case ContactStatus.CONFIRMED:
                return tr("journey.contact.confirmed"), "ok", ""
            case ContactStatus.DEFERRED:
                return tr("journey.contact.deferred"), "warn", tr("journey.contact.deferred_do")
            case ContactStatus.SENT:
                return self._sent()
            case _:
                return "", "ink2", tr(f"journey.contact.{self.channel.value}.hint")

    def _sent(self) -> tuple[str, str, str]:
        language, standing = self._look.language, self._line.standing
        tr = language.tr
        if standing is None:
            return tr("journey.contact.waiting"), "primary", tr("journey.contact.waiting_do")
        if standing.status is not ChallengeStatus.SENT:
            word = standing.status.value
            return tr(f"journey.contact.ended.{word}"), "warn", tr("journey.contact.ended_do")
        told = tr(
            "journey.contact.sent_at",
            sent=language.time(standing.sent_at),
            until=language.time(standing.expires_at),
        )
        return told, "primary", tr("journey.contact.waiting_do")
