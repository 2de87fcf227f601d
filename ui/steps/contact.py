"""Contact: e-mail and mobile number, each confirmed by a code that only the customer sees.

One blue button does what comes next: send the first code that is not out, then go on.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.journeys.service_steps import ContactChannel, ContactsFinished
from ui.steps.contact_card import ContactCard
from ui.steps.panel import TURN_KEY, StepPanel
from ui.steps.service_stages import ServiceStages
from ui.theme import Tone
from ui.viewmodels.contact import ContactModel
from ui.widgets.button import Button
from ui.widgets.halves import Halves
from ui.widgets.look import Look


class ContactPanel(StepPanel):
    """Two cards side by side.

    Signals:
        turn_requested(): turn the screen to the customer.
        address_asked(object): let the customer type the address of this channel.
    """

    turn_requested = Signal()
    address_asked = Signal(object)

    name = "contact"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.turn = Button(look, "", icon="rotate-3d", key=TURN_KEY)
        self.turn.setObjectName("turn")
        super().__init__(look, catalogue)
        self._model: ContactModel | None = None
        self._language_of: Callable[[], str] | None = None
        self._stages = ServiceStages(look)
        self.cards = {channel: ContactCard(look, channel) for channel in ContactChannel}
        self.body.addWidget(self._stages)
        self.body.addWidget(Halves(*self.cards.values()), 1)
        for channel, card in self.cards.items():
            card.send_requested.connect(partial(self._send, channel))
            card.later_requested.connect(partial(self._later, channel))
            card.customer_requested.connect(partial(self.address_asked.emit, channel))
            card.edited.connect(self._write_primary)
        self.turn.clicked.connect(self.turn_requested)

    def use(self, model: ContactModel, language_of: Callable[[], str] | None = None) -> None:
        """Show what this model knows, and ask it.

        Args:
            model: of the open case.
            language_of: code of the customer's language, for the messages; this screen's where
                None.
        """
        self._model = model
        self._language_of = language_of
        model.changed.connect(self._follow)

    def set_turnable(self, turnable: bool) -> None:
        """Whether there is only this screen, so that it is turned to the customer."""
        self.turn.setVisible(turnable)

    def write(self, channel: ContactChannel, address: str) -> None:
        """The customer typed an address: it stands in the line, for the agent to send."""
        self.cards[channel].write(address)
        self._write_primary()

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.turn,)

    @override
    def forget(self) -> None:
        super().forget()
        for card in self.cards.values():
            card.forget()

    @override
    def take_focus(self) -> None:
        for card in self.cards.values():
            if not card.is_settled:
                card.address.edit.setFocus()
                return
        self.setFocus()

    @override
    def go_on(self) -> None:
        card = self._next()
        if card is not None:
            self._send(card.channel)
        elif all(card.is_settled for card in self.cards.values()):
            self.happened.emit(ContactsFinished())
        else:
            self._explain()

    @override
    def refresh(self) -> None:
        self.turn.set_texts(self.tr_("turn"), self.tr_("turn_short"))
        for card in self.cards.values():
            card.retranslate()
        self._stages.show_stage(0)
        self._follow()

    def _follow(self) -> None:
        if self._model is None or self.view is None:
            return
        for channel, card in self.cards.items():
            card.show_line(self._model.line(channel))
        self._write_primary()

    def _next(self) -> ContactCard | None:
        """The first address to which a code can be sent now."""
        return next((card for card in self.cards.values() if card.wants_sending), None)

    def _write_primary(self) -> None:
        card = self._next()
        key = "primary" if card is None else f"{card.channel.value}.send"
        self.primary.setText(self.tr_(key))
        self.primary.updateGeometry()

    def _explain(self) -> None:
        """Why there is no way on yet."""
        empty = next((card for card in self.cards.values() if not card.typed.strip()), None)
        if empty is not None:
            self.show_problem(self.tr_(f"{empty.channel.value}.missing"))
            empty.address.edit.setFocus()
        else:
            self.show_problem(self.tr_("not_settled"), Tone.INFO)

    def _send(self, channel: ContactChannel) -> None:
        self.banner.dismiss()
        if self._model is not None:
            card = self.cards[channel]
            language_of = self._language_of
            language = self.look.language.code if language_of is None else language_of()
            if self._model.send(channel, card.typed, language):
                self._focus_next(channel)

    def _later(self, channel: ContactChannel) -> None:
        self.banner.dismiss()
        if self._model is not None and self._model.defer(channel, self.cards[channel].typed):
            self._focus_next(channel)

    def _focus_next(self, done: ContactChannel) -> None:
        """On to the other address, where nothing stands yet."""
        for channel, card in self.cards.items():
            if channel is not done and not card.typed.strip():
                card.address.edit.setFocus()
                return
        self.setFocus()
